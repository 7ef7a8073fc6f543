package mcp_test

import (
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/mcp"
	"github.com/wattle-dev/wattle/lattice"
)

var eras = []string{"/modern", "/legacy", "/session", "/strict"}

// TestHostile has components do all kinds of things that servers should not do: clients get
// one well-formed answer each time, and others are not harmed.
func TestHostile(t *testing.T) {
	for _, era := range eras {
		t.Run(era[1:], func(t *testing.T) {
			s := serve(t, hostile, lattice.MCP{Path: era, Tools: map[string]lattice.ToolRule{
				"spin": {TimeoutMillis: 100}, "endless": {TimeoutMillis: 100},
			}}, mcp.Options{ShowReasons: true, MaxMessage: 64 << 10})
			for _, c := range []struct {
				tool, want string
				events     int // before the response, or -1 if any
			}{
				{tool: "count", want: "1"},
				{tool: "progress", want: "done", events: 3},
				{tool: "endless", want: "-32001 the call timed out", events: -1},
				{tool: "flood", want: "-32603 the server sent an event of more than 65536 bytes"},
				{tool: "large", want: "-32603 the server answered with more than 65536 bytes"},
				{tool: "linger", want: "done"},
				{tool: "late", want: "-32603 the server failed: trap: unreachable", events: 1},
				{tool: "asks", want: `-32603 the server sends the client the request "elicitation/create"`},
				{tool: "ends", want: "-32603 the server ended its stream without a response"},
				{tool: "garbage", want: "-32603 the server sent an event that is no message: it is not JSON"},
				{tool: "stranger", want: "-32603 the server answered another request: its response has the ID 4711"},
				{tool: "other", want: "-32603 the server answered another request"},
				{tool: "nobody", want: "-32603 the server answered another request"},
				{tool: "html", want: `-32603 the server answered with what is no message: it is "text/html": <!doctype html>`},
				{tool: "fails", want: "-32603 the server answered with HTTP 500: Internal Server Error"},
				{tool: "says", want: "-32700 what?"},
				{tool: "batch", want: "-32603 the server answered with what is no message"},
				{tool: "twice", want: "-32603 the server answered with what is no message"},
				{tool: "list", want: "-32603 the server answered with what is no message"},
				{tool: "silent", want: "-32603 the server answered with HTTP 202 and no message"},
				{tool: "wild", want: "-32603 the server answered with an invalid error"},
				{tool: "trap", want: "-32603 the server failed: trap: unreachable"},
				{tool: "spin", want: "-32001 the call timed out"},
				{tool: "none", want: "-32603 the server did not answer"},
				{tool: "count", want: "1"},
			} {
				a := s.send(call("1", c.tool, "{}", `"progressToken":7,"io.modelcontextprotocol/logLevel":"warning"`), "gateway/a")
				if got := a.words(t); !strings.HasPrefix(got, c.want) {
					t.Errorf("%s: %q, want %q", c.tool, got, c.want)
				}
				if n := max(len(a.events)-1, 0); c.events >= 0 && n != c.events {
					t.Errorf("%s: %d events before the response, want %d: %q", c.tool, n, c.events, a.events)
				}
				if id := string(a.response(t).ID); id != "1" || a.status != 200 {
					t.Errorf("%s: status %d, ID %s", c.tool, a.status, id)
				}
			}
			if n := s.target.Metrics().Running.Load(); n != 0 {
				t.Errorf("%d calls are still under way", n)
			}
		})
	}
}

// TestReasons has those who do not run the host be told nothing of what a component knows.
func TestReasons(t *testing.T) {
	s := serve(t, hostile, lattice.MCP{Path: "/modern"}, mcp.Options{})
	for tool, want := range map[string]string{
		"fails": "-32603 the server answered with HTTP 500", "trap": "-32603 the server failed",
		"html": `-32603 the server answered with what is no message: it is "text/html"`,
	} {
		if got := s.send(call("1", tool, "{}", ""), "gateway/a").words(t); got != want {
			t.Errorf("%s: %q, want %q", tool, got, want)
		}
	}
}
