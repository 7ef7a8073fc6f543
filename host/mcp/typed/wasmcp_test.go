package typed_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
)

// calculator is a component of wasmcp, with its tools and nothing of its transport.
const calculator = "../../../examples/tools-wasmcp/calculator.wasm"

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
