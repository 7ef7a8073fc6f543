package syntax_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/syntax"
)

// Each file of testdata holds cases separated by lines "//---". A comment
//
//	// ERROR "regexp"
//
// demands an error in its line; a case without one must parse.
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/*.wit")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		line := 1
		for text := range strings.SplitSeq(string(text), "//---\n") {
			t.Run(fmt.Sprintf("%s:%d", filepath.Base(file), line), func(t *testing.T) { checkErrors(t, text) })
			line += strings.Count(text, "\n") + 1
		}
	}
}

var errorComment = regexp.MustCompile(`ERROR ("(?:[^"\\]|\\.)*")`)

func checkErrors(t *testing.T, text string) {
	want := map[int]*regexp.Regexp{}
	for i, line := range strings.Split(text, "\n") {
		m := errorComment.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		// The escapes of the comment are those of its regexp, save \".
		want[i+1] = regexp.MustCompile(strings.ReplaceAll(m[1][1:len(m[1])-1], `\"`, `"`))
	}
	_, err := syntax.Parse(nil, syntax.Source{{Name: "test.wit", Text: text}})
	if err == nil && len(want) == 0 {
		return
	}
	found := map[int]bool{}
	for _, e := range unjoin(err) {
		var fault *syntax.Error
		switch {
		case !errors.As(e, &fault):
			t.Errorf("error without a place: %v", e)
		case want[fault.Line] == nil:
			t.Errorf("unexpected error: %v", e)
		case !want[fault.Line].MatchString(fault.Msg):
			t.Errorf("%v; want a match of %q", e, want[fault.Line])
		default:
			found[fault.Line] = true
		}
	}
	for line, re := range want {
		if !found[line] {
			t.Errorf("line %d: no error matches %q", line, re)
		}
	}
}

func unjoin(err error) []error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		return j.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func parse(t *testing.T, text string) *wit.Package {
	t.Helper()
	set, err := syntax.Parse(nil, syntax.Source{{Name: "test.wit", Text: text}})
	if err != nil {
		t.Fatal(err)
	}
	return set.Root
}

// Places count from one, columns in characters; errors come in order.
func TestErrorPlace(t *testing.T) {
	text := "package a:b;\ninterface i {\n\t/* éé */ f: func(a: nope, b: nada);\n}\nworld w { import x; }\n"
	_, err := syntax.Parse(nil, syntax.Source{{Name: "dir/x.wit", Text: text}})
	want := `dir/x.wit:3:22: no type "nope" in interface i
dir/x.wit:3:31: no type "nada" in interface i
dir/x.wit:5:18: no interface or world "x" in this file or in package a:b`
	if err == nil || err.Error() != want {
		t.Errorf("error:\n%v\nwant:\n%s", err, want)
	}
}

func TestInvalidText(t *testing.T) {
	for text, want := range map[string]string{
		"package a:b; // \xff":   "invalid UTF-8",
		"package a:b; // \x00":   "control character U+0000",
		"package a:b; // \u007f": "control character U+007F",
		"package a:b; // \uFFFD": "",
		"package a:b;\r\n\t":     "",
		"\ufeffpackage a:b;":     "unexpected character '\\ufeff'",
		"":                       "",
		"package a:b; interface": "expected the name of an interface, found the end of the file",
		"package a:b; @":         "expected since, unstable",
		"package a:b; interface i { f: func() -> u8":                    `expected ";" after the function, found the end of the file`,
		"package a:b; interface i { @external-id(\"a\n\") f: func(); }": "string is never closed",
		"package a:b; interface i { @external-id(\"a":                   "string is never closed",
		"package a:b; interface i":                                      `expected "{" to open the interface, found the end of the file`,
	} {
		_, err := syntax.Parse(nil, syntax.Source{{Name: "x.wit", Text: text}})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("Parse(%q) = %v, want %q", text, err, want)
		}
	}
}

