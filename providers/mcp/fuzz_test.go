package mcp_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/mcp"
)

// FuzzAnswer has a component answer anything: the client always gets one response to its
// request.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{
		finalMessage, event(stepMessage) + event(finalMessage), "data: " + finalMessage, ":\r\n\r\ndata:{\ndata:}\n\n", `{"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"m"}}`,
		event(`{"jsonrpc":"2.0","id":7,"result":{"resultType":"input_required","requestState":"s"}}`), "\r\r\n\r", `{"jsonrpc":"2.0","error":{"code":1}}`,
	} {
		f.Add([]byte(text), uint8(3), true)
		f.Add([]byte(text), uint8(200), false)
	}
	var text []byte
	var size int
	var stream bool
	of := one()
	of.component = func(w http.ResponseWriter, _ *http.Request, _ *lattice.Invocation) error {
		w.Header().Set("Content-Type", map[bool]string{true: "text/event-stream", false: "application/json"}[stream])
		for rest := text; len(rest) > 0; {
			n := min(size, len(rest))
			if _, err := w.Write(rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
		return nil
	}
	b := start(f, &mcp.Options{Local: true, MaxAnswer: 4096, MaxMessages: 10, Logger: slog.New(slog.DiscardHandler)}, of)
	session := b.initialize("/mcp/one", clientParams)
	f.Fuzz(func(t *testing.T, said []byte, chunk uint8, events bool) {
		text, size, stream = said, int(chunk)+1, events
		for _, header := range []http.Header{modernHeader("tools/call", "echo"), sessionHeader(session)} {
			params := `"name":"echo"`
			if header.Get("Mcp-Session-Id") == "" {
				params += `,"_meta":` + meta
			}
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodPost, "/mcp/one", strings.NewReader(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{`+params+`}}`))
			r.Host, r.Header = "localhost", header
			b.ServeHTTP(w, r)
			all := messages(t, w.Result().Header, w.Body.Bytes())
			for i, m := range all {
				var of map[string]json.RawMessage
				if err := json.Unmarshal(m, &of); err != nil {
					t.Fatalf("%q became %q: %v", said, w.Body, err)
				}
				isResponse := of["method"] == nil
				if isResponse != (i == len(all)-1) || isResponse && (string(of["id"]) != "7" || (of["result"] == nil) == (of["error"] == nil)) {
					t.Fatalf("%q became %q", said, w.Body)
				}
			}
			if len(all) == 0 {
				t.Fatalf("%q became %q", said, w.Body)
			}
		}
	})
}

// FuzzRequest has a client send anything: it gets an answer that says whether it was taken.
func FuzzRequest(f *testing.F) {
	for _, method := range []string{"tools/call", "tools/list", "server/discover", "completion/complete", "resources/read", "other/method"} {
		f.Add([]byte(fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":%q,"params":{"name":"echo","uri":"echo","_meta":%s}}`, method, meta)), method, "echo", "2026-07-28", false)
		f.Add([]byte(fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":%q,"params":{"name":"echo"}}`, method)), method, "", "2025-11-25", true)
	}
	f.Add([]byte(`{"jsonrpc":"2.0","id":7,"method":"initialize","params":{"capabilities":{"x":1},"clientInfo":{"name":1}}}`), "", "", "", false)
	f.Add([]byte(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`), "", "", "", true)
	f.Add([]byte(`{"jsonrpc":"2.0","id":"x","result":{}}`), "", "", "", true)
	b := start(f, &mcp.Options{Local: true, Logger: slog.New(slog.DiscardHandler)}, one())
	session := b.initialize("/mcp/one", clientParams)
	f.Fuzz(func(t *testing.T, body []byte, method, name, version string, old bool) {
		if strings.Contains(string(body), "listen") {
			return // it waits for changes
		}
		h := modernHeader(method, name)
		h["Mcp-Protocol-Version"] = []string{version}
		if old {
			h.Set("Mcp-Session-Id", session)
		}
		for _, path := range []string{"/mcp/one", "/mcp", "/mcp?tools=search"} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(body)))
			r.Host, r.Header = "localhost", h
			b.ServeHTTP(w, r)
			if w.Code == http.StatusAccepted {
				continue
			}
			var of struct {
				JSONRPC       string
				Result, Error json.RawMessage
			}
			if err := json.Unmarshal(w.Body.Bytes(), &of); err != nil || of.JSONRPC != "2.0" || (of.Result == nil) == (of.Error == nil) || w.Code >= 500 {
				t.Fatalf("%q became %d %q", body, w.Code, w.Body)
			}
		}
	})
}
