package mcp

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// writeTime bounds how long a client takes to take an event. Its call, or its stream, ends
// then.
const writeTime = 30 * time.Second

// smallAnswer is up to how many bytes an answer is written without a time limit: they fit
// in the buffers of the connection.
const smallAnswer = 32 << 10

// Values of headers. They are not changed.
var (
	jsonType    = []string{"application/json"}
	eventType   = []string{"text/event-stream"}
	noStore     = []string{"no-store"}
	noTransform = []string{"no-store, no-transform"}
	noBuffering = []string{"no"}
)

// reply is what a client is answered: one response, or a stream of events that ends with
// it. Its methods may be called at the same time.
type reply struct {
	w  http.ResponseWriter
	rc *http.ResponseController

	mu     sync.Mutex
	begun  bool // the header of a stream is written
	done   bool // nothing is written any more
	failed error
	timed  bool // there is a time limit for writing
	later  bool // events have been written that are not flushed yet
	every  time.Duration
	timer  *time.Timer
}

func (r *reply) start(w http.ResponseWriter, every time.Duration) {
	r.w, r.rc, r.every = w, http.NewResponseController(w), every
}

// keepAlive has signs of life be sent from now on. The first of them begins a stream.
func (r *reply) keepAlive() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer == nil && !r.done {
		r.timer = time.AfterFunc(r.every, r.tick)
	}
}

func (r *reply) tick() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done {
		return
	}
	r.begin()
	r.write(":\n\n")
	r.flush()
	r.timer.Reset(r.every)
}

// begin begins a stream. It is called with the lock.
func (r *reply) begin() {
	if r.begun {
		return
	}
	r.begun = true
	h := r.w.Header()
	h["Content-Type"] = eventType
	h["Cache-Control"] = noTransform
	h["X-Accel-Buffering"] = noBuffering
	r.w.WriteHeader(http.StatusOK)
}

// write writes a part of an event. It is called with the lock.
func (r *reply) write(text string) {
	if r.failed == nil {
		r.limit()
		_, r.failed = r.w.Write([]byte(text))
	}
}

// limit bounds the next writes. It is called with the lock.
func (r *reply) limit() {
	r.timed = true
	_ = r.rc.SetWriteDeadline(time.Now().Add(writeTime)) // not every writer has one
}

// flush sends what has been written. It is called with the lock.
func (r *reply) flush() {
	r.later = false
	if r.failed == nil {
		r.failed = r.rc.Flush()
	}
}

// open begins a stream now.
func (r *reply) open() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done {
		return errAnswered
	}
	r.begin()
	r.limit()
	r.flush()
	return r.failed
}

// event sends a message on the stream. The error is that of the connection.
func (r *reply) event(text []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done {
		return errAnswered
	}
	r.begin()
	r.send(text)
	r.flush()
	return r.failed
}

// eventLater is as event, but the message may wait for the next call of flushLater: what
// came together goes on together, in one packet.
func (r *reply) eventLater(text []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done {
		return errAnswered
	}
	r.begin()
	r.send(text)
	return r.failed
}

// flushLater sends the events that are waiting.
func (r *reply) flushLater() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.later && !r.done {
		r.flush()
	}
}

// What is around a message. They are not changed.
var (
	eventBegin = []byte("event: message\ndata: ")
	eventEnd   = []byte("\n\n")
)

// send writes an event. It is called with the lock.
func (r *reply) send(text []byte) {
	if !r.later {
		r.later = true
		r.limit()
	}
	for _, part := range [...][]byte{eventBegin, jsonrpc.OneLine(text), eventEnd} {
		if r.failed == nil {
			_, r.failed = r.w.Write(part)
		}
	}
}

// respond sends the response, of which the parts are given, and nothing after it. status is
// that of HTTP unless a stream has begun.
func (r *reply) respond(status int, parts ...[]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done {
		return
	}
	r.finish()
	if r.begun {
		var text []byte
		if len(parts) == 1 {
			text = parts[0]
		} else {
			for _, p := range parts {
				text = append(text, p...)
			}
		}
		r.send(text)
		r.flush()
		return
	}
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	h := r.w.Header()
	h["Content-Type"] = jsonType
	h["Cache-Control"] = noStore
	h["Content-Length"] = []string{strconv.Itoa(size)}
	if size > smallAnswer {
		r.limit()
	}
	r.w.WriteHeader(status)
	for _, p := range parts {
		if r.failed == nil {
			_, r.failed = r.w.Write(p)
		}
	}
}

// drop says that nothing is to be written any more.
func (r *reply) drop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finish()
}

// finish ends what may go on without the handler. It is called with the lock.
func (r *reply) finish() {
	r.done = true
	if r.timer != nil {
		r.timer.Stop()
	}
}

// end is called when the handler returns: the connection may be used again.
func (r *reply) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finish()
	if r.timed {
		if r.failed == nil {
			r.failed = r.rc.Flush()
		}
		_ = r.rc.SetWriteDeadline(time.Time{}) // not every writer has one
	}
}
