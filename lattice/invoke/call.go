package invoke

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/tracecontext"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/witbin"
)

// call is the host's side of an exchange.
type call struct {
	side
	server *Server
	open   wire.Open
	inv    lattice.Invocation
	ctx    callContext
	held   int   // of the server's memory, for windows and values
	behind *call // the next one that waits for a worker, guarded by workers.mu

	canceled error // guarded by side.mu
}

// newCall returns the host's side of an exchange that begins.
func newCall(s *Server, id wire.ExchangeID, caller string, o *wire.Open, h lattice.Header, now time.Time) *call {
	c := &call{server: s, open: *o}
	c.side = side{id: id, l: s.l, to: caller, chunk: s.chunk, heard: now}
	c.in.next = 1
	c.in.window = uint64(s.opts.Window) //nolint:gosec // it is positive
	c.in.ended = o.Flags&wire.FlagEnd != 0
	if !c.in.ended {
		c.readable = make(chan struct{}, 1)
	}
	c.out.limit = max(o.Window, minWindow)
	c.out.most = minWindow
	c.ctx.parent = tracecontext.Extract(context.Background(), h) //nolint:fatcontext // it has this one parent
	if o.Timeout > 0 {
		c.ctx.until = now.Add(time.Duration(o.Timeout) * time.Millisecond) //nolint:gosec // it is bounded
	}
	c.inv = lattice.Invocation{
		Target: o.Target, Interface: o.Interface, Function: o.Function, Callers: o.Callers, Depth: int(o.Depth), //nolint:gosec // it is bounded
	}
	return c
}

// cancelWith ends the context of the call.
func (c *call) cancelWith(err error) {
	c.mu.Lock()
	if c.canceled == nil {
		c.canceled = err
	}
	c.mu.Unlock()
	c.ctx.end()
}

// cause is why the context of the call has ended.
func (c *call) cause(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.canceled != nil {
		return c.canceled
	}
	return context.Cause(ctx)
}

// alive answers a probe.
func (c *call) alive(age uint64) {
	c.mu.Lock()
	st := c.stateNow()
	c.mu.Unlock()
	st.Age = age
	c.post(wire.AppendState(nil, wire.KindAlive, c.id, st))
}

// look cancels the call if its caller has been silent for too long.
func (c *call) look(now, connected time.Time) {
	c.mu.Lock()
	heard := c.heard
	c.mu.Unlock()
	if connected.After(heard) {
		heard = connected
	}
	if now.Sub(heard) >= giveUp {
		c.cancelWith(errVanished)
	}
}

// hold takes n bytes of the server's memory, as much of it as there is.
func (c *call) hold(n int) int {
	n = c.server.memory.take(n)
	c.held += n
	return n
}

// reserve takes memory for frames that may have to be sent again, and has the call
// wait for credit. It comes before the first frame that is not the last.
func (c *call) reserve() {
	n := uint64(max(c.hold(c.server.opts.Window), minWindow)) //nolint:gosec // it is positive
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.most = n
	c.writable = make(chan struct{}, 1)
}

// run carries out the call.
func (c *call) run() {
	s, o := c.server, &c.open
	defer s.finish(c)
	defer c.ctx.end()
	defer func() {
		if c.held > 0 {
			s.memory.give(c.held)
		}
	}()
	if o.Flags&wire.FlagEnd == 0 {
		window := max(c.hold(s.opts.Window), minWindow)
		c.mu.Lock()
		c.in.window = uint64(window) //nolint:gosec // it is positive
		c.mu.Unlock()
	}
	c.mu.Lock()
	canceled := c.canceled
	c.mu.Unlock()
	switch {
	case canceled != nil: // nobody waits for an answer
	case o.Flags&wire.FlagHTTP != 0:
		c.http(&c.ctx, &c.inv, o)
	default:
		if err := c.invoke(&c.ctx, &c.inv, o); err != nil {
			c.fault(err)
		}
	}
}

// fault ends the call with an error.
func (c *call) fault(err error) {
	f := wire.FaultOf(err)
	c.end(&f)
}

func (c *call) end(f *wire.Fault) {
	_ = c.sendLast(&wire.Data{Flags: wire.FlagEnd | wire.FlagFault, Section: wire.AppendFault(nil, f)})
}

// panicked returns what a handler has panicked with as an error, and tells the log.
func (c *call) panicked(ctx context.Context, inv *lattice.Invocation, v any) *wire.Fault {
	if v == any(http.ErrAbortHandler) {
		return &wire.Fault{Code: lattice.CodeInternal, Message: "the response was cut off", Abort: true}
	}
	c.server.log.ErrorContext(ctx, "call panicked", "component", inv.Target, "function", inv.Function,
		"error", fmt.Sprint(v), "stack", string(debug.Stack()))
	return &wire.Fault{Code: lattice.CodeInternal, Message: "the host failed: see its log"}
}

