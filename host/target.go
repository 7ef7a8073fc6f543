package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// Target is a component that is called on a lattice: for its functions, and for
// HTTP if it exports wasi:http/incoming-handler. Both share the limits, the queue
// and the counters of one Server. It implements lattice.Handler for invocations
// whose target it is, whatever they name as such.
type Target struct {
	s *Server
	// exported has the interfaces by their names as exported, and tracks by their
	// names without what versions of one track differ in.
	exported, tracks map[string]string
}

var _ lattice.Handler = (*Target)(nil)

// NewTarget returns the target of a component. opts may be nil. The caller closes
// the component, after Shutdown.
func NewTarget(c *component.Component, opts *Options) *Target {
	t := &Target{s: newServer(c, opts), exported: map[string]string{"": ""}, tracks: map[string]string{}}
	for _, name := range c.Exports() {
		if id, err := wit.ParseInterfaceID(name); err == nil {
			t.exported[name] = name
			t.tracks[id.Canonical().String()] = name
		}
	}
	return t
}

// Metrics returns the counters, which go on counting.
func (t *Target) Metrics() *Metrics { return &t.s.metrics }

// ServesHTTP reports whether the component answers HTTP requests.
func (t *Target) ServesHTTP() bool { return t.s.handler != "" }

// Try makes an instance as a call would, and closes it: whether the component starts at
// all. It counts in no Metrics.
func (t *Target) Try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.s.opts.Timeout)
	defer cancel()
	var g guest
	g.init(t.s)
	defer g.end()
	state := wasi.NewState(g.options(0))
	defer func() { _ = state.Close() }() // it ends what the guest left open
	inst, err := t.s.comp.Instantiate(ctx, state, t.s.opts.Limits)
	if err == nil {
		inst.Close()
	}
	g.drain(ctx, state)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("start instance: %w", err)
	if lines := g.tail.String(); lines != "" {
		err = fmt.Errorf("%w; it wrote: %s", err, lines)
	}
	return err
}

// Preinitialize is as that of Server.
func (t *Target) Preinitialize(ctx context.Context) error { return t.s.Preinitialize(ctx) }

// Resize changes Options.MaxConcurrent and Options.MaxQueue. Calls under way are not
// touched by it.
func (t *Target) Resize(concurrent, queue int) {
	o := Options{MaxConcurrent: concurrent, MaxQueue: queue}.withDefaults()
	t.s.gate.resize(o.MaxConcurrent, o.MaxQueue)
}

// Supply has the instances of calls from now on be given something else: all of it, as
// Options.WASI has it. Calls under way keep what they began with. done is called when
// it has been replaced in turn and the last call that was given it has ended; it may
// be nil. What the target was made with has nothing that is called.
func (t *Target) Supply(o wasi.Options, done func()) { t.s.supply.replace(o, done) }

// Shutdown has calls be refused from now on and waits until those under way are
// done, or ctx ends.
func (t *Target) Shutdown(ctx context.Context) error { return t.s.Shutdown(ctx) }

// HTTP implements lattice.Invoker.
func (t *Target) HTTP(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) error {
	s := t.s
	s.metrics.Requests.Add(1)
	if s.handler == "" {
		s.metrics.Refused.Add(1)
		return &lattice.Error{Code: lattice.CodeNotFound, Message: fmt.Sprintf("component %q does not export %s", inv.Target, handlerExport), Undelivered: true}
	}
	if status, why := s.unfit(r); status != 0 {
		s.refuse(w, r, status, why)
		return nil
	}
	ctx, cancel := s.timed(lattice.WithInvocation(r.Context(), inv))
	defer cancel()
	if err := s.admit(ctx); err != nil {
		s.metrics.Refused.Add(1)
		return refused(ctx, err)
	}
	s.answer(ctx, w, r)
	return nil
}

// Func implements lattice.Handler.
func (t *Target) Func(inv *lattice.Invocation) (*wit.Func, error) {
	iface, err := t.find(inv.Interface)
	if err == nil {
		var fn *wit.Func
		if fn, err = t.s.comp.Func(iface, inv.Function); err == nil {
			return fn, nil
		}
	}
	return nil, &lattice.Error{Code: lattice.CodeNotFound, Message: fmt.Sprintf("component %q: %v", inv.Target, err), Undelivered: true}
}

// find returns the export that serves an import: the same interface, in a version
// of the same track.
func (t *Target) find(iface string) (string, error) {
	if name, ok := t.exported[iface]; ok {
		return name, nil
	}
	id, err := wit.ParseInterfaceID(iface)
	if err != nil {
		return "", err
	}
	if name, ok := t.tracks[id.Canonical().String()]; ok {
		return name, nil
	}
	return "", fmt.Errorf("component does not export the interface %q", iface)
}

