package invoke

import (
	"sync"

	"github.com/wattle-dev/wattle/lattice"
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

// maxScratch bounds the buffers that are kept for values.
const maxScratch = 64 << 10

// scratches has buffers in which values are written before they are sent.
var scratches = sync.Pool{New: func() any { return new([]byte) }}

// scratch returns an empty buffer. Who makes it grow says so by writing to it.
func scratch() *[]byte {
	b, _ := scratches.Get().(*[]byte)
	return b
}

// putScratch gives a buffer back, of which no part is read any more.
func putScratch(b *[]byte) {
	if cap(*b) <= maxScratch {
		*b = (*b)[:0]
		scratches.Put(b)
	}
}

// messages has messages that are published: who publishes keeps nothing of them.
var messages = sync.Pool{New: func() any { return new(lattice.Message) }}

// publish publishes a message. None of what it is given is kept.
func publish(l lattice.Messenger, to, reply string, h lattice.Header, data []byte) error {
	m, _ := messages.Get().(*lattice.Message)
	*m = lattice.Message{Subject: to, Reply: reply, Header: h, Data: data}
	err := l.Publish(m)
	*m = lattice.Message{}
	messages.Put(m)
	return err
}

// signals has channels of exchanges that have ended. Who was late may still send
// to one: who waits looks whether there is a reason.
type signals struct{ pool sync.Pool }

func (s *signals) get() chan struct{} {
	if c, ok := s.pool.Get().(chan struct{}); ok {
		return c
	}
	return make(chan struct{}, 1)
}

func (s *signals) put(c chan struct{}) {
	select {
	case <-c:
	default:
	}
	s.pool.Put(c)
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
