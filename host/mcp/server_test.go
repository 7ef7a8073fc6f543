package mcp_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/mcp"
	"github.com/wattle-dev/wattle/lattice"
)

// TestRequests has clients send what is no request, or another than its header says.
func TestRequests(t *testing.T) {
	s := serve(t, hostile, lattice.MCP{Path: "/modern"}, mcp.Options{MaxMessage: 1 << 10})
	meta := `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}`
	for _, c := range []struct {
		name, body string
		header     map[string]string
		method     string
		status     int
		want       string
	}{
		{name: "good", want: "200 1"},
		{name: "GET", method: http.MethodGet, want: "405 -32600 an MCP server takes POST"},
		{name: "no JSON", body: "{", want: "200 -32700"},
		{name: "nothing", body: " ", want: "200 -32700"},
		{name: "two texts", body: "{} {}", want: "200 -32700"},
		{name: "no UTF-8", body: "{\"\xff\":1}", want: "200 -32700"},
		{name: "a batch", body: `[{"jsonrpc":"2.0","id":1,"method":"x"}]`, want: "200 -32600"},
		{name: "another version of JSON-RPC", body: `{"jsonrpc":"1.0","id":1,"method":"x"}`, want: "200 -32600"},
		{name: "an ID that is none", body: `{"jsonrpc":"2.0","id":{},"method":"x"}`, want: "200 -32600"},
		{name: "a fraction as ID", body: `{"jsonrpc":"2.0","id":1.5,"method":"x"}`, want: "200 -32600"},
		{name: "a member twice", body: `{"jsonrpc":"2.0","id":1,"method":"x","id":2}`, want: "200 -32600"},
		{name: "a member twice, written in another way", body: `{"jsonrpc":"2.0","id":1,"method":"x","i\u0064":2}`, want: "200 -32600"},
		{name: "no method", body: `{"jsonrpc":"2.0","id":1}`, want: "200 -32600"},
		{name: "a response", body: `{"jsonrpc":"2.0","id":1,"result":{}}`, want: "200 -32600 a server takes no responses"},
		{name: "parameters in order", body: `{"jsonrpc":"2.0","id":1,"method":"x","params":[1]}`, want: "200 -32600"},
		{name: "parameters twice", body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}`, want: "200 -32602"},
		{name: "a notification", body: `{"jsonrpc":"2.0","method":"notifications/cancelled"}`, want: "202"},
		{name: "too long", body: `{"jsonrpc":"2.0","id":1,"method":"` + strings.Repeat("x", 1<<10) + `"}`, want: "200 -32600 the request has more than 1024 bytes"},
		{name: "another revision", header: map[string]string{"Mcp-Protocol-Version": "2025-11-25"}, want: "200 -32022"},
		{name: "no revision", header: map[string]string{"Mcp-Protocol-Version": ""}, want: "200 -32022"},
		{name: "another method", header: map[string]string{"Mcp-Method": "tools/list"}, want: "200 -32020"},
		{name: "another name", header: map[string]string{"Mcp-Name": "echo"}, want: "200 -32020"},
		{name: "an encoded name", header: map[string]string{"Mcp-Name": "=?base64?Y291bnQ=?="}, want: "200 1"},
		{name: "no revision in _meta", body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"count"}}`, want: "200 -32602"},
		{name: "another revision in _meta", body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2027-01-01"},"name":"count"}}`, want: "200 -32020"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.body == "" {
				c.body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{` + meta + `,"name":"count"}}`
			}
			if c.method == "" {
				c.method = http.MethodPost
			}
			r := httptest.NewRequest(c.method, "/", strings.NewReader(c.body))
			for name, value := range map[string]string{"Mcp-Protocol-Version": mcp.Version, "Mcp-Method": "tools/call", "Mcp-Name": "count"} {
				r.Header.Set(name, value)
			}
			for name, value := range c.header {
				r.Header.Set(name, value)
			}
			a := s.send(r, "gateway/x")
			got := http.StatusText(a.status)
			if a.status != http.StatusAccepted {
				got = a.words(t)
			}
			if text := strings.TrimSpace(strings.Join([]string{jsonInt(a.status), got}, " ")); !strings.HasPrefix(text, c.want) {
				t.Errorf("answered %s, want %s", text, c.want)
			}
		})
	}
}

func jsonInt(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

// TestRelay has a server of the revision be given what its client sent, and the client what
// the server answered, byte for byte but for blanks.
func TestRelay(t *testing.T) {
	s := serve(t, hostile, lattice.MCP{Path: "/modern"}, mcp.Options{})
	const params = `{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","x":[1.50,1e400]}, "arguments":{"z":12345678901234567890,"a":"\u00e9"},"name":"echo"}`
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"method":"tools/call","extra":{},"params":`+params+`,"jsonrpc":"2.0","id":"a\u0062"}`))
	for name, value := range map[string]string{"Mcp-Protocol-Version": mcp.Version, "Mcp-Method": "tools/call", "Mcp-Name": "echo"} {
		r.Header.Set(name, value)
	}
	want := `{"jsonrpc":"2.0","id":"a\u0062","result":{"method":"tools/call","extra":{},"params":` + strings.Replace(params, ", ", ",", 1) +
		`,"jsonrpc":"2.0","id":"a\u0062","resultType":"complete"}}`
	if d := cmp.Diff(want, s.send(r, "gateway/x").text); d != "" {
		t.Errorf("the answer (-want +got):\n%s", d)
	}
}

// TestTranslate has a server of an earlier revision be asked in that, and answer in this one.
func TestTranslate(t *testing.T) {
	for _, era := range eras[1:] {
		t.Run(era[1:], func(t *testing.T) {
			s := serve(t, hostile, lattice.MCP{Path: era}, mcp.Options{})
			r := request("7", "tools/call", `"name":"echo","arguments":{"n":1.50}`, `"io.modelcontextprotocol/clientInfo":{"name":"n"},"progressToken":"p","a.b/c":{}`)
			r.Header.Set("Mcp-Name", "echo")
			const want = `{"jsonrpc":"2.0","id":7,"result":{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"_meta":{"progressToken":"p","a.b/c":{}},` +
				`"name":"echo","arguments":{"n":1.50}},"resultType":"complete"}}`
			if d := cmp.Diff(want, s.send(r, "gateway/x").text); d != "" {
				t.Errorf("the answer (-want +got):\n%s", d)
			}
			r = request("7", "tools/call", `"name":"echo"`, "")
			r.Header.Set("Mcp-Name", "echo")
			if got := s.send(r, "gateway/x").text; !strings.Contains(got, `"params":{"name":"echo"}`) {
				t.Errorf("without anything that is for the server: %s", got)
			}
			if got := s.send(call("1", "missing", "{}", ""), "gateway/x").words(t); got != "-32602 not here" {
				t.Errorf("an error of that revision: %s", got)
			}
			if got := s.send(request("1", "resources/list", "", ""), "gateway/x").text; got !=
				`{"jsonrpc":"2.0","id":1,"result":{"resources":[{"uri":"test://x","name":"x"}],"ttlMs":0,"cacheScope":"private","resultType":"complete"}}` {
				t.Errorf("a list: %s", got)
			}
			if got := s.send(request("1", "server/discover", "", ""), "gateway/x").text; got !=
				`{"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{},"logging":{},"resources":{}},`+
					`"ttlMs":0,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"hostile","version":"1"}},"resultType":"complete"}}` {
				t.Errorf("what it is: %s", got)
			}
			for _, method := range []string{"initialize", "ping", "logging/setLevel", "subscriptions/listen", "tasks/get"} {
				if got := s.send(request("1", method, "", ""), "gateway/x").response(t); got.Error.Code != mcp.CodeNoMethod {
					t.Errorf("%s: %+v", method, got)
				}
			}
		})
	}
}

