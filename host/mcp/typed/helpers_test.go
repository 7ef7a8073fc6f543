package typed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/mcp"
	"github.com/wattle-dev/wattle/host/mcp/typed"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

const calc = "../../../examples/calc/calc.wasm"

// engine is shared by all tests, and so are components, since compiling is most of the work.
var engine = sync.OnceValues(func() (*component.Engine, error) {
	return component.NewEngine(context.Background(), nil)
})

var components sync.Map // a path to a func() (*loaded, error)

// loaded is a component with its world.
type loaded struct {
	c     *component.Component
	world *wit.World
}

func load(t testing.TB, path string) *loaded {
	t.Helper()
	once, _ := components.LoadOrStore(path, sync.OnceValues(func() (*loaded, error) {
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
		d, err := component.Describe(wasm)
		if err != nil {
			return nil, err
		}
		c, err := e.Load(context.Background(), wasm, &l)
		return &loaded{c, d.World}, err
	}))
	c, err := once.(func() (*loaded, error))()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// served is a component as an MCP server.
type served struct {
	testing.TB
	*mcp.Server
	ctx context.Context // of requests
}

// within returns the server for requests that end with a context.
func (s *served) within(ctx context.Context) *served { return &served{s.TB, s.Server, ctx} }

// serve serves a component. opts may be nil.
func serve(t testing.TB, path string, kind lattice.MCPKind, opts *typed.Options) *served {
	t.Helper()
	l := load(t, path)
	target := host.NewTarget(l.c, &host.Options{Name: "c"})
	endpoint, err := typed.New(target, l.world, kind, opts)
	if err != nil {
		t.Fatal(err)
	}
	s := mcp.New(target, endpoint, &lattice.MCP{Name: "c"}, nil)
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
	return &served{t, s, context.Background()}
}

// answer is what came back.
type answer struct {
	Err    error    // nothing came
	Events []string // before the response
	Result json.RawMessage
	Error  *struct {
		Code    int
		Message string
		Data    json.RawMessage
	}
}

// tool is the result of a tool.
type tool struct {
	ResultType        string
	Content           []struct{ Type, Text string }
	StructuredContent json.RawMessage
	IsError           bool
}

// send sends a request on behalf of somebody, with members of its parameters and of _meta.
func (s *served) send(who, method, params, meta string) answer {
	s.Helper()
	if meta != "" {
		meta = "," + meta
	}
	return s.request(who, method, params, `"io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}`+meta)
}

// request is send with all of _meta but the version.
func (s *served) request(who, method, params, meta string) (a answer) {
	s.Helper()
	if params != "" {
		params = "," + params
	}
	r := httptest.NewRequestWithContext(s.ctx, http.MethodPost, "/", strings.NewReader(fmt.Sprintf(
		`{"jsonrpc":"2.0","id":1,"method":%q,"params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",%s}%s}}`,
		method, meta, params)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	r.Header.Set("Mcp-Protocol-Version", mcp.Version)
	r.Header.Set("Mcp-Method", method)
	var named struct{ Name, URI any }
	_ = json.Unmarshal([]byte("{"+strings.TrimPrefix(params, ",")+"}"), &named)
	for _, name := range []any{named.Name, named.URI} {
		if name, ok := name.(string); ok && method != "completion/complete" {
			r.Header.Set("Mcp-Name", name)
		}
	}
	w := httptest.NewRecorder()
	inv := &lattice.Invocation{
		Target: "c", Interface: lattice.MCPInterface, Function: "handle",
		Callers: []lattice.Caller{lattice.Caller(who)}, Depth: lattice.DefaultDepth,
	}
	if a.Err = s.HTTP(w, r, inv); a.Err != nil {
		return a
	}
	text := w.Body.String()
	if w.Header().Get("Content-Type") == "text/event-stream" {
		for event := range strings.SplitSeq(strings.TrimSuffix(text, "\n\n"), "\n\n") {
			_, data, _ := strings.Cut(event, "data: ")
			a.Events = append(a.Events, data)
		}
		last := len(a.Events) - 1
		text, a.Events = a.Events[last], a.Events[:last]
	}
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		s.Fatalf("%s: %v", text, err)
	}
	return a
}

// call calls a tool.
func (s *served) call(name, args string) (r tool) {
	s.Helper()
	a := s.send("gateway/ann", "tools/call", fmt.Sprintf(`"name":%q,"arguments":%s`, name, args), "")
	if err := json.Unmarshal([]byte(s.answered(a)), &r); err != nil {
		s.Fatalf("%s(%s): %s: %v", name, args, a.Result, err)
	}
	return r
}

// answered fails unless there is a result, and returns it.
func (s *served) answered(a answer) string {
	s.Helper()
	switch {
	case a.Err != nil:
		s.Fatal(a.Err)
	case a.Error != nil:
		s.Fatalf("error %d %s", a.Error.Code, a.Error.Message)
	}
	return string(a.Result)
}
