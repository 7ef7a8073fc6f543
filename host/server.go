package host

import (
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
	"github.com/wattle-dev/wattle/providers/httpclient"
)

// Defaults of Options.
const (
	DefaultMaxConcurrent    = 32
	DefaultMaxQueue         = 256
	DefaultTimeout          = time.Minute
	DefaultMaxHandles       = 1 << 14
	DefaultMaxRequestHeader = 64 << 10
)

// Options configure a Server. The zero value serves a component that needs
// nothing of the world.
type Options struct {
	// Name is what the component is called in logs and output.
	Name string
	// WASI is what each instance is given. Standard output and error are
	// replaced if Output is set; HTTP.Hops and HTTP.Logger always are.
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
	if o.WASI.HTTP.MaxRequestBody == 0 {
		o.WASI.HTTP.MaxRequestBody = wasihttp.DefaultMaxRequestBody
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Name != "" {
		o.Logger = o.Logger.With("component", o.Name)
	}
	o.WASI.HTTP.Logger = o.Logger
	return o
}

// Server serves HTTP requests with a component. It is an http.Handler; Serve
// makes a whole server of it.
type Server struct {
	comp    *component.Component
	handler string // the export that serves
	opts    Options
	maxHops int
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
	s := &Server{comp: c, maxHops: httpclient.DefaultMaxHops}
	if opts != nil {
		s.opts = *opts
	}
	s.opts = s.opts.withDefaults()
	s.late = fmt.Errorf("%w: its limit is %v", errTimeout, s.opts.Timeout)
	exports := c.Exports()
	i := slices.IndexFunc(exports, func(name string) bool {
		return strings.HasPrefix(name, handlerExport+"@0.2.")
	})
	if i < 0 {
		return nil, fmt.Errorf("component %q does not export %s@0.2: it exports %q", s.opts.Name, handlerExport, exports)
	}
	s.handler = exports[i]
	if client := s.opts.WASI.HTTP.Client; client != nil {
		s.maxHops = client.MaxHops()
	}
	s.gate = newGate(s.opts.MaxConcurrent, s.opts.MaxQueue)
	s.output = newOutput(s.opts.Output, s.opts.OutputRate, &s.metrics)
	return s, nil
}

// Preinitialize has the instances of all requests start from the state of one
// that has just started. What the component was told meanwhile, such as the time
// and random numbers, is then the same for all of them: see
// component.Component.Preinitialize. It is called before the first request.
func (s *Server) Preinitialize(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	state := wasi.NewState(s.opts.WASI)
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
	if s.opts.LocalOnly {
		if why := foreign(r); why != "" {
			s.refuse(w, r, http.StatusForbidden, why)
			return
		}
	}
	switch {
	case r.URL.Opaque != "":
		s.refuse(w, r, http.StatusBadRequest, "the target of the request names no path")
		return
	case httpclient.Hops(r.Header) > s.maxHops:
		s.refuse(w, r, http.StatusLoopDetected, "the request is one of a chain that is too long")
		return
	case r.ContentLength > s.opts.WASI.HTTP.MaxRequestBody:
		most := strconv.FormatInt(s.opts.WASI.HTTP.MaxRequestBody, 10)
		s.refuse(w, r, http.StatusRequestEntityTooLarge, "the request body is longer than "+most+" bytes")
		return
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), s.opts.Timeout, s.late)
	defer cancel()
	s.metrics.Waiting.Add(1)
	leave, err := s.gate.enter(ctx)
	s.metrics.Waiting.Add(-1)
	if err != nil {
		if r.Context().Err() != nil {
			s.metrics.ClientGone.Add(1)
			return
		}
		w.Header().Set("Retry-After", "1")
		s.refuse(w, r, http.StatusServiceUnavailable, err.Error())
		return
	}
	if ex := s.admitted(ctx, leave, w, r); ex != nil {
		ex.Close() // it may wait for the client, and others need the place
	} else {
		boundUnread(w, r)
	}
}

// unreadTime bounds how long net/http waits for the body of a request that nobody
// reads, to find the next one behind it.
const unreadTime = time.Second

// boundUnread is for requests that are answered without an exchange. Their clients
// would keep a connection for as long as they like by not sending the body that
// they have announced.
func boundUnread(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(unreadTime))
	}
}

// admitted answers a request that has been let in.
func (s *Server) admitted(ctx context.Context, leave func(), w http.ResponseWriter, r *http.Request) *wasihttp.Exchange {
	defer leave()
	s.metrics.Running.Add(1)
	defer s.metrics.Running.Add(-1)
	return s.handle(ctx, w, r)
}

// refuse answers a request for which no instance is made.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, reason string) {
	s.metrics.Refused.Add(1)
	s.opts.Logger.DebugContext(r.Context(), "request refused", "status", status, "reason", reason)
	boundUnread(w, r)
	http.Error(w, reason, status)
}
