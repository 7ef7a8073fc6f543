package mcp

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// Paths that a Gateway answers.
const (
	// Path is the address of all servers together; that of one is Path/NAME.
	Path = "/mcp"
	// MetadataPath begins the addresses of what RFC 9728 has clients ask for.
	MetadataPath = "/.well-known/oauth-protected-resource"
)

// Gateway serves MCP. It is an http.Handler for Path, MetadataPath, and all below them.
type Gateway struct {
	invoker lattice.Invoker
	servers Servers
	opts    Options
	sealer  *sealer
	current atomic.Pointer[view]
	calls   atomic.Int64
	held    atomic.Int64

	sessions *lru[sessionKey, *state]
	limits   *lru[limitKey, bucket]
	streams  streams
	waits    waits

	stopOnce sync.Once
	stopped  chan struct{}
}

// New returns a gateway to the servers of a lattice. opts.Authenticate must be set.
func New(invoker lattice.Invoker, servers Servers, opts *Options) (*Gateway, error) {
	if opts == nil {
		opts = &Options{}
	}
	g := &Gateway{invoker: invoker, servers: servers, opts: opts.withDefaults(), stopped: make(chan struct{})}
	if err := g.opts.validate(); err != nil {
		return nil, err
	}
	var err error
	if g.sealer, err = newSealer(g.opts.SessionKey); err != nil {
		return nil, err
	}
	g.sessions = newLRU[sessionKey, *state](g.opts.MaxSessions)
	g.limits = newLRU[limitKey, bucket](g.opts.MaxLimits)
	g.streams = streams{all: g.opts.MaxStreams, own: g.opts.MaxOwn, by: map[string]int{}}
	g.waits.by = map[string]*wait{}
	g.current.Store(g.compile(servers.All(), nil))
	return g, nil
}

// settleTime is how long changes of servers are gathered before lists are made of them.
const settleTime = 50 * time.Millisecond

// Run follows the servers until ctx ends; then it ends the streams, and returns nil. Until
// it runs, and when it has returned, lists stay as they are.
func (g *Gateway) Run(ctx context.Context) error {
	defer g.stopOnce.Do(func() { close(g.stopped) })
	for {
		changed := g.servers.ServersChanged()
		last := g.current.Load()
		g.current.Store(g.compile(g.servers.All(), last))
		close(last.stale)
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(settleTime):
		}
	}
}

// ServeHTTP implements http.Handler.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := exchange{g: g, w: w, r: r}
	x.reply.start(w, g.opts.KeepAlive)
	defer x.reply.end()
	if path, ok := strings.CutPrefix(r.URL.Path, MetadataPath); ok {
		x.metadata(path)
		return
	}
	defer func() {
		g.calls.Add(-1)
		g.held.Add(-x.held)
	}()
	if g.calls.Add(1) > int64(g.opts.MaxCalls) {
		x.fail(faultf(codeUnavailable, "too many requests are under way: try again").with(http.StatusServiceUnavailable))
		return
	}
	if fault := x.admit(); fault != nil {
		x.fail(fault)
		return
	}
	if x.principal == nil {
		return // it is answered
	}
	switch r.Method {
	case http.MethodPost:
		x.post()
	case http.MethodGet:
		x.get()
	default:
		x.delete()
	}
}
