package typed_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/mcp/typed"
	"github.com/wattle-dev/wattle/host/wasi/io"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/deps"
)

// Components of wasmcp, with what they offer and nothing of its transport.
const (
	calculator      = "../../../examples/tools-wasmcp/calculator.wasm"
	wasmcpResources = "../../../examples/tools-wasmcp/resources.wasm"
	wasmcpPrompts   = "../../../examples/tools-wasmcp/prompts.wasm"
)

func TestWasmcpList(t *testing.T) {
	s := serve(t, calculator, lattice.MCPWasmcp, nil)
	said, _, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clean := catalogue.Clean(said)
	if len(clean.Problems) > 0 {
		t.Errorf("problems: %q", clean.Problems)
	}
	if d := cmp.Diff([]string{"add", "factorial", "subtract"}, names(t, clean.Tools, "name")); d != "" {
		t.Errorf("(-want +got): %s", d)
	}
	const add = `{"name":"add","inputSchema":{"type":"object","properties":{"a":{"type":"number","description":"First number"},"b":{"type":"number","description":"Second number"}},"required":["a","b"]},"description":"Add two numbers together","title":"Add"}`
	if !same(t, clean.Tools[0], []byte(add)) {
		t.Errorf("%s, want %s", clean.Tools[0], add)
	}
	if got := string(clean.Capabilities); got != `{"logging":{},"tools":{}}` {
		t.Errorf("capabilities %s", got)
	}
}

func TestWasmcpCall(t *testing.T) {
	s := serve(t, calculator, lattice.MCPWasmcp, nil)
	if got := s.call("add", `{"a":2,"b":0.5}`); got.IsError || got.Content[0].Text != "2.5" {
		t.Errorf("%+v", got)
	}
	if got := s.call("add", `{"a":2}`); !got.IsError || got.Content[0].Text != "Missing or invalid parameter 'b'" {
		t.Errorf("%+v", got)
	}
	if a := s.send("gateway/ann", "tools/call", `"name":"divide","arguments":{}`, ""); a.Error == nil || a.Error.Code != -32602 {
		t.Errorf("%+v", a)
	}
	if a := s.send("gateway/ann", "prompts/get", `"name":"x"`, ""); a.Error == nil || a.Error.Code != -32601 {
		t.Errorf("%+v", a)
	}
}

// What it sends over its stream reaches the client before the response.
func TestWasmcpNotices(t *testing.T) {
	s := serve(t, calculator, lattice.MCPWasmcp, nil)
	a := s.send("gateway/ann", "tools/call", `"name":"factorial","arguments":{"n":5}`, `"io.modelcontextprotocol/logLevel":"info"`)
	message := func(data string) string {
		return `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","logger":"factorial","data":"` + data + `"}}`
	}
	want := []string{
		message("Starting factorial calculation for 5!"), message("Computing: 3 * 2 = 6"), message("Computing: 5 * 24 = 120"),
		message("Factorial calculation complete: 5! = 120"),
	}
	if d := cmp.Diff(want, a.Events); d != "" {
		t.Errorf("(-want +got): %s", d)
	}
	if !strings.Contains(s.answered(a), `"text":"120"`) {
		t.Errorf("%s", a.Result)
	}
}

func TestWasmcpResources(t *testing.T) {
	s := serve(t, wasmcpResources, lattice.MCPWasmcp, nil)
	said, _, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clean := catalogue.Clean(said)
	const want = `{"uri":"text://greeting","name":"Greeting","title":"Greeting","description":"A friendly greeting message","mimeType":"text/plain"}`
	if len(clean.Problems) > 0 || len(clean.Resources) != 2 || string(clean.Resources[0]) != want {
		t.Errorf("resources %s, problems %q, want %s first", clean.Resources, clean.Problems, want)
	}
	// It leaves out the URI, which is that of the request.
	got := s.answered(s.send("gateway/ann", "resources/read", `"uri":"text://greeting"`, ""))
	const contents = `{"contents":[{"uri":"text://greeting","text":"Hello from wasmcp resources!","mimeType":"text/plain"}],"ttlMs":0,"cacheScope":"private","resultType":"complete"}`
	if !same(t, []byte(got), []byte(contents)) {
		t.Errorf("%s, want %s", got, contents)
	}
	if a := s.send("gateway/ann", "resources/read", `"uri":"text://other"`, ""); a.Error == nil || a.Error.Code != -32602 {
		t.Errorf("%+v", a)
	}
}

func TestWasmcpPrompts(t *testing.T) {
	s := serve(t, wasmcpPrompts, lattice.MCPWasmcp, nil)
	said, _, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clean := catalogue.Clean(said)
	if d := cmp.Diff([]string{"code-review", "greeting"}, names(t, clean.Prompts, "name")); d != "" || len(clean.Problems) > 0 {
		t.Errorf("problems %q, (-want +got): %s", clean.Problems, d)
	}
	const want = `{"name":"greeting","title":"Greeting","description":"Generate a friendly greeting","arguments":[{"name":"name","title":"Name","description":"Name to greet","required":false}]}`
	if !same(t, clean.Prompts[1], []byte(want)) {
		t.Errorf("%s, want %s", clean.Prompts[1], want)
	}
	got := s.answered(s.send("gateway/ann", "prompts/get", `"name":"greeting","arguments":{"name":"Ann"}`, ""))
	const filled = `{"description":"A friendly greeting","messages":[{"content":{"type":"text","text":"Greet Ann in a friendly and welcoming way."},"role":"user"}],"resultType":"complete"}`
	if !same(t, []byte(got), []byte(filled)) {
		t.Errorf("%s, want %s", got, filled)
	}
	if a := s.send("gateway/ann", "prompts/get", `"name":"other"`, ""); a.Error == nil || a.Error.Code != -32602 {
		t.Errorf("%+v", a)
	}
}

