package mcp_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/providers/mcp"
)

// TestMetadata is about what clients are told who have no token (RFC 9728).
func TestMetadata(t *testing.T) {
	u, err := url.Parse("https://tools.example.com")
	if err != nil {
		t.Fatal(err)
	}
	var refuse error
	b := start(t, &mcp.Options{
		URL: u, Issuers: []string{"https://auth.example.com"}, Scopes: []string{"mcp:call", "mcp:list"},
		Authenticate: func(*http.Request) (*mcp.Principal, error) { return nil, refuse },
	}, one())
	host := http.Header{"Host": {"tools.example.com"}}
	for path, resource := range map[string]string{"": "/mcp", "/mcp": "/mcp", "/mcp/one": "/mcp/one", "/mcp/unknown": "/mcp/unknown"} {
		a := b.send(http.MethodGet, mcp.MetadataPath+path, "", host)
		want := fmt.Sprintf(`{"resource":"https://tools.example.com%s","authorization_servers":["https://auth.example.com"],"scopes_supported":["mcp:call","mcp:list"],"bearer_methods_supported":["header"],"resource_name":"Wattle"}`, resource)
		if a.status != 200 || a.body != want || a.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := b.send(http.MethodGet, mcp.MetadataPath+"/other", "", host); a.status != 404 {
		t.Error(a.status)
	}
	if a := b.send(http.MethodPost, mcp.MetadataPath, "", host); a.status != 405 {
		t.Error(a.status)
	}
	header := changed(modernHeader("tools/list", ""), "Host", "tools.example.com")
	for _, test := range []struct {
		err    error
		status int
		want   string
	}{
		{mcp.ErrUnauthenticated, 401, `Bearer resource_metadata="https://tools.example.com/.well-known/oauth-protected-resource/mcp/one", scope="mcp:call mcp:list"`},
		{nil, 401, `Bearer resource_metadata="https://tools.example.com/.well-known/oauth-protected-resource/mcp/one", scope="mcp:call mcp:list"`},
		{&mcp.ChallengeError{Code: "invalid_token", Description: "it is \"old\"\r\n"}, 401, `Bearer resource_metadata="https://tools.example.com/.well-known/oauth-protected-resource/mcp/one", error="invalid_token", error_description="it is \"old\""`},
		{&mcp.ChallengeError{Code: "insufficient_scope", Scope: "mcp:admin"}, 403, `Bearer resource_metadata="https://tools.example.com/.well-known/oauth-protected-resource/mcp/one", error="insufficient_scope", scope="mcp:admin"`},
	} {
		refuse = test.err
		a := b.send(http.MethodPost, "/mcp/one", `{}`, header)
		if a.status != test.status || a.header.Get("WWW-Authenticate") != test.want {
			t.Errorf("%v: %d %s, want %d %s", test.err, a.status, a.header.Get("WWW-Authenticate"), test.status, test.want)
		}
	}
	if a := b.send(http.MethodPost, "/mcp/one", `{}`, changed(header, "Host", "other.example.com")); a.status != 403 {
		t.Errorf("another host: %d", a.status)
	}
}

// TestOptions refuses what cannot be.
func TestOptions(t *testing.T) {
	b := start(t, nil)
	for _, opts := range []*mcp.Options{nil, {}, {Authenticate: authenticate, Origins: []string{"example.com"}}, {Authenticate: authenticate, Origins: []string{"https://example.com/path"}}} {
		if _, err := mcp.New(b, b, opts); err == nil {
			t.Errorf("%+v was taken", opts)
		}
	}
}

// TestParams holds headers of arguments against the arguments, and makes them for clients
// that do not.
func TestParams(t *testing.T) {
	schema := `{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},"deep":{"type":"object","properties":{"n":{"type":"integer","x-mcp-header":"N"}}},"dry":{"type":"boolean","x-mcp-header":"Dry-Run"}}}`
	var got http.Header
	of := server{
		mcp:      lattice.MCP{Name: "one"},
		contents: catalogue.Contents{Tools: []json.RawMessage{json.RawMessage(`{"name":"sql","inputSchema":` + schema + `}`)}},
		component: func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
			got = http.Header{}
			for name, v := range r.Header {
				if strings.HasPrefix(name, "Mcp-Param-") {
					got[name] = v
				}
			}
			return result(w, r, "{}")
		},
	}
	b := start(t, nil, of)
	call := func(arguments string, fields ...string) *answer {
		got = nil
		body := fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"sql","arguments":%s,"_meta":%s}}`, arguments, meta)
		return b.send(http.MethodPost, "/mcp/one", body, changed(modernHeader("tools/call", "sql"), fields...))
	}
	for _, test := range []struct {
		arguments string
		fields    []string
		code      int
	}{
		{`{}`, nil, 0},
		{`{"region":null}`, nil, 0},
		{`{"region":"eu","deep":{"n":42},"dry":true}`, []string{"Mcp-Param-Region", "eu", "mcp-param-n", "42.0", "Mcp-Param-Dry-Run", "true"}, 0},
		{`{"region":"Grüße"}`, []string{"Mcp-Param-Region", "=?base64?R3LDvMOfZQ==?="}, 0},
		{`{"region":"eu"}`, nil, -32020},
		{`{"region":"eu"}`, []string{"Mcp-Param-Region", "us"}, -32020},
		{`{"region":"Grüße"}`, []string{"Mcp-Param-Region", "Grüße"}, -32020},
		{`{"region":"eu"}`, []string{"Mcp-Param-Region", "=?base64?!?="}, -32020},
		{`{"deep":{"n":42}}`, []string{"Mcp-Param-N", "43"}, -32020},
		{`{"dry":true}`, []string{"Mcp-Param-Dry-Run", "True"}, -32020},
		{`{}`, []string{"Mcp-Param-Region", "eu"}, -32020},
		{`{"region":{}}`, []string{"Mcp-Param-Region", "eu"}, -32602},
		{`{"region":"eu","region":"us"}`, []string{"Mcp-Param-Region", "eu"}, -32602},
	} {
		a := call(test.arguments, test.fields...)
		code, text := a.error(t)
		if code != test.code || code != 0 && (a.status != 400 || got != nil) {
			t.Errorf("%s %v: %d %d %s, want %d", test.arguments, test.fields, a.status, code, text, test.code)
		}
	}
	id := b.initialize("/mcp", clientParams)
	b.old("/mcp", id, "tools/call", `"name":"one_sql","arguments":{"region":" x","deep":{"n":-7},"dry":false}`)
	want := http.Header{"Mcp-Param-Region": {"=?base64?IHg=?="}, "Mcp-Param-N": {"-7"}, "Mcp-Param-Dry-Run": {"false"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	b.modern("/mcp?tools=search", "tools/call", "call_tool", `"name":"call_tool","arguments":{"name":"one_sql","arguments":{"region":"eu"}},`)
	if diff := cmp.Diff(http.Header{"Mcp-Param-Region": {"eu"}}, got); diff != "" {
		t.Error(diff)
	}
}

// TestNoParams is about annotations that the specification does not allow.
func TestNoParams(t *testing.T) {
	for _, schema := range []string{
		`{"x":{"type":"number","x-mcp-header":"X"}}`, `{"x":{"type":"string","x-mcp-header":""}}`, `{"x":{"type":"string","x-mcp-header":"a b"}}`,
		`{"x":{"type":"string","x-mcp-header":"A"},"y":{"type":"string","x-mcp-header":"a"}}`, `{"x":{"type":"array","items":{"type":"string","x-mcp-header":"A"}}}`,
	} {
		of := one()
		of.contents.Tools = []json.RawMessage{json.RawMessage(`{"name":"echo","inputSchema":{"type":"object","properties":` + schema + `}}`)}
		b := start(t, nil, of)
		if a := b.modern("/mcp/one", "tools/call", "echo", `"name":"echo","arguments":{"x":"v"},`); a.status != 200 {
			t.Errorf("%s: %s", schema, a.body)
		}
	}
}
