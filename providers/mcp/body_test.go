package mcp_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/providers/mcp"
)

// An invoker that reads a request when its call is over reads nothing of it, nor of the
// one that has its memory then.
func TestBodyAfterCall(t *testing.T) {
	var kept []io.Reader
	keep := func(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) error {
		kept = append(kept, r.Body)
		if _, err := io.ReadFull(r.Body, make([]byte, 10)); err != nil {
			return err
		}
		return serving(http.HandlerFunc(echo))(w, &http.Request{Body: io.NopCloser(strings.NewReader(`"text":"said"`))}, inv)
	}
	b := start(t, &mcp.Options{Local: true}, server{
		mcp: lattice.MCP{Name: "keeps"}, contents: catalogue.Contents{Tools: []json.RawMessage{tool("echo")}}, component: keep,
	})
	for range 3 {
		body := fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"text":%q},"_meta":%s}}`, strings.Repeat("secret", 1000), meta)
		if a := b.send(http.MethodPost, "/mcp/keeps", body, modernHeader("tools/call", "echo")); !strings.Contains(a.body, `"text":"said"`) {
			t.Fatalf("answered %d %s", a.status, a.body)
		}
		for _, r := range kept {
			if text, err := io.ReadAll(r); len(text) > 0 || !errors.Is(err, http.ErrBodyReadAfterClose) {
				t.Errorf("read %q, %v after the call", text, err)
			}
		}
	}
}

// Events that a component writes at once are sent at once, and do not wait for the
// response.
func TestEventsTogether(t *testing.T) {
	read := make(chan struct{})
	events := func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
		w.Header().Set("Content-Type", "text/event-stream")
		const event = "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":1,\"progress\":%d}}\n\n"
		fmt.Fprintf(w, event+event, 1, 2)
		select {
		case <-read:
		case <-r.Context().Done():
			return r.Context().Err()
		}
		_, err := fmt.Fprintf(w, event+"data: {\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"resultType\":\"complete\",\"content\":[]}}\n\n", 3)
		return err
	}
	b := start(t, &mcp.Options{Local: true, KeepAlive: time.Hour}, server{
		mcp: lattice.MCP{Name: "tells"}, contents: catalogue.Contents{Tools: []json.RawMessage{tool("echo")}}, component: events,
	})
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","_meta":{"progressToken":1,%s}}`, meta[1:])
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/mcp/tells", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = modernHeader("tools/call", "echo")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	seen := 0
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if !strings.HasPrefix(lines.Text(), "data: ") {
			continue
		}
		if seen++; seen == 2 {
			close(read)
		}
	}
	if seen != 4 {
		t.Errorf("%d messages came, want 4", seen)
	}
}
