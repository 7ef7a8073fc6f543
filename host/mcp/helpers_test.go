package mcp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/mcp"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice"
)

// The guests of these tests.
const (
	hostile = "../../internal/guests/incoming_mcp/guest.wasm"
	goSDK   = "../../examples/mcp-go/mcp.wasm"
	tsSDK   = "../../examples/mcp-ts/server.wasm"
)

// engine is shared by all tests, and so are components, since compiling is most of the work.
var engine = sync.OnceValues(func() (*component.Engine, error) {
	return component.NewEngine(context.Background(), nil)
})

var components sync.Map // a path to a func() (*component.Component, error)

func load(t testing.TB, path string) *component.Component {
	t.Helper()
	once, _ := components.LoadOrStore(path, sync.OnceValues(func() (*component.Component, error) {
		e, err := engine()
		if err != nil {
			return nil, err
		}
		wasm, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var l component.Linker
		if err := wasi.Define(&l); err != nil {
			return nil, err
		}
		return e.Load(context.Background(), wasm, &l)
	}))
	c, err := once.(func() (*component.Component, error))()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// served is a component as an MCP server.
type served struct {
	*testing.T
	*mcp.Server
	target *host.Target
}

// here is the host of these tests.
const here lattice.HostID = "here"

// serve serves a component.
func serve(t *testing.T, guest string, decl lattice.MCP, opts mcp.Options) *served {
	t.Helper()
	target := host.NewTarget(load(t, guest), &host.Options{Name: "c"})
	opts.Host = here
	s := mcp.New(target, mcp.NewHTTP(target, "c", &decl, &opts), &decl, &opts)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := target.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return &served{t, s, target}
}

// request returns a request of a client of the revision that hosts speak. meta is added to
// what it says of the client, and params are members of its parameters.
func request(id, method, params, meta string) *http.Request {
	if params != "" {
		params = "," + params
	}
	if meta != "" {
		meta = "," + meta
	}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(fmt.Sprintf(
		`{"jsonrpc":"2.0","id":%s,"method":%q,"params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}%s}%s}}`,
		id, method, meta, params)))
	r.Header.Set("Mcp-Protocol-Version", mcp.Version)
	r.Header.Set("Mcp-Method", method)
	return r
}

// call returns a call of a tool.
func call(id, tool, args, meta string) *http.Request {
	r := request(id, "tools/call", fmt.Sprintf(`"name":%q,"arguments":%s`, tool, args), meta)
	r.Header.Set("Mcp-Name", tool)
	return r
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	events []string // the data of a stream
	text   string   // the last message
	err    error
	cut    bool
}

// callers says on whose behalf requests are.
func callers(who string) *lattice.Invocation {
	return &lattice.Invocation{
		Target: "c", Interface: lattice.MCPInterface, Function: "handle",
		Callers: []lattice.Caller{lattice.Caller(who)}, Depth: lattice.DefaultDepth,
	}
}

// send sends a request on behalf of somebody.
func (s *served) send(r *http.Request, who string) (a answer) {
	s.Helper()
	w := httptest.NewRecorder()
	func() {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				a.cut = true
			default:
				panic(v)
			}
		}()
		a.err = s.HTTP(w, r, callers(who))
	}()
	a.status, a.header, a.text = w.Code, w.Header(), w.Body.String()
	if a.header.Get("Content-Type") == "text/event-stream" {
		for _, event := range strings.SplitAfter(strings.TrimSuffix(a.text, "\n\n"), "\n\n") {
			data, ok := strings.CutPrefix(strings.TrimSuffix(event, "\n\n"), "event: message\ndata: ")
			if !ok || strings.Contains(data, "\n") {
				s.Errorf("the event %q is not what a client expects", event)
			}
			a.events = append(a.events, data)
		}
		a.text = a.events[len(a.events)-1]
	}
	return a
}

// response is a response as its reader sees it.
type response struct {
	ID     json.RawMessage
	Result struct {
		ResultType string
		Content    []struct{ Text string }
	}
	Error struct {
		Code    int
		Message string
		Data    json.RawMessage
	}
}

func (a answer) response(t *testing.T) (r response) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.text), &r); err != nil {
		t.Fatalf("%q: %v (status %d, error %v)", a.text, err, a.status, a.err)
	}
	return r
}

// words returns the text of the result of a tool, or the error.
func (a answer) words(t *testing.T) string {
	t.Helper()
	if a.err != nil {
		return "error: " + a.err.Error()
	}
	r := a.response(t)
	if r.Error.Code != 0 {
		return fmt.Sprintf("%d %s", r.Error.Code, r.Error.Message)
	}
	if len(r.Result.Content) == 0 {
		return ""
	}
	return r.Result.Content[0].Text
}

// await waits until something is so.
func (s *served) await(what string, f func() bool) {
	s.Helper()
	for !f() {
		if s.Context().Err() != nil {
			s.Fatal(what)
		}
		runtime.Gosched()
	}
}

// awaitCall waits until the component is called.
func (s *served) awaitCall() {
	s.Helper()
	s.await("the request does not begin", func() bool { return s.target.Metrics().Running.Load() > 0 })
}
