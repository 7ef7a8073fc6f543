package jsonval_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/wattle-dev/wattle/host/mcp/typed/jsonval"
	"github.com/wattle-dev/wattle/wit"
)

// exact reports whether a schema can say just what is read. It cannot say which texts are
// base64, how large a float32 may be, and how large a number of twenty digits.
func exact(t *wit.Type) bool {
	if t == nil {
		return true
	}
	switch t.Kind {
	case wit.F32, wit.S64, wit.U64:
		return false
	case wit.List:
		if t.Elem.Kind == wit.U8 {
			return false
		}
	}
	for _, part := range append([]*wit.Type{t.Elem, t.Value, t.Ok, t.Err}, t.Types...) {
		if !exact(part) {
			return false
		}
	}
	return !slices.ContainsFunc(t.Fields, func(f wit.Field) bool { return !exact(f.Type) })
}

// change replaces a part of a JSON value by something else, or takes it away.
func change(t *rapid.T, v any) any {
	other := []any{
		nil, true, json.Number("0"), json.Number("-1"), json.Number("2.0"), json.Number("1.5"), json.Number("300"), json.Number("1e300"),
		"", "x", "é", "xy", "l0", "nan",
		[]any{},
		[]any{nil},
		map[string]any{},
		map[string]any{"tag": "f0"},
		map[string]any{"ok": nil},
		map[string]any{"some": nil},
	}
	switch x := v.(type) {
	case map[string]any:
		names := slices.Sorted(maps.Keys(x))
		if len(names) == 0 || rapid.IntRange(0, 3).Draw(t, "here") == 0 {
			break
		}
		name := rapid.SampledFrom(names).Draw(t, "member")
		switch rapid.IntRange(0, 5).Draw(t, "change") {
		case 0:
			delete(x, name)
		case 1:
			x["unknown"] = nil
		default:
			x[name] = change(t, x[name])
		}
		return x
	case []any:
		if len(x) == 0 || rapid.IntRange(0, 3).Draw(t, "here") == 0 {
			break
		}
		i := rapid.IntRange(0, len(x)-1).Draw(t, "element")
		switch rapid.IntRange(0, 5).Draw(t, "change") {
		case 0:
			return slices.Delete(x, i, i+1)
		case 1:
			return append(x, x[i])
		}
		x[i] = change(t, x[i])
		return x
	}
	return rapid.SampledFrom(other).Draw(t, "other")
}

// What a strict schema allows is read, and what it does not is refused.
func TestSchemaAgrees(t *testing.T) {
	allowed, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		const m = jsonval.Strict
		typ, value := some(t, m)
		schema, err := m.Schema(typ)
		if err != nil || !exact(typ) {
			return
		}
		compiled, err := compile(schema)
		if err != nil {
			t.Fatal(err)
		}
		text, err := m.Encode(typ, value)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			v = change(t, v)
		}
		if text, err = json.Marshal(v); err != nil {
			t.Fatal(err)
		}
		invalid := validate(compiled, text)
		_, wrong := m.Decode(typ, text)
		if (invalid == nil) != (wrong == nil) {
			t.Fatalf("%s as a %s: the schema %s says %v, and reading it %v", text, typ, schema, invalid, wrong)
		}
		if wrong == nil {
			allowed++
		} else {
			refused++
		}
	})
	if allowed == 0 || refused == 0 {
		t.Errorf("%d values were allowed, and %d refused", allowed, refused)
	}
}
