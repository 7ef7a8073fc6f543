package io

import (
	"context"
	"io"
	"sync"
)

// Flusher is implemented by writers that hold back what they are given.
type Flusher interface{ Flush() error }

// WriterSink is a sink that a goroutine drains into an io.Writer.
type WriterSink struct {
	w        io.Writer
	watchers Watchers

	mu       sync.Mutex
	q        queue
	err      error // of w, for good
	writing  bool  // the goroutine runs
	flushing bool  // a flush was asked for that has not ended
	closed   bool
}

// FromWriter returns a sink that holds at most size bytes and writes them to w.
// If w is a Flusher, it is flushed when the guest flushes.
//
// Close does not wait: what the sink holds then is still written. Use Drain to
// wait for that. Nobody closes w.
func FromWriter(w io.Writer, size int) *WriterSink {
	return &WriterSink{w: w, q: queue{max: max(size, 1)}}
}

// Ready implements Event.
func (s *WriterSink) Ready() bool {
	n, err := s.Check()
	return n > 0 || err != nil
}

// Watch implements Event.
func (s *WriterSink) Watch(wake func()) (stop func()) { return s.watchers.Watch(wake) }

// Check implements Sink.
func (s *WriterSink) Check() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return 0, s.err
	case s.closed:
		return 0, ErrClosed
	case s.flushing:
		return 0, nil
	}
	return s.q.free(), nil
}

// Write implements Sink.
func (s *WriterSink) Write(p []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return s.err
	case s.closed:
		return ErrClosed
	case len(p) > s.q.free():
		return io.ErrShortBuffer
	}
	s.q.push(p)
	s.start()
	return nil
}

// Flush implements Sink.
func (s *WriterSink) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	_, flusher := s.w.(Flusher)
	if s.writing || flusher {
		s.flushing = true
		s.start()
	}
	return nil
}

// Flushed implements Sink.
func (s *WriterSink) Flushed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.flushing
}

// Close implements Sink.
func (s *WriterSink) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.watchers.Wake()
	return nil
}

// Drain waits until everything that was written to the sink has reached the
// writer, or ctx ends. It returns the writer's error.
func (s *WriterSink) Drain(ctx context.Context) error {
	if err := Wait(ctx, drained{s}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// drained is the event that the goroutine of a sink has nothing to do.
type drained struct{ *WriterSink }

// Ready implements Event.
func (d drained) Ready() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.writing
}

// start has the goroutine run. The caller holds mu.
func (s *WriterSink) start() {
	if !s.writing {
		s.writing = true
		go s.drain()
	}
}

// drain writes until there is nothing more to write and to flush.
func (s *WriterSink) drain() {
	buf := transfers.Get().(*[maxTransfer]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer transfers.Put(buf)
	flusher, _ := s.w.(Flusher)
	for {
		n, flush := s.next(buf[:])
		var err error
		if n > 0 {
			err = write(s.w, buf[:n])
		}
		if flush && flusher != nil && err == nil {
			err = flusher.Flush()
		}
		more := s.done(flush, err)
		s.watchers.Wake()
		if !more {
			return
		}
	}
}

// next takes the bytes to be written next into buf, and whether to flush after
// them.
func (s *WriterSink) next(buf []byte) (n int, flush bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n = s.q.pop(buf)
	return n, s.flushing && s.q.n == 0
}

// done takes how that went and returns whether there is more to do. If not, the
// goroutine is over.
func (s *WriterSink) done(flushed bool, err error) (more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if flushed || err != nil {
		s.flushing = false
	}
	if err != nil {
		s.err, s.q = err, queue{}
	}
	s.writing = s.q.n > 0 || s.flushing
	return s.writing
}

func write(w io.Writer, p []byte) error {
	n, err := w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}
