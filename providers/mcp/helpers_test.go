package mcp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/providers/mcp"
	"github.com/wattle-dev/wattle/wit"
)

// component is what answers in the place of one: it gets what the gateway sends.
type component func(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) error

// serving is a component that an HTTP handler is.
func serving(h http.Handler) component {
	return func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
		h.ServeHTTP(w, r)
		return nil
	}
}

// bench is a gateway with servers that a test gives it.
type bench struct {
	*mcp.Gateway
	t   testing.TB
	url string

	mu         sync.Mutex
	components map[lattice.ComponentID]component
	servers    []*directory.Server
	changed    chan struct{}
}

// All and ServersChanged implement mcp.Servers.
func (b *bench) All() []*directory.Server {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.servers
}

func (b *bench) ServersChanged() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// Call and HTTP implement lattice.Invoker.
func (b *bench) Call(context.Context, *lattice.Invocation, *wit.Func, []wit.Value) ([]wit.Value, error) {
	return nil, errors.New("not a server")
}

func (b *bench) HTTP(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) error {
	if inv.Interface != lattice.MCPInterface {
		return fmt.Errorf("%w: interface %s", lattice.ErrInvalid, inv.Interface)
	}
	b.mu.Lock()
	c := b.components[inv.Target]
	b.mu.Unlock()
	if c == nil {
		return &lattice.Error{Code: lattice.CodeUnavailable, Message: "no host answers", Undelivered: true}
	}
	return c(w, r, inv)
}

// server is a server of a test.
type server struct {
	mcp       lattice.MCP
	contents  catalogue.Contents
	component component
}

// set has the gateway have servers. It knows them when it says that they have changed.
func (b *bench) set(all ...server) {
	b.t.Helper()
	servers := make([]*directory.Server, 0, len(all))
	components := map[lattice.ComponentID]component{}
	for i := range all {
		s := &all[i]
		if s.mcp.Alias == "" {
			s.mcp.Alias = string(s.mcp.Name)
		}
		id := lattice.ComponentID("component-" + string(s.mcp.Name))
		clean := catalogue.Clean(&s.contents)
		if len(clean.Problems) > 0 {
			b.t.Fatalf("the listing of %s: %v", s.mcp.Name, clean.Problems)
		}
		d := &directory.Server{Component: id, MCP: &s.mcp, Listing: &catalogue.Listing{Component: id, Contents: *clean}, Assigned: 1}
		if s.component != nil {
			d.Hosts = []lattice.HostID{"NHOST"}
			components[id] = s.component
		}
		servers = append(servers, d)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.servers, b.components = servers, components
	close(b.changed)
	b.changed = make(chan struct{})
}

// token is what clients of tests have.
const token = "secret"

// authenticate knows users by their tokens: "secret", and "secret-NAME".
func authenticate(r *http.Request) (*mcp.Principal, error) {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "+token)
	if !ok {
		return nil, mcp.ErrUnauthenticated
	}
	return &mcp.Principal{Subject: "user" + given}, nil
}

// start starts a gateway with servers, which follows their changes.
func start(t testing.TB, opts *mcp.Options, servers ...server) *bench {
	t.Helper()
	b := &bench{t: t, changed: make(chan struct{})}
	b.set(servers...)
	if opts == nil {
		opts = &mcp.Options{Local: true}
	}
	if opts.Authenticate == nil {
		opts.Authenticate = authenticate
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	var err error
	if b.Gateway, err = mcp.New(b, b, opts); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.Run(ctx)
	}()
	s := httptest.NewServer(b)
	b.url = s.URL
	t.Cleanup(func() {
		cancel()
		<-done
		s.Close()
	})
	return b
}

// transport is that of the official client.
func (b *bench) transport(path string) *sdk.StreamableClientTransport {
	return &sdk.StreamableClientTransport{Endpoint: b.url + path, HTTPClient: &http.Client{Transport: authorized{token}}, MaxRetries: -1}
}

// authorized adds a token to requests.
type authorized struct{ token string }

func (a authorized) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+a.token)
	return http.DefaultTransport.RoundTrip(r)
}

// legacyOnly has the official client believe that a server has sessions only.
type legacyOnly struct{ http.RoundTripper }

