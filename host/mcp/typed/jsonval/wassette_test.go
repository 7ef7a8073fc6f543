package jsonval_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/mcp/typed/jsonval"
	"github.com/wattle-dev/wattle/wit"
)

const (
	point   = "record{x: f64, y: f64}"
	level   = "enum{low, mid, high}"
	rights  = "flags{read, write, share}"
	shape   = "variant{nothing, circle(f64), rect(tuple<f64, f64>), poly(list<" + point + ">), named(string)}"
	article = "record{id: u64, name: string, initial: char, discount: option<f32>, stock: s16, bytes: list<u8>, tags: list<string>, rights: " +
		rights + ", level: " + level + ", shape: " + shape + "}"
)

// recorded are the functions of testdata/wassette.
var recorded = map[string]string{
	"f-none": "func()",
	"f-two":  "func(b: string, a: " + point + ") -> result<_, string>",
}

func init() { //nolint:gochecknoinits // it is a table
	for name, t := range map[string]string{
		"f-bool": "bool", "f-s8": "s8", "f-u8": "u8", "f-s32": "s32", "f-u64": "u64", "f-s64": "s64", "f-f32": "f32",
		"f-f64": "f64", "f-char": "char", "f-string": "string", "f-bytes": "list<u8>", "f-list": "list<list<f64>>",
		"f-tuple": "tuple<u8, string>", "f-option": "option<u8>", "f-option2": "option<option<u8>>",
		"f-result": "result<u8, string>", "f-result0": "result", "f-enum": level, "f-flags": rights, "f-variant": shape,
		"f-record": article,
	} {
		recorded[name] = "func(x: " + t + ") -> " + t
	}
}

func parse(t testing.TB, signature string) *wit.Func {
	t.Helper()
	fn, err := wit.ParseSignature(signature)
	if err != nil {
		t.Fatalf("%s: %v", signature, err)
	}
	return fn
}

func TestWassetteSchemas(t *testing.T) {
	text, err := os.ReadFile("testdata/wassette/types.json")
	if err != nil {
		t.Fatal(err)
	}
	var tools []struct {
		Name                      string
		InputSchema, OutputSchema json.RawMessage
	}
	if err := json.Unmarshal(text, &tools); err != nil {
		t.Fatal(err)
	}
	if len(tools) != len(recorded) {
		t.Fatalf("%d tools are recorded, and %d functions here", len(tools), len(recorded))
	}
	for _, tool := range tools {
		fn := parse(t, recorded[tool.Name])
		got, err := jsonval.Wassette.ParamsSchema(fn.Params)
		if err != nil {
			t.Errorf("%s: %v", tool.Name, err)
		}
		if d := cmp.Diff(string(tool.InputSchema), string(got)); d != "" {
			t.Errorf("%s: schema of the parameters (-Wassette +got): %s", tool.Name, d)
		}
		got = nil
		if fn.Result != nil {
			if got, err = jsonval.Wassette.ResultSchema(fn.Result); err != nil {
				t.Errorf("%s: %v", tool.Name, err)
			}
		}
		if d := cmp.Diff(string(tool.OutputSchema), string(got)); d != "" {
			t.Errorf("%s: schema of the result (-Wassette +got): %s", tool.Name, d)
		}
	}
}

func TestWassetteValues(t *testing.T) {
	text, err := os.ReadFile("testdata/wassette/values.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(string(text), "\n"), "\n") {
		name, rest, _ := strings.Cut(line, "\t")
		in, want, _ := strings.Cut(rest, "\t")
		fn := parse(t, recorded[name])
		values, err := jsonval.Wassette.DecodeParams(fn.Params, []byte(in))
		if refused := strings.HasPrefix(want, "!"); refused != (err != nil) {
			t.Errorf("%s(%s): Wassette: %s; error %v", name, in, want, err)
			continue
		}
		if len(values) != 1 {
			continue
		}
		got, err := jsonval.Wassette.Encode(fn.Params[0].Type, values[0])
		if err != nil {
			t.Errorf("%s(%s): %v", name, in, err)
		}
		if got := `{"result":` + string(got) + "}"; got != want {
			t.Errorf("%s(%s) = %s, Wassette has %s", name, in, got, want)
		}
	}
}
