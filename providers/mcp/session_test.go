package mcp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/mcp"
)

// sessionHeader returns the header of a request in a session.
func sessionHeader(id string) http.Header {
	return http.Header{
		"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"},
		"Mcp-Protocol-Version": {"2025-11-25"}, "Mcp-Session-Id": {id},
	}
}

// initialize begins a session and returns its id.
func (b *bench) initialize(path, params string) string {
	b.t.Helper()
	h := sessionHeader("")
	h.Del("Mcp-Session-Id")
	a := b.send(http.MethodPost, path, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{`+params+`}}`, h)
	id := a.header.Get("Mcp-Session-Id")
	if a.status != 200 || id == "" {
		b.t.Fatalf("initialize: %d %s %v", a.status, a.body, a.header)
	}
	return id
}

// clientParams are those of initialize of a client that has everything.
const clientParams = `"protocolVersion":"2025-11-25","capabilities":{"roots":{},"sampling":{},"elicitation":{"form":{},"url":{}}},"clientInfo":{"name":"c","version":"1","icons":[{"src":"data:x"}]}`

// old sends a request in a session.
func (b *bench) old(path, id, method, params string) *answer {
	b.t.Helper()
	return b.send(http.MethodPost, path, fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":%q,"params":{%s}}`, method, params), sessionHeader(id))
}

// TestSession follows a session from its beginning to its end.
func TestSession(t *testing.T) {
	b := start(t, nil, one())
	for wanted, given := range map[string]string{"2025-11-25": "2025-11-25", "2025-06-18": "2025-06-18", "2025-03-26": "2025-03-26", "2024-11-05": "2025-11-25", "": "2025-11-25"} {
		h := sessionHeader("")
		h.Del("Mcp-Session-Id")
		h.Del("Mcp-Protocol-Version")
		a := b.send(http.MethodPost, "/mcp/one", fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":%q}}`, wanted), h)
		want := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":%q,"capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"one","version":"0"}}}`, given)
		if a.body != want {
			t.Errorf("%q: got %s, want %s", wanted, a.body, want)
		}
	}
	id := b.initialize("/mcp/one", clientParams)
	if strings.ContainsFunc(id, func(c rune) bool { return c < 0x21 || c > 0x7e }) {
		t.Errorf("the id is %q", id)
	}
	if a := b.send(http.MethodPost, "/mcp/one", `{"jsonrpc":"2.0","method":"notifications/initialized"}`, sessionHeader(id)); a.status != http.StatusAccepted || a.body != "" {
		t.Errorf("initialized: %d %s", a.status, a.body)
	}
	if a := b.old("/mcp/one", id, "ping", ""); a.body != `{"jsonrpc":"2.0","id":7,"result":{}}` {
		t.Errorf("ping: %s", a.body)
	}
	if a := b.old("/mcp/one", id, "tools/call", `"name":"echo"`); a.body != `{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","content":[]}}` {
		t.Errorf("call: %s", a.body)
	}
	if a := b.old("/mcp/one", id, "tools/list", ""); !strings.Contains(a.body, `"name":"echo"`) || strings.Contains(a.body, "ttlMs") {
		t.Errorf("list: %s", a.body)
	}
	for method, code := range map[string]int{"prompts/list": -32601, "tools/other": -32601, "server/discover": -32601, "subscriptions/listen": -32601, "logging/setLevel": -32602, "resources/subscribe": -32602} {
		a := b.old("/mcp/one", id, method, "")
		if got, _ := a.error(t); got != code || a.status != 200 {
			t.Errorf("%s: %d %s", method, a.status, a.body)
		}
	}
	if a := b.old("/mcp/one", id, "tools/call", `"name":"echo","requestState":"x"`); a.status != 200 || !strings.Contains(a.body, "-32602") {
		t.Errorf("a member of another revision: %s", a.body)
	}
	// Nobody else can use it, and not elsewhere.
	other := sessionHeader(id)
	other.Set("Authorization", "Bearer "+token+"-eve")
	ping := `{"jsonrpc":"2.0","id":7,"method":"ping"}`
	if a := b.send(http.MethodPost, "/mcp/one", ping, other); a.status != 404 {
		t.Errorf("another user: %d", a.status)
	}
	if a := b.send(http.MethodPost, "/mcp", ping, sessionHeader(id)); a.status != 404 {
		t.Errorf("another address: %d", a.status)
	}
	for i := range id {
		c := byte('A')
		if id[i] == c {
			c = 'B'
		}
		if a := b.send(http.MethodPost, "/mcp/one", ping, sessionHeader(id[:i]+string(c)+id[i+1:])); a.status != 404 {
			t.Fatalf("changed at %d: %d", i, a.status)
		}
	}
	if a := b.send(http.MethodDelete, "/mcp/one", "", sessionHeader(id)); a.status != http.StatusNoContent {
		t.Errorf("delete: %d %s", a.status, a.body)
	}
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
		if a := b.send(method, "/mcp/one", ping, sessionHeader(id)); a.status != 404 {
			t.Errorf("%s after the end: %d %s", method, a.status, a.body)
		}
	}
}

