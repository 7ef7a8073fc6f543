package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/internal/webserver"
	"github.com/wattle-dev/wattle/lattice"
)

// Defaults of Options.
const (
	DefaultTimeout     = 10 * time.Minute
	DefaultMaxRequests = 8192
)

// Routes say which component answers a request. Methods may be called at the same
// time. Names of hosts are in lower case and without port.
type Routes interface {
	// Route returns the component that has the route for a request.
	Route(host, path string) (lattice.ComponentID, bool)
	// RoutedHost reports whether a route names the host.
	RoutedHost(host string) bool
	// Components returns the components of the lattice, in order.
	Components() []lattice.ComponentID
}

// Options configure a Server. The zero value is usable.
type Options struct {
	// Local says that the clients are on this machine: they may use
	// COMPONENT.localhost, are told why requests fail, and others are refused.
	Local bool
	// Timeout bounds a request from its arrival to the end of its response. If
	// zero, DefaultTimeout.
	Timeout time.Duration
	// MaxRequests is how many requests may be under way; those beyond it are
	// answered 503. If zero, DefaultMaxRequests.
	MaxRequests int
	// MaxHeader is how many bytes the header of a request may have, for Serve. If
	// zero, webserver.DefaultMaxHeader.
	MaxHeader int
	// Gateway answers requests for /mcp and below, and for what goes with it, that name
	// this machine and no component of it. It bounds them itself. It is for Local only; if
	// nil, components answer all requests.
	Gateway http.Handler
	// Wrap is given the handler that Serve is to serve and returns the one that it
	// does, for measurements. If nil, that is the Server itself.
	Wrap func(http.Handler) http.Handler
	// Logger receives events. If nil, nothing is logged.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxRequests == 0 {
		o.MaxRequests = DefaultMaxRequests
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Server is the front door. It is an http.Handler; Serve makes a whole server of
// it.
type Server struct {
	invoker lattice.Invoker
	routes  Routes
	opts    Options
	late    error // errTimeout with the limit
	running atomic.Int64
	absent  complaints
}

// errTimeout is why a request ends that takes too long.
var errTimeout = errors.New("the request took too long")

// New returns a front door. opts may be nil.
func New(invoker lattice.Invoker, routes Routes, opts *Options) *Server {
	s := &Server{invoker: invoker, routes: routes}
	if opts != nil {
		s.opts = *opts
	}
	s.opts = s.opts.withDefaults()
	s.late = fmt.Errorf("%w: the front door's limit is %v", errTimeout, s.opts.Timeout)
	return s
}

// Serve serves connections of l until ctx ends. Then it lets the requests under
// way finish, for grace at most, and returns nil if they have. It closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener, grace time.Duration) error {
	var h http.Handler = s
	if s.opts.Wrap != nil {
		h = s.opts.Wrap(h)
	}
	return webserver.Serve(ctx, l, h, webserver.Options{MaxHeader: s.opts.MaxHeader, Grace: grace, Logger: s.opts.Logger})
}

// Running returns how many requests are under way.
func (s *Server) Running() int64 { return s.running.Load() }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.opts.Local {
		if why := webserver.Foreign(r, s.routes.RoutedHost); why != "" {
			s.refuse(w, r, failure{status: http.StatusForbidden, text: why})
			return
		}
	}
	if s.toGateway(r) {
		s.opts.Gateway.ServeHTTP(w, r)
		return
	}
	if s.running.Add(1) > int64(s.opts.MaxRequests) {
		s.running.Add(-1)
		s.refuse(w, r, failure{status: http.StatusServiceUnavailable, text: "too many requests are under way", again: true})
		return
	}
	defer s.running.Add(-1)
	if r.URL.Opaque != "" || r.URL.Path == "" {
		s.refuse(w, r, failure{status: http.StatusBadRequest, text: "the target of the request names no path"})
		return
	}
	id, ok := s.find(r)
	if !ok {
		s.refuse(w, r, failure{status: http.StatusNotFound, text: "no component answers here" + s.hint(r)})
		return
	}
	s.invoke(w, r, id)
}

// invoke has a component answer.
func (s *Server) invoke(w http.ResponseWriter, r *http.Request, id lattice.ComponentID) {
	ctx, cancel := context.WithTimeoutCause(r.Context(), s.opts.Timeout, s.late)
	defer cancel()
	ctx = traced(ctx, r)
	inv := &lattice.Invocation{
		Target:    id,
		Interface: incomingHandler,
		Function:  "handle",
		Callers:   []lattice.Caller{"http"},
		Depth:     lattice.DefaultDepth,
	}
	began := time.Now()
	err := s.invoker.HTTP(w, r.WithContext(ctx), inv)
	if err == nil {
		if s.opts.Logger.Enabled(ctx, slog.LevelDebug) {
			s.opts.Logger.DebugContext(ctx, "request served", "component", id, "took", time.Since(began))
		}
		return
	}
	if r.Context().Err() != nil {
		s.opts.Logger.DebugContext(ctx, "client has gone", "component", id, "error", err)
		panic(http.ErrAbortHandler)
	}
	if cause := context.Cause(ctx); errors.Is(cause, errTimeout) {
		err = cause
	}
	if !nowhere(err) {
		s.opts.Logger.WarnContext(ctx, "request failed", "component", id, "method", r.Method, "path", r.URL.Path, "error", err, "took", time.Since(began))
	} else if calls, say := s.absent.due(id); say {
		s.opts.Logger.WarnContext(ctx, "requests failed: no host answers for the component", "component", id, "calls", calls, "error", err)
	}
	f := failureOf(err)
	if s.opts.Local {
		f.text += "\n\n" + err.Error()
	}
	f.answer(w, r)
}

// incomingHandler is the interface that components answer HTTP requests with, in
// the version in which Wattle knows it.
const incomingHandler = "wasi:http/incoming-handler@0.2.6"

// refuse answers a request that no component is given.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, f failure) {
	s.opts.Logger.DebugContext(r.Context(), "request refused", "status", f.status, "reason", f.text)
	f.answer(w, r)
}
