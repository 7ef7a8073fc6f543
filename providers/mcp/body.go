package mcp

import (
	"bytes"
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

// leastBody is from which size on the bytes of bodies are used again.
const leastBody = 1 << leastBits

// bodyBuffer returns an empty buffer for a body of n bytes.
func bodyBuffer(n int64) []byte {
	if n < leastBody {
		return make([]byte, 0, n)
	}
	return newBuffer(n)
}

// newBody returns text as a body. What is too small to be used again is one that HTTP
// clients know to be in memory, and send together with the head of their request.
func newBody(text []byte) io.ReadCloser {
	if cap(text) < leastBody {
		return io.NopCloser(bytes.NewReader(text))
	}
	return &body{rest: text}
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