func TestLimits(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("list<", n) + "u8" + strings.Repeat(">", n) }
	var aliases, doubling, worlds, using strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&aliases, "type t%d = t%d; ", i, i+1)
		fmt.Fprintf(&using, "interface i%d { use i%d.{t}; } ", i, i+1)
		fmt.Fprintf(&worlds, "world w%d { include w%d; } ", i, i+1)
	}
	for i := range 64 {
		fmt.Fprintf(&doubling, "variant v%d { a(v%d), b(v%d) } ", i, i+1, i+1)
	}
	tests := []struct{ name, text, want string }{
		{"types in types", "interface i { type t = " + nested(100_000) + "; }", "types nest deeper than 100"},
		{"types through names", "interface i { " + aliases.String() + "type t2000 = u8; }", "chain of references is longer"},
		{"exponential type", "interface i { " + doubling.String() + "type v64 = u8; }", "more than 100000 types inside"},
		{"interfaces", using.String() + "interface i2000 { type t = u8; }", "chain of references is longer"},
		{"worlds", worlds.String() + "world w2000 {}", "chain of references is longer"},
		{"comments", strings.Repeat("/*", 1_000_000), "comment is never closed"},
		{"errors", "interface i { " + strings.Repeat("f: func(); ", 10_000) + "}", "already defined"},
		{"string", `interface i { @external-id("` + strings.Repeat("a", 1<<16), "longer than 65536 bytes"},
		{"size", strings.Repeat(" ", syntax.MaxSize), "bytes of WIT"},
	}
	for _, test := range tests {
		_, err := syntax.Parse(nil, syntax.Source{{Name: "x.wit", Text: "package a:b; " + test.text}})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %.200v, want %q", test.name, err, test.want)
		}
		if n := len(unjoin(err)); n > syntax.MaxErrors {
			t.Errorf("%s: %d errors", test.name, n)
		}
	}
	if _, err := syntax.Parse(nil, make(syntax.Source, syntax.MaxFiles+1)); err == nil {
		t.Error("too many files are accepted")
	}
}

// Many worlds that include one big world would take memory without bound.
func TestManyIncludes(t *testing.T) {
	var b strings.Builder
	b.WriteString("package a:b; world big { ")
	for i := range 2000 {
		fmt.Fprintf(&b, "import fn%d: func(); ", i)
	}
	b.WriteString("} ")
	for i := range 2000 {
		fmt.Fprintf(&b, "world w%d { include big; } ", i)
	}
	_, err := syntax.Parse(nil, syntax.Source{{Name: "x.wit", Text: b.String()}})
	if err == nil || !strings.Contains(err.Error(), "imports and exports in all") {
		t.Errorf("%.200v", err)
	}
}

func TestDocs(t *testing.T) {
	p := parse(t, `
/// The package.
package a:b@1.0.0;

// Not documentation.
/// An interface
///   of two lines.
@since(version = 1.0.0)
/// And a third.
interface i {
  /**
   * A block.
   *
   * Of three.
   */
  f: func(
    /// A parameter.
    a: u8,
  );
  /** One line. */
  enum e {
    /// A case.
    x,
    y,
  }
  /// A resource.
  ///
  resource r {
    /// A method.
    m: func();
  }
}`)
	i := p.Interface("i")
	got := []string{p.Docs, i.Docs, i.Func("f").Docs, i.Func("f").Params[0].Docs, i.Type("e").Docs, i.Type("r").Resource.Docs, i.Func("[method]r.m").Docs}
	want := []string{"The package.", "An interface\n  of two lines.\nAnd a third.", "A block.\n\nOf three.", "A parameter.", "One line.", "A resource.", "A method."}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"A case.", ""}, i.Type("e").Type.LabelDocs); diff != "" {
		t.Errorf("docs of labels (-want +got):\n%s", diff)
	}
	if i.Gate.Since != "1.0.0" {
		t.Errorf("gate = %+v", i.Gate)
	}
}