// Call implements lattice.Invoker. fn is not looked at: args are checked against
// the type of the export.
func (t *Target) Call(ctx context.Context, inv *lattice.Invocation, _ *wit.Func, args []wit.Value) ([]wit.Value, error) {
	s := t.s
	s.metrics.Requests.Add(1)
	iface, err := t.ready(inv, args)
	if err != nil {
		return nil, err
	}
	ctx, cancel := s.timed(lattice.WithInvocation(ctx, inv))
	defer cancel()
	if err := s.admit(ctx); err != nil {
		s.metrics.Refused.Add(1)
		return nil, refused(ctx, err)
	}
	defer s.gate.leave()
	s.metrics.Running.Add(1)
	defer s.metrics.Running.Add(-1)
	c := call{inv: inv, iface: iface}
	c.init(s)
	defer c.end()
	return c.run(ctx, args)
}

// ready returns the export that serves an invocation, unless that cannot be called with
// these arguments.
func (t *Target) ready(inv *lattice.Invocation, args []wit.Value) (iface string, err error) {
	s := t.s
	if iface, err = t.find(inv.Interface); err != nil {
		s.metrics.Refused.Add(1)
		return "", &lattice.Error{Code: lattice.CodeNotFound, Message: err.Error(), Undelivered: true}
	}
	if err := bytesOver(LimitRequest, "bytes of arguments", args, s.opts.MaxRequest); err != nil {
		s.metrics.Refused.Add(1)
		s.metrics.Exceeded.add(LimitRequest)
		return "", &lattice.Error{Code: lattice.CodeExhausted, Message: err.Error(), Undelivered: true}
	}
	return iface, nil
}

// refused is the error of an invocation that did not get a place.
func refused(ctx context.Context, err error) error {
	e := &lattice.Error{Message: err.Error(), Undelivered: true}
	switch {
	case errors.Is(err, errClosing):
		e.Code = lattice.CodeUnavailable
	case ctx.Err() == nil:
		e.Code = lattice.CodeExhausted
	case timedOut(ctx):
		e.Code, e.Message = lattice.CodeDeadline, "the time was over before an instance was free"
	default:
		e.Code, e.Message = lattice.CodeCanceled, "the caller has gone"
	}
	return e
}

// call is a call of a function with the instance that it is made in.
type call struct {
	guest
	inv   *lattice.Invocation
	iface string
}

func (c *call) run(ctx context.Context, args []wit.Value) ([]wit.Value, error) {
	s := c.server
	state := wasi.NewState(c.options(0))
	defer func() { _ = state.Close() }() // it ends what the guest left open
	inst, err := s.comp.Instantiate(ctx, state, s.opts.Limits)
	if err != nil {
		c.drain(ctx, state)
		return nil, c.fail(ctx, fmt.Errorf("start instance: %w", err), false)
	}
	defer inst.Close()
	f, err := inst.Func(c.iface, c.inv.Function)
	if err != nil {
		return nil, &lattice.Error{Code: lattice.CodeNotFound, Message: err.Error(), Undelivered: true}
	}
	results, err := f.Call(ctx, args...)
	if err == nil {
		if err = bytesOver(LimitResponse, "bytes of results", results, s.opts.MaxResponse); err != nil {
			s.metrics.Exceeded.add(LimitResponse)
		}
	}
	inst.Close() // its memory need not wait for the output
	c.drain(ctx, state)
	if err != nil {
		return nil, c.fail(ctx, err, true)
	}
	return results, nil
}

// fail returns the error of a call that went wrong, as the caller is told of it. started
// says that there was an instance.
func (c *call) fail(ctx context.Context, err error, started bool) error {
	if code, _ := blame(ctx, err); code == "" && started {
		// The call was refused before the guest ran: an argument is at fault.
		c.server.metrics.Refused.Add(1)
		return &lattice.Error{Code: lattice.CodeInvalid, Message: err.Error(), Undelivered: true}
	}
	return c.guest.fail(ctx, err, "interface", c.inv.Interface, "function", c.inv.Function)
}

// blame returns what kind of failure of a call an error is, and what the caller is told
// of it. The code is empty if neither the guest nor the time is at fault.
func blame(ctx context.Context, err error) (code lattice.Code, message string) {
	var (
		trap  *component.Trap
		limit *component.LimitError
		exit  *component.ExitError
	)
	switch {
	case timedOut(ctx):
		return lattice.CodeDeadline, "the component took too long"
	case ctx.Err() != nil:
		return lattice.CodeCanceled, "the caller has gone"
	case errors.As(err, &limit):
		return lattice.CodeExhausted, err.Error()
	case errors.As(err, &trap), errors.As(err, &exit):
		return lattice.CodeTrapped, err.Error()
	}
	return "", err.Error()
}

// fail counts and logs a call that went wrong, and returns the error that the caller is
// told: what only the guest's owner should read goes to the log.
func (g *guest) fail(ctx context.Context, err error, attrs ...any) error {
	code, message := blame(ctx, err)
	if code == lattice.CodeCanceled {
		g.server.metrics.ClientGone.Add(1)
		return &lattice.Error{Code: code, Message: message}
	}
	g.server.metrics.Failed.Add(1)
	g.log.WarnContext(ctx, "call failed", append(g.fault(ctx, err), attrs...)...)
	return &lattice.Error{Code: cmp.Or(code, lattice.CodeInternal), Message: message}
}
