package wave_test

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/syntax"
	"github.com/wattle-dev/wattle/wit/wave"
)

// types are the types that tests name, as WIT.
const types = `package t:t; interface types {
	type bool-t = bool; type s8-t = s8; type u8-t = u8; type s16-t = s16; type u16-t = u16;
	type s32-t = s32; type u32-t = u32; type s64-t = s64; type u64-t = u64;
	type f32-t = f32; type f64-t = f64; type char-t = char; type string-t = string;
	type bytes = list<u8>;
	type strings = list<string>;
	type chars = list<char>;
	type pair = tuple<u8, string>;
	type one = tuple<bool>;
	enum side { left, right }
	enum words { true, false, some, none, ok, err, inf, nan, other }
	flags rights { read, write, %resource }
	record basic { required: u8, optional: option<u8> }
	record sparse { a: option<u8>, b: option<string> }
	record nested { inner: basic, side: side, words: option<words> }
	variant shape { nothing, circle(f64), polygon(list<pair>), err(string), %enum(side) }
	type option-u8 = option<u8>;
	type option-bool = option<bool>;
	type option-option = option<option<u8>>;
	type option-shape = option<shape>;
	type option-list = option<list<option<u8>>>;
	type result-none = result;
	type result-ok = result<u8>;
	type result-err = result<_, string>;
	type result-both = result<string, side>;
	type result-option = result<option<u8>, u8>;
	resource counter;
	type handle = own<counter>;
	record with-handle { h: handle }
	use-them: func(
		bool-t: bool-t, s8-t: s8-t, u8-t: u8-t);
}`

// named returns the types of tests, and those that WIT has no syntax for here.
func named(t testing.TB) func(name string) *wit.Type {
	t.Helper()
	set, err := syntax.Parse(nil, syntax.Source{{Name: "types.wit", Text: types}})
	if err != nil {
		t.Fatal(err)
	}
	i := set.Packages[0].Interfaces[0]
	u8, str := &wit.Type{Kind: wit.U8}, &wit.Type{Kind: wit.String}
	extra := map[string]*wit.Type{
		"triple": {Kind: wit.FixedList, Elem: u8, Len: 3},
		"map":    {Kind: wit.Map, Elem: str, Value: u8},
		"stream": {Kind: wit.Stream, Elem: u8},
	}
	return func(name string) *wit.Type {
		t.Helper()
		if x := extra[name]; x != nil {
			return x
		}
		if d := i.Type(name); d != nil && d.Type != nil {
			return d.Type
		}
		t.Fatalf("no type %q", name)
		return nil
	}
}

