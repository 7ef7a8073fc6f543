package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/mcp"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// The guests that speak MCP.
const (
	mcpHostile = "../../internal/guests/incoming_mcp/guest.wasm"
	mcpGo      = "../../examples/mcp-go/mcp.wasm"
)

// awaitListing waits until the catalogue has a listing of which f is true; f is given nil
// if there is none.
func (w *world) awaitListing(id lattice.ComponentID, what string, f func(*catalogue.Listing) bool) (last *catalogue.Listing) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	key := wire.ReadyKey(w.id, id)
	err := w.bucket(w.buckets.Catalogue()).Watch(ctx, key, func(e lattice.Entry) error {
		if !e.Synced {
			last = nil
			if !e.Deleted {
				value, err := w.verifier.Host(w.id, w.buckets.Catalogue(), key, e.Value)
				if err != nil {
					return err
				}
				if last, err = catalogue.Decode(value, w.id, id); err != nil {
					return err
				}
			}
		}
		if (e.Synced || last != nil || e.Deleted) && f(last) {
			return errFound
		}
		return nil
	})
	if !errors.Is(err, errFound) {
		w.Fatalf("listing of %q: %s: %v; the last one is %+v", id, what, err, last)
	}
	return last
}

// caller is somebody elsewhere on the lattice, as a gateway is.
type caller struct {
	*world
	router    lattice.Invoker
	directory *directory.Directory
}

func (w *world) caller() *caller {
	w.Helper()
	l, err := w.as(trust.RoleGateway, newKey(w.T))
	if err != nil {
		w.Fatal(err)
	}
	d := directory.New(l, lattice.DefaultName, w.verifier, nil)
	client, err := invoke.NewClient(l, lattice.DefaultName, nil)
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = d.Run(ctx)
	}()
	w.Cleanup(func() {
		cancel()
		<-done
		client.Close()
		_ = l.Close()
	})
	return &caller{w, invoke.NewRouter(client, d, nil, ""), d}
}

// awaitHosts waits until a component can be called.
func (c *caller) awaitHosts(id lattice.ComponentID) {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), patience)
	defer cancel()
	for changed := c.directory.Changed(); len(c.directory.Hosts(id)) == 0; changed = c.directory.Changed() {
		select {
		case <-changed:
		case <-ctx.Done():
			c.Fatalf("the directory knows no host for %q", id)
		}
	}
}

// tool is a call of a tool.
type tool struct {
	component  lattice.ComponentID
	name, args string
	meta       string
	method     string // of HTTP, POST if empty
	who        lattice.Caller
	session    string
	home       lattice.HostID // that has the session
	host       lattice.HostID // that has to answer
}

// call calls a tool. A response that is cut off is an error.
func (c *caller) call(q tool) (w *httptest.ResponseRecorder, err error) {
	c.Helper()
	if q.args == "" {
		q.args = "{}"
	}
	if q.method == "" {
		q.method = http.MethodPost
	}
	r := httptest.NewRequest(q.method, "/", strings.NewReader(fmt.Sprintf(
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"%s},"name":%q,"arguments":%s}}`,
		q.meta, q.name, q.args)))
	for name, value := range map[string]string{
		"Mcp-Protocol-Version": mcp.Version, "Mcp-Method": "tools/call", "Mcp-Name": q.name,
		mcp.HeaderSession: q.session, mcp.HeaderHost: string(q.home),
	} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	w = httptest.NewRecorder()
	defer func() {
		if recover() != nil {
			err = errors.Join(err, http.ErrAbortHandler)
		}
	}()
	return w, c.router.HTTP(w, r, &lattice.Invocation{
		Target: q.component, Interface: lattice.MCPInterface, Function: "handle", Host: q.host,
		Callers: []lattice.Caller{q.who}, Depth: lattice.DefaultDepth,
	})
}

// says fails the test unless a call is answered with a text somewhere.
func (c *caller) says(q tool, want string) *httptest.ResponseRecorder {
	c.Helper()
	w, err := c.call(q)
	if got := fmt.Sprintf("%d %s", w.Code, w.Body); err != nil || !strings.Contains(got, want) {
		c.Fatalf("%s: answered %s, %v; want %q", q.name, got, err, want)
	}
	return w
}

