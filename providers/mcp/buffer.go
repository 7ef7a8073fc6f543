package mcp

import (
	"math/bits"
	"sync"
)

// Sizes of buffers for answers, as powers of two: the least, up to which they are not
// counted as held, and up to which they are used again.
const (
	leastBits  = 12
	freeBits   = 16
	pooledBits = 22
)

// buffers are those of answers that have ended, by their sizes: one of twice the size that
// is needed would count twice.
var buffers [pooledBits + 1]sync.Pool

// heldBy returns how many bytes a buffer counts for.
func heldBy(b []byte) int64 {
	if cap(b) <= 1<<freeBits {
		return 0
	}
	return int64(cap(b))
}

// newBuffer returns an empty buffer for n bytes, or more.
func newBuffer(n int64) []byte {
	class := max(bits.Len64(uint64(max(n, 1)-1)), leastBits)
	if class > pooledBits {
		return make([]byte, 0, n)
	}
	if b, ok := buffers[class].Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, 1<<class)
}

// recycle gives a buffer back, which nobody uses any more.
func recycle(b []byte) {
	if class := bits.Len(uint(cap(b))) - 1; class >= leastBits && class <= pooledBits && cap(b) == 1<<class {
		buffers[class].Put(&b)
	}
}