// TestReplicas has gateways with the same key serve each other's sessions.
func TestReplicas(t *testing.T) {
	key := [32]byte{1, 2, 3}
	a := start(t, &mcp.Options{Local: true, SessionKey: key}, one())
	b := start(t, &mcp.Options{Local: true, SessionKey: key}, one())
	c := start(t, &mcp.Options{Local: true}, one())
	id := a.initialize("/mcp/one", clientParams)
	if got := b.old("/mcp/one", id, "tools/call", `"name":"echo"`); got.status != 200 {
		t.Errorf("a replica: %d %s", got.status, got.body)
	}
	if got := c.old("/mcp/one", id, "ping", ""); got.status != 404 {
		t.Errorf("another gateway: %d %s", got.status, got.body)
	}
}

// TestSessionExpires is about the time that a session lasts.
func TestSessionExpires(t *testing.T) {
	b := start(t, &mcp.Options{Local: true, Session: time.Nanosecond}, one())
	id := b.initialize("/mcp/one", clientParams)
	if a := b.old("/mcp/one", id, "ping", ""); a.status != 404 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestSentOfSession looks at what a component is sent of a request of a session.
func TestSentOfSession(t *testing.T) {
	of := one()
	var bodies []string
	of.contents.Capabilities = json.RawMessage(`{"logging":{},"tools":{}}`)
	of.component = func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		bodies = append(bodies, string(body))
		w.Header().Set("Content-Type", "application/json")
		_, err = io.WriteString(w, finalMessage)
		return err
	}
	b := start(t, nil, of)
	id := b.initialize("/mcp/one", clientParams)
	b.old("/mcp/one", id, "tools/call", `"name":"echo"`)
	b.old("/mcp/one", id, "logging/setLevel", `"level":"error"`)
	b.old("/mcp/one", id, "tools/call", `"name":"echo","_meta":{"progressToken":3}`)
	b.old("/mcp/one", id, "tools/call", `"name":"echo","_meta":{ }`)
	said := func(level string) string {
		return `"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"roots":{},"sampling":{},"elicitation":{"form":{},"url":{}}},"io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},"io.modelcontextprotocol/logLevel":"` + level + `"`
	}
	want := []string{
		`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"_meta":{` + said("info") + `},"name":"echo"}}`,
		`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","_meta":{` + said("error") + `,"progressToken":3}}}`,
		`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","_meta":{` + said("error") + ` }}}`,
	}
	if diff := cmp.Diff(want, bodies); diff != "" {
		t.Error(diff)
	}
}

// TestOldResult has results be as clients of sessions can read them.
func TestOldResult(t *testing.T) {
	of := one()
	of.component = says(200, "application/json", `{"jsonrpc":"2.0","id":7,"result":{"content":[], "structuredContent" : [1],"isError":false}}`)
	of.contents.Tools = []json.RawMessage{tool("echo", `"outputSchema":{"type":"array"}`), tool("other", `"outputSchema":{"type":"object"}`)}
	b := start(t, nil, of)
	id := b.initialize("/mcp/one", clientParams)
	if a := b.old("/mcp/one", id, "tools/call", `"name":"echo"`); a.body != `{"jsonrpc":"2.0","id":7,"result":{"content":[],"isError":false}}` {
		t.Errorf("result %s", a.body)
	}
	a := b.old("/mcp/one", id, "tools/list", "")
	if want := `"tools":[{"name":"echo","inputSchema":{"type":"object"}},{"name":"other","inputSchema":{"type":"object"},"outputSchema":{"type":"object"}}]`; !strings.Contains(a.body, want) {
		t.Errorf("list %s", a.body)
	}
	if a := b.modern("/mcp/one", "tools/list", "", ""); !strings.Contains(a.body, `"outputSchema":{"type":"array"}`) {
		t.Errorf("modern list %s", a.body)
	}
}

// opened is a stream that is being read.
type opened struct {
	t      *testing.T
	cancel context.CancelFunc
	lines  *bufio.Reader
	status int
}

