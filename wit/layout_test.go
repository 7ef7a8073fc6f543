package wit_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/wit"
)

func prim(k wit.Kind) *wit.Type { return &wit.Type{Kind: k} }

var (
	u8  = prim(wit.U8)
	u16 = prim(wit.U16)
	u32 = prim(wit.U32)
	u64 = prim(wit.U64)
	f32 = prim(wit.F32)
	f64 = prim(wit.F64)
	str = prim(wit.String)
)

func list(t *wit.Type) *wit.Type      { return &wit.Type{Kind: wit.List, Elem: t} }
func option(t *wit.Type) *wit.Type    { return &wit.Type{Kind: wit.Option, Elem: t} }
func tuple(ts ...*wit.Type) *wit.Type { return &wit.Type{Kind: wit.Tuple, Types: ts} }
func result(ok, err *wit.Type) *wit.Type {
	return &wit.Type{Kind: wit.Result, Ok: ok, Err: err}
}

func fixed(t *wit.Type, n uint32) *wit.Type {
	return &wit.Type{Kind: wit.FixedList, Elem: t, Len: n}
}

// record and variant name their fields a0, a1, …; a nil type is a case without
// payload.
func record(ts ...*wit.Type) *wit.Type  { return &wit.Type{Kind: wit.Record, Fields: fields(ts)} }
func variant(ts ...*wit.Type) *wit.Type { return &wit.Type{Kind: wit.Variant, Fields: fields(ts)} }

func fields(ts []*wit.Type) []wit.Field {
	fs := make([]wit.Field, len(ts))
	for i, t := range ts {
		fs[i] = wit.Field{Name: fmt.Sprintf("a%d", i), Type: t}
	}
	return fs
}

func labels(k wit.Kind, n int) *wit.Type {
	t := &wit.Type{Kind: k, Labels: make([]string, n)}
	for i := range n {
		t.Labels[i] = fmt.Sprintf("a%d", i)
	}
	return t
}

func flats(s string) []wit.Core {
	m := map[rune]wit.Core{'i': wit.CoreI32, 'I': wit.CoreI64, 'f': wit.CoreF32, 'F': wit.CoreF64}
	var cores []wit.Core
	for _, r := range s {
		cores = append(cores, m[r])
	}
	return cores
}