// TestParse reads texts and writes what was read.
func TestParse(t *testing.T) {
	typ := named(t)
	for _, c := range []struct{ typ, text, want string }{
		{"bool-t", "true", ""},
		{"bool-t", " false // no\n", "false"},
		{"s8-t", "-128", ""},
		{"u8-t", "255", ""},
		{"s16-t", "-32768", ""},
		{"u16-t", "65535", ""},
		{"s32-t", "-2147483648", ""},
		{"u32-t", "4294967295", ""},
		{"s64-t", "-9223372036854775808", ""},
		{"u64-t", "18446744073709551615", ""},
		{"s8-t", "-0", "0"},
		{"f64-t", "0", ""},
		{"f64-t", "-0", ""},
		{"f64-t", "-0.0e-0", "-0"},
		{"f64-t", "0.1", ""},
		{"f64-t", "6.02E+3", "6020"},
		{"f64-t", "1e21", "1000000000000000000000"},
		{"f32-t", "3.4028234664e38", "340282350000000000000000000000000000000"},
		{"f32-t", "3.4028234664e39", "inf"},
		{"f32-t", "1.4012984643e-45", "0.000000000000000000000000000000000000000000001"},
		{"f32-t", "1.4012984643e-46", "0"},
		{"f32-t", "nan", ""},
		{"f64-t", "-inf", ""},
		{"f64-t", "inf", ""},
		{"char-t", "'x'", ""},
		{"char-t", "'☃'", ""},
		{"char-t", `'\u{2603}'`, "'☃'"},
		{"char-t", `'\u{00002e}'`, "'.'"},
		{"char-t", `'"'`, ""},
		{"char-t", `'\"'`, `'"'`},
		{"char-t", `'\''`, ""},
		{"char-t", `'\\'`, ""},
		{"char-t", "'\t'", `'\t'`},
		{"char-t", `'\u{0}'`, ""},
		{"string-t", `""`, ""},
		{"string-t", `"it's // no comment"`, ""},
		{"string-t", `"\\\'\"\t\n\r"`, `"\\'\"\t\n\r"`},
		{"string-t", `"\u{1b}[2J\u{202e}"`, ""},
		{"string-t", "\"\"\"\n\"\"\"", `""`},
		{"string-t", "\"\"\"\r\n  one\r\n    two \"\" \\\"\"\r\n  \"\"\"", `"one\n  two \"\" \"\""`},
		{"string-t", "\"\"\"\n\n  x\\r\n\n\"\"\"", `"\n  x\r\n"`},
		{"bytes", "[1, 2,255]", "[1, 2, 255]"},
		{"bytes", "[]", ""},
		{"strings", `["a", "b",]`, `["a", "b"]`},
		{"chars", "[',','[',']']", "[',', '[', ']']"},
		{"triple", "[1, 2, 3]", ""},
		{"map", `[("a", 1), ("b", 2)]`, ""},
		{"pair", `(1, "x",)`, `(1, "x")`},
		{"one", "(true)", ""},
		{"side", "left", ""},
		{"side", "%right", "right"},
		{"words", "%true", ""},
		{"words", "%nan", ""},
		{"words", "other", ""},
		{"rights", "{}", ""},
		{"rights", "{write, %read,}", "{read, write}"},
		{"rights", "{ resource }", "{resource}"},
		{"basic", "{required: 1}", ""},
		{"basic", "{ optional: none, %required: 1, }", "{required: 1}"},
		{"basic", "{optional: 2, required: 1}", "{required: 1, optional: some(2)}"},
		{"basic", "// a\n{ // b\nrequired // c\n: // d\n1 // e\n} // f", "{required: 1}"},
		{"sparse", "{:}", ""},
		{"sparse", "{ : }", "{:}"},
		{"sparse", "{a: none}", "{:}"},
		{"sparse", `{b: "x"}`, `{b: some("x")}`},
		{"nested", "{inner: {required: 0}, side: left, words: %none}", "{inner: {required: 0}, side: left, words: some(%none)}"},
		{"nested", "{inner: {required: 0}, side: left, words: none}", "{inner: {required: 0}, side: left}"},
		{"shape", "nothing", ""},
		{"shape", "circle( 2.5 )", "circle(2.5)"},
		{"shape", `polygon([(1, "a")])`, ""},
		{"shape", `%err("x")`, ""},
		{"shape", "enum(left)", ""},
		{"option-u8", "some(1)", ""},
		{"option-u8", "1", "some(1)"},
		{"option-u8", "none", ""},
		{"option-bool", "true", "some(true)"},
		{"option-option", "some(none)", ""},
		{"option-option", "some(1)", "some(some(1))"},
		{"option-shape", "circle(1)", "some(circle(1))"},
		{"option-shape", `%err("x")`, `some(%err("x"))`},
		{"option-list", "[1, none]", "some([some(1), none])"},
		{"result-none", "ok", ""},
		{"result-none", "err", ""},
		{"result-ok", "7", "ok(7)"},
		{"result-ok", "ok(7)", ""},
		{"result-ok", "err", ""},
		{"result-err", "ok", ""},
		{"result-err", `err("why")`, ""},
		{"result-both", `"flat"`, `ok("flat")`},
		{"result-both", "err(left)", ""},
		{"result-option", "ok(some(1))", ""},
		{"result-option", "ok(1)", "ok(some(1))"},
	} {
		if c.want == "" {
			c.want = c.text
		}
		v, err := wave.Parse(c.text, typ(c.typ))
		if err != nil {
			t.Errorf("Parse(%q, %s): %v", c.text, c.typ, err)
			continue
		}
		if err := wit.CheckValue(typ(c.typ), v); err != nil {
			t.Errorf("Parse(%q, %s): %v", c.text, c.typ, err)
		}
		if got, err := wave.Print(v, typ(c.typ)); err != nil || got != c.want {
			t.Errorf("Print(%#v, %s) = %s, %v, want %s", v, c.typ, got, err, c.want)
		}
	}
}

