package io

import (
	"errors"
	"io"
	"sync"
)

// FromReader returns a source of what r returns. It reads at most size bytes
// ahead, in a goroutine, from when the guest first looks at the stream.
//
// Close does not wait for a Read of r under way. If r is an io.Closer it is
// closed then, which should end it; otherwise the goroutine remains until Read
// returns, and what it returns is lost.
func FromReader(r io.Reader, size int) Source {
	return &readerSource{r: r, q: queue{max: max(size, 1)}}
}

type readerSource struct {
	r        io.Reader
	watchers Watchers

	mu      sync.Mutex
	q       queue
	err     error // of r, after what q holds
	reading bool  // the goroutine runs
	closed  bool
}

// Ready implements Event.
func (s *readerSource) Ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.start()
	return s.closed || s.q.n > 0 || s.err != nil
}

// Watch implements Event.
func (s *readerSource) Watch(wake func()) (stop func()) { return s.watchers.Watch(wake) }

// Read implements Source.
func (s *readerSource) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, ErrClosed
	}
	n := s.q.pop(p)
	s.start()
	if s.q.n == 0 && s.err != nil {
		return n, s.err
	}
	return n, nil
}

// Close implements Source.
func (s *readerSource) Close() error {
	s.mu.Lock()
	was := s.closed
	s.closed, s.q = true, queue{}
	s.mu.Unlock()
	s.watchers.Wake()
	if c, ok := s.r.(io.Closer); ok && !was {
		return c.Close()
	}
	return nil
}

// start has the goroutine run if there is something to do for it. The caller
// holds mu.
func (s *readerSource) start() {
	if s.reading || s.closed || s.err != nil || s.q.free() == 0 {
		return
	}
	s.reading = true
	go s.fill(s.q.free())
}

// fill reads until the queue is full, r has ended or the source is closed.
func (s *readerSource) fill(free int) {
	buf := transfers.Get().(*[maxTransfer]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer transfers.Put(buf)
	for empty := 0; free > 0; {
		n, err := s.r.Read(buf[:min(free, maxTransfer)])
		if empty++; n > 0 {
			empty = 0
		} else if err == nil && empty == 100 {
			err = io.ErrNoProgress
		}
		free = s.filled(buf[:n], err)
	}
}

// filled takes what a Read of r returned, and returns how much may be read next.
// When that is nothing, the goroutine is over.
func (s *readerSource) filled(p []byte, err error) (free int) {
	s.mu.Lock()
	if !s.closed {
		s.q.push(p)
		s.err = err
		if errors.Is(err, io.EOF) {
			s.err = io.EOF
		}
		if err == nil {
			free = s.q.free()
		}
	}
	s.reading = free > 0
	s.mu.Unlock()
	s.watchers.Wake()
	return free
}

// FromBytes returns a source of the bytes of b, which must not change.
func FromBytes(b []byte) Source { return &bytesSource{b: b} }

type bytesSource struct {
	always
	b []byte
}

// Read implements Source.
func (s *bytesSource) Read(p []byte) (int, error) {
	n := copy(p, s.b)
	s.b = s.b[n:]
	if len(s.b) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// Close implements Source.
func (s *bytesSource) Close() error {
	s.b = nil
	return nil
}
