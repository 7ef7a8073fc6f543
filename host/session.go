package host

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	wasihttp "github.com/wattle-dev/wattle/host/wasi/http"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/httpclient"
	"github.com/wattle-dev/wattle/wit"
)

// MaxSessionQueue is how many calls of a session wait for the one that is under way.
const MaxSessionQueue = 16

// Session is an instance of a target that answers one call after another, and keeps what
// it has in memory between them. It is made for the first of them. Each has the limits of
// a call: time, host calls, fuel, bytes; memory and handles are the instance's, for all
// of them together.
//
// Calls are counted, and wait for a place, as those of the target. Between calls the
// instance occupies none: who keeps sessions bounds their number. A session keeps what it
// was given first, and so does not outlive it: see Gone. It is closed before the component is.
type Session struct {
	target *Target
	turns  *gate // of one call at a time
	over   sync.Once
	memory atomic.Uint64
	// gone is why it answers no more calls, empty while it does.
	gone atomic.Pointer[string]
	// given is what the instance has, nil before there is one.
	given atomic.Pointer[given]

	// The fields below belong to the call under way.
	guest guest
	state *wasi.State
	inst  *component.Instance
}

// NewSession returns a session, which has no instance yet. It is to be closed.
func (t *Target) NewSession() *Session {
	return &Session{target: t, turns: newGate(1, MaxSessionQueue)}
}

// Gone says why the session answers no more calls: its instance has failed, or the
// component is given something else by now. It is empty while it does.
func (s *Session) Gone() string {
	if why := s.gone.Load(); why != nil {
		return *why
	}
	if g := s.given.Load(); g != nil && !s.target.s.supply.isCurrent(g) {
		return "what the component may use has changed"
	}
	return ""
}

// Memory returns the bytes of memory that the instance had after its last call.
func (s *Session) Memory() uint64 { return s.memory.Load() }

// Close refuses further calls and frees the instance, at once or when the call that is
// under way ends. It may be called several times.
func (s *Session) Close() {
	s.end("the session was closed")
	_ = s.turns.close(over) // it does not wait
	s.free()
}

// end says that there are no more calls, and why, unless that is known.
func (s *Session) end(why string) { s.gone.CompareAndSwap(nil, &why) }

// free gives back what the session has, if no call is under way and none can come.
func (s *Session) free() {
	select {
	case <-s.turns.empty:
	default:
		return // whoever is inside does it
	}
	s.over.Do(func() {
		s.discard()
		if s.given.Load() != nil {
			s.guest.end()
		}
	})
}

// discard closes the instance.
func (s *Session) discard() {
	if s.inst != nil {
		s.inst.Close()
		s.inst = nil
	}
	if s.state != nil {
		_ = s.state.Close() // it ends what the guest left open
		s.state = nil
	}
	s.memory.Store(0)
}

// HTTP has the instance answer a request as Target.HTTP does. Where that answers in the
// guest's place, it returns the error instead, a *lattice.Error: w may have a part of a
// response by then.
func (s *Session) HTTP(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) error {
	t := s.target.s
	t.metrics.Requests.Add(1)
	if t.handler == "" {
		t.metrics.Refused.Add(1)
		return &lattice.Error{Code: lattice.CodeNotFound, Message: fmt.Sprintf("component %q does not export %s", inv.Target, handlerExport), Undelivered: true}
	}
	if _, why := t.unfit(r); why != "" {
		t.metrics.Refused.Add(1)
		return &lattice.Error{Code: lattice.CodeInvalid, Message: why, Undelivered: true}
	}
	return s.run(r.Context(), inv, httpclient.Hops(r.Header), func(ctx context.Context) error {
		handle, err := s.inst.Func(t.handler, "handle")
		if err != nil {
			return err
		}
		s.state.HTTP().SetHops(httpclient.Hops(r.Header))
		ex := wasihttp.NewExchange(s.state.HTTP(), w, r)
		callErr := handle.CallHandles(ctx, ex.Handles()...)
		if callErr != nil {
			s.end("its instance has failed: " + callErr.Error())
			s.inst.Close() // its memory need not wait for the client
		}
		sendErr := ex.Finish(ctx)
		ex.Close()
		if sendErr == nil {
			return s.late(ctx, callErr)
		}
		if callErr != nil {
			sendErr = callErr // which is why
		}
		if limit := ex.TooLong(); limit != nil {
			return errors.Join(limit, sendErr)
		}
		return sendErr
	})
}

