package invoke

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/tracecontext"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// exchange is the caller's side of an exchange.
type exchange struct {
	side
	client *Client
	host   lattice.HostID
	opened time.Time

	opening opening   // belongs to who publishes it
	probed  time.Time // guarded by side.mu
}

// What has happened to calls that the host did not end, which their errors wrap.
var (
	errLost   = errors.New("lost on the way")    // it may be sent again
	errAbsent = errors.New("not connected")      // the host was not, and has not seen it
	errSilent = errors.New("no answer, no sign") // not even to probes
)

// happened is an error that callers get, with what has happened.
type happened struct {
	what  error
	cause *lattice.Error
}

func (e *happened) Error() string { return e.cause.Error() }

func (e *happened) Unwrap() []error { return []error{e.what, e.cause} }

// begin sends the frame that begins the call. An error means that it was not sent.
func (x *exchange) begin(ctx context.Context, open *wire.Open) error {
	frame := scratch()
	defer putScratch(frame)
	*frame = wire.AppendOpen(*frame, x.id, open)
	return x.publishOpen(*frame, tracecontext.Inject(ctx, nil))
}

// beginSoon does as begin, for a call that needs one frame only: it may be sent
// together with those of others. The error is that of the exchange.
func (x *exchange) beginSoon(ctx context.Context, open *wire.Open) {
	x.opening = opening{frame: scratch(), header: tracecontext.Inject(ctx, nil)}
	*x.opening.frame = wire.AppendOpen(*x.opening.frame, x.id, open)
	x.client.outlet.send(x, x.client.count.Load() < crowd)
}

func (x *exchange) publishOpen(frame []byte, h lattice.Header) error {
	var room [192]byte
	token := append(append(room[:0], x.reply...), '.')
	err := publish(x.l, x.to, string(x.id.AppendToken(token)), h, frame)
	if err != nil {
		return &lattice.Error{Code: lattice.CodeOf(err), Host: x.host, Message: err.Error(), Undelivered: true}
	}
	return nil
}

// end drops the exchange, and has the host end the call if it has not.
func (x *exchange) end(ctx context.Context) {
	x.client.forget(x.id)
	x.mu.Lock()
	ended, streamed, err := x.in.ended, x.in.next > 1, x.err
	st := x.stateNow()
	if x.err == nil {
		x.err = errStopped
	}
	readable, writable := x.readable, x.writable
	x.readable = nil
	x.mu.Unlock()
	x.client.signals.put(readable)
	signal(writable)
	switch {
	case !ended && !lattice.Undelivered(err):
		code := lattice.CodeCanceled
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			code = lattice.CodeDeadline
		}
		x.post(wire.AppendCancel(nil, x.id, code))
	case ended && streamed:
		// The host keeps what it has sent until it hears of this.
		x.post(wire.AppendState(nil, wire.KindCredit, x.id, st))
	}
}

// await returns the next frame. Errors are those that the caller gets.
func (x *exchange) await(ctx context.Context) (wire.Data, error) {
	d, err := x.next(ctx.Done(), nil)
	if errors.Is(err, errStopped) {
		e := &lattice.Error{Code: lattice.CodeCanceled, Host: x.host, Message: "the caller has gone"}
		if cause := context.Cause(ctx); cause != nil {
			e.Message = cause.Error()
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				e.Code, e.Message = lattice.CodeDeadline, "no answer in time: "+e.Message
			}
		}
		return d, e
	}
	if err != nil {
		return d, err
	}
	return d, nil
}

// call calls a function.
func (x *exchange) call(ctx context.Context, open *wire.Open, params []byte) ([]byte, error) {
	defer x.end(ctx)
	first := min(len(params), x.chunk)
	o := *open
	if o.Body = params[:first]; first == len(params) {
		o.Flags |= wire.FlagEnd
		x.beginSoon(ctx, &o)
	} else {
		if err := x.begin(ctx, &o); err != nil {
			return nil, err
		}
		x.client.wg.Go(func() { x.sendAll(params[first:]) })
	}
	var results []byte
	for {
		d, err := x.await(ctx)
		switch {
		case err != nil:
			return nil, err
		case d.Flags&wire.FlagFault != 0:
			return nil, x.fault(&d)
		case d.Flags&wire.FlagEnd != 0 && results == nil:
			return d.Body, nil
		case len(results)+len(d.Body) > x.client.opts.MaxValue:
			return nil, &lattice.Error{Code: lattice.CodeExhausted, Host: x.host, Message: fmt.Sprintf(
				"the result has more than %d bytes, which is the limit between hosts", x.client.opts.MaxValue)}
		}
		results = append(results, d.Body...)
		if d.Flags&wire.FlagEnd != 0 {
			return results, nil
		}
	}
}

