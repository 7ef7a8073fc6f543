package cli

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/wit"
)

// TestAppendJSON holds the JSON form of each kind of value.
func TestAppendJSON(t *testing.T) {
	prim := func(k wit.Kind) *wit.Type { return &wit.Type{Kind: k} }
	opt := func(e *wit.Type) *wit.Type { return &wit.Type{Kind: wit.Option, Elem: e} }
	list := func(e *wit.Type) *wit.Type { return &wit.Type{Kind: wit.List, Elem: e} }
	u8, str := prim(wit.U8), prim(wit.String)
	shape := &wit.Type{Kind: wit.Variant, Fields: []wit.Field{{Name: "nothing"}, {Name: "circle", Type: prim(wit.F64)}}}
	counter := &wit.Resource{Name: "counter"}
	for _, c := range []struct {
		typ   *wit.Type
		value wit.Value
		want  string
	}{
		{nil, nil, `null`},
		{prim(wit.Bool), true, `true`},
		{prim(wit.S8), int8(-128), `-128`},
		{u8, uint8(255), `255`},
		{prim(wit.S64), int64(math.MinInt64), `-9223372036854775808`},
		{prim(wit.U64), uint64(math.MaxUint64), `18446744073709551615`},
		{prim(wit.F32), float32(0.1), `0.1`},
		{prim(wit.F64), 1e300, `1e+300`},
		{prim(wit.F64), math.Copysign(0, -1), `-0`},
		{prim(wit.F64), math.NaN(), `"nan"`},
		{prim(wit.F32), float32(math.Inf(-1)), `"-inf"`},
		{prim(wit.Char), wit.CharValue('☃'), `"☃"`},
		{str, "a\"\\\n\x1b\u202e\U000e007f🌊", `"a\"\\\n\u001b\u202e\udb40\udc7f🌊"`},
		{list(u8), wit.Bytes{1, 2}, `[1,2]`},
		{list(str), wit.ListValue{"a", "b"}, `["a","b"]`},
		{list(str), wit.ListValue{}, `[]`},
		{&wit.Type{Kind: wit.FixedList, Elem: u8, Len: 2}, wit.ListValue{uint8(1), uint8(2)}, `[1,2]`},
		{&wit.Type{Kind: wit.Map, Elem: str, Value: u8}, wit.ListValue{wit.TupleValue{"k", uint8(1)}}, `[["k",1]]`},
		{&wit.Type{Kind: wit.Tuple, Types: []*wit.Type{u8, str}}, wit.TupleValue{uint8(1), "x"}, `[1,"x"]`},
		{&wit.Type{Kind: wit.Record, Fields: []wit.Field{{Name: "a", Type: u8}, {Name: "b-c", Type: opt(u8)}}}, wit.RecordValue{uint8(1), wit.OptionValue{}}, `{"a":1,"b-c":null}`},
		{shape, wit.VariantValue{}, `"nothing"`},
		{shape, wit.VariantValue{Case: 1, Value: 0.5}, `{"circle":0.5}`},
		{&wit.Type{Kind: wit.Enum, Labels: []string{"up", "down"}}, wit.EnumValue(1), `"down"`},
		{&wit.Type{Kind: wit.Flags, Labels: []string{"r", "w", "x"}}, wit.FlagsValue(5), `["r","x"]`},
		{opt(u8), wit.OptionValue{}, `null`},
		{opt(u8), wit.OptionValue{Some: true, Value: uint8(1)}, `1`},
		{opt(opt(u8)), wit.OptionValue{}, `null`},
		{opt(opt(u8)), wit.OptionValue{Some: true, Value: wit.OptionValue{}}, `{"some":null}`},
		{&wit.Type{Kind: wit.Result}, wit.ResultValue{}, `{"ok":null}`},
		{&wit.Type{Kind: wit.Result, Err: str}, wit.ResultValue{Failed: true, Value: "why"}, `{"err":"why"}`},
		{&wit.Type{Kind: wit.Own, Resource: counter}, wit.HandleValue{Resource: counter}, `{"handle":"counter"}`},
	} {
		got, err := appendJSON(nil, c.value, c.typ)
		if err != nil || string(got) != c.want {
			t.Errorf("appendJSON(%#v) = %s, %v, want %s", c.value, got, err, c.want)
		}
		if !json.Valid(got) {
			t.Errorf("appendJSON(%#v) = %s is not JSON", c.value, got)
		}
	}
	long := &wit.Type{Kind: wit.Enum, Labels: []string{strings.Repeat("a", wit.MaxNameLen)}}
	many := make(wit.ListValue, 1<<15)
	for i := range many {
		many[i] = wit.EnumValue(0)
	}
	if _, err := appendJSON(nil, many, list(long)); err == nil {
		t.Error("a JSON text is not bounded")
	}
}

// TestTypeText holds how the list of functions writes types.
func TestTypeText(t *testing.T) {
	u8 := &wit.Type{Kind: wit.U8}
	for want, typ := range map[string]*wit.Type{
		"u8":                 u8,
		"list<u8>":           {Kind: wit.List, Elem: u8},
		"list<u8, 3>":        {Kind: wit.FixedList, Elem: u8, Len: 3},
		"map<u8, u8>":        {Kind: wit.Map, Elem: u8, Value: u8},
		"tuple<u8, shape>":   {Kind: wit.Tuple, Types: []*wit.Type{u8, {Kind: wit.Variant, Name: "shape"}}},
		"result":             {Kind: wit.Result},
		"result<u8>":         {Kind: wit.Result, Ok: u8},
		"result<_, u8>":      {Kind: wit.Result, Err: u8},
		"stream":             {Kind: wit.Stream},
		"future<option<u8>>": {Kind: wit.Future, Elem: &wit.Type{Kind: wit.Option, Elem: u8}},
		"borrow<counter>":    {Kind: wit.Borrow, Resource: &wit.Resource{Name: "counter"}},
	} {
		if got := typeText(typ); got != want {
			t.Errorf("typeText = %q, want %q", got, want)
		}
	}
}
