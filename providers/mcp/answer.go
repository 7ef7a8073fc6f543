package mcp

import (
	"bytes"
	"context"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// maxHint is up to which size a component is believed that says how large its answer is:
// one that repeats arguments of a mebibyte is a little larger.
const maxHint = 2 << 20

// afterResponse is how long a component may go on when its response has been sent.
const afterResponse = time.Second

// answer is what a component answers: an http.ResponseWriter that reads messages. One
// goroutine uses it.
type answer struct {
	g      *Gateway
	cancel context.CancelFunc
	// over returns why nothing is taken any more, nil as long as it is.
	over func() error
	// id is that of the request. take is given each notification, and says whether the call
	// can go on.
	id   []byte
	take func(text []byte, s *spans) error
	// taken, if there is one, is called when each notification of a part has been taken.
	taken func()

	header  http.Header
	status  int
	events  bool // it is a stream of events
	mode    func(a *answer, p []byte)
	buf     []byte // the document, or what is not read yet of the stream
	data    []byte // of the event that is being read
	other   bool   // the event is of a type that says nothing here
	lines   int    // how many lines of data it has
	held    int64
	count   int
	endless bool // there is no limit of messages
	final   []byte
	spans   spans
	problem error
	rest    *time.Timer
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header {
	if a.header == nil {
		a.header = make(http.Header, 4)
	}
	return a.header
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status != 0 || status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	a.status = status
	kind := ""
	if v := a.header["Content-Type"]; len(v) > 0 {
		kind = v[0]
	}
	if kind != jsonType[0] && kind != eventType[0] {
		kind, _, _ = mime.ParseMediaType(kind) // what cannot be read is none of the two
	}
	switch {
	case kind == jsonType[0]:
		a.mode = (*answer).document
		if n, err := strconv.Atoi(a.header.Get("Content-Length")); err == nil && n > 0 {
			a.buf, _ = a.grow(nil, min(n, maxHint))
		}
	case kind == eventType[0] && status == http.StatusOK:
		a.mode, a.events = (*answer).stream, true
	default:
		a.fail(faultf(codeInternal, "the server answered with status %d and %.80q, not with MCP", status, kind))
	}
}

// Write implements io.Writer.
func (a *answer) Write(p []byte) (int, error) {
	if err := a.over(); err != nil {
		return 0, err
	}
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	if a.problem == nil {
		a.mode(a, p)
	}
	if a.problem != nil {
		return 0, a.problem
	}
	return len(p), nil
}

// Flush implements http.Flusher: all is passed on at once anyway.
func (a *answer) Flush() {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
}

// fail ends the call.
func (a *answer) fail(err error) {
	if a.problem == nil {
		a.problem = err
		a.cancel()
	}
}

// grow makes room for n more bytes in b, and counts what is held.
func (a *answer) grow(b []byte, n int) ([]byte, bool) {
	need := int64(len(b) + n)
	if need > a.g.opts.MaxAnswer {
		a.fail(faultf(codeInternal, "the server answered with more than %d bytes", a.g.opts.MaxAnswer))
		return b, false
	}
	if need <= int64(cap(b)) {
		return b, true
	}
	other := newBuffer(min(max(need, 2*int64(cap(b))), a.g.opts.MaxAnswer))
	more := heldBy(other) - heldBy(b)
	if a.g.held.Add(more) > a.g.opts.MaxHeld {
		a.g.held.Add(-more)
		recycle(other)
		a.fail(faultf(codeUnavailable, "the gateway holds too many large answers now: try again"))
		return b, false
	}
	a.held += more
	other = append(other, b...)
	recycle(b)
	return other, true
}

// release is called when nothing of the answer is needed any more.
func (a *answer) release() {
	a.g.held.Add(-a.held)
	a.held = 0
	recycle(a.buf)
	recycle(a.data)
	a.buf, a.data, a.final = nil, nil, nil
	if a.problem == nil {
		a.problem = errAnswered // for who writes when all is over
	}
	if a.rest != nil {
		a.rest.Stop()
	}
}

// document takes a part of an answer that is one document.
func (a *answer) document(p []byte) {
	var ok bool
	if a.buf, ok = a.grow(a.buf, len(p)); ok {
		a.buf = append(a.buf, p...)
	}
}

// stream takes a part of a stream of events (HTML, "Server-sent events", "Interpreting an
// event stream").
func (a *answer) stream(p []byte) {
	if a.final != nil {
		a.after(p)
		return
	}
	// What is in p is read there, but for a line that goes on in the next part.
	if len(a.buf) > 0 {
		var ok bool
		if a.buf, ok = a.grow(a.buf, len(p)); !ok {
			return
		}
		a.buf = append(a.buf, p...)
		p = a.buf
	}
	at := 0
	for a.problem == nil && a.final == nil {
		n := bytes.IndexByte(p[at:], '\n')
		if n < 0 {
			break
		}
		a.line(bytes.TrimSuffix(p[at:at+n], []byte{'\r'}))
		at += n + 1
	}
	if a.taken != nil && a.final == nil && a.problem == nil {
		a.taken() // those before the response go with it
	}
	switch rest := p[at:]; {
	case a.problem != nil:
	case a.final != nil:
		a.buf = a.buf[:0]
		a.after(rest)
	case len(a.buf) > 0:
		a.buf = a.buf[:copy(a.buf, rest)]
	default:
		var ok bool
		if a.buf, ok = a.grow(a.buf, len(rest)); ok {
			a.buf = append(a.buf, rest...)
		}
	}
}

// after takes what comes behind the response. It has been sent, and so nothing can be
// said any more; a component that goes on is stopped.
func (a *answer) after(p []byte) {
	if len(bytes.TrimLeft(p, "\r\n")) > 0 {
		a.cancel()
	}
}

// line takes a line of a stream.
func (a *answer) line(line []byte) {
	if first, rest, several := bytes.Cut(line, []byte{'\r'}); several {
		a.line(first)
		if a.problem == nil && a.final == nil {
			a.line(rest)
		}
		return
	}
	if len(line) == 0 {
		a.dispatch()
		return
	}
	name, value, _ := bytes.Cut(line, []byte{':'})
	value = bytes.TrimPrefix(value, []byte{' '})
	switch string(bytes.TrimPrefix(name, []byte("\xef\xbb\xbf"))) {
	case "data":
		var ok bool
		if a.data, ok = a.grow(a.data, len(value)+1); !ok {
			return
		}
		if a.lines > 0 {
			a.data = append(a.data, '\n')
		}
		a.data = append(a.data, value...)
		a.lines++
	case "event":
		a.other = len(value) > 0 && string(value) != "message"
	}
}

// dispatch takes the event that has ended.
func (a *answer) dispatch() {
	data, other, lines := a.data, a.other, a.lines
	a.other, a.lines = false, 0
	if lines == 0 {
		return
	}
	a.data = a.data[:0]
	if a.count++; a.count > a.g.opts.MaxMessages && !a.endless {
		a.fail(faultf(codeInternal, "the server sent more than %d messages before its response", a.g.opts.MaxMessages))
		return
	}
	if other || len(data) == 0 {
		return // an event without data lets clients know the id of the stream
	}
	a.message(data)
}

// message takes a message.
func (a *answer) message(text []byte) {
	a.spans = spans{}
	form, err := read(text, &a.spans)
	switch {
	case err != nil:
		a.fail(faultf(codeInternal, "the server sent what is no message: %v", err))
	case form == request:
		a.fail(faultf(codeInternal, "the server sent the request %.80q, which components cannot: they ask by the result input_required", jsonrpc.Unquote(a.spans[sMethod].Of(text))))
	case form == response:
		a.respond(text)
	default:
		if err := a.take(text, &a.spans); err != nil {
			a.fail(err)
		}
	}
}

// respond takes the response.
func (a *answer) respond(text []byte) {
	id := a.spans[sID].Of(text)
	if !jsonrpc.Same(id, a.id) && (id != nil || !a.spans[sError].Found()) {
		a.fail(faultf(codeInternal, "the server answered a request with the id %.80q, which is not that of its request", id))
		return
	}
	a.final = text
	if a.events {
		// The component may end by itself, and is stopped if it does not.
		a.rest = time.AfterFunc(afterResponse, a.cancel)
	}
}

// end is called when the component has ended. It returns the response.
func (a *answer) end() ([]byte, error) {
	switch {
	case a.problem != nil:
		return nil, a.problem
	case a.final != nil:
		return a.final, nil
	case a.status == 0:
		return nil, faultf(codeInternal, "the server did not answer")
	case a.events:
		if len(a.buf) > 0 {
			a.line(a.buf)
		}
		a.dispatch() // the last event, if its end was left out
	default:
		a.message(a.buf)
	}
	switch {
	case a.problem != nil:
		return nil, a.problem
	case a.final == nil:
		return nil, faultf(codeInternal, "the server ended without a response")
	}
	return a.final, nil
}