// sendAll sends the rest of the parameters.
func (x *exchange) sendAll(p []byte) {
	n := max(0, len(p)-1) / x.chunk * x.chunk // what goes before the last frame
	if n > 0 && x.sendBody(p[:n], wire.Data{}, nil, nil) != nil {
		return
	}
	if _, err := x.awaitRoom(len(p)-n, nil, nil); err == nil {
		_ = x.sendLast(&wire.Data{Flags: wire.FlagEnd, Body: p[n:]})
	}
}

// fault returns the error that the host says.
func (x *exchange) fault(d *wire.Data) error {
	f, err := wire.ParseFault(d.Section)
	if err != nil {
		return &lattice.Error{Code: lattice.CodeInternal, Host: x.host, Message: err.Error()}
	}
	return f.Err(x.host)
}

// nobody takes the word that nobody listens to the frame that began the call. It
// says nothing if it could be of another frame.
func (x *exchange) nobody() {
	x.mu.Lock()
	sure := x.heard.Equal(x.opened) && x.probed.IsZero()
	x.mu.Unlock()
	if sure {
		x.fail(&happened{errAbsent, &lattice.Error{Code: lattice.CodeUnavailable, Host: x.host, Message: "it is not connected", Undelivered: true}})
	}
}

// unknown takes the word of the host that it does not know the call.
func (x *exchange) unknown(certain bool, age uint64, now time.Time) {
	took := x.age(now) - time.Duration(age)*time.Millisecond //nolint:gosec // it is bounded
	x.mu.Lock()
	stale := certain && took > slack
	if stale {
		x.probed = time.Time{} // ask again
	}
	contact := !x.heard.Equal(x.opened)
	x.mu.Unlock()
	switch {
	case stale:
	case certain && !contact:
		x.fail(&happened{errLost, &lattice.Error{Code: lattice.CodeUnavailable, Host: x.host, Message: "the request did not reach it", Undelivered: true}})
	default:
		x.fail(&lattice.Error{Code: lattice.CodeUnavailable, Host: x.host, Message: "it has been restarted, or remembers the call no longer: the call may have had effects"})
	}
}

// age is how long ago the call was opened: the monotonic clock stands still while
// the machine sleeps, the other may be set back.
func (x *exchange) age(now time.Time) time.Duration {
	return max(now.Sub(x.opened), now.Round(0).Sub(x.opened.Round(0)))
}

// look asks the host whether it is there if there is reason to, and gives it up if
// it has been silent for too long. connected is since when there is a connection
// to NATS, away that there is none now.
func (x *exchange) look(now, connected time.Time, away bool) {
	x.mu.Lock()
	silent := now.Sub(x.heard)
	patience := giveUp
	if connected.After(x.heard) {
		silent = now.Sub(connected)
	}
	if away {
		silent, patience = now.Sub(x.heard), giveUpAway
	}
	var probe []byte
	sinceProbe := now.Sub(x.probed)
	switch {
	case x.err != nil || x.in.ended || silent >= patience:
	case sinceProbe >= probeEvery && (silent >= probeAfter || now.Sub(x.spoke) >= probeEvery):
		st := x.stateNow()
		st.Age = uint64(max(x.age(now).Milliseconds(), 0)) //nolint:gosec // it is not negative
		if silent >= probeAfter {
			st.Flags = wire.FlagSilent
		}
		probe = wire.AppendState(nil, wire.KindProbe, x.id, st)
		x.probed, x.spoke = now, now
	}
	ended := x.in.ended
	suspect := !ended && x.err == nil && !away && silent >= probeAfter+probeEvery
	x.mu.Unlock()
	if r := x.client.router.Load(); r != nil && suspect {
		r.load(x.host).silent(now)
	}
	switch {
	case probe != nil:
		x.post(probe)
	case silent >= patience && !ended:
		e := &lattice.Error{Code: lattice.CodeUnavailable, Host: x.host, Message: fmt.Sprintf("no answer for %v: the call may have had effects", patience)}
		if away {
			e.Message = "the connection to NATS is lost: the call may have had effects"
			x.fail(e)
		} else {
			x.fail(&happened{errSilent, e})
		}
	}
}