// Sizes, alignments and flattenings follow CanonicalABI.md, "Alignment",
// "Element Size" and "Flattening". In flat, i is i32, I is i64, f is f32, F f64.
func TestLayout(t *testing.T) {
	own := &wit.Type{Kind: wit.Own, Resource: &wit.Resource{Name: "r"}}
	borrow := &wit.Type{Kind: wit.Borrow, Resource: own.Resource}
	nilCases := func(n int, last *wit.Type) *wit.Type {
		ts := make([]*wit.Type, n)
		ts[n-1] = last
		return variant(ts...)
	}
	tests := []struct {
		t           *wit.Type
		size, align uint32
		flat        string
	}{
		{prim(wit.Bool), 1, 1, "i"},
		{prim(wit.S8), 1, 1, "i"},
		{u8, 1, 1, "i"},
		{prim(wit.S16), 2, 2, "i"},
		{u16, 2, 2, "i"},
		{prim(wit.S32), 4, 4, "i"},
		{u32, 4, 4, "i"},
		{prim(wit.S64), 8, 8, "I"},
		{u64, 8, 8, "I"},
		{f32, 4, 4, "f"},
		{f64, 8, 8, "F"},
		{prim(wit.Char), 4, 4, "i"},
		{str, 8, 4, "ii"},
		{prim(wit.ErrorContext), 4, 4, "i"},
		{list(u64), 8, 4, "ii"},
		{&wit.Type{Kind: wit.Map, Elem: str, Value: u64}, 8, 4, "ii"},
		{own, 4, 4, "i"},
		{borrow, 4, 4, "i"},
		{&wit.Type{Kind: wit.Stream}, 4, 4, "i"},
		{&wit.Type{Kind: wit.Stream, Elem: u64}, 4, 4, "i"},
		{&wit.Type{Kind: wit.Future, Elem: u64}, 4, 4, "i"},
		{fixed(u8, 3), 3, 1, "iii"},
		{fixed(tuple(u8, u64), 2), 32, 8, "iIiI"},
		{fixed(u8, 17), 17, 1, "iiiiiiiiiiiiiiiii"},

		{record(u8), 1, 1, "i"},
		{record(u8, u16), 4, 2, "ii"},
		{record(u16, u8), 4, 2, "ii"},
		{record(u8, u64, u8), 24, 8, "iIi"},
		{record(u8, u8, u16, u32, u64), 16, 8, "iiiiI"},
		{tuple(u8, f32, f64, str), 24, 8, "ifFii"},
		{tuple(u8, tuple(u8, u16), u8), 8, 2, "iiii"},

		{labels(wit.Flags, 1), 1, 1, "i"},
		{labels(wit.Flags, 8), 1, 1, "i"},
		{labels(wit.Flags, 9), 2, 2, "i"},
		{labels(wit.Flags, 16), 2, 2, "i"},
		{labels(wit.Flags, 17), 4, 4, "i"},
		{labels(wit.Flags, 32), 4, 4, "i"},

		{labels(wit.Enum, 1), 1, 1, "i"},
		{labels(wit.Enum, 256), 1, 1, "i"},
		{labels(wit.Enum, 257), 2, 2, "i"},
		{labels(wit.Enum, 1<<16), 2, 2, "i"},
		{labels(wit.Enum, 1<<16+1), 4, 4, "i"},

		{option(u8), 2, 1, "ii"},
		{option(u16), 4, 2, "ii"},
		{option(u64), 16, 8, "iI"},
		{option(str), 12, 4, "iii"},
		{option(option(u8)), 3, 1, "iii"},
		{result(nil, nil), 1, 1, "i"},
		{result(u8, nil), 2, 1, "ii"},
		{result(nil, u64), 16, 8, "iI"},
		{result(u32, str), 12, 4, "iii"},

		{variant(nil), 1, 1, "i"},
		{variant(nil, nil, u32), 8, 4, "ii"},
		{variant(u32, f32), 8, 4, "ii"},
		{variant(f32, f32), 8, 4, "if"},
		{variant(u32, u64), 16, 8, "iI"},
		{variant(f32, u64), 16, 8, "iI"},
		{variant(u32, f64), 16, 8, "iI"},
		{variant(f32, f64), 16, 8, "iI"},
		{variant(u64, f64), 16, 8, "iI"},
		{variant(f64, f64), 16, 8, "iF"},
		{variant(f64, u8, f32), 16, 8, "iI"},
		{variant(str, f32), 12, 4, "iii"},
		{variant(tuple(f32, u64), tuple(u32, f32)), 24, 8, "iiI"},
		{variant(tuple(u8, u8, u8), nil, u16), 6, 2, "iiii"},
		{variant(tuple(u64, u8), u64), 24, 8, "iIi"},
		{nilCases(256, u8), 2, 1, "ii"},
		{nilCases(257, u8), 4, 2, "ii"},
		{nilCases(257, tuple(u8, u8, u8)), 6, 2, "iiii"},
	}
	for _, test := range tests {
		name := test.t.Signature()
		if len(name) > 80 {
			name = name[:80]
		}
		if err := test.t.Check(); err != nil && len(test.t.Labels) <= wit.MaxTypeLabels {
			t.Errorf("%s: Check: %v", name, err)
		}
		if got := test.t.Size(); got != test.size {
			t.Errorf("%s: Size = %d, want %d", name, got, test.size)
		}
		if got := test.t.Align(); got != test.align {
			t.Errorf("%s: Align = %d, want %d", name, got, test.align)
		}
		if diff := cmp.Diff(flats(test.flat), test.t.Flat()); diff != "" {
			t.Errorf("%s: Flat (-want +got):\n%s", name, diff)
		}
		if got := test.t.FlatCount(); got != len(test.flat) {
			t.Errorf("%s: FlatCount = %d, want %d", name, got, len(test.flat))
		}
	}
}

