package server

import (
	"encoding/base64"
	"testing"
)

// The sealer is tested from inside: over the protocol a refusal does not show
// which part was found wrong.

func TestSealer(t *testing.T) {
	s := newSealer([]byte("key"))
	sealed := s.seal("tool", "state")
	if got, ok := s.open("tool", sealed); got != "state" || !ok {
		t.Errorf("open(seal(%q)) = %q, %v", "state", got, ok)
	}
	forged := base64.RawURLEncoding.EncodeToString([]byte("other")) + sealed[len(base64.RawURLEncoding.EncodeToString([]byte("state"))):]
	for name, open := range map[string]func() (string, bool){
		"another tool":  func() (string, bool) { return s.open("other", sealed) },
		"another key":   func() (string, bool) { return newSealer(nil).open("tool", sealed) },
		"another state": func() (string, bool) { return s.open("tool", forged) },
		"appended":      func() (string, bool) { return s.open("tool", sealed+"A") },
		"no sum":        func() (string, bool) { return s.open("tool", "c3RhdGU") },
		"empty":         func() (string, bool) { return s.open("tool", "") },
		"not base64":    func() (string, bool) { return s.open("tool", "?.?") },
	} {
		if got, ok := open(); ok {
			t.Errorf("%s: open gave %q", name, got)
		}
	}
}