// open sends a request whose answer is read as it comes.
func (b *bench) open(t *testing.T, method, path, body string, h http.Header) *opened {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, b.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = h
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return &opened{t, cancel, bufio.NewReader(response.Body), response.StatusCode}
}

// next returns the next message, empty at the end.
func (o *opened) next() string {
	o.t.Helper()
	for {
		line, err := o.lines.ReadString('\n')
		if err != nil {
			return ""
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			return strings.TrimSpace(data)
		}
	}
}

// asking is a component that asks for input until it has been given state "done".
func asking(requests string, seen func(params map[string]json.RawMessage)) component {
	return func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
		var of struct {
			ID     json.RawMessage
			Params map[string]json.RawMessage
		}
		if err := json.NewDecoder(r.Body).Decode(&of); err != nil {
			return err
		}
		seen(of.Params)
		w.Header().Set("Content-Type", "application/json")
		answer := `{"resultType":"input_required","requestState":"s` + fmt.Sprint(len(of.Params["requestState"])) + `",` + requests + `}`
		if of.Params["inputResponses"] != nil {
			answer = `{"resultType":"complete","content":[]}`
		}
		_, err := fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":%s}`, of.ID, answer)
		return err
	}
}

// TestInput has a component ask the client of a session.
func TestInput(t *testing.T) {
	of := one()
	var params []map[string]json.RawMessage
	of.component = asking(`"inputRequests":{"b":{"method":"roots/list"},"a":{"method":"elicitation/create","params":{"mode":"url","url":"https://x","message":"m"}},"c":{"method":"elicitation/create","params":{"message":"m","requestedSchema":{"type":"object"}}}}`,
		func(p map[string]json.RawMessage) { params = append(params, p) })
	b := start(t, nil, of)
	id, other := b.initialize("/mcp/one", clientParams), b.initialize("/mcp/one", clientParams)
	s := b.open(t, http.MethodPost, "/mcp/one", `{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"echo","arguments":{"n":1}}}`, sessionHeader(id))
	type asked struct {
		ID     string
		Method string
		Params map[string]json.RawMessage
	}
	var all []asked
	for range 3 {
		var a asked
		if text := s.next(); json.Unmarshal([]byte(text), &a) != nil {
			t.Fatal(text)
		}
		all = append(all, a)
	}
	if got, want := fmt.Sprint(all[0].Method, all[1].Method, all[2].Method), "elicitation/createroots/listelicitation/create"; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	if string(all[0].Params["elicitationId"]) == "" || all[2].Params["elicitationId"] != nil {
		t.Errorf("params %v", all)
	}
	answer := func(session, id, rest string) int {
		return b.send(http.MethodPost, "/mcp/one", fmt.Sprintf(`{"jsonrpc":"2.0","id":%q,%s}`, id, rest), sessionHeader(session)).status
	}
	if got := answer(other, all[0].ID, `"result":{"action":"accept"}`); got != 400 {
		t.Errorf("another session answers: %d", got)
	}
	if got := answer(id, "guess", `"result":{"action":"accept"}`); got != 400 {
		t.Errorf("a guess: %d", got)
	}
	for i, rest := range []string{`"result":{"action":"accept"}`, `"result":{"roots":[]}`, `"error":{"code":-1,"message":"no"}`} {
		if got := answer(id, all[i].ID, rest); got != http.StatusAccepted {
			t.Errorf("answer %d: %d", i, got)
		}
	}
	if got := answer(id, all[0].ID, `"result":{"action":"accept"}`); got != 400 {
		t.Errorf("a second answer: %d", got)
	}
	if got, want := s.next(), `{"jsonrpc":"2.0","id":"x","result":{"resultType":"complete","content":[]}}`; got != want {
		t.Errorf("response %s, want %s", got, want)
	}
	if s.next() != "" {
		t.Error("the stream goes on")
	}
	last := params[len(params)-1]
	if got, want := string(last["inputResponses"]), `{"a":{"action":"accept"},"b":{"roots":[]},"c":{"action":"cancel"}}`; got != want {
		t.Errorf("responses %s, want %s", got, want)
	}
	if got := string(last["requestState"]) + string(last["arguments"]) + string(last["name"]); got != `"s0"{"n":1}"echo"` {
		t.Errorf("the rest is %s", got)
	}
}

