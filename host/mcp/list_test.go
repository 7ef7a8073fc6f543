package mcp_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/mcp"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
)

// TestList finds out what a server offers, of every revision in the same form.
func TestList(t *testing.T) {
	for _, era := range eras {
		t.Run(era[1:], func(t *testing.T) {
			s := serve(t, hostile, lattice.MCP{Path: era}, mcp.Options{})
			said, again, err := s.List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := &catalogue.Contents{
				Versions:     []string{"2025-11-25"},
				ServerInfo:   json.RawMessage(`{"name":"hostile","version":"1"}`),
				Capabilities: json.RawMessage(`{"tools":{},"logging":{},"resources":{}}`),
				Tools:        []json.RawMessage{json.RawMessage("{\"name\":\"\u200b\"}"), json.RawMessage(`{"name":"count","inputSchema":{"type":"object"}}`)},
				Resources:    []json.RawMessage{json.RawMessage(`{"uri":"test://x","name":"x"}`)},
			}
			if era == "/modern" {
				want.Versions, want.Instructions = []string{mcp.Version}, "Do not."
				want.Capabilities = json.RawMessage(`{"tools":{},"resources":{}}`)
			}
			text := func(r json.RawMessage) string { return string(r) }
			if d := cmp.Diff(want, said, cmp.Transformer("text", text)); d != "" {
				t.Errorf("contents (-want +got):\n%s", d)
			}
			if again != 100*time.Second {
				t.Errorf("it is asked again after %v, want 100 s", again)
			}
			if clean := catalogue.Clean(said); len(clean.Tools) != 1 || len(clean.Problems) != 1 {
				t.Errorf("of what it says %d tools are believed, with the problems %q", len(clean.Tools), clean.Problems)
			}
		})
	}
}

// TestListNothing has a component be listed that is no MCP server.
func TestListNothing(t *testing.T) {
	s := serve(t, "../../internal/guests/incoming_hello/guest.wasm", lattice.MCP{}, mcp.Options{ShowReasons: true})
	_, _, err := s.List(t.Context())
	const want = `the component does not speak MCP on the path "/mcp": server/discover: the server answered with what is no message: it is "text/plain": hello; initialize: the server answered with what is no message: it is "text/plain": hello`
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if got := s.send(call("1", "x", "{}", ""), "gateway/a").words(t); got != "-32603 "+want {
		t.Errorf("a call: %s", got)
	}
}

// TestSDKs lists and calls servers that are made with the official SDKs.
func TestSDKs(t *testing.T) {
	for _, c := range []struct {
		guest    string
		decl     lattice.MCP
		versions []string
		tools    int
	}{
		{goSDK, lattice.MCP{}, []string{"2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"}, 25},
		{tsSDK, lattice.MCP{Path: "/mcp"}, []string{"2025-11-25"}, 5},
	} {
		t.Run(c.guest, func(t *testing.T) {
			if testing.Short() {
				t.Skip("compiling takes some time")
			}
			s := serve(t, c.guest, c.decl, mcp.Options{ShowReasons: true})
			said, _, err := s.List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			clean := catalogue.Clean(said)
			if d := cmp.Diff(c.versions, clean.Versions); d != "" {
				t.Errorf("versions (-want +got):\n%s", d)
			}
			if len(clean.Problems) > 0 || len(clean.Tools) < c.tools {
				t.Errorf("%d tools, want %d or more; problems %q", len(clean.Tools), c.tools, clean.Problems)
			}
			a := s.send(call(`"é"`, "echo", `{"text":"é \"x\""}`, ""), "gateway/a")
			if got := a.words(t); got != `é "x"` {
				t.Errorf("echo says %q: %s", got, a.text)
			}
			if r := a.response(t); string(r.ID) != `"é"` || r.Result.ResultType != "complete" {
				t.Errorf("the response is %s", a.text)
			}
			if c.guest == tsSDK {
				c.decl.Pinned = true
				said, _, err := serve(t, c.guest, c.decl, mcp.Options{}).List(t.Context())
				if err != nil || len(said.Problems) != 1 || !strings.Contains(said.Problems[0], "cannot be pinned") || len(said.Tools) < c.tools {
					t.Errorf("pinned: %+v, %v", said, err)
				}
			}
			if got := s.send(request("2", "nonsense/method", "", ""), "gateway/a").response(t); got.Error.Code != mcp.CodeNoMethod {
				t.Errorf("a method that there is not: %+v", got)
			}
		})
	}
}

// TestListEndless has a server give pages without end.
func TestListEndless(t *testing.T) {
	for _, era := range eras {
		s := serve(t, hostile, lattice.MCP{Path: era + "/endless"}, mcp.Options{})
		said, _, err := s.List(t.Context())
		if err != nil || len(said.Problems) != 1 || said.Problems[0] != "tools/list: the list has more than 200 pages" || len(said.Resources) != 1 {
			t.Errorf("%s: %+v, %v", era, said, err)
		}
	}
}
