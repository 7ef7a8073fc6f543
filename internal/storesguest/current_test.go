package storesguest_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"github.com/wattle-dev/wattle/internal/storesguest"
)

// The component is made of the sources that lie beside it.
func TestCurrent(t *testing.T) {
	var text []byte
	for _, name := range []string{"world.wit", "main.c", "build.sh"} {
		b, err := os.ReadFile(filepath.Join("guest", name))
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, b...)
	}
	sum := sha256.Sum256(text)
	if !bytes.HasSuffix(storesguest.Wasm, sum[:]) {
		t.Error("guest.wasm is made of other sources: run internal/storesguest/guest/build.sh")
	}
}