// invoke calls a function.
func (c *call) invoke(ctx context.Context, inv *lattice.Invocation, o *wire.Open) error {
	values, fn, err := c.values(ctx, inv, o)
	if err != nil {
		return err
	}
	// As a rule the result goes in one frame, of which it is the end.
	room := scratch()
	defer putScratch(room)
	frame := wire.AppendData(*room, c.id, &wire.Data{Flags: wire.FlagEnd, Sequence: c.out.next})
	head := len(frame)
	frame, err = witbin.AppendResults(frame, fn, values)
	if err != nil {
		return &lattice.Error{Code: lattice.CodeInternal, Message: err.Error()}
	}
	*room = frame
	results := frame[head:]
	switch {
	case len(results) > c.server.opts.MaxValue:
		return &lattice.Error{Code: lattice.CodeExhausted, Message: fmt.Sprintf(
			"function %q: the result has %d bytes, the limit between hosts is %d", inv.Function, len(results), c.server.opts.MaxValue)}
	case len(results) <= c.chunk:
		return c.sendOnly(slices.Clone(frame))
	}
	return c.results(ctx, results)
}

// values has the handler call the function.
func (c *call) values(ctx context.Context, inv *lattice.Invocation, o *wire.Open) (results []wit.Value, fn *wit.Func, err error) {
	defer func() {
		if v := recover(); v != nil {
			f := c.panicked(ctx, inv, v)
			results, err = nil, f.Err(c.server.host)
		}
	}()
	s := c.server
	fn, err = s.handler.Func(inv)
	if err != nil {
		return nil, nil, undelivered(err)
	}
	if have := s.hashes.of(fn); have != o.Hash {
		return nil, nil, &lattice.Error{Code: lattice.CodeInvalid, Undelivered: true, Message: fmt.Sprintf(
			"function %q of %q is of another type than the caller believes: it is %s", inv.Function, inv.Interface, fn.Signature())}
	}
	params, err := c.params(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	args, err := witbin.DecodeParams(params, fn)
	if err != nil {
		return nil, nil, &lattice.Error{Code: lattice.CodeInvalid, Message: err.Error(), Undelivered: true}
	}
	c.open.Body = nil // it may be large, and has been read
	results, err = s.handler.Call(ctx, inv, fn, args)
	return results, fn, err
}

// undelivered says of an error that the call has not begun.
func undelivered(err error) error {
	e := &lattice.Error{Code: lattice.CodeOf(err), Message: err.Error(), Undelivered: true}
	if have, ok := errors.AsType[*lattice.Error](err); ok {
		e.Host = have.Host
	}
	return e
}

// params returns the parameters: those of the first frame, and what follows.
func (c *call) params(ctx context.Context, o *wire.Open) ([]byte, error) {
	if o.Flags&wire.FlagEnd != 0 {
		return o.Body, nil
	}
	params := append([]byte(nil), o.Body...)
	for {
		d, err := c.next(ctx.Done(), nil)
		switch {
		case errors.Is(err, errStopped):
			return nil, undelivered(c.cause(ctx))
		case err != nil:
			return nil, undelivered(err)
		case d.Flags&wire.FlagFault != 0:
			return nil, &lattice.Error{Code: lattice.CodeCanceled, Message: "the caller has not sent all parameters", Undelivered: true}
		case len(params)+len(d.Body) > c.server.opts.MaxValue:
			return nil, &lattice.Error{Code: lattice.CodeExhausted, Undelivered: true, Message: fmt.Sprintf(
				"the parameters have more than %d bytes, which is the limit between hosts", c.server.opts.MaxValue)}
		case c.hold(len(d.Body)) < len(d.Body):
			return nil, &lattice.Error{Code: lattice.CodeExhausted, Undelivered: true, Message: "the host has no memory left for parameters"}
		}
		params = append(params, d.Body...)
		if d.Flags&wire.FlagEnd != 0 {
			return params, nil
		}
	}
}

// results sends the result.
func (c *call) results(ctx context.Context, results []byte) error {
	n := max(0, len(results)-1) / c.chunk * c.chunk // what goes before the last frame
	if n > 0 {
		c.reserve()
		err := c.sendBody(results[:n], wire.Data{}, ctx.Done(), nil)
		if errors.Is(err, errStopped) {
			return c.cause(ctx)
		}
		if err != nil {
			return err
		}
	}
	return c.sendLast(&wire.Data{Flags: wire.FlagEnd, Body: results[n:]})
}
