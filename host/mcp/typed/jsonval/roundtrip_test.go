package jsonval_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/wattle-dev/wattle/host/mcp/typed/jsonval"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/wittest"
)

// compile returns a schema, or the error that it is none.
func compile(text []byte) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("schema.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("schema.json")
}

// validate says whether a text is as a schema says.
func validate(schema *jsonschema.Schema, text []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(doc)
}

// some draws a type that values of which can be JSON, and a value of it.
func some(t *rapid.T, m jsonval.Mapping) (*wit.Type, wit.Value) {
	src := &wittest.Source{Left: rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(t, "choices")}
	src.Resource = &wit.Resource{Name: "r"}
	typ := src.Type(4)
	if typ.Check() != nil || typ.Size() > 16<<10 || m.Supports(typ) != nil {
		typ = &wit.Type{Kind: wit.String}
	}
	return typ, src.Value(typ)
}

func TestStrictRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const m = jsonval.Strict
		typ, value := some(t, m)
		text, err := m.Encode(typ, value)
		if err != nil {
			t.Fatalf("Encode(%s, %v): %v", typ, value, err)
		}
		schema, err := m.Schema(typ)
		if err != nil {
			t.Skip(err)
		}
		compiled, err := compile(schema)
		if err != nil {
			t.Fatalf("schema %s of %s: %v", schema, typ, err)
		}
		if err := validate(compiled, text); err != nil {
			t.Fatalf("%s of type %s is not as its schema %s says: %v", text, typ, schema, err)
		}
		back, err := m.Decode(typ, text)
		if err != nil {
			t.Fatalf("Decode(%s, %s): %v", typ, text, err)
		}
		if err := wit.CheckValue(typ, back); err != nil {
			t.Fatalf("Decode(%s, %s) = %v: %v", typ, text, back, err)
		}
		again, err := m.Encode(typ, back)
		if err != nil || !bytes.Equal(text, again) {
			t.Fatalf("%s of type %s is %s when read and written again, error %v", text, typ, again, err)
		}
		params := []wit.Field{{Name: "x", Type: typ}}
		if _, err := m.DecodeParams(params, []byte(`{"x":`+string(text)+"}")); err != nil {
			t.Fatalf("as an argument of type %s: %v", typ, err)
		}
	})
}

// What Wassette's mapping writes is JSON, and its schemas are schemas. They do not describe
// what it writes.
func TestWassetteIsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ, value := some(t, jsonval.Wassette)
		text, err := jsonval.Wassette.Encode(typ, value)
		if err != nil || !json.Valid(text) {
			t.Fatalf("Encode(%s, %v) = %s, %v", typ, value, text, err)
		}
		schema, err := jsonval.Wassette.Schema(typ)
		if err != nil {
			t.Skip(err)
		}
		if _, err := compile(schema); err != nil {
			t.Fatalf("schema %s of %s: %v", schema, typ, err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"x":1}`, `[[1,2],[]]`, `"\ud83d\ude00"`, `{"tag":"f0","val":[1.5e3]}`, `null`, `{"ok":null}`, `"AP8H"`} {
		for kind := range byte(wittest.Kinds) {
			f.Add([]byte{kind, 1, 2, 3, 4, 5, 6, 7}, []byte(seed), kind%2 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, choices, text []byte, wassette bool) {
		m := jsonval.Strict
		if wassette {
			m = jsonval.Wassette
		}
		src := &wittest.Source{Left: choices, Resource: &wit.Resource{Name: "r"}}
		typ := src.Type(4)
		if typ.Check() != nil || m.Supports(typ) != nil {
			return
		}
		v, err := m.Decode(typ, text)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("Decode(%s, %q) takes what is no JSON", typ, text)
		}
		if err := wit.CheckValue(typ, v); err != nil {
			t.Fatalf("Decode(%s, %s) = %v: %v", typ, text, v, err)
		}
		once, err := m.Encode(typ, v)
		if err != nil {
			t.Fatal(err)
		}
		if wassette && bytes.Contains(once, []byte(`inf"`)) {
			return // a number too large for an f32, which Wassette writes as a text
		}
		back, err := m.Decode(typ, once)
		if err != nil {
			t.Fatalf("Decode(%s, %s), which was written: %v", typ, once, err)
		}
		if twice, err := m.Encode(typ, back); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%s is written as %s the second time, error %v", once, twice, err)
		}
	})
}

