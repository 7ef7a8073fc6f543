package token_test

import (
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice/token"
)

func TestEncode(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "==",
		"plain-Text_1/2":         "plain-Text_1/2",
		"a.b":                    "a=2Eb",
		"a=2Eb":                  "a=3D2Eb",
		"==":                     "=3D=3D",
		"user:42":                "user=3A42",
		"*":                      "=2A",
		">":                      "=3E",
		"\x00\xff":               "=00=FF",
		strings.Repeat(".", 21):  strings.Repeat("=2E", 21),
		strings.Repeat(".", 300): "==" + strings.Repeat("Li4u", 100),
	} {
		got := token.Encode(text)
		if got != want {
			t.Errorf("Encode(%q) = %q, want %q", text, got, want)
		}
		if back, ok := token.Decode(got); !ok || back != text {
			t.Errorf("Decode(%q) = %q, %v, want %q", got, back, ok, text)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, s := range []string{"", "a.b", "a=2", "a=", "a=2e", "a=61", "==YQ", "===", "==!!", "=G0", "a b"} {
		if got, ok := token.Decode(s); ok {
			t.Errorf("Decode(%q) = %q, want a refusal", s, got)
		}
	}
}

// Two texts never have one token, and a token has the alphabet and the length that it
// may have.
func FuzzToken(f *testing.F) {
	for _, s := range []string{"", "a.b", "a=2Eb", "==", "==YQ", strings.Repeat("é", 40), "x\x00"} {
		f.Add(s, "a.b")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := token.Encode(a), token.Encode(b)
		if (x == y) != (a == b) {
			t.Errorf("%q and %q have the tokens %q and %q", a, b, x, y)
		}
		if got, ok := token.Decode(x); !ok || got != a {
			t.Errorf("Decode(%q) = %q, %v, want %q", x, got, ok, a)
		}
		if x == "" || len(x) > token.MaxLen(len(a)) || strings.Trim(x, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=/") != "" {
			t.Errorf("token %q of %q", x, a)
		}
		// What Decode accepts is what Encode makes.
		if text, ok := token.Decode(a); ok && token.Encode(text) != a {
			t.Errorf("Decode(%q) = %q, whose token is %q", a, text, token.Encode(text))
		}
	})
}
