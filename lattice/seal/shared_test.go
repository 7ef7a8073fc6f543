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

func TestShared(t *testing.T) {
	key, err := seal.Derive(bytes.Repeat([]byte{1}, 32), "x")
	if err != nil {
		t.Fatal(err)
	}
	shared := func(k *seal.Key, purpose string) *seal.Shared {
		t.Helper()
		s, err := k.Shared(purpose)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := shared(key, "a")
	if *s != *shared(key, "a") || *s == *shared(key, "b") || *s == (seal.Shared{}) {
		t.Error("what is derived from a key does not follow from it and the purpose")
	}
	other, err := seal.Derive(bytes.Repeat([]byte{2}, 32), "x")
	if err != nil {
		t.Fatal(err)
	}
	if *s == *shared(other, "a") {
		t.Error("two keys share a secret")
	}
	one, err1 := s.For("one")
	again, err2 := s.For("one")
	two, err3 := s.For("two")
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if *one != *again || *one == *two || *one == *s {
		t.Error("what is for one purpose does not follow from the secret and the purpose")
	}
	back, err := seal.ParseShared(s.Reveal())
	if err != nil || *back != *s {
		t.Errorf("read back: %v", err)
	}
	if shown := fmt.Sprintf("%v %+v %#v %s", s, s, s, s); strings.Contains(shown, s.Reveal()) || !strings.Contains(shown, "REDACTED") {
		t.Errorf("it prints itself: %s", shown)
	}
	for _, text := range []string{"", "short", s.Reveal() + "x", strings.Repeat("!", 43), strings.Repeat("_", 43)} {
		if _, err := seal.ParseShared(text); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
