package mcpclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/mcp/mcpclient"
)

const token = "the-token-of-the-test"

// serve has the SDK answer whom has the token, in both eras.
func serve(t *testing.T) string {
	t.Helper()
	s := mcp.NewServer(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ServerOptions{Instructions: "Be careful."})
	type text struct {
		Text string `json:"text"`
	}
	mcp.AddTool(s, &mcp.Tool{Name: "echo", Title: "Echo", Description: "Says it again."}, func(ctx context.Context, r *mcp.CallToolRequest, in text) (*mcp.CallToolResult, any, error) {
		if err := r.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{ProgressToken: r.Params.GetProgressToken(), Progress: 1, Total: 2, Message: "half"}); err != nil {
			return nil, nil, err
		}
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: in.Text}}}, nil, nil
	})
	mcp.AddTool(s, &mcp.Tool{Name: "fail", Annotations: &mcp.ToolAnnotations{Title: "Fail"}}, func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
		return nil, nil, errors.New("it does")
	})
	mcp.AddTool(s, &mcp.Tool{Name: "away"}, func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
		return nil, nil, &jsonrpc.Error{Code: 503, Message: "nobody is there", Data: json.RawMessage(`{"x":1}`)}
	})
	mcp.AddTool(s, &mcp.Tool{Name: "ask"}, func(ctx context.Context, r *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
		a, err := r.Session.Elicit(ctx, &mcp.ElicitParams{Message: "Who?", RequestedSchema: json.RawMessage(`{"type":"object","properties":{"name":{"type":"string"}}}`)})
		if err != nil {
			return nil, nil, err
		}
		name, _ := a.Content["name"].(string)
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: a.Action + " " + name}}}, nil, nil
	})
	get := func(*http.Request) *mcp.Server { return s }
	modern := mcp.NewStreamableHTTPHandler(get, &mcp.StreamableHTTPOptions{Stateless: true})
	legacy := mcp.NewStreamableHTTPHandler(get, nil)
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer "+token:
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path != "/mcp":
			http.NotFound(w, r)
		case r.Header.Get("Mcp-Protocol-Version") >= "2026-07-28":
			modern.ServeHTTP(w, r)
		default:
			legacy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(h.Close)
	return h.URL + "/mcp"
}

func TestClient(t *testing.T) {
	url := serve(t)
	for _, legacy := range []bool{false, true} {
		progress := make(chan string, 8) // it may be told after the call has ended
		c, err := mcpclient.Connect(t.Context(), &mcpclient.Options{
			URL: url, Token: token, Version: "1", Legacy: legacy,
			Progress: func(message string, at, total float64) {
				if at == 1 && total == 2 {
					progress <- message
				}
			},
			Ask: func(_ context.Context, q *mcpclient.Question) (*mcpclient.Answer, error) {
				if q.Message != "Who?" || !strings.Contains(string(q.Schema), `"name"`) {
					t.Errorf("asked %+v", q)
				}
				return &mcpclient.Answer{Action: "accept", Content: map[string]any{"name": "Ada"}}, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		want := mcpclient.Server{Name: "test", Version: "1", Protocol: "2026-07-28", Instructions: "Be careful."}
		if legacy {
			want.Protocol = "2025-11-25"
		}
		if diff := cmp.Diff(want, c.Server()); diff != "" {
			t.Errorf("server (-want +got):\n%s", diff)
		}
		tools, err := c.Tools(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, tool := range tools {
			names = append(names, tool.Name+" "+tool.Title)
			if !json.Valid(tool.Definition) || !strings.Contains(string(tool.Input), `"type":"object"`) {
				t.Errorf("%s: %s, %s", tool.Name, tool.Definition, tool.Input)
			}
		}
		if diff := cmp.Diff([]string{"ask ", "away ", "echo Echo", "fail Fail"}, names); diff != "" {
			t.Errorf("tools (-want +got):\n%s", diff)
		}
		r, err := c.Call(t.Context(), "echo", json.RawMessage(`{"text":"hi"}`))
		if err != nil || r.Failed || len(r.Content) != 1 || r.Content[0].Text != "hi" {
			t.Errorf("legacy %v: echo: %+v, %v", legacy, r, err)
		}
		if message := <-progress; message != "half" {
			t.Errorf("legacy %v: progress %q", legacy, message)
		}
		if r, err := c.Call(t.Context(), "fail", json.RawMessage(`{}`)); err != nil || !r.Failed || r.Content[0].Text != "it does" {
			t.Errorf("legacy %v: fail: %+v, %v", legacy, r, err)
		}
		_, err = c.Call(t.Context(), "away", json.RawMessage(`{}`))
		if e, ok := errors.AsType[*mcpclient.Error](err); !ok || !errors.Is(err, lattice.ErrUnavailable) || string(e.Data) != `{"x":1}` {
			t.Errorf("legacy %v: away: %v", legacy, err)
		}
		if legacy { // in the other era a tool answers with what it needs, which is the gateway's to test
			if r, err := c.Call(t.Context(), "ask", json.RawMessage(`{}`)); err != nil || r.Content[0].Text != "accept Ada" {
				t.Errorf("ask: %+v, %v", r, err)
			}
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestNotConnected is what is said of what is no gateway, and that nobody is told the
// token who is not to have it.
func TestNotConnected(t *testing.T) {
	told := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { told++ }))
	defer elsewhere.Close()
	moved := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer moved.Close()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<p>" + token))
	}))
	defer page.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	url := serve(t)
	for _, c := range []struct {
		what, url, token string
		want             error
	}{
		{"another token", url, "another", lattice.ErrDenied},
		{"another path", url + "/x", token, lattice.ErrNotFound},
		{"nobody", gone.URL, token, lattice.ErrUnavailable},
		{"a redirection", moved.URL, token, nil},
		{"a web page", page.URL, token, nil},
	} {
		_, err := mcpclient.Connect(t.Context(), &mcpclient.Options{URL: c.url, Token: c.token})
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("%s: the error has the token: %v", c.what, err)
		}
	}
	if told > 0 {
		t.Error("the token went elsewhere")
	}
}

// TestResponseIsBounded has a server whose answer does not end.
func TestResponseIsBounded(t *testing.T) {
	blank := []byte(strings.Repeat(" ", 1<<20))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for r.Context().Err() == nil {
			if _, err := w.Write(blank); err != nil {
				return
			}
		}
	}))
	defer s.Close()
	if _, err := mcpclient.Connect(t.Context(), &mcpclient.Options{URL: s.URL, Token: token}); err == nil {
		t.Error("there is a connection")
	}
}