// Functions are desugared, types resolved, aliases keep their names.
func TestModel(t *testing.T) {
	p := parse(t, `
package a:b@1.0.0;
interface i {
  use j.{r as s, t};
  type list-of-t = list<t>;
  type u = t;
  resource q {
    constructor(a: t);
    get: func(x: list-of-t) -> option<u>;
    make: static async func(s: borrow<s>) -> q;
  }
  type p = q;
  f: func(a: s, b: p) -> result<_, t>;
  @external-id("some thing")
  g: async func();
}
interface j { resource r; enum t { x, y } }`)
	i := p.Interface("i")
	const t2 = "enum{x, y}"
	want := []string{
		"[constructor]q: func(a: " + t2 + ") -> own<a:b/i.q>",
		"[method]q.get: func(self: borrow<a:b/i.q>, x: list<" + t2 + ">) -> option<" + t2 + ">",
		"[static]q.make: async func(s: borrow<a:b/j.r>) -> own<a:b/i.q>",
		"f: func(a: own<a:b/j.r>, b: own<a:b/i.q>) -> result<_, " + t2 + ">",
		"g: async func()",
	}
	var got []string
	for _, f := range i.Funcs {
		got = append(got, f.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("functions (-want +got):\n%s", diff)
	}
	if f := i.Func("g"); f.ExternalID != "some thing" {
		t.Errorf("external ID = %q", f.ExternalID)
	}
	j := p.Interface("j")
	if d := i.Type("t"); d.Use != j.Type("t") || d.From != j || d.Type != j.Type("t").Type {
		t.Errorf("use of t: %+v", d)
	}
	if d := i.Type("s"); d.Resource != j.Type("r").Resource || d.Resource.Owner != j.ID {
		t.Errorf("use of r: %+v", d)
	}
	if d := i.Type("u"); d.Alias != i.Type("t") || d.Origin() != j.Type("t") || d.Type.Name != "u" || d.Type.Owner != i || d.Type == j.Type("t").Type {
		t.Errorf("alias of t: %+v", d)
	}
	if got := i.Func("[method]q.get").Result.Elem; got != i.Type("u").Type {
		t.Errorf("a reference to u is %p, its definition %p", got, i.Type("u").Type)
	}
}

// A world imports the interfaces whose types it uses, each before what uses it;
// an export that uses an exported interface does not import it.
func TestElaboration(t *testing.T) {
	p := parse(t, `
package a:b;
interface base { resource r; }
interface mid { use base.{r}; f: func() -> r; }
interface top { use mid.{r}; g: func() -> r; }
world imports { import top; }
world exports { export top; }
world both { export top; export mid; export base; }
world some { export top; export mid; import f: func(); }
world named { import x: top; }
world inline { export x: interface { use top.{r}; h: func(a: r); } }
world types { use mid.{r}; export run: func(a: r); }
world union { include imports; include types; include exports; }
`)
	want := map[string]string{
		"imports": "a:b/base a:b/mid a:b/top ->",
		"exports": "a:b/base a:b/mid -> a:b/top",
		"both":    "-> a:b/top a:b/mid a:b/base",
		"some":    "f a:b/base -> a:b/top a:b/mid",
		"named":   "a:b/base a:b/mid x ->",
		"inline":  "a:b/base a:b/mid a:b/top -> x",
		"types":   "a:b/base a:b/mid r -> run",
		"union":   "a:b/base a:b/mid a:b/top r -> run a:b/top",
	}
	for name, want := range want {
		w := p.World(name)
		var parts []string
		for _, e := range w.Imports {
			parts = append(parts, e.Key())
		}
		parts = append(parts, "->")
		for _, e := range w.Exports {
			parts = append(parts, e.Key())
		}
		if got := strings.Join(parts, " "); got != want {
			t.Errorf("world %s: %s, want %s", name, got, want)
		}
	}
	if x := p.World("named").Imports[2]; x.ID.String() != "a:b/top" || x.Interface != p.Interface("top") {
		t.Errorf("named import: %+v", x)
	}
	if x := p.World("inline").Exports[0]; x.ID != (wit.InterfaceID{}) || x.Interface.ID.String() != "x" {
		t.Errorf("inline export: %+v", x)
	}
}

func TestLoad(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	fsys := fstest.MapFS{
		"w/a.wit":              file("package a:b; world w { import i; import c:d/j; }"),
		"w/b.wit":              file("interface i { use c:d/j.{t}; }"),
		"w/notes.txt":          file("not WIT"),
		"w/deps/c.wit":         file("package c:d; interface j { use e:f/k.{t}; }"),
		"w/deps/e/k.wit":       file("package e:f; interface k { use l.{t}; }"),
		"w/deps/e/l.wit":       file("interface l { type t = u8; }"),
		"w/deps/e/deps/no.wit": file("this is not read"),
		"single.wit":           file("package s:t; interface i { use u:v/j.{t}; } package u:v { interface j { type t = u8; } }"),
		"split/a.wit":          file("package a:b;"),
		"split/b.wit":          file("package a:c;"),
		"empty/readme.txt":     file(""),
		"big/" + "x.wit":       file("package a:b;" + strings.Repeat(" ", syntax.MaxSize)),
		"crossed/a.wit":        file("package a:b; use c:d/j; interface i { use j.{t}; }"),
		"crossed/b.wit":        file("interface k { use j.{t}; }"), // j is known in a.wit only
		"crossed/deps/c.wit":   file("package c:d; interface j { type t = u8; }"),
	}
	set, err := syntax.Load(fsys, "w", nil)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, p := range set.Packages {
		ids = append(ids, p.ID.String())
	}
	if diff := cmp.Diff([]string{"e:f", "c:d", "a:b"}, ids); diff != "" || set.Root.ID.String() != "a:b" {
		t.Errorf("root %s, packages (-want +got):\n%s", set.Root.ID, diff)
	}
	if got := set.Root.Interface("i").Type("t").Origin().Type.Kind; got != wit.U8 {
		t.Errorf("type t is a %s", got)
	}
	if set, err = syntax.Load(fsys, "single.wit", nil); err != nil || set.Root.ID.String() != "s:t" {
		t.Errorf("Load(single.wit) = %v, %v", set, err)
	}
	for dir, want := range map[string]string{
		"split":   `split/b.wit:1:1: package a:c, but another file of the package is in a:b`,
		"empty":   `directory "empty" has no .wit files`,
		"big":     `file "big/x.wit": more WIT than`,
		"absent":  `absent`,
		"crossed": `crossed/b.wit:1:19: no interface or world "j"`,
	} {
		if _, err := syntax.Load(fsys, dir, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load(%s) = %v, want %q", dir, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.wit")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for text := range strings.SplitSeq(string(text), "//---\n") {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := syntax.Parse(&syntax.Options{AllFeatures: true}, syntax.Source{{Name: "x.wit", Text: text}})
		if err != nil {
			for _, e := range unjoin(err) {
				var fault *syntax.Error
				if errors.As(e, &fault) && (fault.Line < 1 || fault.Column < 1 || fault.Line > strings.Count(text, "\n")+1) {
					t.Errorf("error outside of the text: %s", strconv.Quote(e.Error()))
				}
			}
			return
		}
		for _, p := range set.Packages {
			for _, i := range p.Interfaces {
				for _, fn := range i.Funcs {
					if err := fn.Check(); err != nil {
						t.Errorf("%s: %v", fn, err)
					}
				}
			}
		}
		if set.Root != nil {
			roundTrip(t, rootFirst(set))
		}
	})
}

// TestExcerpt checks the line that errors carry, and the caret under it.
func TestExcerpt(t *testing.T) {
	tests := []struct{ text, want string }{
		{"package a:b;\n\tinterface i {\r\n\t\tf: func(x: strin);\r\n}", "\t\tf: func(x: strin);\n\t\t           ^"},
		{"package a:b; interface i { f: func(x: " + strings.Repeat(" ", 200) + "strin); }", strings.Repeat(" ", 60) + "strin); }\n" + strings.Repeat(" ", 60) + "^"},
		{"package a:b; interface i { f: func(x: " + strings.Repeat(" ", 2000) + "strin); }", ""},
		{"interface i {}", "interface i {}\n^"},
	}
	for _, test := range tests {
		_, err := syntax.Parse(nil, syntax.Source{{Name: "x.wit", Text: test.text}})
		var errs syntax.Errors
		if !errors.As(err, &errs) || len(errs) != 1 {
			t.Errorf("%.40q: %v, want one error", test.text, err)
			continue
		}
		if got := errs[0].Excerpt(); got != test.want {
			t.Errorf("%.40q: excerpt\n%s\nwant\n%s", test.text, got, test.want)
		}
	}
}

// TestHints checks what is suggested for names that do not exist.
func TestHints(t *testing.T) {
	const text = `package a:b@1.0.0;
interface types { record stat { a: u8 } %s }
world w { %s }
`
	tests := []struct{ iface, world, want string }{
		{"f: func(s: stats);", "", `did you mean "stat"?`},
		{"f: func(s: strng);", "", `did you mean "string"?`},
		{"", "import type;", `is a keyword`},
		{"", "import tpyes;", `did you mean "types"?`},
		{"", "import a:b/typs@1.0.0;", `did you mean "types"?`},
		{"", "import a:c/types@1.0.0;", `among the packages given`},
		{"", "import a:b/types@1.0.1;", `there is a:b@1.0.0`},
		{"", "use types.{stta};", `did you mean "stat"?`},
		{"", "improt types;", `did you mean "import"?`},
	}
	for _, test := range tests {
		_, err := syntax.Parse(nil, syntax.Source{{Name: "x.wit", Text: fmt.Sprintf(text, test.iface, test.world)}})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s%s: %v, want %q", test.iface, test.world, err, test.want)
		}
	}
}

