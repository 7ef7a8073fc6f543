package trust_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/seal"
	"github.com/wattle-dev/wattle/lattice/trust"
)

func TestShared(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if _, err := trust.OpenShared(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	s, err := trust.OpenOrCreateShared(file)
	if err != nil {
		t.Fatal(err)
	}
	again, err := trust.OpenOrCreateShared(file)
	if err != nil {
		t.Fatal(err)
	}
	if *again != *s || len(s.Reveal()) != 43 || *s == (seal.Shared{}) {
		t.Errorf("read back %q, made %q", again.Reveal(), s.Reveal())
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := trust.OpenShared(file); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("a file that others can read: %v", err)
	}
	for _, text := range []string{"", "short", s.Reveal() + "x", strings.Repeat("!", 43)} {
		file := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := trust.OpenShared(file); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