// late takes what a guest did wrong after its response was complete: the caller has that.
func (s *Session) late(ctx context.Context, err error) error {
	if err != nil {
		s.guest.log.WarnContext(ctx, "call failed after its response", s.guest.fault(ctx, err)...)
	}
	return nil
}

// Call is as that of Target.
func (s *Session) Call(ctx context.Context, inv *lattice.Invocation, _ *wit.Func, args []wit.Value) (results []wit.Value, err error) {
	t := s.target.s
	t.metrics.Requests.Add(1)
	iface, err := s.target.ready(inv, args)
	if err != nil {
		return nil, err
	}
	err = s.run(ctx, inv, 0, func(ctx context.Context) error {
		f, err := s.inst.Func(iface, inv.Function)
		if err != nil {
			return &lattice.Error{Code: lattice.CodeNotFound, Message: err.Error(), Undelivered: true}
		}
		if results, err = f.Call(ctx, args...); err != nil {
			if code, _ := blame(ctx, err); code == "" {
				t.metrics.Refused.Add(1)
				return &lattice.Error{Code: lattice.CodeInvalid, Message: err.Error(), Undelivered: true}
			}
			s.end("its instance has failed: " + err.Error())
			return err
		}
		if err = bytesOver(LimitResponse, "bytes of results", results, t.opts.MaxResponse); err != nil {
			t.metrics.Exceeded.add(LimitResponse)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// run does something with the instance when it is the turn of this call.
func (s *Session) run(ctx context.Context, inv *lattice.Invocation, hops int, do func(context.Context) error) error {
	t := s.target.s
	ctx, cancel := t.timed(lattice.WithInvocation(ctx, inv))
	defer cancel()
	defer s.free()
	if err := s.turns.enter(ctx); err != nil {
		t.metrics.Refused.Add(1)
		if why := s.Gone(); why != "" {
			return gone(why)
		}
		return refused(ctx, err)
	}
	defer s.turns.leave()
	if why := s.Gone(); why != "" {
		t.metrics.Refused.Add(1)
		return gone(why)
	}
	if err := t.admit(ctx); err != nil {
		t.metrics.Refused.Add(1)
		return refused(ctx, err)
	}
	defer t.gate.leave()
	t.metrics.Running.Add(1)
	defer t.metrics.Running.Add(-1)
	err := s.begin(ctx, hops)
	if err == nil {
		err = do(ctx)
		s.settle(ctx)
	}
	if err == nil {
		return nil
	}
	if said, ok := errors.AsType[*lattice.Error](err); ok {
		return said
	}
	return s.guest.fail(ctx, err, "interface", inv.Interface, "function", inv.Function)
}

// gone is the error of a call of a session that is gone.
func gone(why string) error {
	return &lattice.Error{Code: lattice.CodeUnavailable, Message: why, Undelivered: true}
}

// begin makes the instance, or has the one there is begin another call.
func (s *Session) begin(ctx context.Context, hops int) (err error) {
	if s.inst != nil {
		s.inst.Renew()
		return nil
	}
	t := s.target.s
	s.guest.init(t)
	s.given.Store(s.guest.given)
	s.state = wasi.NewState(s.guest.options(hops))
	if s.inst, err = t.comp.Instantiate(ctx, s.state, t.opts.Limits); err != nil {
		s.guest.drain(ctx, s.state)
		s.end("its instance could not be made")
		s.discard()
		return fmt.Errorf("start instance: %w", err)
	}
	return nil
}

// settle takes what a call has left.
func (s *Session) settle(ctx context.Context) {
	s.guest.drain(ctx, s.state)
	if s.gone.Load() != nil {
		s.discard()
		return
	}
	s.memory.Store(s.inst.Memory())
}
