package compat_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/compat"
	"github.com/wattle-dev/wattle/wit/deps"
	"github.com/wattle-dev/wattle/wit/syntax"
)

func parse(t *testing.T, text string) *wit.Package {
	t.Helper()
	set, err := syntax.Parse(nil, syntax.Source{{Name: "a.wit", Text: text}})
	if err != nil {
		t.Fatal(err)
	}
	return set.Root
}

// TestFuncs pins the words for each way in which types differ.
func TestFuncs(t *testing.T) {
	tests := []struct{ offered, wanted, want string }{
		{"func()", "func()", ""},
		{"func(a: list<u8>) -> string", "func(a: list<u8>) -> string", ""},
		{"func(a: u8, value: list<u8>)", "func(a: u8, value: string)", `parameter 2 "value": list<u8> offered, string expected`},
		{"func(a: u8)", "func(b: u8)", `parameter "b" expected, not offered`},
		{"func(a: u8)", "func(a: u8, b: u8)", `parameter "b" expected, not offered (1 parameters offered, 2 expected)`},
		{"func(a: u8, b: u8)", "func(a: u8)", `parameter "b" offered, not expected (2 parameters offered, 1 expected)`},
		{"func(a: u8, b: u8)", "func(b: u8, a: u8)", `parameter 1 is "a" as offered, "b" as expected: the order counts`},
		{"func()", "func() -> u8", "result: no result offered, u8 expected"},
		{"func() -> u8", "func()", "result: u8 offered, no result expected"},
		{"async func()", "func()", "async func offered, func without async expected"},
		{"func(r: record{a: u8, b: u8})", "func(r: record{b: u8, a: u8})", `parameter 1 "r": field 1 is "a" as offered, "b" as expected: the order counts`},
		{"func(r: record{a: u8})", "func(r: record{a: u16})", `parameter 1 "r": field "a": u8 offered, u16 expected`},
		{"func(r: variant{a, b(u8)})", "func(r: variant{a, b(u8), c})", `parameter 1 "r": case "c" expected, not offered (2 cases offered, 3 expected)`},
		{"func(r: variant{a, b(u8)})", "func(r: variant{a, b})", `parameter 1 "r": case "b": u8 offered, no value expected`},
		{"func(r: enum{a, b})", "func(r: enum{a, c})", `parameter 1 "r": case "c" expected, not offered`},
		{"func(r: flags{a, b})", "func(r: flags{b, a})", `parameter 1 "r": flag 1 is "a" as offered, "b" as expected: the order counts`},
		{"func() -> result<u8, string>", "func() -> result<u8>", "result: error: string offered, no value expected"},
		{"func() -> result<list<option<u8>>>", "func() -> result<list<option<s8>>>", "result: ok: list element: option element: u8 offered, s8 expected"},
		{"func() -> tuple<u8, u8>", "func() -> tuple<u8>", "result: tuple of 2 offered, of 1 expected"},
		{"func() -> tuple<u8, u8>", "func() -> tuple<u8, u16>", "result: element 2: u8 offered, u16 expected"},
		{"func() -> list<u8, 4>", "func() -> list<u8, 5>", "result: list<u8, 4> offered, list<u8, 5> expected"},
		{"func() -> list<u8, 4>", "func() -> list<u8>", "result: list<u8, 4> offered, list<u8> expected"},
		{"func() -> map<u8, u8>", "func() -> map<u16, u8>", "result: key: u8 offered, u16 expected"},
		{"func() -> map<u8, u8>", "func() -> map<u8, u16>", "result: value: u8 offered, u16 expected"},
		{"func() -> stream", "func() -> stream<u8>", "result: stream element: no type offered, u8 expected"},
		{"func() -> own<a:b/c.r>", "func() -> own<a:b/c.s>", "result: own<a:b/c.r> offered, own<a:b/c.s> expected"},
		{"func(x: own<a:b/c.r>)", "func(x: borrow<a:b/c.r>)", `parameter 1 "x": own<a:b/c.r> offered, borrow<a:b/c.r> expected`},
	}
	for _, test := range tests {
		o, err := wit.ParseSignature(test.offered)
		if err != nil {
			t.Fatal(err)
		}
		w, err := wit.ParseSignature(test.wanted)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if d := compat.Funcs(o, w); d != nil {
			got = d.String()
		}
		if got != test.want {
			t.Errorf("%s for %s: %q, want %q", test.offered, test.wanted, got, test.want)
		}
	}
}