func (l legacyOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Mcp-Method") == "server/discover" || r.Header.Get("Mcp-Protocol-Version") >= "2026" {
		return &http.Response{
			StatusCode: http.StatusNotFound, Status: "404 Not Found", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Content-Type": {"text/plain"}}, Body: io.NopCloser(strings.NewReader("no")), Request: r,
		}, nil
	}
	return l.RoundTripper.RoundTrip(r)
}

// sdkServer makes a component of an official server, and says what it offers.
func sdkServer(t testing.TB, s *sdk.Server) (component, catalogue.Contents) {
	t.Helper()
	h := sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return s }, &sdk.StreamableHTTPOptions{
		Stateless: true, DisableLocalhostProtection: true, PropagateRequestCancellation: true,
	})
	var c catalogue.Contents
	ask := func(method, member string) []json.RawMessage {
		body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":{"_meta":%s}}`, method, meta)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Header = http.Header{
			"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"},
			"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {method},
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var answer struct{ Result map[string]json.RawMessage }
		text := messages(t, w.Result().Header, w.Body.Bytes())
		if err := json.Unmarshal(text[len(text)-1], &answer); err != nil {
			t.Fatalf("%s: %v: %s", method, err, w.Body)
		}
		if member == "" {
			c.Capabilities = answer.Result["capabilities"]
			_ = json.Unmarshal(answer.Result["instructions"], &c.Instructions)
			var meta map[string]json.RawMessage
			_ = json.Unmarshal(answer.Result["_meta"], &meta)
			c.ServerInfo = meta["io.modelcontextprotocol/serverInfo"]
			return nil
		}
		var all []json.RawMessage
		_ = json.Unmarshal(answer.Result[member], &all)
		return all
	}
	ask("server/discover", "")
	c.Tools = ask("tools/list", "tools")
	c.Prompts = ask("prompts/list", "prompts")
	c.Resources = ask("resources/list", "resources")
	c.Templates = ask("resources/templates/list", "resourceTemplates")
	return serving(h), c
}

// meta is what modern requests say of themselves.
const meta = `{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`

// messages returns the messages of an answer, which is one or a stream.
func messages(t testing.TB, h http.Header, body []byte) []json.RawMessage {
	t.Helper()
	if !strings.HasPrefix(h.Get("Content-Type"), "text/event-stream") {
		return []json.RawMessage{body}
	}
	var all []json.RawMessage
	for line := range bytes.Lines(body) {
		if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok && len(bytes.TrimSpace(data)) > 0 {
			all = append(all, bytes.TrimSpace(data))
		}
	}
	return all
}

// answer is what a client was answered.
type answer struct {
	status   int
	header   http.Header
	body     string
	messages []json.RawMessage
}

// last returns the last message, which is the response.
func (a *answer) last() string {
	if len(a.messages) == 0 {
		return ""
	}
	return string(a.messages[len(a.messages)-1])
}

// send sends a request as it is.
func (b *bench) send(method, path, body string, header http.Header) *answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header = header
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatalf("reading the answer: %v after %q", err, text)
	}
	return &answer{response.StatusCode, response.Header, string(text), messages(b.t, response.Header, text)}
}

// modernHeader returns the header of a modern request.
func modernHeader(method, name string) http.Header {
	h := http.Header{
		"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"},
		"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {method},
	}
	if name != "" {
		h.Set("Mcp-Name", name)
	}
	return h
}

// modern sends a modern request. params are members, each with a comma behind it.
func (b *bench) modern(path, method, name, params string) *answer {
	b.t.Helper()
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":%q,"params":{%s"_meta":%s}}`, method, params, meta)
	return b.send(http.MethodPost, path, body, modernHeader(method, name))
}

// call calls a tool by a modern request.
func (b *bench) call(path, tool string) *answer {
	b.t.Helper()
	return b.modern(path, "tools/call", tool, fmt.Sprintf(`"name":%q,"arguments":{"text":"hi"},`, tool))
}

// errorOf returns the code and text of a response that is an error.
func (a *answer) error(t testing.TB) (int, string) {
	t.Helper()
	var of struct {
		Error struct {
			Code    int
			Message string
		}
	}
	if err := json.Unmarshal([]byte(a.last()), &of); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return of.Error.Code, of.Error.Message
}

// tool is the definition of a tool.
func tool(name string, more ...string) json.RawMessage {
	members := []string{fmt.Sprintf(`"name":%q`, name), `"inputSchema":{"type":"object"}`}
	return json.RawMessage("{" + strings.Join(append(members, more...), ",") + "}")
}
