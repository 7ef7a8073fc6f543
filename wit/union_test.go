package wit_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/syntax"
)

// world parses a text and returns its world "w".
func world(t *testing.T, text string) *wit.World {
	t.Helper()
	set, err := syntax.Parse(nil, syntax.Source{{Name: "x.wit", Text: text}})
	if err != nil {
		t.Fatal(err)
	}
	return set.Root.World("w")
}

func TestUnion(t *testing.T) {
	one := world(t, `package my:one; world w { import a:b/types@1.0.0; import a:b/uses@1.0.0; export i: interface { use a:b/uses@1.0.0.{t}; g: func(x: t); } }
package a:b@1.0.0 { interface types { resource r { m: func(); } record s { x: u8 } } interface uses { use types.{r, s as t}; type u = t; f: func(x: borrow<r>, y: u) -> t; } }`)
	two := world(t, `package my:two; world w { export a:b/types@1.0.0; import f: func(); }
package a:b@1.0.0 { interface types { resource r { n: func(); } record s { x: u8 } type late = list<s>; h: func(x: r) -> late; } }`)
	u := wit.NewUnion()
	for _, w := range []*wit.World{one, two} {
		if err := u.World(w); err != nil {
			t.Fatal(err)
		}
	}
	text := syntax.Print(u.Packages()...)
	set, err := syntax.Parse(nil, syntax.Source{{Name: "union.wit", Text: text}})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	types := set.Package(wit.PackageID{Namespace: "a", Name: "b", Version: "1.0.0"}).Interface("types")
	var got []string
	for _, d := range types.Types {
		got = append(got, d.Name)
	}
	for _, f := range types.Funcs {
		got = append(got, f.Name)
	}
	if diff := cmp.Diff([]string{"r", "s", "late", "[method]r.m", "[method]r.n", "h"}, got); diff != "" {
		t.Errorf("types (-want +got):\n%s\n%s", diff, text)
	}
	if one.Imports[0].Interface.Func("h") != nil {
		t.Error("the part has changed")
	}
}

// TestUnionRefuses puts parts together that contradict each other.
func TestUnionRefuses(t *testing.T) {
	const base = "resource r { m: func(); } record s { x: u8 } f: func();"
	for changed, want := range map[string]string{
		strings.Replace(base, "x: u8", "x: u16", 1):             `a:b/types: "s": has two types`,
		strings.Replace(base, "f: func()", "f: func(x: u8)", 1): `a:b/types: "f": has two types`,
		strings.Replace(base, "m: func()", "m: func(x: u8)", 1): `a:b/types: "[method]r.m": has two types`,
		"record r { x: u8 }": `a:b/types: "r": is a resource and another type`,
		"resource s;":        `a:b/types: "s": is a resource and another type`,
		strings.Replace(base, "x: u8", "x: list<s2>", 1) + "type s2 = u8;": `has two types`,
	} {
		u := wit.NewUnion()
		var err error
		for _, body := range []string{base, changed} {
			if err == nil {
				err = u.World(world(t, "package my:app; world w { import a:b/types; }\npackage a:b { interface types { "+body+" } }"))
			}
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", changed, err, want)
		}
	}
}
