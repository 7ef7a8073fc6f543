package mcp

import (
	"io"
	"net/http"
	"sync"
)

// body is the body of a request to a component. Its bytes are used again for other
// requests when it is closed, and who reads it then gets an error: an invoker may still
// have something running that reads.
type body struct {
	mu     sync.Mutex
	rest   []byte
	closed bool
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	if len(b.rest) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rest, b.closed = nil, true
	return nil
}