// TestMany has a server be asked more than it takes.
func TestMany(t *testing.T) {
	s := serve(t, hostile, lattice.MCP{Path: "/modern", Tools: map[string]lattice.ToolRule{"spin": {TimeoutMillis: 2_000}}}, mcp.Options{MaxHeld: 8 << 10})
	ended := make(chan answer)
	go func() { ended <- s.send(call("1", "spin", "{}", ""), "gateway/x") }()
	s.awaitCall()
	if a := s.send(call("1", "count", `{}`, ""), "gateway/x"); a.words(t) != "1" {
		t.Errorf("as many bytes as are taken: %s, %v", a.text, a.err)
	}
	if a := s.send(call("1", "count", `{"x":"`+strings.Repeat("x", 5000)+`"}`, ""), "gateway/x"); !errors.Is(a.err, lattice.ErrExhausted) || !lattice.Undelivered(a.err) {
		t.Errorf("more bytes than are taken: %v", a.err)
	}
	<-ended
	if a := s.send(call("1", "count", `{"x":"`+strings.Repeat("x", 9000)+`"}`, ""), "gateway/x"); a.words(t) != "1" {
		t.Errorf("one alone: %s", a.text)
	}
}

// TestNotificationsAreBounded has a component send notifications for as long as it may.
func TestNotificationsAreBounded(t *testing.T) {
	target := host.NewTarget(load(t, hostile), &host.Options{MaxResponse: 2 << 20})
	decl := lattice.MCP{Path: "/modern"}
	s := &served{t, mcp.New(target, mcp.NewHTTP(target, "c", &decl, nil), &decl, nil), target}
	a := s.send(call("1", "endless", "{}", `"progressToken":1`), "gateway/x")
	if n := len(a.events) - 1; n != mcp.MaxNotifications {
		t.Errorf("%d notifications came, want %d", n, mcp.MaxNotifications)
	}
	if got := a.words(t); !strings.HasPrefix(got, "-32603 ") {
		t.Errorf("the end is %s", got)
	}
}

