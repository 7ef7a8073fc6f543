package http

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/httpclient"
)

// Defaults of Options.
const (
	DefaultBuffer         = 64 << 10
	DefaultMaxFields      = 1 << 20
	DefaultMaxHeader      = 64 << 10
	DefaultMaxRequests    = 32
	DefaultMaxRequestBody = 64 << 20
	// DefaultMaxResponseBody is larger: what a guest streams occupies nothing here.
	DefaultMaxResponseBody = 1 << 30
)

// Options configure a State. The zero value denies all requests.
type Options struct {
	// Client makes the guest's requests. If nil, they are denied.
	Client *httpclient.Client
	// Hops is how many requests led to what the instance does, as
	// httpclient.Hops has it.
	Hops int
	// Logger is told of refused requests. If nil, nobody is.
	Logger *slog.Logger
	// Buffer is how many bytes of each body are held between guest and network.
	// If zero, DefaultBuffer.
	Buffer int
	// MaxFields is how many bytes all the fields of the instance may occupy,
	// with a charge of fieldOverhead for each. If zero, DefaultMaxFields.
	MaxFields int
	// MaxHeader is how many bytes the header, or the trailer, of a message that
	// the guest sends may have. If zero, DefaultMaxHeader.
	MaxHeader int
	// MaxRequests is how many requests of the guest may be under way at once. If
	// zero, DefaultMaxRequests.
	MaxRequests int
	// MaxRequestBody is how many bytes the body of a request to the guest may
	// have. If zero, DefaultMaxRequestBody.
	MaxRequestBody int64
	// MaxResponseBody is how many bytes the body of the guest's response may have. If
	// zero, DefaultMaxResponseBody.
	MaxResponseBody int64
	// Exceeded is told the name of a limit that was exceeded: "request-bytes",
	// "response-bytes" or "connections". It is called by several goroutines, and may be
	// nil.
	Exceeded func(limit string)
}

func (o Options) withDefaults() Options {
	or := func(n *int, def int) {
		if *n == 0 {
			*n = def
		}
	}
	or(&o.Buffer, DefaultBuffer)
	or(&o.MaxFields, DefaultMaxFields)
	or(&o.MaxHeader, DefaultMaxHeader)
	or(&o.MaxRequests, DefaultMaxRequests)
	if o.MaxRequestBody == 0 {
		o.MaxRequestBody = DefaultMaxRequestBody
	}
	if o.MaxResponseBody == 0 {
		o.MaxResponseBody = DefaultMaxResponseBody
	}
	if o.Exceeded == nil {
		o.Exceeded = func(string) {}
	}
	if o.Client == nil {
		o.Client = denyAll()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// denyAll returns the client without rules. It has no state worth a copy of
// its own.
var denyAll = sync.OnceValue(func() *httpclient.Client { return httpclient.New(nil) })

// Host is what an instance's state (component.Call.State) implements to offer
// wasi:http.
type Host interface{ HTTP() *State }

// Define offers all of wasi:http that a component can import to l.
func Define(l *component.Linker) error {
	return errors.Join(
		DefineTypes(l, func(c *component.Call) Types { return state(c) }),
		DefineOutgoingHandler(l, func(c *component.Call) OutgoingHandler { return state(c) }),
	)
}

func state(c *component.Call) *State {
	h, ok := c.State().(Host)
	if !ok {
		c.Fail(errors.New("instance has no state for wasi:http"))
	}
	return h.HTTP()
}

// Names of limits, as component.LimitError has them.
const (
	limitRequest     = "request-bytes"
	limitResponse    = "response-bytes"
	limitConnections = "connections"
	limitFields      = "http-fields"
)

// State is what an instance has of wasi:http.
type State struct {
	opts   Options
	fields int  // what Fields occupy
	head   bool // the request being served is a HEAD request
	tasks  sync.WaitGroup

	mu       sync.Mutex
	outgoing map[*outgoing]struct{} // requests under way
	closed   bool
}

// NewState returns the state of an instance. Close ends it.
func NewState(opts Options) *State { return &State{opts: opts.withDefaults()} }

// SetHops says how many requests led to what the instance does from now on. It is called
// between requests to an instance that serves several.
func (s *State) SetHops(n int) { s.opts.Hops = n }

// errClosed is why requests end with their instance.
var errClosed = errors.New("the instance has ended")

// Close ends all requests of the guest that are under way, and waits for that.
func (s *State) Close() error {
	s.mu.Lock()
	s.closed = true
	for o := range s.outgoing {
		o.cancel(errClosed)
	}
	s.mu.Unlock()
	s.tasks.Wait()
	return nil
}

// add counts a request that is to be made, or returns why it cannot be.
func (s *State) add(o *outgoing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return errClosed
	case len(s.outgoing) >= s.opts.MaxRequests:
		return &httpclient.LimitError{What: httpclient.LimitRequests, Max: int64(s.opts.MaxRequests)}
	}
	if s.outgoing == nil {
		s.outgoing = map[*outgoing]struct{}{}
	}
	s.outgoing[o] = struct{}{}
	return nil
}

func (s *State) remove(o *outgoing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.outgoing, o)
}

// refused logs a request that policy or a limit forbids, which the operator may
// want to change.
func (s *State) refused(ctx context.Context, err error) {
	if l, ok := errors.AsType[*httpclient.LimitError](err); ok && l.What == httpclient.LimitRequests {
		s.opts.Exceeded(limitConnections)
	}
	s.opts.Logger.WarnContext(ctx, "outgoing request refused", "error", err)
}

// charge adds n to what fields occupy. It returns an error that traps the guest
// when that is too much.
func (s *State) charge(n int) error {
	if n > s.opts.MaxFields-s.fields {
		return &component.LimitError{Name: limitFields, What: "bytes of HTTP fields", Max: uint64(s.opts.MaxFields)}
	}
	s.fields += n
	return nil
}
