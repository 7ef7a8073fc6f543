package wit_test

import (
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/wit"
)

func TestParseSignature(t *testing.T) {
	for _, s := range []string{
		"func()",
		"async func() -> future",
		"func(a: u8, b-c: string) -> list<u8>",
		"func(self: borrow<wasi:io/streams.input-stream>, len: u64) -> result<list<u8>, variant{last-operation-failed(own<wasi:io/error.error>), closed}>",
		"func(r: record{a: u8, b: tuple<u8, f32>}, e: enum{x, y}, f: flags{r, w})",
		"func(l: list<u8, 4>, m: map<string, option<bool>>, s: stream<u8>, t: stream, e: error-context)",
		"func(a: result, b: result<u8>, c: result<_, u8>, d: result<u8, u8>, x: own<file>)",
	} {
		f, err := wit.ParseSignature(s)
		if err != nil {
			t.Errorf("ParseSignature(%q): %v", s, err)
			continue
		}
		if got := f.Signature(); got != s {
			t.Errorf("ParseSignature(%q) has the signature %q", s, got)
		}
	}
	for s, want := range map[string]string{
		"":                            "offset 0: expected \"func(\"",
		"func(":                       `expected`,
		"func() -> ":                  "expected a type",
		"func()x":                     "expected the end",
		"func(a: u9)":                 "expected a type",
		"func(a:u8)":                  `":"`,
		"func(a: u8, a: u8)":          "appears twice",
		"func(a: list)":               `expected "<"`,
		"func(a: option<u8, u8, u8>)": "too many arguments",
		"func(a: option<u8, u8>)":     "too many arguments",
		"func(a: record{})":           "record without a field",
		"func(a: own<a b/c.d>)":       `expected ">"`,
		"func(a: own<a/c.d>)":         "interface name",
		"func() -> borrow<r>":         "cannot be returned",
		"func(a: " + strings.Repeat("list<", 500): "deeper than 100",
		strings.Repeat("x", 1<<21):                "longer than",
	} {
		if _, err := wit.ParseSignature(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseSignature(%.60q) = %v, want %q", s, err, want)
		}
	}
}

func FuzzParseSignature(f *testing.F) {
	f.Add("func(self: borrow<wasi:io/streams.input-stream>, len: u64) -> result<list<u8>, variant{a(own<x>), closed}>")
	f.Fuzz(func(t *testing.T, s string) {
		fn, err := wit.ParseSignature(s)
		if err != nil {
			return
		}
		again, err := wit.ParseSignature(fn.Signature())
		if err != nil || again.Signature() != fn.Signature() {
			t.Errorf("%q is read as %q, and that as %v (%v)", s, fn.Signature(), again, err)
		}
	})
}