// stuck is a client that takes nothing until its time is over.
type stuck struct {
	*httptest.ResponseRecorder
	over chan struct{}
	once sync.Once
}

func (s *stuck) Write(b []byte) (int, error) {
	if s.Header().Get("Content-Type") != "text/event-stream" {
		return len(b), nil
	}
	<-s.over
	return 0, os.ErrDeadlineExceeded
}

func (s *stuck) SetWriteDeadline(at time.Time) error {
	if !at.IsZero() {
		s.once.Do(func() { close(s.over) })
	}
	return nil
}

// TestSlowClient has a client not take what it is sent: the call ends when its time is over.
func TestSlowClient(t *testing.T) {
	s := serve(t, hostile, lattice.MCP{Path: "/modern", TimeoutMillis: 1_000}, mcp.Options{})
	w := &stuck{ResponseRecorder: httptest.NewRecorder(), over: make(chan struct{})}
	func() {
		defer func() {
			if v := recover(); v != http.ErrAbortHandler { //nolint:errorlint // it is panicked with as it is
				t.Errorf("the answer is not cut off: %v", v)
			}
		}()
		_ = s.HTTP(w, call("1", "endless", "{}", `"progressToken":1`), callers("x"))
	}()
	if n := s.target.Metrics().Running.Load(); n != 0 {
		t.Errorf("%d calls are still under way", n)
	}
}

// TestListen has a stream of changes end when the component has had its time.
func TestListen(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling takes some time")
	}
	target := host.NewTarget(load(t, goSDK), &host.Options{Timeout: time.Second})
	decl := lattice.MCP{}
	s := &served{t, mcp.New(target, mcp.NewHTTP(target, "c", &decl, nil), &decl, nil), target}
	a := s.send(request("5", "subscriptions/listen", `"notifications":{"resourceSubscriptions":["test://watched-resource"],"toolsListChanged":true}`, ""), "gateway/x")
	if len(a.events) != 2 || !strings.Contains(a.events[0], `"method":"notifications/subscriptions/acknowledged"`) {
		t.Fatalf("the stream is %q, %v", a.events, a.text)
	}
	const want = `{"jsonrpc":"2.0","id":5,"result":{"_meta":{"io.modelcontextprotocol/subscriptionId":5},"resultType":"complete"}}`
	if a.text != want {
		t.Errorf("the end is %s, want %s", a.text, want)
	}
}
