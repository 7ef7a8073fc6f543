package compat_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/wit/compat"
)

const library = `package demo:lib@1.2.0;
interface types {
  resource file { size: func() -> u64; }
  record stat { size: u64 }
}
interface store {
  use types.{file, stat};
  open: func(name: string) -> result<file, string>;
  stat-of: func(f: borrow<file>) -> stat;
}
interface logger { log: func(s: string); }
world full {
  import store;
  import logger;
  import now: func() -> u64;
  export run: func(args: list<string>) -> result;
  export handler: interface { handle: func(); }
  export store;
}
`

// TestTargets checks worlds against one world, which has everything.
func TestTargets(t *testing.T) {
	full := parse(t, library).World("full")
	tests := []struct {
		name, text string
		imports    []string // faults
		exports    []string
	}{
		{"itself", library, nil, nil},
		{"another version", strings.Replace(library, "1.2.0", "1.9.3", 1), nil, nil},
		{"imports less", cut(library, "import logger;", "import now: func() -> u64;"), nil, nil},
		{"exports more", cut(library) + "/// more\n", nil, nil},
		{
			"imports more", strings.Replace(library, "import logger;", "import logger; import more; import then: func();", 1) + "interface more { f: func(); }\n",
			[]string{
				"demo:lib/more@1.2.0: world demo:lib/full@1.2.0 imports nothing of that name",
				"then: world demo:lib/full@1.2.0 imports nothing of that name",
			},
			nil,
		},
		{
			"another track", strings.Replace(library, "1.2.0", "2.0.0", 1),
			[]string{
				"demo:lib/types@2.0.0: world demo:lib/full@1.2.0 imports nothing of that name; the world imports demo:lib/types@1.2.0, and only versions 2.x.y are compatible with it",
				"demo:lib/store@2.0.0: world demo:lib/full@1.2.0 imports nothing of that name; the world imports demo:lib/store@1.2.0, and only versions 2.x.y are compatible with it",
				"demo:lib/logger@2.0.0: world demo:lib/full@1.2.0 imports nothing of that name; the world imports demo:lib/logger@1.2.0, and only versions 2.x.y are compatible with it",
			},
			[]string{"demo:lib/store@1.2.0: world demo:lib/full@1.2.0 exports it, the component does not; the component exports demo:lib/store@2.0.0, and only versions 1.x.y are compatible with it"},
		},
		{
			"exports less", cut(library, "export run: func(args: list<string>) -> result;", "export store;"), nil,
			[]string{
				"run: world demo:lib/full@1.2.0 exports it, the component does not",
				"demo:lib/store@1.2.0: world demo:lib/full@1.2.0 exports it, the component does not",
			},
		},
		{
			"other types", strings.NewReplacer("now: func() -> u64", "now: func() -> s64", "args: list<string>", "args: string",
				"handle: func()", "handles: func()", "log: func(s: string)", "log: func(s: string, n: u8)").Replace(library),
			[]string{
				`demo:lib/logger@1.2.0: "log": parameter "n" expected, not offered (1 parameters offered, 2 expected)`,
				"now: result: u64 offered, s64 expected",
			},
			[]string{
				`run: parameter 1 "args": string offered, list<string> expected`,
				`handler: "handle": no such function in handler; there is "handles"`,
			},
		},
		{
			"an interface for a function", strings.Replace(library, "import now: func() -> u64;", "import now: interface {}", 1),
			[]string{"now: a function offered, an interface expected"},
			nil,
		},
	}
	for _, test := range tests {
		r := compat.Targets(parse(t, test.text).World("full"), full)
		if diff := cmp.Diff(test.imports, verdicts(r.Imports)); diff != "" {
			t.Errorf("%s: imports (-want +got):\n%s", test.name, diff)
		}
		if diff := cmp.Diff(test.exports, verdicts(r.Exports)); diff != "" {
			t.Errorf("%s: exports (-want +got):\n%s", test.name, diff)
		}
		if want := test.imports == nil && test.exports == nil; r.OK() != want {
			t.Errorf("%s: OK = %v", test.name, r.OK())
		}
	}
}

func cut(s string, parts ...string) string {
	for _, p := range parts {
		s = strings.Replace(s, p, "", 1)
	}
	return s
}

func verdicts(vs []compat.Verdict) []string {
	var out []string
	for _, v := range vs {
		for _, f := range v.Faults {
			out = append(out, v.Name+": "+f.String())
		}
	}
	return out
}

// TestTargetsTellsSidesApart checks that an exported interface which uses the
// exported resource of another is not taken for one that uses the imported one.
func TestTargetsTellsSidesApart(t *testing.T) {
	const text = `package a:b;
interface types { resource r; }
interface uses { use types.{r}; f: func(x: borrow<r>); }
`
	both := parse(t, text+"world w { import types; export types; export uses; }").World("w")
	own := parse(t, text+"world w { import types; export uses; }").World("w")
	if r := compat.Targets(both, both); !r.OK() {
		t.Errorf("a world does not fit itself: %q", verdicts(r.Exports))
	}
	r := compat.Targets(both, own)
	if got := verdicts(r.Exports); len(got) != 2 || !strings.Contains(got[1], "another resource") {
		t.Errorf("exports: %q, want one that names another resource", got)
	}
}

// TestTargetsAcrossPatchVersions fits a component whose packages are of several
// patch versions, as toolchains make them of WASI 0.2, to a world of another one.
func TestTargetsAcrossPatchVersions(t *testing.T) {
	at := func(io, http, of string) string {
		return strings.NewReplacer("IO", io, "HTTP", http).Replace(`package my:app;
world w { import x:io/streams@IO; import x:http/types@HTTP; export x:http/handler@HTTP; }
package x:io@IO { interface streams { resource pipe { read: func() -> list<u8>; ` + of + ` } } }
package x:http@HTTP {
  interface types { use x:io/streams@IO.{pipe}; resource body { get: func() -> pipe; } }
  interface handler { use types.{body}; handle: func(b: body); }
}`)
	}
	component := parse(t, at("0.2.12", "0.2.10", "")).World("w")
	if r := compat.Targets(component, parse(t, at("0.2.6", "0.2.6", "skip: func();")).World("w")); !r.OK() {
		t.Errorf("does not fit: %q, %q", verdicts(r.Imports), verdicts(r.Exports))
	}
	r := compat.Targets(component, parse(t, at("0.3.0", "0.2.6", "")).World("w"))
	want := []string{
		"x:io/streams@0.2.12: world my:app/w imports nothing of that name; the world imports x:io/streams@0.3.0, and only versions 0.2.x are compatible with it",
		`x:http/types@0.2.10: "pipe": resource x:io/streams.pipe of version 0.3.0 offered, of version 0.2.12 expected`,
		`x:http/types@0.2.10: method "body.get": result: resource x:io/streams.pipe of version 0.3.0 offered, of version 0.2.12 expected`,
	}
	if diff := cmp.Diff(want, verdicts(r.Imports)); diff != "" {
		t.Errorf("imports (-want +got):\n%s", diff)
	}
}