// Content of every kind is written as MCP has it, that of streams as well.
func TestWasmcpContent(t *testing.T) {
	set, err := deps.All(nil)
	if err != nil {
		t.Fatal(err)
	}
	pkg := set.Package(wit.PackageID{Namespace: "wasmcp", Name: "mcp-v20251125", Version: "0.1.1"})
	block := pkg.Interface("mcp").Type("content-block").Type
	index := func(of *wit.Type, name string) uint32 {
		for i, f := range of.Fields {
			if f.Name == name {
				return uint32(i)
			}
		}
		t.Fatalf("%s has no case %q", of.Name, name)
		return 0
	}
	none := wit.OptionValue{}
	some := func(v wit.Value) wit.Value { return wit.OptionValue{Some: true, Value: v} }
	stream := func(text string) wit.Value {
		s := io.NewInputStream(io.FromReader(strings.NewReader(text), 1<<10))
		return component.Own{Type: io.InputStreamResource, Value: s}.Handle()
	}
	annotations := wit.RecordValue{some(wit.ListValue{wit.EnumValue(0), wit.EnumValue(1)}), some("2026-01-01T00:00:00Z"), some(0.5)}
	options := some(wit.RecordValue{some(annotations), some(`{"k": 1}`)})
	data := func(name string, v wit.Value) wit.Value {
		kinds := map[string]uint32{"text": 0, "text-stream": 1, "blob": 0, "blob-stream": 1}
		return wit.VariantValue{Case: kinds[name], Value: v}
	}
	for _, c := range []struct {
		kind    string
		payload wit.Value
		want    string
	}{
		{
			"text",
			wit.RecordValue{data("text", "é"), options},
			`{"type":"text","text":"é","annotations":{"audience":["user","assistant"],"lastModified":"2026-01-01T00:00:00Z","priority":0.5},"_meta":{"k":1}}`,
		},
		{"text", wit.RecordValue{data("text-stream", stream(strings.Repeat("ab", 5000))), none}, `{"type":"text","text":"` + strings.Repeat("ab", 5000) + `"}`},
		{"image", wit.RecordValue{data("blob", wit.Bytes{0, 255, 7}), "image/x", none}, `{"type":"image","data":"AP8H","mimeType":"image/x"}`},
		{"audio", wit.RecordValue{data("blob-stream", stream("abc")), "audio/x", none}, `{"type":"audio","data":"YWJj","mimeType":"audio/x"}`},
		{
			"resource-link",
			wit.RecordValue{"a:b", "n", some(wit.RecordValue{some("t"), none, some(uint64(1 << 60)), none, none, none, none})},
			`{"type":"resource_link","uri":"a:b","name":"n","title":"t","size":1152921504606846976}`,
		},
		{
			"embedded-resource",
			wit.RecordValue{wit.VariantValue{Case: 1, Value: wit.RecordValue{"a:b", data("blob", wit.Bytes("x")), some(wit.RecordValue{some("m/x"), none})}}, none},
			`{"type":"resource","resource":{"uri":"a:b","blob":"eA==","mimeType":"m/x"}}`,
		},
	} {
		v := wit.VariantValue{Case: index(block, c.kind), Value: c.payload}
		got, err := typed.WriteWasmcp(t.Context(), block, v)
		if err != nil || !same(t, got, []byte(c.want)) {
			t.Errorf("%s: %s, want %s, error %v", c.kind, got, c.want, err)
		}
	}
	bad := wit.RecordValue{data("text", "x"), some(wit.RecordValue{none, some("not JSON")})}
	if got, err := typed.WriteWasmcp(t.Context(), block, wit.VariantValue{Case: index(block, "text"), Value: bad}); err == nil {
		t.Errorf("meta that is not JSON: %s", got)
	}
}

// endless is a reader without end.
type endless struct{}

// Read implements io.Reader.
func (endless) Read(p []byte) (int, error) { return len(p), nil }

// Content is not read for ever, nor when nobody waits for it.
func TestWasmcpStreams(t *testing.T) {
	handle := &wit.Type{Kind: wit.Own, Resource: &wit.Resource{Name: "input-stream"}}
	data := &wit.Type{Kind: wit.Variant, Fields: []wit.Field{{Name: "text", Type: &wit.Type{Kind: wit.String}}, {Name: "text-stream", Type: handle}}}
	write := func(ctx context.Context, source io.Source) error {
		stream := component.Own{Type: io.InputStreamResource, Value: io.NewInputStream(source)}.Handle()
		_, err := typed.WriteWasmcp(ctx, data, wit.VariantValue{Case: 1, Value: stream})
		return err
	}
	if err := write(t.Context(), io.FromReader(endless{}, 64<<10)); err == nil || !strings.Contains(err.Error(), "more than 16777216 bytes") {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	pipe := io.NewPipe(1)
	defer pipe.CloseWrite(nil)
	if err := write(ctx, io.FromReader(pipe, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if _, err := typed.WriteWasmcp(ctx, data, wit.VariantValue{Case: 1, Value: wit.HandleValue{}}); err == nil {
		t.Error("a handle of nothing is read")
	}
}
