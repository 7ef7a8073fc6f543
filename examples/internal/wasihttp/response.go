//go:build wasip1

package wasihttp

import (
	"maps"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/examples/internal/wasi"
)

// bufferSize is how much of a response is held back, to find out whether it is
// all of it and to spare the host small writes.
const bufferSize = 4 << 10

// watchInterval is how often a handler's client is looked for.
const watchInterval = 250 * time.Millisecond

// responseWriter is the http.ResponseWriter of one request.
type responseWriter struct {
	out wasi.ResponseOutparam
	// header is the handler's; fixed is its copy when WriteHeader was called.
	header, fixed http.Header
	// head is whether the request was a HEAD request.
	head bool
	// cancel ends the request's context.
	cancel func()

	status  int   // 0 until WriteHeader
	length  int64 // the declared Content-Length, or -1
	written int64
	buffer  []byte

	// sent is whether the host has the response, and with it body and stream.
	sent   bool
	body   wasi.OutgoingBody
	stream wasi.OutputStream
	err    error // of the first write that failed

	// aborted makes the response incomplete.
	aborted bool
}

// Header implements http.ResponseWriter.
func (w *responseWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *responseWriter) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic("wasihttp: invalid status code " + strconv.Itoa(status))
	}
	if w.status != 0 || status < 200 {
		return
	}
	w.status = status
	w.fixed = w.header.Clone()
	w.length = contentLength(w.fixed)
}

// Write implements http.ResponseWriter.
func (w *responseWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case w.err != nil:
		return 0, w.err
	case !bodyAllowed(w.status):
		return 0, http.ErrBodyNotAllowed
	case w.length >= 0 && w.written+int64(len(p)) > w.length:
		return 0, http.ErrContentLength
	}
	w.written += int64(len(p))
	if len(w.buffer)+len(p) <= bufferSize {
		w.buffer = append(w.buffer, p...)
		return len(p), nil
	}
	w.send(p, false)
	if w.err == nil && !w.head {
		w.flushBuffer()
		w.push(p)
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// Flush implements http.Flusher.
func (w *responseWriter) Flush() { _ = w.FlushError() }

// FlushError is what http.ResponseController calls.
func (w *responseWriter) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	w.send(nil, false)
	w.flushBuffer()
	if w.err == nil {
		w.fail(w.stream.Flush(nil))
	}
	return w.err
}

// bodyAllowed reports whether a response with this status has a body.
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// send hands the response to the host, unless that has happened. The body
// begins with the buffer and next, and if final also ends with them.
func (w *responseWriter) send(next []byte, final bool) {
	if w.sent {
		return
	}
	w.sent = true
	w.complete(append(w.buffer[:len(w.buffer):len(w.buffer)], next...), final)
	fields := wasi.NewFields()
	for _, key := range slices.Sorted(maps.Keys(w.fixed)) {
		if strings.HasPrefix(key, http.TrailerPrefix) {
			continue
		}
		for _, value := range w.fixed[key] {
			// The host refuses what belongs to its side of the connection.
			fields.Append(key, value)
		}
	}
	response := wasi.NewResponse(fields)
	if !response.SetStatus(w.status) {
		response.SetStatus(http.StatusInternalServerError)
	}
	var err error
	if w.body, err = response.Body(); err == nil {
		w.stream, err = w.body.Stream()
	}
	w.out.SetResponse(response)
	w.fail(err)
}

// complete adds the fields that net/http's server adds. start is how the body
// begins, and all of it if final.
func (w *responseWriter) complete(start []byte, final bool) {
	_, typed := w.fixed["Content-Type"]
	if !typed && len(start) > 0 && w.fixed.Get("Content-Encoding") == "" {
		w.fixed.Set("Content-Type", http.DetectContentType(start))
	}
	_, trailers := w.fixed["Trailer"]
	if final && w.length < 0 && !trailers && bodyAllowed(w.status) && (!w.head || len(start) > 0) {
		w.fixed.Set("Content-Length", strconv.Itoa(len(start)))
	}
}

// flushBuffer writes what was held back. The response has been sent.
func (w *responseWriter) flushBuffer() {
	if !w.head {
		w.push(w.buffer)
	}
	w.buffer = w.buffer[:0]
}

// push writes p to the host. A client that is gone ends the request's context.
func (w *responseWriter) push(p []byte) {
	if w.err == nil {
		_, err := w.stream.Write(p, nil)
		w.fail(err)
	}
}

// fail remembers the first error.
func (w *responseWriter) fail(err error) {
	if err != nil && w.err == nil {
		w.err = err
		w.cancel()
	}
}

// watch looks every now and then whether the client is still there, until stop
// is called. A guest is not told: it shows on the response's stream only.
//
// The timer also keeps Go's runtime from taking a handler that waits for its
// client to leave for a deadlock.
func (w *responseWriter) watch() (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(watchInterval)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				if w.stream != 0 && w.err == nil {
					w.fail(w.stream.Err())
				}
			}
		}
	}()
	return func() { close(quit); <-ended }
}

// finish completes the response after the handler has returned.
func (w *responseWriter) finish() {
	if w.aborted && !w.sent {
		w.out.SetInternalError("the handler panicked")
		return
	}
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if !w.aborted {
		w.send(nil, true)
		w.flushBuffer()
	}
	if w.stream != 0 {
		w.stream.Drop()
	}
	if w.body == 0 {
		return
	}
	if w.aborted || w.err != nil {
		w.body.Drop()
		return
	}
	// An error means that the client is gone or that the handler wrote less
	// than it declared; the host cuts the response off either way.
	_ = w.body.Finish(w.trailers())
}

// trailers are the fields named in the Trailer field, or with TrailerPrefix.
func (w *responseWriter) trailers() []wasi.Field {
	var fields []wasi.Field
	for _, line := range w.fixed["Trailer"] {
		for name := range strings.SplitSeq(line, ",") {
			name = textproto.TrimString(name)
			for _, value := range w.header.Values(name) {
				fields = append(fields, wasi.Field{Name: name, Value: value})
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(w.header)) {
		if name, ok := strings.CutPrefix(key, http.TrailerPrefix); ok {
			for _, value := range w.header[key] {
				fields = append(fields, wasi.Field{Name: name, Value: value})
			}
		}
	}
	return fields
}
