package invoke

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// http has the handler answer a request.
func (c *call) http(ctx context.Context, inv *lattice.Invocation, o *wire.Open) {
	r, err := request(ctx, o.Head)
	if err != nil {
		c.fault(undelivered(err))
		return
	}
	body := &requestBody{call: c, r: r, ctx: ctx, rest: o.Body, left: r.ContentLength, whole: o.Flags&wire.FlagEnd != 0}
	if r.ContentLength != 0 {
		r.Body = body
	}
	w := &responseWriter{call: c, ctx: ctx, header: http.Header{}, length: -1, body: body}
	fault, err := c.handle(w, r, inv)
	body.end()
	switch {
	case fault != nil:
		_ = w.flush(0) // what was written goes before the cut
		c.end(fault)
	case err == nil:
		if err := w.finish(); err != nil {
			c.fault(err)
		}
	default:
		c.fault(err)
	}
}

// handle calls the handler. The fault is what becomes of a panic.
func (c *call) handle(w *responseWriter, r *http.Request, inv *lattice.Invocation) (fault *wire.Fault, err error) {
	defer func() {
		if v := recover(); v != nil {
			fault = c.panicked(r.Context(), inv, v)
			fault.Abort = true
		}
	}()
	return nil, c.server.handler.HTTP(w, r, inv)
}

// requestBody is the body of a request.
type requestBody struct {
	call  *call
	r     *http.Request
	ctx   context.Context //nolint:containedctx // it is that of the request
	late  deadline
	left  int64 // of the length that was announced, negative if none was
	whole bool  // nothing follows rest

	mu   sync.Mutex // held by Read
	read int64      // how much
	rest []byte
	err  error
}

// tooLargeError is the error of a body that is larger than where it came in allows.
type tooLargeError struct {
	said  *lattice.Error
	limit http.MaxBytesError
}

func (e *tooLargeError) Error() string { return e.said.Error() }

func (e *tooLargeError) Unwrap() []error { return []error{e.said, &e.limit} }

// Read implements io.Reader.
func (b *requestBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.rest) == 0 {
		if b.err == nil && b.whole {
			b.err = io.EOF
		}
		if b.err != nil {
			return 0, b.err
		}
		if len(p) == 0 {
			return 0, nil
		}
		d, err := b.call.next(b.ctx.Done(), b.late.passed())
		switch {
		case errors.Is(err, errLate):
			return 0, errTimeout
		case errors.Is(err, errStopped):
			b.err = b.call.cause(b.ctx)
			if b.err == nil {
				b.err = http.ErrBodyReadAfterClose
			}
		case err != nil:
			b.err = err
		default:
			b.take(&d)
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	b.read += int64(n)
	if b.left >= 0 {
		if b.left -= int64(n); b.left < 0 {
			b.err = fmt.Errorf("%w: the body is longer than its length", lattice.ErrInvalid)
			b.rest = nil
			return 0, b.err
		}
	}
	if b.whole && len(b.rest) == 0 {
		b.err = io.EOF
		if b.left > 0 {
			b.err = io.ErrUnexpectedEOF
		}
		return n, b.err
	}
	return n, nil
}

// take takes the next frame.
func (b *requestBody) take(d *wire.Data) {
	b.rest = d.Body
	switch {
	case d.Flags&wire.FlagFault != 0:
		f, err := wire.ParseFault(d.Section)
		switch {
		case err != nil:
			b.err = err
		case f.Code == lattice.CodeUnavailable:
			b.err = io.ErrUnexpectedEOF
		case f.Code == lattice.CodeExhausted:
			// All that the limit allows has come before.
			b.err = &tooLargeError{f.Err(""), http.MaxBytesError{Limit: b.read}}
		default:
			b.err = f.Err("")
		}
	case d.Flags&wire.FlagEnd != 0:
		b.whole = true
		if d.Flags&wire.FlagTrailer != 0 {
			fields, err := wire.ParseFields(d.Section)
			if err != nil {
				b.err = err
				return
			}
			for name, values := range fields {
				if _, announced := b.r.Trailer[name]; announced {
					b.r.Trailer[name] = values
				}
			}
		}
		if len(b.rest) == 0 && b.left > 0 {
			b.err = io.ErrUnexpectedEOF
		}
	}
}

// Close implements io.Closer.
func (b *requestBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = http.ErrBodyReadAfterClose
	}
	b.rest = nil
	return nil
}

// end ends reading when the handler has returned.
func (b *requestBody) end() {
	b.late.set(time.Unix(1, 0))
	_ = b.Close()
}

// responseWriter is the http.ResponseWriter of a handler.
type responseWriter struct {
	call *call
	ctx  context.Context //nolint:containedctx // it is that of the request
	body *requestBody
	late deadline

	header http.Header
	// status is zero before the head is written; head is what has not been sent of
	// it.
	status  int
	head    []byte
	allowed bool
	// length is what was announced, negative if nothing was.
	length, written int64
	trailers        []string
	buf             []byte
	streams         bool
	err             error
}

