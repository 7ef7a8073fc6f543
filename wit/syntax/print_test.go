package syntax_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/deps"
	"github.com/wattle-dev/wattle/wit/syntax"
)

func TestPrint(t *testing.T) {
	const text = `/// The package.
package a:b@1.0.0;

/// An interface.
@since(version = 1.0.0)
interface i {
  use j.{r as s, t};
  use c:d/k.{u};

  record rec {
    /// A field.
    %list: list<t>,
    tuples: tuple<u8, list<s8, 4>, map<string, u>>,
  }

  variant v {
    none,
    some(option<rec>),
  }

  @external-id("the \"thing\"")
  resource thing {
    constructor(a: v);
    /// A method.
    get: func(%type: borrow<s>, b: s) -> result<_, v>;
    make: static async func() -> thing;
  }

  resource bare;

  type other = thing;

  type words = list<string>;

  type texts = words;

  /// A function.
  @since(version = 1.0.0)
  @deprecated(version = 1.0.0)
  f: func(
    /// A parameter.
    a: texts,
    b: stream<u8>,
  ) -> future;

  g: async func(a: words, b: result, c: result<u8>, d: borrow<thing>, e: error-context);
}

interface j {
  resource r;

  enum t {
    a,
    /// Documented.
    b,
  }
}

world w {
  use j.{t};

  resource local {
    constructor();
    go: func(a: t);
  }

  import j;
  import f: func(a: local) -> t;
  import plain: c:d/k;
  /// Inline.
  import inline: interface {
    use j.{t};

    f: func() -> t;
  }

  @external-id("x")
  export c:d/k;
  export run: func();
}

package c:d {
  interface k {
    flags u {
      a,
      b,
    }
  }
}
`
	set, err := syntax.Parse(nil, syntax.Source{{Name: "x.wit", Text: text}})
	if err != nil {
		t.Fatal(err)
	}
	got := syntax.Print(rootFirst(set)...)
	// The empty line before the documented import is the printer's.
	want := strings.Replace(text, "  /// Inline.", "\n  /// Inline.", 1)
	want = strings.Replace(want, "    /// A method.", "\n    /// A method.", 1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Print (-want +got):\n%s", diff)
	}
	i := set.Root.Interface("j")
	if got := syntax.PrintInterface(i); !strings.HasPrefix(got, "interface j {\n  resource r;\n") || !strings.Contains(text, got) {
		t.Errorf("PrintInterface:\n%s", got)
	}
	if got := syntax.PrintWorld(set.Root.World("w")); !strings.HasPrefix(got, "world w {\n  use j.{t};\n") {
		t.Errorf("PrintWorld:\n%s", got)
	}
}

// rootFirst returns the packages of a set with its root in front.
func rootFirst(set *syntax.Set) []*wit.Package {
	if set.Root == nil {
		return set.Packages
	}
	packages := []*wit.Package{set.Root}
	for _, p := range set.Packages {
		if p != set.Root {
			packages = append(packages, p)
		}
	}
	return packages
}

// summary says all there is in packages, one line each, in an order that does
// not depend on that of their text.
func summary(packages []*wit.Package) []string {
	var lines []string
	add := func(where string, format string, args ...any) {
		lines = append(lines, where+": "+fmt.Sprintf(format, args...))
	}
	def := func(where string, d *wit.TypeDef) {
		origin := "here"
		if d.Use != nil {
			origin = "use " + d.From.ID.String() + "." + d.Use.Name
		} else if d.Alias != nil {
			origin = "alias of " + d.Alias.Name
		}
		what := ""
		if d.Resource != nil {
			what = "resource " + d.Resource.String()
		} else {
			what = d.Type.Signature() + fmt.Sprintf(" %q", d.Type.LabelDocs)
			for _, f := range d.Type.Fields {
				what += fmt.Sprintf(" %q", f.Docs)
			}
		}
		add(where, "type %s = %s, %s, %+v, %q, %q", d.Name, what, origin, d.Gate, d.Docs, d.ExternalID)
	}
	fn := func(where string, f *wit.Func) {
		add(where, "%s, %+v, %q, %q", f, f.Gate, f.Docs, f.ExternalID)
		for _, p := range f.Params {
			add(where, "%s: %s is %q, %q", f.Name, p.Name, p.Type.Name, p.Docs)
		}
	}
	iface := func(where string, i *wit.Interface) {
		add(where, "interface %s, %+v, %q", i.ID, i.Gate, i.Docs)
		for _, d := range i.Types {
			def(where, d)
		}
		for _, f := range i.Funcs {
			fn(where, f)
		}
	}
	for _, p := range packages {
		add("package", "%s, %q", p.ID, p.Docs)
		for _, i := range p.Interfaces {
			iface(i.ID.String(), i)
		}
		for _, w := range p.Worlds {
			add("world", "%s, %+v, %q", w.ID, w.Gate, w.Docs)
			for n, externs := range [][]wit.Extern{w.Imports, w.Exports} {
				for _, e := range externs {
					where := fmt.Sprintf("%s %d %s", w.ID, n, e.Key())
					add(where, "%s, %+v, %q, %q", e.ID, e.Gate, e.Docs, e.ExternalID)
					switch {
					case e.Interface != nil && e.ID == wit.InterfaceID{}:
						iface(where, e.Interface)
					case e.Func != nil:
						fn(where, e.Func)
					case e.Type != nil:
						def(where, e.Type)
					}
				}
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// roundTrip prints packages, parses the text, and compares; then prints again.
func roundTrip(t *testing.T, packages []*wit.Package) {
	t.Helper()
	text := syntax.Print(packages...)
	set, err := syntax.Parse(&syntax.Options{AllFeatures: true}, syntax.Source{{Name: "printed.wit", Text: text}})
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	if diff := cmp.Diff(summary(packages), summary(set.Packages)); diff != "" {
		t.Errorf("packages differ after Print and Parse (-before +after):\n%s\nin\n%s", diff, text)
	}
	// Print orders items, so that what it has printed is a fixed point.
	again := syntax.Print(rootFirst(set)...)
	sorted := func(s string) []string { return slices.Sorted(strings.SplitSeq(s, "\n")) }
	if diff := cmp.Diff(sorted(text), sorted(again)); diff != "" {
		t.Errorf("Print of what was printed differs (-first +second):\n%s", diff)
	}
}

func TestPrintRoundTrip(t *testing.T) {
	set, err := deps.Packages(&syntax.Options{AllFeatures: true})
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, rootFirst(set))
	for _, p := range set.Packages {
		for _, w := range p.Worlds {
			roundTrip(t, w.Packages())
		}
	}

	files, err := filepath.Glob("testdata/*.wit")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for text := range strings.SplitSeq(string(text), "//---\n") {
			if set, err := syntax.Parse(nil, syntax.Source{{Name: file, Text: text}}); err == nil && set.Root != nil {
				roundTrip(t, rootFirst(set))
				n++
			}
		}
	}
	if n < 5 {
		t.Errorf("only %d of testdata parse", n)
	}
}

// What a binary says in documentation must not reach a terminal as it is.
func TestPrintRefused(t *testing.T) {
	p := &wit.Package{ID: wit.PackageID{Namespace: "a", Name: "b"}, Docs: "\x1b[31mred\u202e\xff\nnext"}
	text := syntax.Print(p)
	if want := "/// \uFFFD[31mred\uFFFD\uFFFD\n/// next\npackage a:b;\n"; text != want {
		t.Errorf("Print = %q, want %q", text, want)
	}
	if _, err := syntax.Parse(nil, syntax.Source{{Name: "x.wit", Text: text}}); err != nil {
		t.Error(err)
	}
}