// TestValues holds what is read against values, of each kind once.
func TestValues(t *testing.T) {
	typ := named(t)
	some := func(v wit.Value) wit.Value { return wit.OptionValue{Some: true, Value: v} }
	for _, c := range []struct {
		typ, text string
		want      wit.Value
	}{
		{"bool-t", "true", true},
		{"s8-t", "-1", int8(-1)},
		{"u8-t", "1", uint8(1)},
		{"s16-t", "-1", int16(-1)},
		{"u16-t", "1", uint16(1)},
		{"s32-t", "-1", int32(-1)},
		{"u32-t", "1", uint32(1)},
		{"s64-t", "-1", int64(-1)},
		{"u64-t", "1", uint64(1)},
		{"f32-t", "0.5", float32(0.5)},
		{"f64-t", "0.5", 0.5},
		{"char-t", "'☃'", wit.CharValue('☃')},
		{"string-t", `"a\nb"`, "a\nb"},
		{"bytes", "[1]", wit.Bytes{1}},
		{"strings", `["x"]`, wit.ListValue{"x"}},
		{"triple", "[1, 2, 3]", wit.ListValue{uint8(1), uint8(2), uint8(3)}},
		{"map", `[("k", 1)]`, wit.ListValue{wit.TupleValue{"k", uint8(1)}}},
		{"pair", `(1, "x")`, wit.TupleValue{uint8(1), "x"}},
		{"side", "right", wit.EnumValue(1)},
		{"rights", "{write}", wit.FlagsValue(2)},
		{"basic", "{required: 3}", wit.RecordValue{uint8(3), wit.OptionValue{}}},
		{"sparse", "{a: 1}", wit.RecordValue{some(uint8(1)), wit.OptionValue{}}},
		{"shape", "nothing", wit.VariantValue{}},
		{"shape", "circle(1)", wit.VariantValue{Case: 1, Value: 1.0}},
		{"option-option", "some(none)", some(wit.OptionValue{})},
		{"result-both", "err(left)", wit.ResultValue{Failed: true, Value: wit.EnumValue(0)}},
		{"result-none", "ok", wit.ResultValue{}},
	} {
		got, err := wave.Parse(c.text, typ(c.typ))
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("Parse(%q, %s): %v, -want +got\n%s", c.text, c.typ, err, diff)
		}
	}
}

