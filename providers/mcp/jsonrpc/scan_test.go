package jsonrpc_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// The slots of shape.
const (
	id = iota
	method
	params
	name
	meta
	token
	slots
)

var shape = jsonrpc.Shape{
	{Name: "id", Slot: id},
	{Name: "method", Slot: method},
	{Name: "params", Slot: params, Shape: jsonrpc.Shape{
		{Name: "name", Slot: name},
		{Name: "_meta", Slot: meta, Shape: jsonrpc.Shape{{Name: "progressToken", Slot: token}}},
	}},
}

func found(text string, spans []jsonrpc.Span) []string {
	var all []string
	for _, s := range spans {
		all = append(all, string(s.Of([]byte(text))))
	}
	return all
}

func TestScan(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string
	}{
		{`{}`, []string{"", "", "", "", "", ""}},
		{` { "id" : 7 , "x":[{"id":8}], "method":"m" } `, []string{"7", `"m"`, "", "", "", ""}},
		{`{"params":{"name":"n","_meta":{"progressToken":1.5e3,"y":null}}}`, []string{"", "", `{"name":"n","_meta":{"progressToken":1.5e3,"y":null}}`, `"n"`, `{"progressToken":1.5e3,"y":null}`, "1.5e3"}},
		{`{"params":["name"]}`, []string{"", "", `["name"]`, "", "", ""}},
		{`{"params":null}`, []string{"", "", `null`, "", "", ""}},
		{`{"p\u0061rams":{"\u006eame":"n\u0061"}}`, []string{"", "", `{"\u006eame":"n\u0061"}`, `"n\u0061"`, "", ""}},
		{`"id"`, []string{"", "", "", "", "", ""}},
		{`{"x":{"id":1,"id":2}}`, []string{"", "", "", "", "", ""}},
	} {
		spans := make([]jsonrpc.Span, slots)
		if err := jsonrpc.Scan([]byte(test.text), shape, spans); err != nil {
			t.Errorf("Scan(%s): %v", test.text, err)
		}
		if diff := cmp.Diff(test.want, found(test.text, spans)); diff != "" {
			t.Errorf("Scan(%s):\n%s", test.text, diff)
		}
	}
}

