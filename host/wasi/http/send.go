package http

import (
	"context"
	"errors"
	"io"
	"maps"
	nethttp "net/http"
	"sync"
	"time"
)

// A response is sent by a goroutine of its own, or by that of the guest as long as
// the guest only ever waits for what it writes to be sent.

// open begins to send a response with a body. A head that does not say how long
// the body is goes out at once, for what follows may take its time; one that does
// waits for the first bytes.
func (e *Exchange) open() {
	b := e.response.body
	if b.length < 0 || e.response.bodiless() || b.pipe.Len() > 0 {
		e.start()
	}
}

// start has a goroutine send what is in the pipe, and what will be.
func (e *Exchange) start() {
	if e.sending != nil {
		return
	}
	e.sending = make(chan struct{})
	e.response.body.sending = true
	go func() { // Finish waits for it
		defer close(e.sending)
		e.ended(e.send())
	}()
}

// ended takes what sending ended with.
func (e *Exchange) ended(err error) {
	if err != nil {
		e.err = err
		e.response.body.pipe.CloseRead(&ErrorCode{Tag: ErrorCodeConnectionTerminated})
	}
}

// guard has the end of ctx end a Write that waits, until release is called.
func (e *Exchange) guard(ctx context.Context) (release func()) {
	broken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = e.ctl.SetWriteDeadline(time.Unix(1, 0))
		close(broken)
	})
	return func() {
		if !stop() {
			<-broken
			e.err = errors.Join(e.err, &ClientError{Err: context.Cause(ctx)})
		}
	}
}

// write sends a part of the body while the guest waits.
func (e *Exchange) write(ctx context.Context, p []byte) {
	release := e.guard(ctx)
	e.ended(e.sendPart(p))
	release()
}

// sendPart sends a part of the body.
func (e *Exchange) sendPart(p []byte) error {
	e.sendHead()
	if _, err := e.w.Write(p); err != nil {
		return &ClientError{Err: err}
	}
	return e.flush()
}

// sendBuffers hold what is on its way from a pipe to a client.
var sendBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// send sends what the guest writes until it ends the body.
func (e *Exchange) send() error {
	b, bodiless := e.response.body, e.response.bodiless()
	if b.length < 0 || bodiless {
		e.sendHead()
		if err := e.flush(); err != nil {
			return err
		}
	}
	buf := sendBuffers.Get().(*[32 << 10]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer sendBuffers.Put(buf)
	for {
		n, err := b.pipe.Read(buf[:])
		if n > 0 && !bodiless {
			if err := e.sendPart(buf[:n]); err != nil {
				return err
			}
		}
		switch {
		case err == nil:
		case bodiless:
			return nil
		case errors.Is(err, io.EOF):
			e.sendHead()
			e.sendTrailer(b.trailer)
			return nil
		default:
			return err
		}
	}
}

// complete sends what is left of the body, and returns when that has been done.
func (e *Exchange) complete(ctx context.Context) {
	if e.response != nil && e.response.body != nil {
		e.response.body.end(ErrIncomplete)
		switch {
		case e.sending != nil:
			release := e.guard(ctx)
			<-e.sending
			release()
		case e.err == nil:
			e.ended(e.send()) // it finds nothing more than how the body ended
		}
	}
}

// sendHead sends the head, once. It may wait in the server's buffer.
func (e *Exchange) sendHead() {
	if e.started {
		return
	}
	e.started = true
	h := e.w.Header()
	if len(h) == 0 {
		e.header.addTo(h)
	} else {
		maps.Copy(h, e.header.header())
	}
	if _, ok := h["Content-Type"]; !ok {
		h["Content-Type"] = nil // or the server guesses one
	}
	if e.response.status == nethttp.StatusResetContent {
		h["Content-Length"] = []string{"0"} // it is framed like others, and has no content
	}
	e.w.WriteHeader(int(e.response.status))
}

func (e *Exchange) flush() error {
	if err := e.ctl.Flush(); err != nil && !errors.Is(err, nethttp.ErrNotSupported) {
		return &ClientError{Err: err}
	}
	return nil
}

func (e *Exchange) sendTrailer(t *Fields) {
	if t == nil {
		return
	}
	h := e.w.Header()
	for name, values := range t.trailer() {
		h[nethttp.TrailerPrefix+name] = values
	}
}
