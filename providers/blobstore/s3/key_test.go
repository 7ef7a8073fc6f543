package s3

import (
	"strings"
	"testing"
)

func TestEncode(t *testing.T) {
	for name, want := range map[string]string{
		"a/b.txt": "a/b.txt", "a b+c?": "a b+c?", "é": "é", "a=b": "a=3Db", ".": "=2E", "..": "=2E=2E", "a/../b": "a/=2E=2E/b", "a..b/.c": "a..b/.c",
		"/a": "=2Fa", "a/": "a=2F", "a//b": "a=2F=2Fb", "\x01\\": "=01=5C", "/": "=2F",
	} {
		if got := encode(name); got != want {
			t.Errorf("encode(%q) = %q, want %q", name, got, want)
		}
	}
	for _, s := range []string{"a=", "a=2", "a=2f", "=61", "a//b", "/a", "a/", "..", "a/./b", "\x01", "=2E"[:2]} {
		if name, ok := decode(s); ok {
			t.Errorf("decode(%q) = %q, want a refusal", s, name)
		}
	}
}

// Two names never have one key, nothing that servers change is in it, and every name
// with a prefix is among those that are listed for it.
func FuzzKey(f *testing.F) {
	for _, s := range []string{"a/b", "a//b", "../x", "a=2Fb", "/", "x/.", "é\x00"} {
		f.Add(s, "a/b", 1)
	}
	f.Fuzz(func(t *testing.T, a, b string, n int) {
		x, y := encode(a), encode(b)
		if (x == y) != (a == b) {
			t.Errorf("%q and %q have the keys %q and %q", a, b, x, y)
		}
		if got, ok := decode(x); !ok || got != a {
			t.Errorf("decode(%q) = %q, %v, want %q", x, got, ok, a)
		}
		for s := range strings.SplitSeq(x, "/") {
			if a != "" && (s == "" || s == "." || s == "..") {
				t.Errorf("%q has the key %q", a, x)
			}
		}
		if n >= 0 && n <= len(a) && !strings.HasPrefix(x, encodePrefix(a[:n])) {
			t.Errorf("%q has the key %q, which does not begin with %q", a, x, encodePrefix(a[:n]))
		}
		if name, ok := decode(a); ok && encode(name) != a {
			t.Errorf("decode(%q) = %q", a, name)
		}
	})
}