func TestScanErrors(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	if err := jsonrpc.Scan([]byte(deep(jsonrpc.MaxDepth)), nil, nil); err != nil {
		t.Errorf("%d arrays: %v", jsonrpc.MaxDepth, err)
	}
	for text, want := range map[string]string{
		"":                                      "the text ends too early at byte 0",
		" ":                                     "the text ends too early at byte 1",
		"{":                                     "the text ends too early at byte 1",
		`{"a`:                                   "the text ends too early at byte 3",
		`{"id":1,}`:                             "no string at byte 8",
		`{"id" 1}`:                              "no colon at byte 6",
		`{"id":1 "a":2}`:                        "no comma at byte 8",
		`{"x":{"a":1 "b":2}}`:                   "no comma at byte 12",
		`{}{}`:                                  "something behind the end of the value at byte 2",
		`{} x`:                                  "something behind the end of the value at byte 3",
		"\xef\xbb\xbf{}":                        "no value at byte 0",
		"{\"a\":\"\xff\"}":                      "no UTF-8 at byte 6",
		"{\"a\":\"\n\"}":                        "a control character in a string at byte 6",
		`{"a":"\x"}`:                            "an escape that is none at byte 6",
		`{"a":"\u12"}`:                          "an escape that is none at byte 6",
		`{"a":01}`:                              "no comma at byte 6",
		`{"a":1.}`:                              "no number at byte 7",
		`{"a":-}`:                               "no number at byte 6",
		`{"a":NaN}`:                             "no value at byte 5",
		`{"id":1,"id":2}`:                       `the member "id" is there twice at byte 8`,
		`{"id":1,"\u0069d":2}`:                  `the member "id" is there twice at byte 8`,
		`{"ID":1}`:                              `the member "ID", which some take for "id", at byte 1`,
		`{"paramſ":1}`:                          `the member "paramſ", which some take for "params", at byte 1`,
		`{"params":{"Name":1}}`:                 `the member "Name", which some take for "name", at byte 11`,
		deep(jsonrpc.MaxDepth + 1):              "a value that lies more than 128 deep at byte 128",
		`{"id":` + deep(jsonrpc.MaxDepth) + `}`: "a value that lies more than 128 deep at byte 133",
	} {
		err := jsonrpc.Scan([]byte(text), shape, make([]jsonrpc.Span, slots))
		if err == nil || err.Error() != want {
			t.Errorf("Scan(%.40q): %v, want %s", text, err, want)
		}
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	text := []byte(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"n","arguments":{"a":[1,2,{"b":"c"}]},"_meta":{"progressToken":1,"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`)
	spans := make([]jsonrpc.Span, slots)
	if n := testing.AllocsPerRun(100, func() {
		if err := jsonrpc.Scan(text, shape, spans); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzScan compares with encoding/json what is JSON, and what its members are.
func FuzzScan(f *testing.F) {
	for _, s := range []string{
		`{"id":1,"method":"a","params":{"name":"b","_meta":{"progressToken":"c"}}}`, `[1,{"a":[]},"\ud800",-0.5E+3,true,false,null]`,
		`{"p\u0061rams":{}}`, `{"paramſ":1}`, "{\"a\":\"\xff\"}", `"0123456789abcdef\\"`, `{"a":1`, `{"id":1}{}`, "\xef\xbb\xbf1", "\"\x7f\"", "[\"\x00\"]",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := jsonrpc.Scan(text, nil, nil)
		valid := json.Valid(text) && utf8.Valid(text)
		if tooDeep := err != nil && strings.Contains(err.Error(), "deep"); !tooDeep && (err == nil) != valid {
			t.Fatalf("Scan(%q): %v, but encoding/json says %v", text, err, valid)
		}
		if syntax, ok := errors.AsType[*jsonrpc.SyntaxError](err); ok && (syntax.Offset < 0 || syntax.Offset > len(text)) {
			t.Fatalf("Scan(%q): an error at byte %d", text, syntax.Offset)
		}
		spans := make([]jsonrpc.Span, slots)
		if jsonrpc.Scan(text, shape, spans) != nil {
			return
		}
		// What the shape names is there once, so that maps have it too.
		var top map[string]json.RawMessage
		if json.Unmarshal(text, &top) != nil {
			return // no object
		}
		same(t, text, spans[id], top["id"])
		same(t, text, spans[method], top["method"])
		same(t, text, spans[params], top["params"])
		var in map[string]json.RawMessage
		if json.Unmarshal(top["params"], &in) != nil {
			in = nil
		}
		same(t, text, spans[name], in["name"])
		same(t, text, spans[meta], in["_meta"])
		if s := spans[name].Of(text); jsonrpc.IsString(s) {
			var want string
			if err := json.Unmarshal(s, &want); err != nil || jsonrpc.Unquote(s) != want || !jsonrpc.Is(s, want) || jsonrpc.Is(s, want+"x") {
				t.Fatalf("Unquote(%s) = %q, want %q", s, jsonrpc.Unquote(s), want)
			}
			var again string
			if err := json.Unmarshal(jsonrpc.AppendString(nil, want), &again); err != nil || again != want {
				t.Fatalf("AppendString(%q): %q, %v", want, again, err)
			}
		}
		if v := spans[name]; v.Found() {
			edited := jsonrpc.Splice(nil, text, jsonrpc.Without(text, spans[params], v))
			var top, after map[string]json.RawMessage
			if err := json.Unmarshal(edited, &top); err != nil {
				t.Fatalf("Without(%q) = %q: %v", text, edited, err)
			}
			if err := json.Unmarshal(top["params"], &after); err != nil || after["name"] != nil || len(after) != len(in)-1 {
				t.Fatalf("Without(%q) = %q", text, edited)
			}
		}
		if p := spans[params]; jsonrpc.IsObject(p.Of(text)) && in["new"] == nil {
			edited := jsonrpc.Splice(nil, text, jsonrpc.Member(text, p, "new", []byte(`[1]`)))
			var top, after map[string]json.RawMessage
			if err := json.Unmarshal(edited, &top); err != nil {
				t.Fatalf("Splice(%q) = %q: %v", text, edited, err)
			}
			if err := json.Unmarshal(top["params"], &after); err != nil || string(after["new"]) != `[1]` || len(after) != len(in)+1 {
				t.Fatalf("Splice(%q) = %q", text, edited)
			}
		}
	})
}

func same(t *testing.T, text []byte, span jsonrpc.Span, want json.RawMessage) {
	t.Helper()
	if string(span.Of(text)) != string(want) {
		t.Fatalf("Scan(%q) found %q, want %q", text, span.Of(text), want)
	}
}

func BenchmarkScan(b *testing.B) {
	envelope := `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"n","_meta":{"progressToken":1,"io.modelcontextprotocol/protocolVersion":"2026-07-28"},"arguments":{"text":"`
	object := strings.Repeat(`{"key":[1,2.5,true,"text"]},`, 500)
	for size, text := range map[string]string{
		"64B":     envelope + strings.Repeat("x", 64) + `"}}}`,
		"16KiB":   envelope + strings.Repeat("x", 16<<10) + `"}}}`,
		"1MiB":    envelope + strings.Repeat("x", 1<<20) + `"}}}`,
		"objects": envelope + `","list":[` + object + `0]}}}`,
	} {
		b.Run(size, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			spans, text := make([]jsonrpc.Span, slots), []byte(text)
			for b.Loop() {
				if err := jsonrpc.Scan(text, shape, spans); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
