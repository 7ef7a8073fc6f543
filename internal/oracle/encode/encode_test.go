package encode_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	bin "github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/internal/oracle/encode"
)

// What is decoded, written and decoded again is the same tree.
func TestRoundTrip(t *testing.T) {
	n := 0
	for _, pattern := range []string{"testdata/*.wasm", "testdata/*/*.wasm", "*/testdata/*.wasm", "*/testdata/*/*.wasm"} {
		files, err := filepath.Glob(filepath.Join("../../../host/component", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			wasm, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, err := bin.Decode(wasm, nil)
			if err != nil {
				continue
			}
			got, err := bin.Decode(encode.Component(want), nil)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			n++
			opt := cmp.Options{cmpopts.EquateEmpty(), cmp.FilterPath(func(p cmp.Path) bool {
				switch p.Last().String() {
				case ".Offset", ".Size", ".Customs", ".Raw":
					return true
				}
				return false
			}, cmp.Ignore())}
			if diff := cmp.Diff(want, got, opt); diff != "" {
				t.Errorf("%s: %s", file, diff)
			}
		}
	}
	if n < 150 {
		t.Errorf("%d components were written, want more", n)
	}
}