// TestMCP has a component be an MCP server on a lattice: what it offers is in the catalogue,
// and it is called from elsewhere.
func TestMCP(t *testing.T) {
	for _, kind := range []string{"memory", "NATS"} {
		t.Run(kind, func(t *testing.T) {
			var w *world
			if kind == "memory" {
				w = newWorld(t)
			} else {
				w, _, _ = newNATSWorld(t)
			}
			h := w.start()
			spec := w.upload("server", mcpHostile)
			spec.MCP = &lattice.MCP{Name: "server", Alias: "server", Path: "/modern", Pinned: true}
			w.assign(spec)
			w.want(spec)
			listing := w.awaitListing("server", "tools", func(l *catalogue.Listing) bool { return l != nil && len(l.Tools) == 1 })
			if listing.Digest != spec.Digest || listing.Revision != 1 || listing.Versions[0] != mcp.Version || len(listing.Problems) != 1 {
				t.Errorf("the listing is %+v", listing)
			}
			c := w.caller()
			c.awaitHosts("server")
			c.says(tool{component: "server", name: "count"}, `200 {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"1"}]`)
			near := &caller{world: w, router: h.Router()}
			near.says(tool{component: "server", name: "count"}, `"text":"1"`)
			near.says(tool{component: "server", name: "count", host: w.id}, `"text":"1"`)
			stream := c.says(tool{component: "server", name: "progress", meta: `,"progressToken":"p"`}, `"text":"done"`)
			if n := strings.Count(stream.Body.String(), "event: message\n"); n != 3 || !stream.Flushed {
				t.Errorf("%d events came, want 3: %s", n, stream.Body)
			}
			c.says(tool{component: "server", name: "trap"}, `200 {"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"the server failed"}}`)

			// A session has an instance of its own, which is nobody else's.
			q := tool{component: "server", name: "count", who: "gateway/a", session: "s", host: w.id}
			home := c.says(q, `"text":"1"`).Header().Get(mcp.HeaderHost)
			if home != string(w.id) {
				t.Errorf("the session is said to be on %q", home)
			}
			q.home = w.id
			c.says(q, `"text":"2"`)
			other := q
			other.who = "gateway/b"
			c.says(other, `404 {"jsonrpc":"2.0","id":1,"error":{"code":-32001,`)
			other.method = http.MethodDelete
			c.says(other, "404 ")
			c.says(q, `"text":"3"`)
			other.who = q.who
			c.says(other, "204 ")
			c.says(q, "404 ")
			if _, err := c.call(tool{component: "server", name: "count", host: "nowhere"}); !lattice.Undelivered(err) || !errors.Is(err, lattice.ErrUnavailable) {
				t.Errorf("a call on a host that there is not: %v", err)
			}

			// How it is offered can change while it runs, and what it may use. What only
			// gateways go by, it does not notice.
			q.home = ""
			c.says(q, `"text":"1"`)
			q.home = w.id
			renamed := *spec.MCP
			renamed.Name, renamed.Rate, renamed.Deny = "other", 7, []string{"x"}
			spec.MCP, spec.Revision = &renamed, 2
			w.want(spec)
			w.awaitListing("server", "the revision", func(l *catalogue.Listing) bool { return l != nil && l.Revision == 2 })
			c.says(q, `"text":"2"`)
			changed := renamed
			changed.Path = "/session"
			spec.MCP, spec.Revision = &changed, 3
			w.want(spec)
			w.awaitListing("server", "the other revision of MCP", func(l *catalogue.Listing) bool { return l != nil && l.Versions[0] == "2025-11-25" && l.Revision == 3 })
			q.home = w.id
			c.says(q, "404 ")
			q.home = ""
			c.says(q, `"text":"1"`)
			spec.Config, spec.Revision = map[string]string{"a": "b"}, 4
			w.want(spec)
			w.awaitListing("server", "the revision", func(l *catalogue.Listing) bool { return l != nil && l.Revision == 4 })
			q.home = w.id
			c.says(q, "404 ")
			if n := strings.Count(w.log.String(), `msg="component runs"`); n != 1 {
				t.Errorf("the component was loaded %d times", n)
			}

			spec.MCP, spec.Revision = nil, 5
			w.want(spec)
			w.awaitListing("server", "none", func(l *catalogue.Listing) bool { return l == nil })
			if _, err := c.call(tool{component: "server", name: "count"}); !errors.Is(err, lattice.ErrNotFound) {
				t.Errorf("a component that is no server: %v", err)
			}
			spec.MCP, spec.Revision = &changed, 6
			w.want(spec)
			w.awaitListing("server", "tools again", func(l *catalogue.Listing) bool { return l != nil })
			w.want()
			w.awaitListing("server", "none", func(l *catalogue.Listing) bool { return l == nil })
		})
	}
}

