package mcp_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/providers/mcp"
)

// one is a server with one tool, which says what it was sent.
func one() server {
	return server{
		mcp:      lattice.MCP{Name: "one"},
		contents: catalogue.Contents{Tools: []json.RawMessage{tool("echo")}, Capabilities: json.RawMessage(`{"tools":{}}`)},
		component: func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
			return result(w, r, `{"resultType":"complete","content":[]}`)
		},
	}
}

// result answers a request with a result.
func result(w http.ResponseWriter, r *http.Request, result string) error {
	var of struct{ ID json.RawMessage }
	if err := json.NewDecoder(r.Body).Decode(&of); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err := fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":%s}`, of.ID, result)
	return err
}

// changed returns a header with fields set, or taken away if they are empty.
func changed(h http.Header, fields ...string) http.Header {
	h = h.Clone()
	for i := 0; i < len(fields); i += 2 {
		if h.Del(fields[i]); fields[i+1] != "" {
			h.Set(fields[i], fields[i+1])
		}
	}
	return h
}

// TestRefused has requests be refused before a component is woken, with the status and the
// code that the specification wants.
func TestRefused(t *testing.T) {
	of := one()
	of.component = func(http.ResponseWriter, *http.Request, *lattice.Invocation) error {
		t.Error("the component was asked")
		return nil
	}
	b := start(t, &mcp.Options{Local: true, MaxBody: 4096}, of)
	const path = "/mcp/one"
	body := func(params string) string {
		return fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{},%s}}`, params)
	}
	withMeta := func(meta string) string { return body(`"_meta":` + meta) }
	good, header := withMeta(meta), modernHeader("tools/call", "echo")
	for _, test := range []struct {
		name, method, path, body string
		header                   http.Header
		status, code             int
	}{
		{"put", http.MethodPut, path, good, header, 405, 405},
		{"get", http.MethodGet, path, "", header, 405, 405},
		{"delete", http.MethodDelete, path, "", header, 405, 405},
		{"head of a session in a modern request", http.MethodGet, path, "", changed(header, "Mcp-Session-Id", "x"), 405, 405},
		{"no such server", http.MethodPost, "/mcp/two", good, header, 404, 404},
		{"no name of a server", http.MethodPost, "/mcp/ONE", good, header, 404, 404},
		{"deeper", http.MethodPost, "/mcp/one/two", good, header, 404, 404},
		{"another mode", http.MethodPost, path + "?tools=all", good, header, 404, 404},
		{"a page of elsewhere", http.MethodPost, path, good, changed(header, "Origin", "http://evil.example"), 403, 403},
		{"a page without origin", http.MethodPost, path, good, changed(header, "Origin", "null"), 403, 403},
		{"a name of elsewhere", http.MethodPost, path, good, changed(header, "Host", "evil.example"), 403, 403},
		{"no token", http.MethodPost, path, good, changed(header, "Authorization", ""), 401, 401},
		{"another token", http.MethodPost, path, good, changed(header, "Authorization", "Bearer other"), 401, 401},
		{"text", http.MethodPost, path, good, changed(header, "Content-Type", "text/plain"), 415, 415},
		{"latin", http.MethodPost, path, good, changed(header, "Content-Type", "application/json; charset=latin1"), 415, 415},
		{"compressed", http.MethodPost, path, good, changed(header, "Content-Encoding", "gzip"), 415, 415},
		{"no events", http.MethodPost, path, good, changed(header, "Accept", "application/json"), 406, 406},
		{"no documents", http.MethodPost, path, good, changed(header, "Accept", "text/event-stream, application/json;q=0"), 406, 406},
		{"large", http.MethodPost, path, strings.Repeat(" ", 4097), header, 413, 413},
		{"nothing", http.MethodPost, path, "", header, 400, -32700},
		{"no JSON", http.MethodPost, path, "{", header, 400, -32700},
		{"two documents", http.MethodPost, path, good + good, header, 400, -32700},
		{"no UTF-8", http.MethodPost, path, body("\"\xff\":1"), header, 400, -32700},
		{"a member twice", http.MethodPost, path, body(`"name":"other","_meta":` + meta), header, 400, -32700},
		{"a member twice, hidden", http.MethodPost, path, body(`"n\u0061me":"other","_meta":` + meta), header, 400, -32700},
		{"a member in capitals", http.MethodPost, path, body(`"Name":"other","_meta":` + meta), header, 400, -32700},
		{"deep", http.MethodPost, path, body(`"x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200)), header, 400, -32700},
		{"batch", http.MethodPost, path, "[" + good + "]", header, 400, -32600},
		{"no version of JSON-RPC", http.MethodPost, path, strings.Replace(good, `"2.0"`, `"1.0"`, 1), header, 400, -32600},
		{"no id", http.MethodPost, path, strings.Replace(good, `"id":7`, `"id":null`, 1), header, 400, -32600},
		{"half an id", http.MethodPost, path, strings.Replace(good, `"id":7`, `"id":7.5`, 1), header, 400, -32600},
		{"a long id", http.MethodPost, path, strings.Replace(good, `"id":7`, `"id":"`+strings.Repeat("x", 600)+`"`, 1), header, 400, -32600},
		{"both", http.MethodPost, path, strings.Replace(good, `"id":7`, `"id":7,"result":{}`, 1), header, 400, -32600},
		{"params are no object", http.MethodPost, path, `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":[]}`, header, 400, -32600},
		{"a response", http.MethodPost, path, `{"jsonrpc":"2.0","id":7,"result":{}}`, header, 400, -32600},
		{"no header of the version", http.MethodPost, path, good, changed(header, "Mcp-Protocol-Version", ""), 400, -32020},
		{"another version", http.MethodPost, path, good, changed(header, "Mcp-Protocol-Version", "2025-11-25"), 400, -32020},
		{"an unknown version", http.MethodPost, path, strings.ReplaceAll(good, "2026-07-28", "1900-01-01"), changed(header, "Mcp-Protocol-Version", "1900-01-01"), 400, -32022},
		{"an unknown version of a session", http.MethodPost, path, body(`"x":1`), changed(header, "Mcp-Protocol-Version", "2024-11-05"), 400, -32022},
		{"no _meta", http.MethodPost, path, body(`"x":1`), header, 400, -32602},
		{"no version in _meta", http.MethodPost, path, withMeta(`{"io.modelcontextprotocol/clientCapabilities":{}}`), header, 400, -32602},
		{"no capabilities in _meta", http.MethodPost, path, withMeta(`{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}`), header, 400, -32602},
		{"an unknown level", http.MethodPost, path, withMeta(strings.Replace(meta, "{", `{"io.modelcontextprotocol/logLevel":"loud",`, 1)), header, 400, -32602},
		{"no header of the method", http.MethodPost, path, good, changed(header, "Mcp-Method", ""), 400, -32020},
		{"another method", http.MethodPost, path, good, changed(header, "Mcp-Method", "Tools/Call"), 400, -32020},
		{"no header of the name", http.MethodPost, path, good, changed(header, "Mcp-Name", ""), 400, -32020},
		{"another name", http.MethodPost, path, good, changed(header, "Mcp-Name", "other"), 400, -32020},
		{"another name, packed", http.MethodPost, path, good, changed(header, "Mcp-Name", "=?base64?b3RoZXI=?="), 400, -32020},
		{"an unknown tool", http.MethodPost, path, strings.Replace(good, "echo", "other", 1), changed(header, "Mcp-Name", "other"), 200, -32602},
		{"an unknown method", http.MethodPost, path, strings.Replace(good, "tools/call", "tools/other", 1), changed(header, "Mcp-Method", "tools/other"), 404, -32601},
		{"a method of before", http.MethodPost, path, strings.Replace(good, "tools/call", "initialize", 1), changed(header, "Mcp-Method", "initialize"), 404, -32601},
		{"a list that is not there", http.MethodPost, path, strings.Replace(good, "tools/call", "prompts/list", 1), changed(header, "Mcp-Method", "prompts/list"), 404, -32601},
		{"no session", http.MethodPost, path, body(`"x":1`), changed(header, "Mcp-Protocol-Version", "2025-11-25"), 400, -32600},
		{"no session and no version", http.MethodPost, path, body(`"x":1`), changed(header, "Mcp-Protocol-Version", ""), 400, -32600},
		{"another session", http.MethodPost, path, body(`"x":1`), changed(header, "Mcp-Protocol-Version", "2025-11-25", "Mcp-Session-Id", "abc"), 404, 404},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := b.send(test.method, test.path, test.body, test.header)
			if code, text := a.error(t); a.status != test.status || code != test.code {
				t.Errorf("status %d, code %d %q, want %d and %d", a.status, code, text, test.status, test.code)
			}
			if a.status == http.StatusMethodNotAllowed && a.header.Get("Allow") == "" {
				t.Error("no Allow")
			}
		})
	}
}

