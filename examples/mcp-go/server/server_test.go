package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/wattle-dev/wattle/examples/mcp-go/server"
)

// serve starts the handler and returns its URL.
func serve(t *testing.T, opts server.Options) string {
	t.Helper()
	s := httptest.NewServer(server.New(opts))
	t.Cleanup(s.Close)
	return s.URL + server.Path
}

// connect starts a session with the SDK's client.
func connect(t *testing.T, endpoint string, opts *mcp.ClientOptions) *mcp.ClientSession {
	t.Helper()
	c := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "0"}, opts)
	session, err := c.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: endpoint, DisableStandaloneSSE: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

// call calls a tool and returns its text.
func call(t *testing.T, session *mcp.ClientSession, name string, args map[string]any) (string, bool) {
	t.Helper()
	res, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: args})
	if err != nil {
		t.Fatalf("call %s: %v", name, err)
	}
	var b strings.Builder
	for _, c := range res.Content {
		if content, ok := c.(*mcp.TextContent); ok {
			b.WriteString(content.Text)
		}
	}
	return b.String(), res.IsError
}

func TestTools(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Write([]byte(strings.Repeat("ü", 40<<10)))
	}))
	defer upstream.Close()
	session := connect(t, serve(t, server.Options{Transport: http.DefaultTransport}), nil)

	for _, tc := range []struct {
		tool    string
		args    map[string]any
		want    string // is part of the result
		isError bool
	}{
		{tool: "echo", args: map[string]any{"text": "häuser"}, want: "häuser"},
		{tool: "digest", args: map[string]any{"text": "abc"}, want: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{tool: "digest", args: map[string]any{"text": "abc", "algorithm": "sha1"}, want: "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{tool: "digest", args: map[string]any{"text": "abc", "algorithm": "crc"}, want: `unknown algorithm "crc"`, isError: true},
		{tool: "now", args: map[string]any{"offsetMinutes": 90}, want: "+01:30"},
		{tool: "now", args: map[string]any{"offsetMinutes": 24 * 60}, want: "less than a day", isError: true},
		{tool: "fetch", args: map[string]any{"url": upstream.URL}, want: `"truncated":true`},
		{tool: "fetch", args: map[string]any{"url": "file:///etc/passwd"}, want: `scheme "file"`, isError: true},
		{tool: "test_error_handling", want: "always fails", isError: true},
	} {
		got, isError := call(t, session, tc.tool, tc.args)
		if !strings.Contains(got, tc.want) || isError != tc.isError {
			t.Errorf("%s(%v) = %.100q, error %v; want %q, error %v", tc.tool, tc.args, got, isError, tc.want, tc.isError)
		}
	}
}

func TestNoTransportNoFetch(t *testing.T) {
	res, err := connect(t, serve(t, server.Options{}), nil).ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(res.Tools, func(tool *mcp.Tool) bool { return tool.Name == "fetch" }) {
		t.Error("fetch is offered without a transport")
	}
}

func TestInputRequired(t *testing.T) {
	opts := &mcp.ClientOptions{
		ElicitationHandler: func(_ context.Context, req *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			answer := map[string]any{"name": "Ada", "ok": true, "color": "mauve"}
			if strings.Contains(req.Params.Message, "name") {
				answer = map[string]any{"name": "Ada"}
			}
			return &mcp.ElicitResult{Action: "accept", Content: answer}, nil
		},
	}
	session := connect(t, serve(t, server.Options{StateKey: []byte("k")}), opts)
	for tool, want := range map[string]string{
		"test_input_required_result_elicitation":   "Hello, Ada!",
		"test_input_required_result_request_state": "state-ok",
		"test_input_required_result_multi_round":   "Ada likes mauve",
	} {
		if got, _ := call(t, session, tool, nil); !strings.Contains(got, want) {
			t.Errorf("%s = %q, want %q", tool, got, want)
		}
	}
}

func TestHostAndOrigin(t *testing.T) {
	for _, tc := range []struct {
		host, origin string
		allowed      []string
		forbidden    bool
	}{
		{host: "mcp.example:8000"},
		{host: "mcp.example", origin: "https://mcp.example"},
		{host: "mcp.example", origin: "https://evil.example", forbidden: true},
		{host: "mcp.example", origin: "null", forbidden: true},
		{host: "mcp.example:8000", allowed: []string{"mcp.example"}},
		{host: "evil.example", allowed: []string{"mcp.example"}, forbidden: true},
		{host: "[::1]:80", allowed: []string{"::1"}},
	} {
		r := httptest.NewRequest(http.MethodGet, server.Path, nil)
		r.Host = tc.host
		if tc.origin != "" {
			r.Header.Set("Origin", tc.origin)
		}
		w := httptest.NewRecorder()
		server.New(server.Options{AllowedHosts: tc.allowed}).ServeHTTP(w, r)
		if got := w.Code == http.StatusForbidden; got != tc.forbidden {
			t.Errorf("host %q, origin %q, allowed %q: status %d, want forbidden %v", tc.host, tc.origin, tc.allowed, w.Code, tc.forbidden)
		}
	}
}
