package invoke

import (
	"sync"

	"github.com/wattle-dev/wattle/lattice/wire"
)

// maxFrame is how many bytes a data frame with a full body and no section has at
// most.
const maxFrame = wire.MaxChunk + 64

// buffers has the memory of frames of streams, which is used again when they are
// acknowledged.
var buffers = sync.Pool{New: func() any { return new([maxFrame]byte) }}

// buffer returns empty memory for a frame of n bytes.
func buffer(n int) []byte {
	if n > maxFrame/8 && n <= maxFrame {
		b, _ := buffers.Get().(*[maxFrame]byte)
		return b[:0]
	}
	return make([]byte, 0, n)
}

// putBuffer gives memory back that nobody reads any more.
func putBuffer(b []byte) {
	if cap(b) == maxFrame {
		buffers.Put((*[maxFrame]byte)(b[:maxFrame]))
	}
}

// budget is memory that several exchanges share.
type budget struct {
	mu   sync.Mutex
	left int
}

// take returns how much of want there is.
func (b *budget) take(want int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := max(min(want, b.left), 0)
	b.left -= n
	return n
}

func (b *budget) give(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left += n
}
