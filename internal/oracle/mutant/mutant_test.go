package mutant_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/internal/oracle/mutant"
)

func corpus(t *testing.T) *mutant.Corpus {
	t.Helper()
	files, err := filepath.Glob("../../../host/component/validate/testdata/valid/*.wasm")
	if err != nil || len(files) == 0 {
		t.Fatalf("no components: %v", err)
	}
	var sources []mutant.Source
	for _, file := range files {
		wasm, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, mutant.Source{Name: filepath.Base(file), Wasm: wasm, Valid: true})
	}
	return mutant.New(sources)
}

// The same seed makes the same mutants; most of them can be decoded, and few are
// equal to each other.
func TestMutants(t *testing.T) {
	const n = 500
	a, b := corpus(t), corpus(t)
	decoded, distinct := 0, map[string]bool{}
	for i := range uint64(n) {
		x, how := a.Mutant(7, i)
		y, _ := b.Mutant(7, i)
		if !bytes.Equal(x, y) {
			t.Fatalf("mutant %d (%s) is another one the second time", i, how)
		}
		if _, err := binary.Decode(x, nil); err == nil {
			decoded++
		}
		distinct[string(x)] = true
	}
	if decoded < n*2/3 || len(distinct) < n*9/10 {
		t.Errorf("of %d mutants %d can be decoded, %d are distinct", n, decoded, len(distinct))
	}
}
