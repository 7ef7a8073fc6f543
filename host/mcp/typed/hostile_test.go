package typed_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/mcp/typed"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
)

// hostile is a server of wattle:mcp that does what components should not do.
const hostile = "testdata/hostile/guest.wasm"

func TestHostileList(t *testing.T) {
	s := serve(t, hostile, lattice.MCPWattle, nil)
	said, _, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clean := catalogue.Clean(said)
	if d := cmp.Diff([]string{"good"}, names(t, clean.Tools, "name")); d != "" {
		t.Errorf("(-want +got): %s", d)
	}
	if got, want := string(clean.Resources[0]), `{"uri":"a:good","name":"good","size":18446744073709551615}`; got != want || len(clean.Resources) != 1 {
		t.Errorf("resources %s, want %s", clean.Resources, want)
	}
	problems := strings.Join(clean.Problems, "\n")
	for _, want := range []string{`"nonsense" is left out: inputSchema is not JSON`, `"array" is left out: inputSchema is not an object`, `"a:bad" is left out: annotations is not an object`, "bad name", "twice"} {
		if !strings.Contains(problems, want) {
			t.Errorf("no problem says %q: %s", want, problems)
		}
	}
}

func TestHostileTools(t *testing.T) {
	s := serve(t, hostile, lattice.MCPWattle, nil)
	const invalid = "-32603 the component's answer is not valid"
	for _, c := range []struct{ tool, want string }{
		{"content-not-json", invalid},
		{"content-no-type", invalid},
		{"content-other", `{"content":[{"type":"new","n":1e1000}],"resultType":"complete"}`},
		{"structured-not-json", invalid},
		{"meta-not-object", invalid},
		{"asks-twice", invalid},
		{"asks-for-a-shell", invalid},
		{"asks-nonsense", invalid},
		{"asks-nothing", invalid},
		{"huge-state", invalid},
		{"error", `-32050 no "not JSON"`},
		{"log-huge", "-32603"},
		{"progress-infinite", "-32603"},
		{"trap", "-32603"},
		{"unknown", "-32602 unknown tool"},
	} {
		a := s.send("gateway/ann", "tools/call", fmt.Sprintf(`"name":%q`, c.tool), `"io.modelcontextprotocol/logLevel":"debug","progressToken":1`)
		got := string(a.Result)
		if a.Error != nil {
			got = fmt.Sprint(a.Error.Code, " ", a.Error.Message, " ", string(a.Error.Data))
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", c.tool, got, c.want)
		}
	}
}

func TestHostileNotices(t *testing.T) {
	s := serve(t, hostile, lattice.MCPWattle, nil)
	for tool, want := range map[string][]string{
		"log": {
			`{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","logger":"l","data":"not \"JSON\""}}`,
			`{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"alert","data":{"a":1}}}`,
		},
		"progress-back": {
			`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":2}}`,
			`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":2.5,"total":3,"message":"m"}}`,
		},
	} {
		a := s.send("gateway/ann", "tools/call", fmt.Sprintf(`"name":%q`, tool), `"io.modelcontextprotocol/logLevel":"error","progressToken":1`)
		if d := cmp.Diff(want, a.Events); d != "" {
			t.Errorf("%s (-want +got): %s", tool, d)
		}
	}
}

// A state that is empty is one all the same.
func TestStateOnly(t *testing.T) {
	s := serve(t, hostile, lattice.MCPWattle, nil)
	got := s.answered(s.send("gateway/ann", "tools/call", `"name":"state-only"`, ""))
	if !strings.Contains(got, `"requestState":"`) || strings.Contains(got, "inputRequests") {
		t.Error(got)
	}
}

// A component that is told that nobody waits any more, and does not end, is stopped.
func TestForever(t *testing.T) {
	s := serve(t, hostile, lattice.MCPWattle, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	a := s.within(ctx).send("gateway/ann", "tools/call", `"name":"forever"`, "")
	if a.Err == nil && a.Error == nil {
		t.Errorf("%+v", a)
	}
}

func TestHostileContents(t *testing.T) {
	s := serve(t, hostile, lattice.MCPWattle, nil)
	for _, c := range []struct{ method, params, want string }{
		{
			"resources/read", `"uri":"a:b"`,
			`{"contents":[{"uri":"a:b","blob":"AP8H","_meta":{"k":[1]}}],"ttlMs":0,"cacheScope":"private","resultType":"complete"}`,
		},
		{
			"prompts/get", `"name":"p"`,
			`{"messages":[{"role":"assistant","content":{"type":"image","data":"AQI=","mimeType":"image/x"}}],"resultType":"complete"}`,
		},
		{
			"completion/complete", `"ref":{"type":"ref/resource","uri":"a:{b}"},"argument":{"name":"b","value":""}`,
			`{"completion":{"values":[` + strings.Repeat(`"v",`, 99) + `"v"],"hasMore":true},"resultType":"complete"}`,
		},
	} {
		if got := s.answered(s.send("gateway/ann", c.method, c.params, "")); !same(t, []byte(got), []byte(c.want)) {
			t.Errorf("%s: %s, want %s", c.method, got, c.want)
		}
	}
}

// A component is told what the client said, and no more than that of who it is.
func TestRequest(t *testing.T) {
	s := serve(t, hostile, lattice.MCPWattle, nil)
	got := s.call("arguments", `{"b":1.50,"a":{"x":[null]}}`)
	if want := `{"b":1.50,"a":{"x":[null]}}`; got.Content[0].Text != want {
		t.Errorf("%s, want %s", got.Content[0].Text, want)
	}
	got = s.call("meta", `{}`)
	if !strings.HasPrefix(got.Content[0].Text, `{"io.modelcontextprotocol/protocolVersion":"2026-07-28"`) {
		t.Error(got.Content[0].Text)
	}
}

// What a component exports has to be what this host calls.
func TestIncompatible(t *testing.T) {
	l := load(t, hostile)
	for _, kind := range []lattice.MCPKind{lattice.MCPWasmcp, lattice.MCPHTTP, "other"} {
		if _, err := typed.New(nil, l.world, kind, nil); err == nil {
			t.Errorf("a component of kind %q is made of one of wattle:mcp", kind)
		}
	}
	world := *l.world
	world.Exports = append(world.Exports[:0:0], world.Exports...)
	for i := range world.Exports {
		if x := &world.Exports[i]; x.Interface != nil && x.ID.Name == "tools" {
			tools := *x.Interface
			tools.Funcs = append(tools.Funcs[:0:0], tools.Funcs...)
			changed := *tools.Funcs[0]
			changed.Params = changed.Params[:0]
			changed.Result = nil
			tools.Funcs[0] = &changed
			x.Interface = &tools
		}
	}
	if _, err := typed.New(nil, &world, lattice.MCPWattle, nil); err == nil || !strings.Contains(err.Error(), "in a version that this host does not have") {
		t.Errorf("error %v", err)
	}
}