// TestInputRefused has a component ask what the client cannot answer, or without end.
func TestInputRefused(t *testing.T) {
	for name, test := range map[string]struct {
		requests, capabilities string
		code                   int
		text                   string
	}{
		"no elicitation":   {`"inputRequests":{"a":{"method":"elicitation/create","params":{"message":"m"}}}`, `{}`, -32021, `{"requiredCapabilities":{"elicitation":{}}}`},
		"no urls":          {`"inputRequests":{"a":{"method":"elicitation/create","params":{"mode":"url"}}}`, `{"elicitation":{}}`, -32021, `{"elicitation":{"url":{}}}`},
		"no tools":         {`"inputRequests":{"a":{"method":"sampling/createMessage","params":{"tools":[]}}}`, `{"sampling":{}}`, -32021, `{"sampling":{"tools":{}}}`},
		"no roots":         {`"inputRequests":{"a":{"method":"roots/list"}}`, `{"sampling":{}}`, -32021, `{"roots":{}}`},
		"something else":   {`"inputRequests":{"a":{"method":"tools/call"}}`, `{}`, -32603, "which clients do not answer"},
		"params of no use": {`"inputRequests":{"a":{"method":"roots/list","params":[]}}`, `{"roots":{}}`, -32603, "cannot be read"},
		"requests":         {`"inputRequests":[]`, `{}`, -32603, "cannot be read"},
		"many":             {`"inputRequests":{` + many(33) + `}`, `{"roots":{}}`, -32603, "cannot be read"},
		"without end":      {`"inputRequests":{}`, `{}`, -32603, "more than 16 times"},
	} {
		t.Run(name, func(t *testing.T) {
			of := one()
			of.component = asking(test.requests, func(map[string]json.RawMessage) {})
			if name == "without end" {
				of.component = says2(`{"resultType":"input_required","requestState":"s"}`)
			}
			b := start(t, nil, of)
			id := b.initialize("/mcp/one", `"protocolVersion":"2025-11-25","capabilities":`+test.capabilities)
			a := b.old("/mcp/one", id, "tools/call", `"name":"echo"`)
			if code, _ := a.error(t); code != test.code || !strings.Contains(a.last(), test.text) {
				t.Errorf("%s, want %d %s", a.last(), test.code, test.text)
			}
		})
	}
}

// says2 is a component that always has one result.
func says2(text string) component {
	return func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error { return result(w, r, text) }
}

func many(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"k%d":{"method":"roots/list"}`, i))
	}
	return strings.Join(all, ",")
}

// TestInputTime bounds how long a client may take to answer.
func TestInputTime(t *testing.T) {
	of := one()
	of.component = asking(`"inputRequests":{"a":{"method":"roots/list"}}`, func(map[string]json.RawMessage) {})
	b := start(t, &mcp.Options{Local: true, InputTimeout: time.Millisecond}, of)
	id := b.initialize("/mcp/one", clientParams)
	a := b.old("/mcp/one", id, "tools/call", `"name":"echo"`)
	if code, text := a.error(t); code != 504 || !strings.Contains(text, "roots/list") {
		t.Errorf("%s", a.body)
	}
}

// TestCancel ends calls in the ways of both eras, and has those of sessions go on when
// their clients go away.
func TestCancel(t *testing.T) {
	of := one()
	began, ended := make(chan context.Context), make(chan error)
	release := make(chan struct{})
	of.component = func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
		began <- r.Context()
		select {
		case <-r.Context().Done():
			ended <- r.Context().Err()
			return r.Context().Err()
		case <-release:
			ended <- nil
			return result(w, r, "{}")
		}
	}
	b := start(t, &mcp.Options{Local: true, KeepAlive: time.Millisecond}, of)
	call := fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","_meta":%s}}`, meta)

	streams := make(chan *opened, 1)
	go func() { streams <- b.open(t, http.MethodPost, "/mcp/one", call, modernHeader("tools/call", "echo")) }()
	<-began
	(<-streams).cancel() // there is one, because of the sign of life
	if err := <-ended; err == nil {
		t.Error("a modern call goes on without its client")
	}

	id := b.initialize("/mcp/one", clientParams)
	call = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo"}}`
	go func() { streams <- b.open(t, http.MethodPost, "/mcp/one", call, sessionHeader(id)) }()
	<-began
	s := <-streams
	if a := b.send(http.MethodPost, "/mcp/one", call, sessionHeader(id)); !strings.Contains(a.body, "-32600") {
		t.Errorf("the same id again: %s", a.body)
	}
	if a := b.send(http.MethodPost, "/mcp/one", `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`, sessionHeader(b.initialize("/mcp/one", clientParams))); a.status != http.StatusAccepted {
		t.Error(a.status)
	}
	if a := b.send(http.MethodPost, "/mcp/one", `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`, sessionHeader(id)); a.status != http.StatusAccepted {
		t.Error(a.status)
	}
	if err := <-ended; err == nil {
		t.Error("a cancelled call goes on")
	}
	if text := s.next(); text != "" {
		t.Errorf("a cancelled call is answered with %s", text)
	}

	go func() { streams <- b.open(t, http.MethodPost, "/mcp/one", call, sessionHeader(id)) }()
	ctx := <-began
	(<-streams).cancel()
	if a := b.old("/mcp/one", id, "ping", ""); a.status != 200 || ctx.Err() != nil {
		t.Errorf("%d, %v", a.status, ctx.Err())
	}
	close(release)
	if err := <-ended; err != nil {
		t.Errorf("a call of a session ended with its client: %v", err)
	}
}

