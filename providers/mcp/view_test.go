package mcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/providers/mcp"
)

// names returns the names, or URIs, of the entries that a list has.
func (b *bench) names(path, method, member, key string, h ...string) []string {
	b.t.Helper()
	a := b.send(http.MethodPost, path, fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":%q,"params":{"_meta":%s}}`, method, meta), changed(modernHeader(method, ""), h...))
	var of struct{ Result map[string]json.RawMessage }
	var all []map[string]any
	if err := json.Unmarshal([]byte(a.body), &of); err != nil {
		b.t.Fatal(a.body)
	}
	if err := json.Unmarshal(of.Result[member], &all); err != nil {
		b.t.Fatal(a.body)
	}
	var names []string
	for _, e := range all {
		names = append(names, e[key].(string))
	}
	return names
}

// naming is a component that answers with the name of the tool, or what it is, that it is
// asked for, and with that of itself.
func naming(self string) component {
	return func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
		return result(w, r, fmt.Sprintf(`{"asked":%q}`, self+" "+r.Header.Get("Mcp-Name")))
	}
}

// TestLists looks at what is offered of several servers, and what is reached by it.
func TestLists(t *testing.T) {
	resource := func(uri string) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`{"uri":%q,"name":"n","_meta":{"x":1}}`, uri))
	}
	a := server{
		mcp: lattice.MCP{Name: "alpha", Alias: "a", Deny: []string{"secret*"}, Tools: map[string]lattice.ToolRule{
			"get": {Name: "fetch", Title: "Fetch", Description: "Fetches.", Annotations: json.RawMessage(`{"readOnlyHint":true}`)}, "hidden": {Hidden: true},
		}},
		contents: catalogue.Contents{
			Tools:     []json.RawMessage{tool("get", `"annotations":{"idempotentHint":true}`), tool("hidden"), tool("secret_one"), tool("put")},
			Prompts:   []json.RawMessage{json.RawMessage(`{"name":"p"}`)},
			Resources: []json.RawMessage{resource("x://both"), resource("x://a")},
			Templates: []json.RawMessage{json.RawMessage(`{"uriTemplate":"t://a/{id}","name":"n"}`)},
		},
		component: naming("alpha"),
	}
	z := server{
		mcp:       lattice.MCP{Name: "zeta", Alias: "z"},
		contents:  catalogue.Contents{Tools: []json.RawMessage{tool("get")}, Resources: []json.RawMessage{resource("x://both")}},
		component: naming("zeta"),
	}
	dead := server{mcp: lattice.MCP{Name: "dead", Alias: "d"}, contents: catalogue.Contents{Tools: []json.RawMessage{tool("get")}}}
	single := server{mcp: lattice.MCP{Name: "single", Single: true}, contents: catalogue.Contents{Tools: []json.RawMessage{tool("get")}}, component: naming("single")}
	b := start(t, nil, a, dead, single, z)
	for path, want := range map[string][]string{
		"/mcp": {"a_fetch", "a_put", "d_get", "z_get"}, "/mcp/alpha": {"fetch", "put"}, "/mcp/single": {"get"}, "/mcp/dead": {"get"},
		"/mcp?tools=search": {"call_tool", "find_tool"},
	} {
		if diff := cmp.Diff(want, b.names(path, "tools/list", "tools", "name")); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	if diff := cmp.Diff([]string{"x://a", "x://both"}, b.names("/mcp", "resources/list", "resources", "uri")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a_p"}, b.names("/mcp", "prompts/list", "prompts", "name")); diff != "" {
		t.Error(diff)
	}
	list := b.modern("/mcp", "tools/list", "", "").body
	for _, want := range []string{
		`{"name":"a_fetch","inputSchema":{"type":"object"},"annotations":{"idempotentHint":true,"readOnlyHint":true},"title":"Fetch","description":"Fetches."}`,
		`"ttlMs":10000,"cacheScope":"private"`, `"dev.wattle/missing":["dead"]`,
	} {
		if !strings.Contains(list, want) {
			t.Errorf("the list has no %s: %s", want, list)
		}
	}
	if list := b.modern("/mcp", "resources/list", "", "").body; !strings.Contains(list, `"_meta":{"x":1,"dev.wattle/also":["zeta"]}`) {
		t.Error(list)
	}
	if list != b.modern("/mcp", "tools/list", "", "").body {
		t.Error("a list is not the same twice")
	}
	if code, _ := b.modern("/mcp", "tools/list", "", `"cursor":"x",`).error(t); code != -32602 {
		t.Errorf("a cursor: %d", code)
	}
	use := func(path, method, header, params string) string {
		t.Helper()
		return b.modern(path, method, header, params).body
	}
	for _, test := range []struct{ path, method, header, params, want string }{
		{"/mcp", "tools/call", "a_fetch", `"name":"a_fetch",`, "alpha get"},
		{"/mcp", "tools/call", "z_get", `"name":"z_get",`, "zeta get"},
		{"/mcp/alpha", "tools/call", "fetch", `"name":"fetch",`, "alpha get"},
		{"/mcp/alpha", "tools/call", "get", `"name":"get",`, "unknown tool"},
		{"/mcp", "tools/call", "a_hidden", `"name":"a_hidden",`, "unknown tool"},
		{"/mcp", "tools/call", "a_secret_one", `"name":"a_secret_one",`, "unknown tool"},
		{"/mcp", "tools/call", "d_get", `"name":"d_get",`, "cannot be reached"},
		{"/mcp?tools=search", "tools/call", "call_tool", `"name":"call_tool","arguments":{"name":"a_fetch","arguments":{"x":1}},`, "alpha get"},
		{"/mcp?tools=search", "tools/call", "call_tool", `"name":"call_tool","arguments":{"name":"a_hidden"},`, "unknown tool"},
		{"/mcp?tools=search", "tools/call", "call_tool", `"name":"call_tool","arguments":{"name":1},`, "is no text"},
		{"/mcp?tools=search", "tools/call", "call_tool", `"name":"call_tool","arguments":{"name":"a_fetch","arguments":[]},`, "is no object"},
		{"/mcp?tools=search", "tools/call", "call_tool", `"name":"call_tool","arguments":{"name":"a_put","Name":"a_fetch"},`, "some take for"},
		{"/mcp?tools=search", "tools/call", "a_fetch", `"name":"a_fetch",`, "unknown tool"},
		{"/mcp", "prompts/get", "a_p", `"name":"a_p",`, "alpha p"},
		{"/mcp", "resources/read", "x://both", `"uri":"x://both",`, "alpha x://both"},
		{"/mcp/zeta", "resources/read", "x://both", `"uri":"x://both",`, "zeta x://both"},
		{"/mcp", "resources/read", "t://a/7", `"uri":"t://a/7",`, "alpha t://a/7"},
		{"/mcp", "resources/read", "t://b/7", `"uri":"t://b/7",`, "resource not found"},
		{"/mcp/zeta", "resources/read", "t://b/7", `"uri":"t://b/7",`, "zeta t://b/7"},
		{"/mcp", "completion/complete", "", `"ref":{"type":"ref/prompt","name":"a_p"},`, `"alpha "`},
		{"/mcp", "completion/complete", "", `"ref":{"type":"ref/resource","uri":"t://a/{id}"},`, `"alpha "`},
		{"/mcp", "completion/complete", "", `"ref":{"type":"ref/other"},`, "-32602"},
	} {
		if got := use(test.path, test.method, test.header, test.params); !strings.Contains(got, test.want) {
			t.Errorf("%s %s %s: %s, want %s", test.path, test.method, test.params, got, test.want)
		}
	}
}