func TestDecodeErrors(t *testing.T) {
	const order = "func(article: record{tags: list<string>, size: option<u8>, shape: " + shape + "}, count: u64)"
	for _, c := range []struct{ signature, in, want string }{
		{order, `[]`, `arguments: expected an object with the arguments, found an array`},
		{order, `{"count":1}`, `article: it is missing`},
		{order, `{"count":-1}`, `count: expected an integer from 0 to 18446744073709551615, found "-1"`},
		{order, `{"count":1.5}`, `count: expected an integer from 0 to 18446744073709551615, found "1.5"`},
		{order, `{"count":"1.0"}`, `count: expected an integer from 0 to 18446744073709551615, found "1.0"`},
		{order, `{"count":1,"count":1}`, `count: it is there twice`},
		{order, `{"conut":1}`, `conut: there is no such member`},
		{order, `{"a b":1}`, `["a b"]: there is no such member`},
		{order, `{"article":{"tags":["a",2]}}`, `article.tags[1]: expected a string, found a number`},
		{order, `{"article":{"size":256}}`, `article.size: expected an integer from 0 to 255, found "256"`},
		{order, `{"article":{"shape":{"tag":"round"}}}`, `article.shape.tag: expected one of "nothing", "circle", "rect", "poly", "named", found "round"`},
		{order, `{"article":{"shape":{"tag":"circle"}}}`, `article.shape.val: it is missing`},
		{order, `{"article":{"shape":{"tag":"nothing","val":1}}}`, `article.shape.val: there is no such member`},
		{order, `{"article":{"shape":{"val":[{"x":1}],"tag":"poly"}}}`, `article.shape.val[0].y: it is missing`},
		{order, `{"article":`, `not JSON: offset 11: unexpected end of JSON`},
		{order, `{"count":1}x`, `article: it is missing`},
		{"func(x: string)", `{"x":"a"} x`, `not JSON: offset 10: unexpected character 'x'`},
		{"func(x: string)", "{\"x\":\"\xff\"}", `not JSON: offset 6: the text is not UTF-8`},
		{"func(x: string)", `{"x":"\ud800"}`, `not JSON: offset 6: half of a surrogate pair is no character`},
		{"func(x: list<u8>)", `{"x":"AP8"}`, `x: it is not base64 with padding (RFC 4648, section 4)`},
		{"func(x: list<u8>)", `{"x":"AP8\n="}`, `x: it is not base64 with padding (RFC 4648, section 4)`},
		{"func(x: f32)", `{"x":1e39}`, `x: 1e39 is out of the range of f32`},
		{"func(x: f64)", `{"x":"NaN"}`, `x: expected a number, "nan", "inf" or "-inf", found the string "NaN"`},
		{"func(x: char)", `{"x":"ab"}`, `x: expected a string of one character, found "ab"`},
		{"func(x: flags{a, b})", `{"x":["a","a"]}`, `x[1]: "a" is there twice`},
		{"func(x: tuple<u8, u8>)", `{"x":[1,2,3]}`, `x: expected 2 elements, found 3`},
		{"func(x: result<u8>)", `{"x":{"ok":1,"err":null}}`, `x: expected an object with "ok" or "err"`},
		{"func(x: result<u8>)", `{"x":{"err":1}}`, `x.err: expected null, as the case has no payload`},
	} {
		_, err := jsonval.Strict.DecodeParams(parse(t, c.signature).Params, []byte(c.in))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: error %q, want %q", c.in, err, c.want)
		}
	}
}

