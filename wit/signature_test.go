package wit_test

import (
	"testing"

	"github.com/wattle-dev/wattle/wit"
)

func TestSignature(t *testing.T) {
	streams := wit.InterfaceID{Namespace: "wasi", Package: "io", Name: "streams", Version: "0.2.6"}
	input := &wit.Resource{Name: "input-stream", Owner: streams}
	own := &wit.Type{Kind: wit.Own, Resource: input}
	borrow := &wit.Type{Kind: wit.Borrow, Resource: input}
	named := record(u8, str)
	named.Name = "stat"
	tests := []struct {
		t    *wit.Type
		want string
	}{
		{prim(wit.Bool), "bool"},
		{prim(wit.S8), "s8"},
		{prim(wit.Char), "char"},
		{prim(wit.ErrorContext), "error-context"},
		{list(u8), "list<u8>"},
		{fixed(u8, 4), "list<u8, 4>"},
		{named, "record{a0: u8, a1: string}"},
		{tuple(u8, u8), "tuple<u8, u8>"},
		{variant(nil, u8), "variant{a0, a1(u8)}"},
		{labels(wit.Enum, 2), "enum{a0, a1}"},
		{labels(wit.Flags, 2), "flags{a0, a1}"},
		{option(u8), "option<u8>"},
		{result(nil, nil), "result"},
		{result(u8, nil), "result<u8>"},
		{result(nil, u8), "result<_, u8>"},
		{result(u8, str), "result<u8, string>"},
		{&wit.Type{Kind: wit.Map, Elem: str, Value: u8}, "map<string, u8>"},
		{&wit.Type{Kind: wit.Stream, Elem: u8}, "stream<u8>"},
		{&wit.Type{Kind: wit.Stream}, "stream"},
		{&wit.Type{Kind: wit.Future, Elem: list(u8)}, "future<list<u8>>"},
		{&wit.Type{Kind: wit.Future}, "future"},
		{own, "own<wasi:io/streams.input-stream>"},
		{borrow, "borrow<wasi:io/streams.input-stream>"},
		{&wit.Type{Kind: wit.Own, Resource: &wit.Resource{Name: "r"}}, "own<r>"},
		{&wit.Type{Kind: wit.Own, Resource: &wit.Resource{Name: "r", Owner: wit.InterfaceID{Name: "inline"}}}, "own<r>"},
		{&wit.Type{}, "invalid"},
	}
	for _, test := range tests {
		if got := test.t.Signature(); got != test.want {
			t.Errorf("Signature = %q, want %q", got, test.want)
		}
	}

	funcs := []struct {
		f    wit.Func
		want string
	}{
		{wit.Func{}, "func()"},
		{wit.Func{Async: true, Result: str}, "async func() -> string"},
		{wit.Func{Params: fields([]*wit.Type{u8})}, "func(a0: u8)"},
		{wit.Func{
			Name:   "[method]input-stream.read",
			Params: []wit.Field{{Name: "self", Type: borrow}, {Name: "len", Type: u64}},
			Result: result(list(u8), variant(own, nil)),
		}, "func(self: borrow<wasi:io/streams.input-stream>, len: u64) -> " +
			"result<list<u8>, variant{a0(own<wasi:io/streams.input-stream>), a1}>"},
	}
	for _, test := range funcs {
		if got := test.f.Signature(); got != test.want {
			t.Errorf("Signature = %q, want %q", got, test.want)
		}
	}
}

func TestFuncSplit(t *testing.T) {
	tests := []struct {
		name           string
		kind           wit.FuncKind
		resource, self string
	}{
		{"read", wit.Freestanding, "", "read"},
		{"[method]fields.get", wit.Method, "fields", "get"},
		{"[static]fields.from-list", wit.Static, "fields", "from-list"},
		{"[constructor]fields", wit.Constructor, "fields", ""},
	}
	for _, test := range tests {
		f := wit.Func{Name: test.name}
		if kind, resource, self := f.Split(); kind != test.kind || resource != test.resource || self != test.self {
			t.Errorf("Split(%q) = %d, %q, %q", test.name, kind, resource, self)
		}
	}
}