// TestLibrary checks that packages of a library are read if they are mentioned,
// directly or not, and that one that is given goes before one of the library.
func TestLibrary(t *testing.T) {
	file := func(text string) syntax.Source { return syntax.Source{{Name: "x.wit", Text: text}} }
	opts := &syntax.Options{Library: []syntax.Source{
		file("package lib:one@1.0.0; interface a { type t = u8; }"),
		file("package lib:two@1.0.0; interface b { use lib:one/a@1.0.0.{t}; f: func() -> t; }"),
		file("package lib:three@1.0.0; interface c { f: func(x: nonsense); }"),
		file("package lib:four@1.0.0; interface d { type t = u8; }"),
	}}
	set, err := syntax.Parse(opts, file("package my:app; world w { import lib:two/b@1.0.0; import lib:four/d@1.0.0; }"),
		file("package lib:four@1.0.0; interface d { type given = u8; }"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range set.Packages {
		got = append(got, p.ID.String())
	}
	if diff := cmp.Diff([]string{"lib:one@1.0.0", "lib:two@1.0.0", "lib:four@1.0.0", "my:app"}, got); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
	if d := set.Packages[2].Interface("d"); d == nil || d.Type("given") == nil {
		t.Errorf("lib:four is that of the library")
	}
	if _, err := syntax.Parse(opts, file("package my:app; world w { import lib:five/e@1.0.0; }")); err == nil || !strings.Contains(err.Error(), "no package lib:five@1.0.0") {
		t.Errorf("a package that is nowhere: %v", err)
	}
}