func TestOffsets(t *testing.T) {
	tests := []struct {
		t    *wit.Type
		want []uint32
	}{
		{record(u8), []uint32{0}},
		{record(u8, u64, u8, u16), []uint32{0, 8, 16, 18}},
		{tuple(u8, str, u8, option(u64)), []uint32{0, 4, 12, 16}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, test.t.Offsets()); diff != "" {
			t.Errorf("%s: Offsets (-want +got):\n%s", test.t, diff)
		}
	}
}

func TestPayloadOffset(t *testing.T) {
	tests := []struct {
		t            *wit.Type
		disc, offset uint32
	}{
		{option(u8), 1, 1},
		{option(u16), 1, 2},
		{option(u64), 1, 8},
		{result(nil, str), 1, 4},
		{variant(nil, u8, u64), 1, 8},
		{variant(append(make([]*wit.Type, 256), u8)...), 2, 2},
		{variant(append(make([]*wit.Type, 256), u32)...), 2, 4},
		{labels(wit.Enum, 300), 2, 2},
	}
	for _, test := range tests {
		if got := test.t.DiscriminantSize(); got != test.disc {
			t.Errorf("%.60s: DiscriminantSize = %d, want %d", test.t, got, test.disc)
		}
		if got := test.t.PayloadOffset(); got != test.offset {
			t.Errorf("%.60s: PayloadOffset = %d, want %d", test.t, got, test.offset)
		}
	}
}

// Sizes saturate instead of wrapping round, and flattening stops.
func TestLayoutOverflow(t *testing.T) {
	huge := u64
	for range 8 {
		huge = fixed(huge, math.MaxUint32)
	}
	for _, typ := range []*wit.Type{huge, record(huge, huge), variant(huge, u8), fixed(u8, math.MaxUint32)} {
		if got := typ.Size(); got != math.MaxUint32 {
			t.Errorf("%.60s: Size = %d, want %d", typ, got, uint32(math.MaxUint32))
		}
		if got := typ.FlatCount(); got > wit.MaxFlatParams+2 {
			t.Errorf("%.60s: FlatCount = %d", typ, got)
		}
		if err := typ.Check(); err == nil {
			t.Errorf("%.60s: Check accepted it", typ)
		}
	}
}

func TestLowered(t *testing.T) {
	params := func(n int) []wit.Field {
		ts := make([]*wit.Type, n)
		for i := range ts {
			ts[i] = u64
		}
		return fields(ts)
	}
	sixteen := "IIIIIIIIIIIIIIII"
	tests := []struct {
		name            string
		f               wit.Func
		lower, lift     string
		results         string
		spilledP, spill bool
	}{
		{"nothing", wit.Func{}, "", "", "", false, false},
		{"scalar", wit.Func{Params: params(2), Result: f32}, "II", "II", "f", false, false},
		{"result pointer", wit.Func{Params: params(1), Result: str}, "Ii", "I", "i", false, true},
		{"sixteen", wit.Func{Params: params(16)}, sixteen, sixteen, "", false, false},
		{"sixteen and a pointer", wit.Func{Params: params(16), Result: str}, sixteen + "i", sixteen, "i", false, true},
		{"seventeen", wit.Func{Params: params(17)}, "i", "i", "", true, false},
		{"both", wit.Func{Params: params(17), Result: option(u8)}, "ii", "i", "i", true, true},
	}
	for _, test := range tests {
		want := wit.CoreFunc{Params: flats(test.lower), SpilledParams: test.spilledP, SpilledResult: test.spill}
		if !test.spill {
			want.Results = flats(test.results)
		}
		if diff := cmp.Diff(want, test.f.Lowered()); diff != "" {
			t.Errorf("%s: Lowered (-want +got):\n%s", test.name, diff)
		}
		want.Params, want.Results = flats(test.lift), flats(test.results)
		if diff := cmp.Diff(want, test.f.Lifted()); diff != "" {
			t.Errorf("%s: Lifted (-want +got):\n%s", test.name, diff)
		}
	}
}
