package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/seal"
)

func key(t testing.TB, fill byte, purpose string) *seal.Key {
	t.Helper()
	k, err := seal.Derive(bytes.Repeat([]byte{fill}, 32), purpose)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSeal(t *testing.T) {
	k := key(t, 1, "test")
	if !bytes.Equal(k.Public(), key(t, 1, "test").Public()) {
		t.Error("the same secret makes another key")
	}
	if len(k.Public()) != seal.PublicSize {
		t.Errorf("a public key has %d bytes, want %d", len(k.Public()), seal.PublicSize)
	}
	for _, text := range []string{"", "s3cret", strings.Repeat("x", 64<<10)} {
		sealed, err := seal.Seal(k.Public(), "a", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(sealed) != len(text)+seal.Overhead {
			t.Errorf("%d bytes sealed are %d, want %d more", len(text), len(sealed), seal.Overhead)
		}
		if text != "" && bytes.Contains(sealed, []byte(text)) {
			t.Error("the text is in what was sealed")
		}
		if got, err := k.Open("a", sealed); err != nil || string(got) != text {
			t.Errorf("opened: %.20q, %v", got, err)
		}
		again, err := seal.Seal(k.Public(), "a", []byte(text))
		if err != nil || bytes.Equal(again, sealed) {
			t.Errorf("sealed twice the same: %v", err)
		}
		for name, open := range map[string]func() ([]byte, error){
			"another key":     func() ([]byte, error) { return key(t, 2, "test").Open("a", sealed) },
			"another purpose": func() ([]byte, error) { return key(t, 1, "other").Open("a", sealed) },
			"another context": func() ([]byte, error) { return k.Open("b", sealed) },
		} {
			if got, err := open(); !errors.Is(err, lattice.ErrDenied) {
				t.Errorf("opened with %s: %.20q, %v", name, got, err)
			}
		}
	}
}

// Every bit counts.
func TestChanged(t *testing.T) {
	k := key(t, 1, "test")
	sealed, err := seal.Seal(k.Public(), "a", []byte("s3cret"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		if i > 8 && i < len(sealed)-64 && i%97 != 0 {
			continue
		}
		other := bytes.Clone(sealed)
		other[i] ^= 1 << (i % 8)
		if got, err := k.Open("a", other); err == nil {
			t.Errorf("opened with byte %d changed: %q", i, got)
		}
	}
	for _, n := range []int{0, 1, seal.Overhead - 1, len(sealed) - 1} {
		if _, err := k.Open("a", sealed[:n]); err == nil {
			t.Errorf("opened the first %d bytes", n)
		}
	}
	if _, err := k.Open("a", append(bytes.Clone(sealed), 0)); err == nil {
		t.Error("opened with a byte after it")
	}
}

func TestKeyIsNotPrinted(t *testing.T) {
	k := key(t, 1, "test")
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, k); got != "a key to open with" {
			t.Errorf("%s prints %q", format, got)
		}
	}
	if _, err := seal.Derive(make([]byte, 31), "test"); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("derived from 31 bytes: %v", err)
	}
	for _, public := range [][]byte{nil, make([]byte, 32), make([]byte, seal.PublicSize+1)} {
		if _, err := seal.Seal(public, "a", nil); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("sealed for a key of %d bytes: %v", len(public), err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	k := key(f, 1, "test")
	sealed, err := seal.Seal(k.Public(), "a", []byte("s3cret"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add(sealed[:seal.Overhead])
	f.Fuzz(func(t *testing.T, data []byte) {
		// Another process has sealed some, and otherwise.
		if got, err := k.Open("a", data); err == nil && string(got) != "s3cret" {
			t.Errorf("opened %q from %x", got, data)
		}
	})
}
