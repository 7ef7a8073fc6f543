package mcp

import "sync"

// Sizes of buffers for answers: up to which they are not counted as held, and up to which
// they are used again.
const (
	freeSize   = 64 << 10
	maxPooled  = 4 << 20
	leastInUse = 4 << 10
)

// Buffers of answers that have ended: those that are not counted, and those that are.
var smallBuffers, largeBuffers sync.Pool

// heldBy returns how many bytes a buffer counts for.
func heldBy(b []byte) int64 {
	if cap(b) <= freeSize {
		return 0
	}
	return int64(cap(b))
}

// newBuffer returns an empty buffer for n bytes.
func newBuffer(n int64) []byte {
	pool := &smallBuffers
	if n > freeSize {
		pool = &largeBuffers
	}
	if b, ok := pool.Get().(*[]byte); ok && int64(cap(*b)) >= n {
		return (*b)[:0]
	}
	return make([]byte, 0, max(n, leastInUse))
}

// recycle gives a buffer back, which nobody uses any more.
func recycle(b []byte) {
	switch {
	case cap(b) == 0 || cap(b) > maxPooled:
	case cap(b) <= freeSize:
		smallBuffers.Put(&b)
	default:
		largeBuffers.Put(&b)
	}
}
