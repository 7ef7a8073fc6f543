package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	wasihttp "github.com/wattle-dev/wattle/host/wasi/http"
	"github.com/wattle-dev/wattle/internal/webserver"
	"github.com/wattle-dev/wattle/providers/httpclient"
)

// Defaults of Options.
const (
	DefaultMaxConcurrent    = 32
	DefaultMaxQueue         = 256
	DefaultTimeout          = time.Minute
	DefaultMaxHandles       = 1 << 14
	DefaultMaxRequestHeader = webserver.DefaultMaxHeader
)

// Options configure a Server. The zero value serves a component that needs
// nothing of the world.
type Options struct {
	// Name is what the component is called in logs and output.
	Name string
	// WASI is what each instance is given. Standard output and error are
	// replaced if Output is set; HTTP.Hops, HTTP.Logger, HTTP.Exceeded and the limits
	// of bodies always are.
	WASI wasi.Options
	// Limits bound each instance. If its Handles are zero, DefaultMaxHandles.
	Limits component.Limits
	// MaxConcurrent is how many instances run at once. If zero,
	// DefaultMaxConcurrent.
	MaxConcurrent int
	// MaxQueue is how many requests wait for an instance. If zero,
	// DefaultMaxQueue; if negative, none.
	MaxQueue int
	// Timeout bounds a request from its arrival to the end of its response. If
	// zero, DefaultTimeout.
	Timeout time.Duration
	// MaxRequest and MaxResponse are how many bytes a call may bring and answer: the
	// bodies of HTTP requests, or all that a function is given and returns. If
	// MaxRequest is zero, WASI.HTTP.MaxRequestBody; if that is zero as well, or
	// MaxResponse is, the defaults of package host/wasi/http.
	MaxRequest, MaxResponse int64
	// MaxRequestHeader is how many bytes the header of a request may have, for
	// Serve. If zero, DefaultMaxRequestHeader.
	MaxRequestHeader int
	// Output is given the lines that guests write, by several goroutines at
	// once. If nil, output goes where WASI says.
	Output func(Line)
	// OutputRate is how many bytes per second Output is given. If zero,
	// DefaultOutputRate.
	OutputRate int
	// ShowErrors has clients be told why their requests failed. It is for
	// development: reasons can hold what the guest knows.
	ShowErrors bool
	// LocalOnly refuses requests whose Host or Origin does not name this
	// machine, with 403. A server on a loopback address needs it against web
	// pages that the user's browser shows.
	LocalOnly bool
	// Logger receives events. If nil, nothing is logged.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	or := func(n *int, def int) {
		if *n == 0 {
			*n = def
		}
	}
	or(&o.MaxConcurrent, DefaultMaxConcurrent)
	or(&o.MaxQueue, DefaultMaxQueue)
	or(&o.MaxRequestHeader, DefaultMaxRequestHeader)
	or(&o.OutputRate, DefaultOutputRate)
	or(&o.Limits.Handles, DefaultMaxHandles)
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	o.MaxRequest = cmp.Or(o.MaxRequest, o.WASI.HTTP.MaxRequestBody, wasihttp.DefaultMaxRequestBody)
	o.MaxResponse = cmp.Or(o.MaxResponse, wasihttp.DefaultMaxResponseBody)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Name != "" {
		o.Logger = o.Logger.With("component", o.Name)
	}
	return o
}

// Server serves HTTP requests with a component. It is an http.Handler; Serve
// makes a whole server of it.
type Server struct {
	comp    *component.Component
	handler string // the export that serves HTTP, empty without
	opts    Options
	maxHops int
	supply  *supply
	gate    *gate
	output  *output
	metrics Metrics
	lastID  atomic.Uint64
	late    error // errTimeout with the limit
}

// handlerExport is the interface that serves HTTP, without version.
const handlerExport = "wasi:http/incoming-handler"

// NewServer returns a server for a component that exports
// wasi:http/incoming-handler in any version 0.2. opts may be nil. The caller
// closes the component, after Shutdown.
func NewServer(c *component.Component, opts *Options) (*Server, error) {
	s := newServer(c, opts)
	if s.handler == "" {
		return nil, fmt.Errorf("component %q does not export %s@0.2: it exports %q", s.opts.Name, handlerExport, c.Exports())
	}
	return s, nil
}

