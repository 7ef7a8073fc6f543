package invoke_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/wit"
)

// echo is the type of the function that tests call: text to text.
var echo = &wit.Func{
	Name:   "echo",
	Params: []wit.Field{{Name: "text", Type: &wit.Type{Kind: wit.String}}},
	Result: &wit.Type{Kind: wit.String},
}

const (
	name  = lattice.Name("test")
	iface = "test:test/echo@1.0.0"
)

// hostID returns the ID of a host for tests.
func hostID(i int) lattice.HostID {
	return lattice.HostID("N" + strings.Repeat("A", 53) + string(rune('A'+i/26)) + string(rune('A'+i%26)))
}

// handler is a lattice.Handler that is made of functions.
type handler struct {
	call  func(ctx context.Context, inv *lattice.Invocation, text string) (string, error)
	http  func(w http.ResponseWriter, r *http.Request)
	calls atomic.Int64
	mu    sync.Mutex
	last  *lattice.Invocation
}

func (h *handler) Runs(lattice.ComponentID) bool { return true }

func (h *handler) Func(inv *lattice.Invocation) (*wit.Func, error) {
	if inv.Function != "echo" || inv.Interface != iface {
		return nil, &lattice.Error{Code: lattice.CodeNotFound, Message: "there is no such function", Undelivered: true}
	}
	return echo, nil
}

func (h *handler) Call(ctx context.Context, inv *lattice.Invocation, _ *wit.Func, args []wit.Value) ([]wit.Value, error) {
	h.calls.Add(1)
	h.mu.Lock()
	h.last = inv
	h.mu.Unlock()
	text := args[0].(string)
	if h.call != nil {
		var err error
		if text, err = h.call(ctx, inv, text); err != nil {
			return nil, err
		}
	}
	return []wit.Value{text}, nil
}

func (h *handler) HTTP(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) error {
	h.calls.Add(1)
	h.mu.Lock()
	h.last = inv
	h.mu.Unlock()
	if h.http == nil {
		return errors.New("no HTTP")
	}
	h.http(w, r)
	return nil
}

func call(target string) *lattice.Invocation {
	return &lattice.Invocation{Target: lattice.ComponentID(target), Interface: iface, Function: "echo", Depth: 4, Callers: []lattice.Caller{"http"}}
}

// pair is a caller and a host on one network.
type pair struct {
	network *memlattice.Network
	client  *invoke.Client
	server  *invoke.Server
	host    lattice.HostID
}

func join(t testing.TB, n *memlattice.Network, user string) lattice.Lattice {
	t.Helper()
	m, err := n.Join(user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func serve(t testing.TB, l lattice.Lattice, host lattice.HostID, h lattice.Handler, opts *invoke.Options) *invoke.Server {
	t.Helper()
	s, err := invoke.NewServer(l, name, host, h, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func dial(t testing.TB, l lattice.Lattice, opts *invoke.Options) *invoke.Client {
	t.Helper()
	c, err := invoke.NewClient(l, name, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func newPair(t testing.TB, h lattice.Handler, opts *invoke.Options) *pair {
	t.Helper()
	p := &pair{network: memlattice.New(memlattice.Options{Seed: 1}), host: hostID(0)}
	p.server = serve(t, join(t, p.network, "host"), p.host, h, opts)
	p.client = dial(t, join(t, p.network, "caller"), opts)
	return p
}

// echo calls the pair's function.
func (p *pair) echo(ctx context.Context, text string) (string, error) {
	results, err := p.client.Call(ctx, p.host, call("c"), echo, []wit.Value{text})
	if err != nil {
		return "", err
	}
	return results[0].(string), nil
}