// Numbers are exact, however they are written.
func TestStrictNumbers(t *testing.T) {
	for _, c := range []struct {
		typ, in string
		want    wit.Value
		out     string
	}{
		{"u64", "18446744073709551615", uint64(1<<64 - 1), `"18446744073709551615"`},
		{"u64", `"18446744073709551615"`, uint64(1<<64 - 1), `"18446744073709551615"`},
		{"u64", "9007199254740993", uint64(1<<53 + 1), `"9007199254740993"`},
		{"u64", "9007199254740991", uint64(1<<53 - 1), "9007199254740991"},
		{"s64", "-9223372036854775808", int64(-1 << 63), `"-9223372036854775808"`},
		{"s64", "-9.223372036854775808e18", int64(-1 << 63), `"-9223372036854775808"`},
		{"u8", "2.55e2", uint8(255), "255"},
		{"u8", "2550e-1", uint8(255), "255"},
		{"s8", "-0", int8(0), "0"},
		{"u8", "0e999999999999999999999", uint8(0), "0"},
		{"f32", "0.1", float32(0.1), "0.1"},
		{"f64", "1e21", 1e21, "1e+21"},
		{"f64", "-0.0", nil, "-0"},
		{"f64", `"nan"`, nil, `"nan"`},
		{"f32", `"-inf"`, nil, `"-inf"`},
	} {
		typ := parse(t, "func() -> "+c.typ).Result
		got, err := jsonval.Strict.Decode(typ, []byte(c.in))
		if err != nil {
			t.Errorf("%s %s: %v", c.typ, c.in, err)
			continue
		}
		if c.want != nil && got != c.want {
			t.Errorf("%s %s is read as %v, want %v", c.typ, c.in, got, c.want)
		}
		if out, err := jsonval.Strict.Encode(typ, got); err != nil || string(out) != c.out {
			t.Errorf("%s %s is written as %s, want %s, error %v", c.typ, c.in, out, c.out, err)
		}
	}
	for _, in := range []string{"256", "-1", "1.5", "1e-1", "1e99999999999999999999", "1e3"} {
		if v, err := jsonval.Strict.Decode(&wit.Type{Kind: wit.U8}, []byte(in)); err == nil {
			t.Errorf("%s is taken as the u8 %v", in, v)
		}
	}
}

func TestOptionInOption(t *testing.T) {
	typ := parse(t, "func() -> option<option<u8>>").Result
	for text, want := range map[string]wit.OptionValue{
		"null":          {},
		`{"some":null}`: {Some: true, Value: wit.OptionValue{}},
		`{"some":7}`:    {Some: true, Value: wit.OptionValue{Some: true, Value: uint8(7)}},
	} {
		if got, err := jsonval.Strict.Decode(typ, []byte(text)); err != nil || got != wit.Value(want) {
			t.Errorf("%s is read as %v, want %v, error %v", text, got, want, err)
		}
		if got, err := jsonval.Strict.Encode(typ, want); err != nil || string(got) != text {
			t.Errorf("%v is written as %s, want %s, error %v", want, got, text, err)
		}
	}
}

func TestSupports(t *testing.T) {
	for signature, want := range map[string]string{
		"func(x: list<option<own<a:b/c.r>>>)": `it passes a handle of resource "r", which means nothing outside of its instance`,
		"func(x: result<u8, stream<u8>>)":     "it passes a stream, which cannot be JSON",
		"func(x: result<u8, list<string>>)":   "",
	} {
		err := jsonval.Strict.Supports(parse(t, signature).Params[0].Type)
		if got := errorText(err); got != want {
			t.Errorf("%s: error %q, want %q", signature, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A few types of types make a schema that would not end.
func TestSchemaIsBounded(t *testing.T) {
	typ := &wit.Type{Kind: wit.String}
	for range 16 {
		typ = &wit.Type{Kind: wit.Tuple, Types: []*wit.Type{typ, typ}}
	}
	if _, err := jsonval.Strict.Schema(typ); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("error %v", err)
	}
}

func TestValuesAreBounded(t *testing.T) {
	text := "[" + strings.Repeat("1,", jsonval.MaxValues) + "1]"
	typ := parse(t, "func() -> list<u8>").Result
	if _, err := jsonval.Wassette.Decode(typ, []byte(text)); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("error %v", err)
	}
	deep := `{"x":null,"y":` + strings.Repeat("[", 1e6) + "}"
	if _, err := jsonval.Wassette.DecodeParams(parse(t, "func(x: option<u8>)").Params, []byte(deep)); err == nil {
		t.Error("what is nested without end is passed over")
	}
	long := wit.Bytes(make([]byte, jsonval.MaxJSON))
	if _, err := jsonval.Wassette.Encode(typ, wit.ListValue{}); err != nil {
		t.Error(err)
	}
	lists := &wit.Type{Kind: wit.List, Elem: typ}
	if _, err := jsonval.Wassette.Encode(lists, wit.ListValue{long, long, long}); err == nil {
		t.Error("any amount is written")
	}
}
