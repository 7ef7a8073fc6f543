package io

// queue is a bounded first-in first-out buffer of bytes. Its memory grows with
// what it holds and is given up when it is empty.
type queue struct {
	max   int
	buf   []byte // ring
	start int    // of the first byte
	n     int    // bytes held
}

const minQueue = 512

func (q *queue) free() int { return q.max - q.n }

// push adds p, of at most free bytes.
func (q *queue) push(p []byte) {
	if len(p) == 0 {
		return
	}
	if q.n+len(p) > len(q.buf) {
		q.grow(q.n + len(p))
	}
	end := (q.start + q.n) % len(q.buf)
	rest := copy(q.buf[end:], p)
	copy(q.buf, p[rest:])
	q.n += len(p)
}

func (q *queue) grow(n int) {
	buf := make([]byte, min(max(2*len(q.buf), n, minQueue), q.max))
	q.peek(buf)
	q.buf, q.start = buf, 0
}

// peek copies the first bytes into p and returns how many.
func (q *queue) peek(p []byte) int {
	n := min(len(p), q.n)
	got := copy(p[:n], q.buf[q.start:])
	copy(p[got:n], q.buf)
	return n
}

// pop moves the first bytes into p and returns how many.
func (q *queue) pop(p []byte) int {
	n := q.peek(p)
	if q.n -= n; q.n == 0 {
		q.buf, q.start = nil, 0
	} else {
		q.start = (q.start + n) % len(q.buf)
	}
	return n
}
