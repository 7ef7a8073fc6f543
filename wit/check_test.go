package wit_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/wit"
)

func TestCheckRefuses(t *testing.T) {
	deep := u8
	for range wit.MaxTypeDepth {
		deep = list(deep)
	}
	// Each type mentions the one before it twice: a tree of 2^60 leaves.
	wide := u8
	for range 60 {
		wide = variant(wide, wide)
	}
	tests := []struct {
		t    *wit.Type
		want string
	}{
		{&wit.Type{}, `0 is not a kind`},
		{&wit.Type{Kind: 200}, `200 is not a kind`},
		{deep, `deeper than 100`},
		{option(deep), `deeper than 100`},
		{wide, `more than 100000 types`},
		{list(nil), `list without an element type`},
		{fixed(u8, 0), `fixed length 0`},
		{fixed(nil, 1), `without an element type`},
		{record(), `record without a field`},
		{record(nil), `field "a0": no type`},
		{variant(), `variant without a case`},
		{tuple(), `tuple without an element`},
		{tuple(nil), `without a type for each`},
		{labels(wit.Enum, 0), `enum without a case`},
		{labels(wit.Flags, 0), `flags without a label`},
		{labels(wit.Flags, 33), `33 labels; 32 is the most`},
		{labels(wit.Enum, wit.MaxTypeLabels+1), `65537 of .*; 65536 is the most`},
		{&wit.Type{Kind: wit.Own}, `own without a resource`},
		{&wit.Type{Kind: wit.Map, Elem: f64, Value: u8}, `f64 cannot be the key`},
		{&wit.Type{Kind: wit.Map, Elem: list(u8), Value: u8}, `list cannot be the key`},
		{&wit.Type{Kind: wit.Map, Elem: str}, `map without a key and a value`},
		{&wit.Type{Kind: wit.Enum, Labels: []string{"a", "A"}}, `case "A" appears twice`},
		{&wit.Type{Kind: wit.Enum, Labels: []string{"a_b"}}, `"a_b" is not a kebab-case`},
		{fixed(u64, 1<<25), `size of 268435456`},
		{fixed(str, 1<<24), `size of 268435456`},
	}
	for _, test := range tests {
		err := test.t.Check()
		if err == nil || !regexp.MustCompile(test.want).MatchString(err.Error()) {
			t.Errorf("Check = %v, want %q", err, test.want)
		}
	}
}

func TestCheckAccepts(t *testing.T) {
	deep := u8
	for range wit.MaxTypeDepth - 1 {
		deep = list(deep)
	}
	for _, typ := range []*wit.Type{deep, fixed(u64, 1<<25-1), variant(nil), result(nil, nil), {Kind: wit.Stream}} {
		if err := typ.Check(); err != nil {
			t.Errorf("%.60s: %v", typ, err)
		}
	}
}

func TestCheckFunc(t *testing.T) {
	borrow := &wit.Type{Kind: wit.Borrow, Resource: &wit.Resource{Name: "r"}}
	tests := []struct {
		f    wit.Func
		want string
	}{
		{wit.Func{Params: fields([]*wit.Type{u8, borrow}), Result: str}, ""},
		{wit.Func{Params: []wit.Field{{Name: "a", Type: u8}, {Name: "A", Type: u8}}}, `parameter "A" appears twice`},
		{wit.Func{Params: []wit.Field{{Name: "a"}}}, `parameter "a": no type`},
		{wit.Func{Params: []wit.Field{{Name: "", Type: u8}}}, `parameter "" is not`},
		{wit.Func{Params: fields([]*wit.Type{record()})}, `parameter "a0": record without`},
		{wit.Func{Result: record()}, `result: record without`},
		{wit.Func{Result: option(list(borrow))}, `borrow cannot be returned`},
	}
	for _, test := range tests {
		err := test.f.Check()
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: Check = %v, want %q", &test.f, err, test.want)
		}
	}
}