// Header implements http.ResponseWriter.
func (w *responseWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *responseWriter) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("invalid WriteHeader code %v", status)) // as net/http does
	}
	if w.status != 0 {
		return
	}
	if status < 200 && status != http.StatusSwitchingProtocols {
		w.inform(status)
		return
	}
	w.status, w.allowed = status, bodyAllowed(status)
	if v := w.header.Get("Content-Length"); v != "" {
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n >= 0 {
			w.length = n
		} else {
			w.header.Del("Content-Length") // as net/http does
		}
	}
	for _, list := range w.header["Trailer"] {
		for name := range strings.SplitSeq(list, ",") {
			w.trailers = append(w.trailers, http.CanonicalHeaderKey(strings.TrimSpace(name)))
		}
	}
	w.head = w.appendHead(status)
	if len(w.head) > wire.MaxHead || len(w.header) > wire.MaxFields {
		w.err = &lattice.Error{Code: lattice.CodeExhausted, Message: fmt.Sprintf(
			"the header of the response has %d bytes in %d fields, the limits between hosts are %d and %d", len(w.head), len(w.header), wire.MaxHead, wire.MaxFields)}
	}
}

func (w *responseWriter) appendHead(status int) []byte {
	h := wire.ResponseHead{Status: status, Fields: withoutHops(w.header)}
	return wire.AppendResponseHead(make([]byte, 0, 256), &h)
}

// inform sends an informational response. One that is too large, or for which
// there is no room, is none.
func (w *responseWriter) inform(status int) {
	d := wire.Data{Flags: wire.FlagInfo, Section: w.appendHead(status)}
	if len(d.Section) > minWindow/4 || len(w.header) > wire.MaxFields || w.err != nil {
		return
	}
	w.stream()
	w.call.sending.Lock()
	defer w.call.sending.Unlock()
	if _, err := w.call.awaitRoom(len(d.Section), w.ctx.Done(), w.late.passed()); err == nil {
		_ = w.call.send(&d)
	}
}

// Write implements io.Writer.
func (w *responseWriter) Write(p []byte) (int, error) { return write(w, p) }

// WriteString implements io.StringWriter.
func (w *responseWriter) WriteString(s string) (int, error) { return write(w, s) }

func write[S string | []byte](w *responseWriter, p S) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case w.err != nil:
		return 0, w.err
	case len(p) == 0:
		return 0, nil
	case !w.allowed:
		return 0, http.ErrBodyNotAllowed
	}
	if w.written += int64(len(p)); w.length >= 0 && w.written > w.length {
		return 0, http.ErrContentLength
	}
	n := 0
	for n < len(p) {
		k := min(len(p)-n, w.call.chunk-len(w.buf))
		w.buf = append(w.buf, p[n:n+k]...)
		n += k
		if len(w.buf) == w.call.chunk {
			if err := w.flush(0); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// stream prepares for frames before the last.
func (w *responseWriter) stream() {
	if !w.streams {
		w.streams = true
		w.call.reserve()
	}
}

// flush sends what there is of the head and the body.
func (w *responseWriter) flush(flags wire.Flags) error {
	if w.err != nil {
		return w.err
	}
	if w.status == 0 || w.head == nil && len(w.buf) == 0 && flags == 0 {
		return nil
	}
	w.stream()
	d := wire.Data{Flags: flags}
	if w.head != nil {
		d.Flags |= wire.FlagHead
		d.Section = w.head
	}
	err := w.call.sendBody(w.buf, d, w.ctx.Done(), w.late.passed())
	switch {
	case err == nil:
	case errors.Is(err, errLate):
		err = errTimeout
	case errors.Is(err, errStopped):
		err = w.call.cause(w.ctx)
	}
	w.err, w.head, w.buf = err, nil, w.buf[:0]
	return err
}

// FlushError is what http.ResponseController calls.
func (w *responseWriter) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.flush(wire.FlagFlush)
}

// Flush implements http.Flusher.
func (w *responseWriter) Flush() { _ = w.FlushError() }

// EnableFullDuplex is what http.ResponseController calls: requests are read while
// responses are written in any case.
func (w *responseWriter) EnableFullDuplex() error { return nil }

// SetReadDeadline is what http.ResponseController calls.
func (w *responseWriter) SetReadDeadline(t time.Time) error {
	w.body.late.set(t)
	return nil
}

// SetWriteDeadline is what http.ResponseController calls.
func (w *responseWriter) SetWriteDeadline(t time.Time) error {
	w.late.set(t)
	return nil
}

// finish sends the last frame.
func (w *responseWriter) finish() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.err != nil {
		return w.err
	}
	d := wire.Data{Flags: wire.FlagEnd, Body: w.buf}
	trailers := w.takeTrailers()
	if w.head != nil && len(trailers) > 0 {
		if err := w.flush(0); err != nil {
			return err
		}
		d.Body = nil
	}
	switch {
	case w.head != nil:
		d.Flags |= wire.FlagHead
		d.Section = w.head
	case len(trailers) > 0:
		d.Flags |= wire.FlagTrailer
		d.Section = wire.AppendFields(nil, trailers)
		if len(d.Section) > wire.MaxHead || len(trailers) > wire.MaxFields {
			return &lattice.Error{Code: lattice.CodeExhausted, Message: fmt.Sprintf("the trailers have %d bytes, the limit between hosts is %d", len(d.Section), wire.MaxHead)}
		}
	}
	return w.call.sendLast(&d)
}

// takeTrailers returns the trailers: those that were announced, and those whose
// names say so.
func (w *responseWriter) takeTrailers() http.Header {
	var trailers http.Header
	add := func(name string) {
		if values, ok := w.header[name]; ok {
			if trailers == nil {
				trailers = http.Header{}
			}
			trailers[name] = values
		}
	}
	for _, name := range w.trailers {
		add(name)
	}
	for name := range w.header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			add(name)
		}
	}
	return trailers
}