// TestAccepted has requests be taken that are as they may be.
func TestAccepted(t *testing.T) {
	b := start(t, &mcp.Options{Local: true, Origins: []string{"https://app.example"}}, one())
	body := fmt.Sprintf(` {"method":"tools\/call", "id" : "\u0061b" ,"jsonrpc":"2.0","params":{"_meta":%s,"name":"ech\u006f"}} `+"\n", meta)
	header := modernHeader("tools/call", "echo")
	for name, h := range map[string]http.Header{
		"plain":            header,
		"packed name":      changed(header, "Mcp-Name", "=?base64?ZWNobw==?="),
		"blanks":           changed(header, "Mcp-Name", "  echo "),
		"any type":         changed(header, "Accept", "*/*"),
		"types":            changed(header, "Accept", "text/*;q=0.5, Application/JSON"),
		"charset":          changed(header, "Content-Type", "application/json; charset=UTF-8"),
		"a page of ours":   changed(header, "Origin", "https://app.example"),
		"a page from here": changed(header, "Origin", "http://localhost:1234"),
		"an old session":   changed(header, "Mcp-Session-Id", "whatever"),
	} {
		t.Run(name, func(t *testing.T) {
			a := b.send(http.MethodPost, "/mcp/one", body, h)
			if want := `{"jsonrpc":"2.0","id":"\u0061b","result":{"resultType":"complete","content":[]}}`; a.status != 200 || a.body != want {
				t.Errorf("%d %s, want %s", a.status, a.body, want)
			}
			if got := a.header.Get("Access-Control-Allow-Origin"); got != h.Get("Origin") {
				t.Errorf("allowed origin %q, want %q", got, h.Get("Origin"))
			}
		})
	}
	if a := b.send(http.MethodPost, "/mcp/one", `{"jsonrpc":"2.0","method":"notifications/x"}`, modernHeader("notifications/x", "")); a.status != http.StatusAccepted || a.body != "" {
		t.Errorf("a notification: %d %s", a.status, a.body)
	}
	preflight := http.Header{"Origin": {"https://app.example"}, "Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"mcp-method"}}
	a := b.send(http.MethodOptions, "/mcp/one", "", preflight)
	if a.status != http.StatusNoContent || a.header.Get("Access-Control-Allow-Headers") != "mcp-method" {
		t.Errorf("preflight: %d %v", a.status, a.header)
	}
}

// TestSentToComponent looks at what a component is sent.
func TestSentToComponent(t *testing.T) {
	of := one()
	of.mcp = lattice.MCP{Name: "one", Alias: "o", Tools: map[string]lattice.ToolRule{"echo": {Name: "say"}}}
	var header http.Header
	var body map[string]any
	var callers []lattice.Caller
	of.component = func(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) error {
		header, callers, body = r.Header.Clone(), inv.Callers, nil
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		_, err := w.Write([]byte(`{"jsonrpc":"2.0","id":7,"result":{}}`))
		return err
	}
	b := start(t, nil, of)
	h := changed(modernHeader("tools/call", "o_say"), "Cookie", "a=b", "Mcp-Param-X", "y", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "Wattle-Hops", "3", "X-Other", "z")
	a := b.send(http.MethodPost, "/mcp", fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"o_say","big":12345678901234567890,"_meta":%s}}`, meta), h)
	if a.status != 200 {
		t.Fatal(a.status, a.body)
	}
	want := http.Header{
		"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}, "Mcp-Protocol-Version": {"2026-07-28"},
		"Mcp-Method": {"tools/call"}, "Mcp-Name": {"echo"}, "Mcp-Param-X": {"y"}, "Wattle-Hops": {"3"},
		"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
	}
	if diff := cmp.Diff(want, header); diff != "" {
		t.Error(diff)
	}
	b.send(http.MethodPost, "/mcp", fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"o_say","_meta":%s}}`,
		strings.Replace(meta, "{", `{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",`, 1)), modernHeader("tools/call", "o_say"))
	if got := header.Get("Traceparent"); got != want.Get("Traceparent") {
		t.Errorf("traceparent of _meta: %q", got)
	}
	if name := body["params"].(map[string]any)["name"]; name != "echo" {
		t.Errorf("name %v", name)
	}
	if diff := cmp.Diff([]lattice.Caller{"gateway/user"}, callers); diff != "" {
		t.Error(diff)
	}
}
