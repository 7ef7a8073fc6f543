package invoke

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// HTTP has a component on a host answer a request. See lattice.Invoker.
func (c *Client) HTTP(w http.ResponseWriter, r *http.Request, host lattice.HostID, inv *lattice.Invocation) error {
	up, err := newUpload(w, r, c.chunk)
	if err != nil {
		return err
	}
	defer up.close()
	return c.report(r.Context(), inv, host, c.http(w, up, host, inv))
}

// cutOffError is why a response ends that had begun.
type cutOffError struct{ cause error }

func (e *cutOffError) Error() string { return e.cause.Error() }

func (e *cutOffError) Unwrap() error { return e.cause }

func wasCut(err error) bool {
	_, ok := errors.AsType[*cutOffError](err)
	return ok
}

// report returns the error of a request. If the response was cut off it has the
// client's connection be cut off as well: nothing but the log can say why.
func (c *Client) report(ctx context.Context, inv *lattice.Invocation, host lattice.HostID, err error) error {
	if !wasCut(err) {
		return err
	}
	level := slog.LevelWarn
	if errors.Is(err, context.Canceled) {
		level = slog.LevelDebug // the client has gone
	}
	c.opts.Logger.Log(ctx, level, "response cut off", "component", inv.Target, "peer", host, "error", err)
	panic(http.ErrAbortHandler)
}

// http sends a request to a host, again if it was lost on the way.
func (c *Client) http(w http.ResponseWriter, up *upload, host lattice.HostID, inv *lattice.Invocation) error {
	for try := 1; ; try++ {
		err := c.httpOnce(w, up, host, inv)
		if !errors.Is(err, errLost) || !up.again() || try == maxLost {
			return err
		}
	}
}

func (c *Client) httpOnce(w http.ResponseWriter, up *upload, host lattice.HostID, inv *lattice.Invocation) error {
	ctx := up.r.Context()
	x := c.newExchange(host, up.streams)
	defer x.end(ctx)
	open := c.open(ctx, inv)
	open.Flags |= wire.FlagHTTP
	open.Head = up.head
	up.attach(x, &open)
	defer up.detach(x)
	if err := x.begin(ctx, &open); err != nil {
		return err
	}
	d := download{w: w, ctl: http.NewResponseController(w)}
	for {
		frame, err := x.await(ctx)
		if err != nil {
			return d.failed(err)
		}
		done, err := d.take(x, &frame)
		if done || err != nil {
			return err
		}
	}
}

// download is a response on its way to the client.
type download struct {
	w     http.ResponseWriter
	ctl   *http.ResponseController
	begun bool
}

// failed returns the error, as one that cuts off a response that has begun.
func (d *download) failed(err error) error {
	if d.begun {
		return &cutOffError{err}
	}
	return err
}

// take writes what a frame has. It returns true after the last one.
func (d *download) take(x *exchange, f *wire.Data) (done bool, err error) {
	bad := func(err error) (bool, error) {
		return true, d.failed(&lattice.Error{Code: lattice.CodeInternal, Host: x.host, Message: "the host answered with what is no response: " + err.Error()})
	}
	switch {
	case f.Flags&wire.FlagFault != 0:
		fault, err := wire.ParseFault(f.Section)
		if err != nil {
			return bad(err)
		}
		if fault.Abort {
			return true, &cutOffError{fault.Err(x.host)}
		}
		return true, d.failed(fault.Err(x.host))
	case f.Flags&(wire.FlagHead|wire.FlagInfo) != 0:
		head, err := wire.ParseResponseHead(f.Section)
		final := f.Flags&wire.FlagHead != 0
		if err != nil || d.begun || final != (head.Status >= 200 || head.Status == http.StatusSwitchingProtocols) {
			return bad(errors.Join(err, errHead))
		}
		d.writeHead(&head, final)
	case !d.begun:
		return bad(errHead)
	}
	if f.Flags&wire.FlagInfo != 0 {
		return false, nil
	}
	if len(f.Body) > 0 {
		if _, err := d.w.Write(f.Body); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) && !errors.Is(err, http.ErrContentLength) {
			panic(http.ErrAbortHandler) // the client has gone
		}
	}
	if f.Flags&wire.FlagTrailer != 0 {
		trailers, err := wire.ParseFields(f.Section)
		if err != nil {
			return bad(err)
		}
		maps.Copy(d.w.Header(), trailers)
	}
	if f.Flags&wire.FlagFlush != 0 && d.begun {
		if err := d.ctl.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
			panic(http.ErrAbortHandler)
		}
	}
	return f.Flags&wire.FlagEnd != 0, nil
}

var errHead = errors.New("its head is not what is expected")

// writeHead writes a head. That of an informational response leaves no fields.
func (d *download) writeHead(head *wire.ResponseHead, final bool) {
	h := d.w.Header()
	before := map[string][]string{}
	for name, values := range head.Fields {
		if old, ok := h[name]; ok {
			before[name] = old
		}
		h[name] = values
	}
	d.w.WriteHeader(head.Status)
	if final {
		d.begun = true
		return
	}
	for name := range head.Fields {
		delete(h, name)
	}
	maps.Copy(h, before)
}