// TestFuncsAgreeWithSignatures compares every function of WASI with many others
// and with changed copies of itself: there is a difference exactly if the
// signatures differ.
func TestFuncsAgreeWithSignatures(t *testing.T) {
	set, err := deps.Packages(&syntax.Options{AllFeatures: true})
	if err != nil {
		t.Fatal(err)
	}
	var funcs []*wit.Func
	for _, p := range set.Packages {
		for _, i := range p.Interfaces {
			funcs = append(funcs, i.Funcs...)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	equal, different := 0, 0
	check := func(a, b *wit.Func) {
		same := a.Signature() == b.Signature()
		if d := compat.Funcs(a, b); (d == nil) != same {
			t.Errorf("%s for %s: difference %v", a.Signature(), b.Signature(), d)
		}
		if same {
			equal++
		} else {
			different++
		}
	}
	for _, f := range funcs {
		again, err := wit.ParseSignature(f.Signature())
		if err != nil {
			t.Fatal(err)
		}
		check(f, again)
		for range 20 {
			check(f, funcs[random.IntN(len(funcs))])
			changed := &wit.Func{Params: slices.Clone(again.Params), Result: again.Result}
			mutateFunc(random, changed)
			check(f, changed)
		}
	}
	if equal < len(funcs) || different < len(funcs) {
		t.Errorf("%d pairs are equal and %d differ: that proves little", equal, different)
	}
}

// mutateFunc changes something in a function, or nothing.
func mutateFunc(random *rand.Rand, f *wit.Func) {
	n := len(f.Params)
	switch k := random.IntN(5); {
	case k == 0 && n > 0:
		f.Params[random.IntN(n)].Type = &wit.Type{Kind: wit.Bool}
	case k == 1 && n > 1:
		f.Params[0], f.Params[n-1] = f.Params[n-1], f.Params[0]
	case k == 2 && f.Result != nil:
		f.Result = mutateType(random, f.Result)
	case k == 3 && n > 0:
		i := random.IntN(n)
		f.Params[i].Type = mutateType(random, f.Params[i].Type)
	case k == 4:
		f.Async = true
	}
}

// mutateType returns a copy of a type with a change somewhere inside it, or none.
func mutateType(random *rand.Rand, t *wit.Type) *wit.Type {
	if t == nil {
		return &wit.Type{Kind: wit.U8}
	}
	c := *t
	n := len(c.Fields)
	switch random.IntN(3) {
	case 0:
		return &wit.Type{Kind: wit.Char}
	case 1:
		c.Labels = slices.Clone(c.Labels)
		slices.Reverse(c.Labels)
		c.Fields = slices.Clone(c.Fields)
		slices.Reverse(c.Fields)
		return &c
	}
	switch {
	case n > 0:
		c.Fields = slices.Clone(c.Fields)
		i := random.IntN(n)
		c.Fields[i].Type = mutateType(random, c.Fields[i].Type)
	case len(c.Types) > 0:
		c.Types = slices.Clone(c.Types)
		i := random.IntN(len(c.Types))
		c.Types[i] = mutateType(random, c.Types[i])
	case c.Elem != nil:
		c.Elem = mutateType(random, c.Elem)
	case c.Kind == wit.Result:
		c.Ok = mutateType(random, c.Ok)
	case c.Resource != nil:
		c.Resource = &wit.Resource{Name: "other"}
	}
	return &c
}

func TestInterface(t *testing.T) {
	offered := parse(t, `package wasi:http@0.2.3;
interface types {
  resource fields {
    append: func(name: string, value: list<u8>);
    entries: func() -> list<string>;
  }
  record options { timeout: u64 }
  enum method { get, post }
  start: func(o: options);
}`).Interface("types")
	wanted := parse(t, `package wasi:http@0.2.10;
interface types {
  resource fields {
    append: func(name: string, value: string);
    entires: func() -> list<string>;
    clone: func() -> fields;
  }
  resource request;
  record options { timeout: u32 }
  enum method { get, post }
  start: func(o: options);
  go: func();
}`).Interface("types")
	want := []string{
		`"request": no such resource in wasi:http/types@0.2.3; it may have come with a later version: 0.2.10 is expected`,
		`"options": field "timeout": u64 offered, u32 expected`,
		`method "fields.append": parameter 3 "value": list<u8> offered, string expected`,
		`method "fields.entires": no such function in wasi:http/types@0.2.3; it may have come with a later version: 0.2.10 is expected`,
		`method "fields.clone": no such function in wasi:http/types@0.2.3; it may have come with a later version: 0.2.10 is expected`,
		`"start": parameter 1 "o": field "timeout": u64 offered, u32 expected`,
		`"go": no such function in wasi:http/types@0.2.3; it may have come with a later version: 0.2.10 is expected`,
	}
	check := func(offer compat.Offer, wanted *wit.Interface, want []string) {
		t.Helper()
		if diff := cmp.Diff(want, texts(compat.Interface(offer, wanted))); diff != "" {
			t.Errorf("faults (-want +got):\n%s", diff)
		}
	}
	check(compat.Offer{Interface: offered}, wanted, want)
	check(compat.Offer{Interface: offered, Structural: true}, wanted, slices.Delete(slices.Clone(want), 1, 2))
	check(compat.Offer{Interface: wanted}, offered, []string{
		`"options": field "timeout": u32 offered, u64 expected`,
		`method "fields.append": parameter 3 "value": string offered, list<u8> expected`,
		`method "fields.entries": no such function in wasi:http/types@0.2.10; there is method "fields.entires"`,
		`"start": parameter 1 "o": field "timeout": u32 offered, u64 expected`,
	})
	check(compat.Offer{Interface: offered}, offered, nil)
}

func texts(faults []compat.Fault) []string {
	var out []string
	for _, f := range faults {
		out = append(out, f.String())
	}
	return out
}

func TestMissing(t *testing.T) {
	id := func(name string) wit.InterfaceID {
		id, err := wit.ParseInterfaceID(name)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	var wasi compat.Offers
	for _, name := range []string{"wasi:io/streams@0.2.12", "wasi:http/types@0.2.12", "wasi:http/incoming-handler@0.2.12", "a:b/c@1.2.0", "a:b/c@2.0.0", "a:b/d"} {
		wasi = append(wasi, compat.Offer{Interface: &wit.Interface{ID: id(name)}})
	}
	tests := []struct{ id, want string }{
		{"wasi:io/streams@0.3.0", "is offered as version 0.2.12, which an import of 0.3.0 cannot use: only versions 0.3.x are compatible with it; build against wasi:io/streams@0.2.12"},
		{"wasi:io/streams", "is offered as version 0.2.12, which an import of none cannot use: only an interface without a version is compatible with it; build against wasi:io/streams@0.2.12"},
		{"wasi:io/streams@0.2.0-rc.1", "is offered as version 0.2.12, which an import of 0.2.0-rc.1 cannot use: a pre-release is compatible with itself alone; build against wasi:io/streams@0.2.12"},
		{"wasi:io/stream@0.2.0", `package wasi:io is served without an interface "stream"; did you mean "streams"?`},
		{"wasi:http/trailers@0.2.0", `package wasi:http is served without an interface "trailers"; there is incoming-handler, types`},
		{"wasi:nn/graph@0.2.0", "nothing serves package wasi:nn; compose the component with one that exports the interface, or do without"},
		{"wasi:htp/types@0.2.0", "nothing serves package wasi:htp; did you mean wasi:http?"},
		{"my:db/store", "nothing serves package my:db; compose the component with one that exports the interface, or do without"},
		{"a:b/c@3.0.0", "is offered as versions 2.0.0, 1.2.0, which an import of 3.0.0 cannot use: only versions 3.x.y are compatible with it; build against a:b/c@2.0.0"},
		{"a:b/d@0.0.1", "is offered as version none, which an import of 0.0.1 cannot use: it is compatible with itself alone; build against a:b/d, without a version"},
	}
	for _, test := range tests {
		if offer, fault := wasi.Find(id(test.id)); fault == nil {
			t.Errorf("%s: found %s", test.id, offer.ID)
		} else if got := fault.String(); got != test.want {
			t.Errorf("%s: %s\nwant %s", test.id, got, test.want)
		}
	}
}

// TestImports runs into the trap of WASI 0.2: packages of several patch versions
// in one component, which one host serves.
func TestImports(t *testing.T) {
	set, err := deps.Packages(nil)
	if err != nil {
		t.Fatal(err)
	}
	var offers compat.Offers
	for _, p := range set.Packages {
		for _, i := range p.Interfaces {
			offers = append(offers, compat.Offer{Interface: i})
		}
	}
	for i := range offers {
		iface := *offers[i].Interface
		patch := []string{"0.2.0", "0.2.6", "0.2.12", "0.2.99"}[i%4]
		iface.ID.Version = patch
		v := offers.Import(&wit.Extern{ID: iface.ID, Interface: &iface})
		if !v.OK() || v.By != offers[i].ID {
			t.Errorf("%s: by %s, %v", v.Name, v.By, v.Faults)
		}
		iface.ID.Version = "0.3.0"
		if v := offers.Import(&wit.Extern{ID: iface.ID, Interface: &iface}); v.OK() || !strings.Contains(v.Faults[0].String(), "build against") {
			t.Errorf("%s: %v", v.Name, v.Faults)
		}
	}
	w := parse(t, "package a:b;\nworld w {\n import f: func();\n import i: interface {}\n resource r;\n type t = u8;\n}").World("w")
	for i := range w.Imports {
		v := offers.Import(&w.Imports[i])
		if v.OK() != (v.Name == "t") {
			t.Errorf("%s: %v", v.Name, v.Faults)
		}
	}
}