// TestDeleteEndsCalls ends what goes on in a session.
func TestDeleteEndsCalls(t *testing.T) {
	of := one()
	began := make(chan struct{})
	of.component = func(_ http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
		close(began)
		<-r.Context().Done()
		return r.Context().Err()
	}
	b := start(t, nil, of)
	id := b.initialize("/mcp/one", clientParams)
	stream := b.open(t, http.MethodGet, "/mcp/one", "", sessionHeader(id))
	done := make(chan *answer)
	go func() { done <- b.old("/mcp/one", id, "tools/call", `"name":"echo"`) }()
	<-began
	if a := b.send(http.MethodDelete, "/mcp/one", "", sessionHeader(id)); a.status != http.StatusNoContent {
		t.Error(a.status, a.body)
	}
	<-done
	if text := stream.next(); text != "" {
		t.Errorf("the stream goes on with %s", text)
	}
}

// TestPinned has a session keep its instance.
func TestPinned(t *testing.T) {
	of := one()
	of.mcp.Pinned = true
	type call struct{ Method, Session, Host, Asked string }
	var calls []call
	gone := false
	of.component = func(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) error {
		calls = append(calls, call{r.Method + r.Header.Get("Mcp-Method"), r.Header.Get("Wattle-Session"), r.Header.Get("Wattle-Session-Host"), string(inv.Host)})
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		if gone {
			return says(404, "application/json", `{"jsonrpc":"2.0","id":7,"error":{"code":-32001,"message":"gone"}}`)(w, r, inv)
		}
		return result(w, r, "{}")
	}
	b := start(t, nil, of)
	for path, name := range map[string]string{"/mcp/one": "echo", "/mcp": "one_echo"} {
		calls, gone = nil, false
		id := b.initialize(path, clientParams)
		for range 2 {
			if a := b.old(path, id, "tools/call", fmt.Sprintf(`"name":%q`, name)); a.status != 200 {
				t.Fatal(a.body)
			}
		}
		gone = true
		if a := b.old(path, id, "tools/call", fmt.Sprintf(`"name":%q`, name)); a.status != 404 {
			t.Errorf("%s: the session is gone: %d %s", path, a.status, a.body)
		}
		b.send(http.MethodDelete, path, "", sessionHeader(id))
		session := calls[0].Session
		want := []call{
			{"POSTtools/call", session, "", "NHOST"},
			{"POSTtools/call", session, "NHOST", "NHOST"},
			{"POSTtools/call", session, "NHOST", "NHOST"},
			{"DELETE", session, "NHOST", "NHOST"},
		}
		if path == "/mcp/one" {
			// The session's instance is made when it begins.
			want[0].Host = "NHOST"
			want = slices.Insert(want, 0, call{"POSTserver/discover", session, "", "NHOST"})
		}
		if diff := cmp.Diff(want, calls); diff != "" || session == "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	calls = nil
	gone = false
	if a := b.call("/mcp/one", "echo"); a.status != 200 || calls[0].Session != "" || calls[0].Asked != "" {
		t.Errorf("a modern call: %s %v", a.body, calls)
	}
}

// TestKeepAlive sends signs of life on a stream.
func TestKeepAlive(t *testing.T) {
	of := one()
	seen := make(chan struct{})
	of.component = func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
		<-seen
		return result(w, r, "{}")
	}
	b := start(t, &mcp.Options{Local: true, KeepAlive: time.Millisecond}, of)
	s := b.open(t, http.MethodPost, "/mcp/one", fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","_meta":%s}}`, meta), modernHeader("tools/call", "echo"))
	if line, err := s.lines.ReadString('\n'); err != nil || line != ":\n" {
		t.Errorf("%q, %v", line, err)
	}
	close(seen)
	if got, want := s.next(), `{"jsonrpc":"2.0","id":7,"result":{}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