// TestNotListed is about a server of which nothing is known yet.
func TestNotListed(t *testing.T) {
	b := start(t, nil, one())
	b.mu.Lock()
	unlisted := *b.servers[0]
	b.mu.Unlock()
	unlisted.Listing = nil
	b.mu.Lock()
	b.servers = slices.Clone(b.servers)
	b.servers[0] = &unlisted
	b.mu.Unlock()
	g, err := mcp.New(b, b, &mcp.Options{Authenticate: authenticate})
	if err != nil {
		t.Fatal(err)
	}
	w := &recorder{header: http.Header{}}
	r, _ := http.NewRequest(http.MethodPost, "/mcp/one", strings.NewReader(fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","_meta":%s}}`, meta)))
	r.Header = modernHeader("tools/call", "echo")
	g.ServeHTTP(w, r)
	if !strings.Contains(string(w.body), `"code":503`) || !strings.Contains(string(w.body), "retryAfterMs") {
		t.Errorf("%s", w.body)
	}
}

// recorder records a response.
type recorder struct {
	header http.Header
	body   []byte
}

func (r *recorder) Header() http.Header { return r.header }
func (r *recorder) WriteHeader(int)     {}
func (r *recorder) Write(p []byte) (int, error) {
	r.body = append(r.body, p...)
	return len(p), nil
}

// vetter allows what a function does.
type vetter struct {
	revision atomic.Uint64
	vet      func(*mcp.Action) error
	asked    atomic.Int64
}

func (v *vetter) Vet(_ context.Context, a *mcp.Action) error {
	v.asked.Add(1)
	return v.vet(a)
}
func (v *vetter) Revision() uint64 { return v.revision.Load() }

// TestVet has everything be vetted.
func TestVet(t *testing.T) {
	of := server{
		mcp: lattice.MCP{Name: "one", Tools: map[string]lattice.ToolRule{"write": {Name: "read2"}}},
		contents: catalogue.Contents{
			Tools: []json.RawMessage{tool("read"), tool("write")}, Prompts: []json.RawMessage{json.RawMessage(`{"name":"p"}`)},
			Resources: []json.RawMessage{json.RawMessage(`{"uri":"x://a","name":"a"}`)}, Capabilities: json.RawMessage(`{"resources":{"subscribe":true}}`),
		},
		component: says2(`{"cacheScope":"public","ttlMs":5}`),
	}
	var seen []string
	v := &vetter{}
	v.vet = func(a *mcp.Action) error {
		if !a.Listing {
			seen = append(seen, fmt.Sprintf("%s %s %s %s %s", a.Principal.Subject, a.Method, a.Server, a.Name, a.Component))
		}
		if a.Principal.Subject == "user-guest" && a.Name == "write" || strings.Contains(string(a.Params), "forbidden") {
			return errors.New("not you")
		}
		return nil
	}
	b := start(t, &mcp.Options{Local: true, Vet: v}, of)
	guest := []string{"Authorization", "Bearer " + token + "-guest"}
	if diff := cmp.Diff([]string{"read", "read2"}, b.names("/mcp/one", "tools/list", "tools", "name")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"one_read"}, b.names("/mcp", "tools/list", "tools", "name", guest...)); diff != "" {
		t.Error(diff)
	}
	asked := v.asked.Load()
	b.names("/mcp", "tools/list", "tools", "name", guest...)
	if more := v.asked.Load() - asked; more != 1 {
		t.Errorf("a list that was made before takes %d questions", more)
	}
	v.revision.Add(1)
	asked = v.asked.Load()
	b.names("/mcp", "tools/list", "tools", "name", guest...)
	if more := v.asked.Load() - asked; more != 5 {
		t.Errorf("after a change a list takes %d questions", more)
	}
	call := func(params string, h ...string) string {
		name := strings.Split(params, `"`)[3]
		return b.send(http.MethodPost, "/mcp/one", fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{%s"_meta":%s}}`, params, meta), changed(modernHeader("tools/call", name), h...)).body
	}
	if got := call(`"name":"read2",`, guest...); !strings.Contains(got, "unknown tool") {
		t.Errorf("a tool that is not shown: %s", got)
	}
	if got := call(`"name":"read2",`); !strings.Contains(got, `"cacheScope":"private","ttlMs":5`) {
		t.Errorf("a result that says who may see it: %s", got)
	}
	if got := call(`"name":"read","arguments":{"x":"forbidden"},`); !strings.Contains(got, `"code":403`) {
		t.Errorf("denied arguments: %s", got)
	}
	seen = nil
	for method, params := range map[string]string{
		"server/discover": "", "tools/list": "", "tools/call": `"name":"read",`, "prompts/get": `"name":"p",`, "resources/read": `"uri":"x://b",`, "completion/complete": `"ref":{"type":"ref/prompt","name":"p"},`,
	} {
		name := ""
		if parts := strings.Split(params, `"`); len(parts) == 5 {
			name = parts[3]
		}
		b.modern("/mcp/one", method, name, params)
	}
	id := b.initialize("/mcp/one", clientParams)
	b.old("/mcp/one", id, "ping", "")
	b.old("/mcp/one", id, "resources/subscribe", `"uri":"x://a"`)
	slices.Sort(seen)
	var want []string
	for _, s := range []string{
		"completion/complete one p", "initialize one ", "ping one ", "prompts/get one p", "resources/read one x://b",
		"resources/subscribe one x://a", "server/discover one ", "tools/call one read", "tools/list one ",
	} {
		want = append(want, "user "+s+" component-one")
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
}

// TestFind finds tools by words.
func TestFind(t *testing.T) {
	var contents catalogue.Contents
	for name, text := range map[string]string{
		"getUserByID": "Reads a person of the directory", "delete_user": "Removes somebody", "send-mail": "Sends a letter to persons", "weather": "Says whether it rains",
	} {
		contents.Tools = append(contents.Tools, tool(name, fmt.Sprintf(`"description":%q`, text)))
	}
	contents.Tools = append(contents.Tools, json.RawMessage(`{"name":"q","inputSchema":{"type":"object","properties":{"latitude":{}}}}`))
	b := start(t, nil, server{mcp: lattice.MCP{Name: "one", Alias: "o"}, contents: contents, component: naming("one")})
	for query, want := range map[string][]string{
		"users": {"o_delete_user", "o_getUserByID"}, "user id": {"o_getUserByID", "o_delete_user"}, "person": {"o_send-mail", "o_getUserByID"},
		"RAIN": {"o_weather"}, "latitude": {"o_q"}, "": nil, "!!": nil, "nothing of it": {"o_weather", "o_getUserByID"},
	} {
		a := b.modern("/mcp?tools=search", "tools/call", "find_tool", fmt.Sprintf(`"name":"find_tool","arguments":{"query":%q},`, query))
		var of struct {
			Result struct {
				Content           []struct{ Text string }
				StructuredContent struct{ Tools []struct{ Name string } }
			}
		}
		if err := json.Unmarshal([]byte(a.body), &of); err != nil {
			t.Fatal(a.body)
		}
		var got []string
		for _, tool := range of.Result.StructuredContent.Tools {
			got = append(got, tool.Name)
		}
		if query == "" || query == "!!" {
			want = nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
		if !json.Valid([]byte(of.Result.Content[0].Text)) {
			t.Errorf("%q: %s", query, of.Result.Content[0].Text)
		}
	}
	a := b.modern("/mcp?tools=search", "tools/call", "find_tool", `"name":"find_tool","arguments":{"query":"user","limit":1},`)
	if strings.Count(a.body, `"inputSchema"`) != 1 {
		t.Error(a.body)
	}
}

// TestRate bounds how often a caller calls.
func TestRate(t *testing.T) {
	of := one()
	of.contents.Tools = append(of.contents.Tools, tool("other"))
	of.mcp.Rate, of.mcp.Tools = 2, map[string]lattice.ToolRule{"other": {Rate: 1}}
	b := start(t, nil, of)
	codes := func(tool string, n int, h ...string) (codes []int) {
		for range n {
			body := fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":%q,"_meta":%s}}`, tool, meta)
			a := b.send(http.MethodPost, "/mcp/one", body, changed(modernHeader("tools/call", tool), h...))
			code, _ := a.error(t)
			codes = append(codes, code)
			if code != 0 && (a.status != 200 || !strings.Contains(a.body, `"data":{"retryAfterMs":`)) {
				t.Errorf("%d %s", a.status, a.body)
			}
		}
		return codes
	}
	if diff := cmp.Diff([]int{0, 0, 429}, codes("echo", 3)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{0, 429}, codes("other", 2)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{0}, codes("echo", 1, "Authorization", "Bearer "+token+"-2")); diff != "" {
		t.Error("another user:", diff)
	}
}

// TestRetry tries calls again that may be, and no others.
func TestRetry(t *testing.T) {
	for name, test := range map[string]struct {
		annotations string
		err         error
		calls       int
	}{
		"idempotent":          {`{"idempotentHint":true}`, lattice.ErrUnavailable, 3},
		"read only":           {`{"readOnlyHint":true}`, lattice.ErrUnavailable, 3},
		"neither":             {`{}`, lattice.ErrUnavailable, 1},
		"neither, not begun":  {`{}`, &lattice.Error{Code: lattice.CodeUnavailable, Undelivered: true}, 1},
		"idempotent, trapped": {`{"idempotentHint":true}`, lattice.ErrTrapped, 1},
	} {
		t.Run(name, func(t *testing.T) {
			of, calls := one(), 0
			of.contents.Tools = []json.RawMessage{tool("echo", `"annotations":`+test.annotations)}
			of.component = func(http.ResponseWriter, *http.Request, *lattice.Invocation) error {
				calls++
				return test.err
			}
			b := start(t, nil, of)
			b.call("/mcp/one", "echo")
			if calls != test.calls {
				t.Errorf("%d calls, want %d", calls, test.calls)
			}
		})
	}
	// What has begun is not tried again.
	of, calls := one(), 0
	of.contents.Tools = []json.RawMessage{tool("echo", `"annotations":{"idempotentHint":true}`)}
	of.component = func(w http.ResponseWriter, _ *http.Request, _ *lattice.Invocation) error {
		calls++
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte(":\n\n"))
		panic(http.ErrAbortHandler)
	}
	b := start(t, nil, of)
	if b.call("/mcp/one", "echo"); calls != 1 {
		t.Errorf("%d calls", calls)
	}
}

// TestTimeouts has each tool have its own, and a slow one not slow others.
func TestTimeouts(t *testing.T) {
	of := one()
	of.contents.Tools = append(of.contents.Tools, tool("slow"))
	of.mcp.Tools = map[string]lattice.ToolRule{"slow": {TimeoutMillis: 1}}
	of.component = func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
		deadline, ok := r.Context().Deadline()
		if !ok {
			t.Error("a call without a deadline")
		}
		if r.Header.Get("Mcp-Name") == "slow" {
			<-r.Context().Done()
			return r.Context().Err()
		}
		if left := time.Until(deadline); left > 30*time.Second {
			t.Errorf("a call has %v", left)
		}
		return result(w, r, "{}")
	}
	b := start(t, nil, of)
	if a := b.call("/mcp/one", "slow"); !strings.Contains(a.body, "timed out after 1ms") {
		t.Error(a.body)
	}
	if a := b.call("/mcp/one", "echo"); !strings.Contains(a.body, `"result":{}`) {
		t.Error(a.body)
	}
}
