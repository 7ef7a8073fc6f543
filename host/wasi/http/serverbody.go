package http

import (
	"errors"
	"io"
	nethttp "net/http"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

// What a client may send, and how long it may take, once it has its response, of
// a request that nobody reads. Then its connection is closed.
const (
	drainTime  = time.Second
	drainBytes = 256 << 10 // as much as net/http reads for the same purpose
)

// serverBody is the body of a request to a guest. The server that it comes from
// must not see a Read after, or during, its end.
type serverBody struct {
	body io.ReadCloser
	ctl  *nethttp.ResponseController
	max  int64
	left int64
	// exceeded is told when there is more.
	exceeded func(limit string)

	mu      sync.Mutex
	idle    sync.Cond // reading became false
	reading bool
	closed  bool
	over    bool // it is longer than max
	ended   bool // the body has been read to its end, or cannot be
}

func newServerBody(r *nethttp.Request, ctl *nethttp.ResponseController, most int64, exceeded func(string)) *serverBody {
	b := &serverBody{body: r.Body, ctl: ctl, max: most, left: most, exceeded: exceeded, ended: r.Body == nil || r.Body == nethttp.NoBody}
	if b.body == nil {
		b.body = nethttp.NoBody
	}
	b.idle.L = &b.mu
	return b
}

// begin notes that a Read is under way, unless there must be none.
func (b *serverBody) begin() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reading = !b.closed
	return b.reading
}

// Read implements io.Reader. It is called by one goroutine at a time.
func (b *serverBody) Read(p []byte) (int, error) {
	if !b.begin() {
		return 0, wasiio.ErrClosed
	}
	if b.left < int64(len(p)) {
		p = p[:b.left+1] // one more byte than is allowed tells
	}
	n, err := b.body.Read(p)
	b.mu.Lock()
	b.reading = false
	b.ended = b.ended || err != nil
	b.mu.Unlock()
	b.idle.Broadcast()
	if int64(n) > b.left {
		b.exceed()
		return int(b.left), &ErrorCode{Tag: ErrorCodeHTTPRequestBodySize, HTTPRequestBodySize: component.Some(uint64(b.max))}
	}
	b.left -= int64(n)
	return n, err
}

// exceed notes that the body is too long.
func (b *serverBody) exceed() {
	b.mu.Lock()
	first := !b.over
	b.over = true
	b.mu.Unlock()
	if first {
		b.exceeded(limitRequest)
	}
}

// Close implements io.Closer. A Read under way is not interrupted: what would
// interrupt it can look like a client that has gone.
func (b *serverBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}

// finish ends all reading by the guest.
func (b *serverBody) finish() {
	b.mu.Lock()
	b.closed = true
	reading := b.reading
	b.mu.Unlock()
	if reading {
		// Not every server can; then Read ends when it ends.
		_ = b.ctl.SetReadDeadline(time.Unix(1, 0))
	}
	b.mu.Lock()
	for b.reading {
		b.idle.Wait()
	}
	b.mu.Unlock()
}

// drain reads what the guest has left of the body, after the response, so that
// the connection can serve another request. It has to be read here: net/http
// would read it when the handler has returned, and with full duplex takes the end
// of the body for a reason to read ahead, at the same time as it reads the next
// request.
func (b *serverBody) drain() {
	if b.ended { // nobody else looks at it any more
		return
	}
	_ = b.ctl.Flush()
	if b.ctl.SetReadDeadline(time.Now().Add(drainTime)) != nil {
		return
	}
	if n, err := io.CopyN(io.Discard, b.body, drainBytes); n < drainBytes && errors.Is(err, io.EOF) {
		_ = b.ctl.SetReadDeadline(time.Time{})
		return
	}
	// Too much or too slow: nothing more is read from this connection.
	_ = b.ctl.SetReadDeadline(time.Unix(1, 0))
}