func newServer(c *component.Component, opts *Options) *Server {
	s := &Server{comp: c, maxHops: httpclient.DefaultMaxHops}
	if opts != nil {
		s.opts = *opts
	}
	s.opts = s.opts.withDefaults()
	s.late = fmt.Errorf("%w: its limit is %v", errTimeout, s.opts.Timeout)
	s.supply = newSupply(s.opts.WASI)
	exports := c.Exports()
	if i := slices.IndexFunc(exports, func(name string) bool {
		return strings.HasPrefix(name, handlerExport+"@0.2.")
	}); i >= 0 {
		s.handler = exports[i]
	}
	if client := s.opts.WASI.HTTP.Client; client != nil {
		s.maxHops = client.MaxHops()
	}
	s.gate = newGate(s.opts.MaxConcurrent, s.opts.MaxQueue)
	s.output = newOutput(s.opts.Output, s.opts.OutputRate, &s.metrics)
	return s
}

// Preinitialize has the instances of all requests start from the state of one
// that has just started. What the component was told meanwhile, such as the time
// and random numbers, is then the same for all of them: see
// component.Component.Preinitialize. It is called before the first request.
func (s *Server) Preinitialize(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	given := s.supply.take()
	defer s.supply.leave(given)
	state := wasi.NewState(given.wasi)
	err := s.comp.Preinitialize(ctx, state, s.opts.Limits)
	return errors.Join(err, state.Close())
}

// Metrics returns the server's counters, which go on counting.
func (s *Server) Metrics() *Metrics { return &s.metrics }

// Shutdown has requests be refused from now on and waits until those under way
// are done, or ctx ends.
func (s *Server) Shutdown(ctx context.Context) error { return s.gate.close(ctx) }

// errTimeout is why a request ends that takes too long.
var errTimeout = errors.New("request took too long")

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.metrics.Requests.Add(1)
	if status, why := s.unfit(r); status != 0 {
		s.refuse(w, r, status, why)
		return
	}
	ctx, cancel := s.timed(r.Context())
	defer cancel()
	if err := s.admit(ctx); err != nil {
		if r.Context().Err() != nil {
			s.metrics.ClientGone.Add(1)
			return
		}
		w.Header().Set("Retry-After", "1")
		s.refuse(w, r, http.StatusServiceUnavailable, err.Error())
		return
	}
	s.answer(ctx, w, r)
}

// timed returns a context that ends when the request has taken its time, ctx itself
// if that ends sooner.
func (s *Server) timed(ctx context.Context) (context.Context, context.CancelFunc) {
	end := time.Now().Add(s.opts.Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(end) {
		return ctx, func() {}
	}
	return context.WithDeadlineCause(ctx, end, s.late)
}

// unfit returns the status and the reason with which a request is refused that no
// instance is to see, or zero.
func (s *Server) unfit(r *http.Request) (status int, why string) {
	if s.opts.LocalOnly {
		if why := webserver.Foreign(r, nil); why != "" {
			return http.StatusForbidden, why
		}
	}
	switch {
	case r.URL.Opaque != "":
		return http.StatusBadRequest, "the target of the request names no path"
	case httpclient.Hops(r.Header) > s.maxHops:
		return http.StatusLoopDetected, "the request is one of a chain that is too long"
	case r.ContentLength > s.opts.MaxRequest:
		s.metrics.Exceeded.add(LimitRequest)
		most := strconv.FormatInt(s.opts.MaxRequest, 10)
		return http.StatusRequestEntityTooLarge, "the request body is longer than " + most + " bytes"
	}
	return 0, ""
}

// admit waits for a place, until ctx ends. The gate's leave gives it back.
func (s *Server) admit(ctx context.Context) error {
	s.metrics.Waiting.Add(1)
	defer s.metrics.Waiting.Add(-1)
	err := s.gate.enter(ctx)
	switch {
	case err == nil, errors.Is(err, errClosing):
	case timedOut(ctx):
		s.metrics.Exceeded.add(LimitTime)
	case ctx.Err() == nil:
		s.metrics.Exceeded.add(LimitCalls)
	}
	return err
}

// answer answers a request that has been let in.
func (s *Server) answer(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	if ex := s.admitted(ctx, w, r); ex != nil {
		ex.Close() // it may wait for the client, and others need the place
	} else {
		webserver.BoundUnread(w, r)
	}
}

// admitted has an instance answer a request.
func (s *Server) admitted(ctx context.Context, w http.ResponseWriter, r *http.Request) *wasihttp.Exchange {
	defer s.gate.leave()
	s.metrics.Running.Add(1)
	defer s.metrics.Running.Add(-1)
	return s.handle(ctx, w, r)
}

// refuse answers a request for which no instance is made.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, reason string) {
	s.metrics.Refused.Add(1)
	s.opts.Logger.DebugContext(r.Context(), "request refused", "status", status, "reason", reason)
	webserver.BoundUnread(w, r)
	http.Error(w, reason, status)
}