// TestMCPNothing has a component be offered that is no MCP server: it runs, and the
// catalogue says what is wrong.
func TestMCPNothing(t *testing.T) {
	w := newWorld(t)
	w.start()
	spec := w.upload("hello", hello)
	spec.MCP = &lattice.MCP{Name: "hello", Alias: "hello"}
	w.want(spec)
	w.awaitRunning("hello")
	listing := w.awaitListing("hello", "a problem", func(l *catalogue.Listing) bool { return l != nil })
	if len(listing.Problems) != 1 || !strings.Contains(listing.Problems[0], `the component does not speak MCP on the path "/mcp"`) {
		t.Errorf("the problems are %q", listing.Problems)
	}
	w.awaitLog(`msg="MCP server not listed: what it offers is not known"`)
}

// TestMCPSDK has a server of the official SDK for Go be called from elsewhere.
func TestMCPSDK(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling takes some time")
	}
	w := newWorld(t)
	w.start()
	spec := w.upload("server", mcpGo)
	spec.MCP = &lattice.MCP{Name: "server", Alias: "go"}
	spec.Capabilities = []lattice.Capability{{Kind: "httpclient", Name: "default", Namespace: "wasi", Package: "http", Interfaces: []string{"outgoing-handler"}}}
	w.assign(spec)
	w.want(spec)
	listing := w.awaitListing("server", "tools", func(l *catalogue.Listing) bool {
		return l != nil && len(l.Tools) > 20 && len(l.Prompts) > 0 && len(l.Resources) > 0
	})
	if len(listing.Problems) > 0 {
		t.Errorf("the problems are %q", listing.Problems)
	}
	c := w.caller()
	c.awaitHosts("server")
	meta := `,"io.modelcontextprotocol/clientCapabilities":{},"progressToken":1`
	c.says(tool{component: "server", name: "echo", args: `{"text":"é"}`, meta: meta}, `"text":"é"`)
	c.says(tool{component: "server", name: "test_tool_with_progress", meta: meta}, `"method":"notifications/progress"`)
}

// TestCatalogueKept has others write and delete in the host's part of the catalogue, and an
// earlier run leave something there.
func TestCatalogueKept(t *testing.T) {
	w := newWorld(t)
	put := func(id lattice.ComponentID) {
		t.Helper()
		value, err := catalogue.Encode(&catalogue.Listing{Component: id, Host: w.id, Digest: digestOf([]byte(id)), Revision: 9})
		if err != nil {
			t.Fatal(err)
		}
		key := wire.ReadyKey(w.id, id)
		if value, err = trust.NewHostSigner(w.key).Sign(w.buckets.Catalogue(), key, value); err != nil {
			t.Fatal(err)
		}
		if _, err := w.bucket(w.buckets.Catalogue()).Put(t.Context(), key, value); err != nil {
			t.Fatal(err)
		}
	}
	none := func(l *catalogue.Listing) bool { return l == nil }
	right := func(l *catalogue.Listing) bool { return l != nil && len(l.Tools) == 1 && l.Revision == 1 }
	put("gone")
	h := w.start()
	w.awaitListing("gone", "what an earlier run has left is deleted", none)
	spec := w.upload("server", mcpHostile)
	spec.MCP = &lattice.MCP{Name: "server", Alias: "server", Path: "/modern"}
	w.want(spec)
	w.awaitListing("server", "tools", right)
	if err := w.bucket(w.buckets.Catalogue()).Delete(t.Context(), wire.ReadyKey(w.id, "server")); err != nil {
		t.Fatal(err)
	}
	h.LookAtCatalogue()
	w.awaitListing("server", "what was deleted is put again", right)
	put("server")
	put("stranger")
	h.LookAtCatalogue()
	w.awaitListing("server", "what was written is replaced", right)
	w.awaitListing("stranger", "what belongs to nothing is deleted", none)
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	w.awaitListing("server", "a host that has stopped offers nothing", none)
}