// TestParseErrors demands that a fault is found where it is, and explained.
func TestParseErrors(t *testing.T) {
	typ := named(t)
	for _, c := range []struct{ typ, text, want string }{
		{"bool-t", "", `line 1, column 1: expected bool bool-t, true or false, the text ends`},
		{"bool-t", "%true", `line 1, column 1: expected bool bool-t, true or false, found "%true"`},
		{"bool-t", "true false", `line 1, column 6: expected nothing after the value, found "false"`},
		{"bool-t", "☃", `line 1, column 1: '☃' starts no value`},
		{"bool-t", "\xff", `line 1, column 1: text is not UTF-8`},
		{"bool-t", "true // \ufffd \xff", `line 1, column 11: text is not UTF-8`},
		{"u8-t", "256", `line 1, column 1: 256 is out of range: expected u8 u8-t, 0 to 255`},
		{"u8-t", "-1", `-1 is out of range`},
		{"s8-t", "128", `128 is out of range: expected s8 s8-t, -128 to 127`},
		{"u8-t", "1.0", `1.0 is not an integer`},
		{"u8-t", "1e2", `1e2 is not an integer`},
		{"u8-t", "-inf", `-inf is not an integer`},
		{"u8-t", "nan", `expected u8 u8-t, 0 to 255, found "nan"`},
		{"u8-t", "012", `"012" is not a number: write it in decimal`},
		{"u8-t", "0x10", `"0x10" is not a number`},
		{"u8-t", "1_000", `"1_000" is not a number`},
		{"u8-t", `"1"`, `expected u8 u8-t, 0 to 255, found "1"`},
		{"u64-t", "18446744073709551616", `is out of range`},
		{"f64-t", "-nan", `"-nan" is not a number`},
		{"f64-t", "NaN", `"NaN" is not a kebab-case name`},
		{"f64-t", "infinity", `expected f64 f64-t, a number, nan, inf or -inf, found "infinity"`},
		{"f64-t", "1.", `expected nothing after the value, found "."`},
		{"f64-t", ".5", `found "."`},
		{"f64-t", "1e", `"1e" is not a number`},
		{"f64-t", "+1", `'+' starts no value`},
		{"char-t", "''", `char without a character`},
		{"char-t", "'ab'", `char of more than one character`},
		{"char-t", "'a", `char of more than one character, or without an end`},
		{"char-t", "'", `char without an end`},
		{"char-t", "'\n'", `char without an end`},
		{"char-t", `'\z'`, `line 1, column 2: there is no escape \z; write \\ for a backslash`},
		{"char-t", `'\u{110000}'`, `\u{110000} is not a Unicode scalar value`},
		{"char-t", `'\u{d800}'`, `\u{d800} is not a Unicode scalar value`},
		{"char-t", `'\u{}'`, `one to six hexadecimal digits`},
		{"char-t", `'\u{1234567}'`, `one to six hexadecimal digits`},
		{"char-t", `'\u1f'`, `one to six hexadecimal digits`},
		{"char-t", `'\u{+1}'`, `is not hexadecimal`},
		{"char-t", `"x"`, `expected char char-t, such as 'x', found "x"`},
		{"string-t", `"x`, `line 1, column 1: string without an end`},
		{"string-t", "\"x\ny\"", `string without an end`},
		{"string-t", `"x\`, `nothing follows \`},
		{"string-t", `"ab\q"`, `line 1, column 4: there is no escape \q`},
		{"string-t", "x", `expected string string-t, such as "x", found "x"`},
		{"string-t", `"""`, `""" is missing`},
		{"string-t", `""""""`, `line 1, column 4: a line has to end after the opening """`},
		{"string-t", "\"\"\"\nx\"\"\"", `line 2, column 2: the closing """ has to stand alone`},
		{"string-t", "\"\"\"\n  x\n y\n  \"\"\"", `line 3, column 1: the line has to be indented by 2 spaces`},
		{"string-t", "\"\"\"\r\n  x\n  \\y\n  \"\"\"", `line 3, column 3: there is no escape \y`},
		{"string-t", "\"\"\"\n\"\"\"\n\"\"\"", `line 3, column 1: string without an end`},
		{"bytes", "[1, 300]", `line 1, column 5: element 1: 300 is out of range`},
		{"bytes", "[1 2]", `line 1, column 4: expected "," or "]" in list bytes`},
		{"strings", "[,]", `line 1, column 2: element 0: expected string, such as "x", found ","`},
		{"strings", `["x",,]`, `element 1: expected string`},
		{"strings", `["x"`, `expected "," or "]" in list`},
		{"strings", `{"x"}`, `expected list strings, in brackets, found "{"`},
		{"triple", "[1, 2]", `line 1, column 1: list<u8, 3> has 3 elements, found 2`},
		{"triple", "[1, 2, 3, 4]", `line 1, column 11: list<u8, 3> has no element 3`},
		{"map", `[("a")]`, `line 1, column 2: element 0: tuple<string, u8> has 2 elements, found 1`},
		{"pair", `(1)`, `tuple pair has 2 elements, found 1`},
		{"pair", `(1, "x", 2)`, `line 1, column 10: tuple pair has no element 2`},
		{"pair", `()`, `has 2 elements, found 0`},
		{"side", "lef", `enum side has no case "lef"; did you mean "left"?`},
		{"side", "up", `enum side has no case "up"; it has left, right`},
		{"side", "left(1)", `expected nothing after the value`},
		{"side", "Left-", `"Left-" is not a kebab-case name`},
		{"side", "LEFT", `did you mean "left"?`},
		{"side", "1", `expected enum side, one of left, right, found "1"`},
		{"words", "true", `true is a keyword: write %true for the case of enum words`},
		{"side", "none", `expected enum side, one of left, right, found "none"`},
		{"rights", "{read, read}", `line 1, column 8: label "read" appears twice`},
		{"rights", "{raed}", `flags rights has no label "raed"; did you mean "read"?`},
		{"rights", "{:}", `flags of which none is set are written {}`},
		{"rights", "{read write}", `expected "," or "}" in flags rights, found "write"`},
		{"rights", "{1}", `expected a label of flags rights`},
		{"rights", "read", `expected flags rights, of {read, write, resource}, found "read"`},
		{"basic", "{}", `a record without fields is written {:}; record basic has the fields required, optional`},
		{"basic", "{:}", `line 1, column 1: record basic lacks the field "required", u8`},
		{"basic", "{optional: 1}", `lacks the field "required"`},
		{"basic", "{required: 1, required: 1}", `line 1, column 15: field "required" appears twice`},
		{"basic", "{require: 1}", `line 1, column 2: record basic has no field "require"; did you mean "required"?`},
		{"basic", "{required 1}", `expected ":" after the field "required", found "1"`},
		{"basic", "{required: 1 optional: 1}", `expected "," or "}" in record basic`},
		{"basic", "{required: 1,, }", `expected the name of a field of record basic, found ","`},
		{"basic", `{required: "1"}`, `line 1, column 12: field "required": expected u8, 0 to 255, found "1"`},
		{"basic", "[1]", `expected record basic, {required, optional}, found "["`},
		{"nested", "{inner: {required: 999}}", `field "inner": field "required": 999 is out of range`},
		{"shape", "circel(1)", `variant shape has no case "circel"; did you mean "circle"?`},
		{"shape", "circle", `expected "(" and f64, the payload of "circle", the text ends`},
		{"shape", "circle()", `expected f64, a number, nan, inf or -inf, found ")"`},
		{"shape", "circle(1,)", `expected ")" after the payload of "circle", found ","`},
		{"shape", "nothing(1)", `case "nothing" of variant shape has no payload`},
		{"shape", `err("x")`, `write %err for the case of variant shape`},
		{"option-u8", "some", `expected "(" and u8, the payload of "some"`},
		{"option-u8", "none(1)", `case "none" of option option-u8 has no payload`},
		{"option-u8", `"x"`, `expected option option-u8, some(…) or none or u8, found "x"`},
		{"option-u8", "some(some(1))", `expected u8, 0 to 255, found "some"`},
		{"option-option", "1", `expected option option-option, some(…) or none, found "1"`},
		{"result-none", "ok(1)", `has no payload`},
		{"result-none", "1", `expected result result-none, ok or err, found "1"`},
		{"result-ok", "ok", `expected "(" and u8, the payload of "ok"`},
		{"result-ok", "err(1)", `case "err" of result result-ok has no payload`},
		{"result-err", `"x"`, `ok or err, found "x"`},
		{"result-option", "1", `expected result result-option, ok or err, found "1"`},
		{"handle", "1", `own handle has no text form`},
		{"with-handle", "{h: 1}", `line 1, column 5: field "h": own handle has no text form`},
		{"stream", "1", `stream has no text form`},
	} {
		v, err := wave.Parse(c.text, typ(c.typ))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%q, %s) = %v, %v\nwant an error with %s", c.text, c.typ, v, err, c.want)
		}
		if fault, ok := errors.AsType[*wave.Error](err); !ok || fault.Line < 1 || fault.Column < 1 {
			t.Errorf("Parse(%q, %s): error %#v has no place", c.text, c.typ, err)
		}
		if noText := strings.Contains(c.want, "no text form"); errors.Is(err, wave.ErrNoText) != noText {
			t.Errorf("Parse(%q, %s): %v is ErrNoText: %v, want %v", c.text, c.typ, err, !noText, noText)
		}
	}
}

// TestPrintErrors demands that what is not of the type is refused.
func TestPrintErrors(t *testing.T) {
	typ := named(t)
	for _, c := range []struct {
		typ   string
		value wit.Value
		want  string
	}{
		{"u8-t", nil, "not a u8"},
		{"u8-t", int8(1), "s8 is not of type u8"},
		{"u64-t", true, "is not a u64"},
		{"bool-t", uint64(1), "is not a bool"},
		{"f32-t", 1.0, "is not a f32"},
		{"char-t", wit.CharValue(0xd800), "is not a char"},
		{"char-t", wit.CharValue(1 << 31), "is not a char"},
		{"string-t", "\xff", "is not a string"},
		{"side", wit.EnumValue(2), "is not a enum"},
		{"rights", wit.FlagsValue(8), "is not a flags"},
		{"shape", wit.VariantValue{Case: 9}, "is not a variant"},
		{"shape", wit.VariantValue{Case: 1}, "is not a f64"},
		{"shape", wit.VariantValue{Value: 1}, "is not a variant"},
		{"pair", wit.TupleValue{}, "is not a tuple"},
		{"basic", wit.RecordValue{uint8(1)}, "is not a record"},
		{"triple", wit.ListValue{}, "is not a list"},
		{"strings", wit.Bytes{}, "is not a list"},
		{"option-u8", wit.ResultValue{}, "is not a option"},
		{"option-u8", wit.OptionValue{Value: 1}, "is not a option"},
		{"result-ok", wit.OptionValue{}, "is not a result"},
		{"handle", wit.HandleValue{}, "own handle has no text form"},
		{"stream", nil, "has no text form"},
	} {
		got, err := wave.Print(c.value, typ(c.typ))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Print(%#v, %s) = %q, %v, want an error with %q", c.value, c.typ, got, err, c.want)
		}
		if noText := strings.Contains(c.want, "no text form"); errors.Is(err, wave.ErrNoText) != noText {
			t.Errorf("Print(%#v, %s): %v is ErrNoText: %v, want %v", c.value, c.typ, err, !noText, noText)
		}
	}
}

// TestLimits demands that a text is bounded, and what a short one stands for.
func TestLimits(t *testing.T) {
	u8 := &wit.Type{Kind: wit.U8}
	wide := &wit.Type{Kind: wit.Record}
	for i := range wit.MaxTypeLabels {
		wide.Fields = append(wide.Fields, wit.Field{Name: "f" + strconv.Itoa(i), Type: &wit.Type{Kind: wit.Option, Elem: u8}})
	}
	long := &wit.Type{Kind: wit.Enum, Labels: []string{strings.Repeat("a", wit.MaxNameLen)}}
	enums := make(wit.ListValue, wave.MaxText/wit.MaxNameLen+1)
	for i := range enums {
		enums[i] = wit.EnumValue(0)
	}
	for _, c := range []struct {
		what string
		do   func() error
		want string
	}{
		{"a long text", func() error {
			_, err := wave.Parse(strings.Repeat(" ", wave.MaxText+1), u8)
			return err
		}, "the limit is"},
		{"many values", func() error {
			_, err := wave.Parse("["+strings.Repeat("1,", wave.MaxValues)+"]", &wit.Type{Kind: wit.List, Elem: &wit.Type{Kind: wit.U16}})
			return err
		}, "text has more than"},
		{"many fields left out", func() error {
			_, err := wave.Parse("["+strings.Repeat("{:},", wave.MaxValues/wit.MaxTypeLabels+1)+"]", &wit.Type{Kind: wit.List, Elem: wide})
			return err
		}, "text has more than"},
		{"long labels", func() error {
			_, err := wave.Print(enums, &wit.Type{Kind: wit.List, Elem: long})
			return err
		}, "more than"},
		{"many bytes", func() error {
			_, err := wave.Print(make(wit.Bytes, wave.MaxText), &wit.Type{Kind: wit.List, Elem: u8})
			return err
		}, "more than"},
		{"a long string", func() error {
			_, err := wave.Print(strings.Repeat("\x00", wave.MaxText/4), &wit.Type{Kind: wit.String})
			return err
		}, "more than"},
	} {
		if err := c.do(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.what, err, c.want)
		}
	}
	if v, err := wave.Parse("["+strings.Repeat("7,", wave.MaxValues+1)+"]", &wit.Type{Kind: wit.List, Elem: u8}); err != nil {
		t.Errorf("bytes count as values: %v, %T", err, v)
	}
}

// roundTrip demands that a value is written as a text which is read as the same
// value, and in which nothing is that a terminal obeys.
func roundTrip(t *testing.T, typ *wit.Type, v wit.Value) {
	t.Helper()
	text, err := wave.Print(v, typ)
	if err != nil {
		t.Fatalf("Print(%#v, %s): %v", v, typ, err)
	}
	if strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }) {
		t.Errorf("Print(%#v, %s) = %q is not printable", v, typ, text)
	}
	got, err := wave.Parse(text, typ)
	if err != nil {
		t.Fatalf("Parse(%s, %s): %v", text, typ, err)
	}
	if diff := cmp.Diff(v, got, cmpopts.EquateNaNs()); diff != "" {
		t.Fatalf("Parse(%s, %s): -want +got\n%s", text, typ, diff)
	}
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestRoundTrip writes and reads random values of random types.
func TestRoundTrip(t *testing.T) {
	kinds := map[wit.Kind]int{}
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		s := &source{bytes: randomBytes(r, 400)}
		typ := s.typ(5)
		kinds[typ.Kind]++
		if err := typ.Check(); err != nil {
			t.Fatal(err)
		}
		v := s.value(typ)
		if err := wit.CheckValue(typ, v); err != nil {
			t.Fatal(err)
		}
		roundTrip(t, typ, v)
	}
	for k := wit.Bool; k <= wit.Map; k++ {
		if none := k == wit.ErrorContext || k == wit.Own || k == wit.Borrow; !none && kinds[k] == 0 {
			t.Errorf("no type of kind %v was tried", k)
		}
	}
}

func FuzzParse(f *testing.F) {
	// Types with a text of theirs; the corpus has what fuzzing has made of them.
	r := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		choices := randomBytes(r, 60)
		s := &source{bytes: choices}
		typ := s.typ(5)
		s.bytes = randomBytes(r, 60)
		text, err := wave.Print(s.value(typ), typ)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(choices, text)
	}
	f.Add([]byte{1}, "\"\"\"\n x\n \"\"\"")
	f.Fuzz(func(t *testing.T, choices []byte, text string) {
		s := &source{bytes: choices}
		typ := s.typ(5)
		v, err := wave.Parse(text, typ)
		if err != nil {
			fault, ok := errors.AsType[*wave.Error](err)
			if !ok || fault.Line < 1 || fault.Column < 1 || fault.Line > strings.Count(text, "\n")+1 {
				t.Fatalf("Parse(%q, %s): error outside of the text: %v", text, typ, err)
			}
			// What is left of the choices makes a value.
			roundTrip(t, typ, s.value(typ))
			return
		}
		if err := wit.CheckValue(typ, v); err != nil {
			t.Fatalf("Parse(%q, %s): %v", text, typ, err)
		}
		roundTrip(t, typ, v)
	})
}
