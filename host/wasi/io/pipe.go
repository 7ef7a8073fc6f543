package io

import (
	"io"
	"sync"
)

// Pipe is a bounded queue of bytes from a guest to the host. The guest's side
// is a Sink; the host's side is an io.Reader that blocks. A flush ends when the
// reader has asked for more than it was given, and so has dealt with all of it.
type Pipe struct {
	watchers Watchers

	mu       sync.Mutex
	readable sync.Cond
	q        queue
	lent     bool  // the reader has been given bytes and not come back
	flushing bool  // a flush was asked for that has not ended
	writeErr error // what the writer ended with; io.EOF in good order
	readErr  error // what the reader ended with
}

// NewPipe returns a pipe that holds at most size bytes.
func NewPipe(size int) *Pipe {
	p := &Pipe{q: queue{max: max(size, 1)}}
	p.readable.L = &p.mu
	return p
}

// Read reads what the guest wrote. It blocks until there are bytes or the writer
// has ended; then it returns the writer's error, or io.EOF.
func (p *Pipe) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if p.settle() {
		p.watchers.Wake()
	}
	p.mu.Lock()
	for p.q.n == 0 && p.writeErr == nil && p.readErr == nil {
		p.readable.Wait()
	}
	var n int
	err := p.readErr
	switch {
	case err != nil:
	case p.q.n > 0:
		n = p.q.pop(b)
		p.lent = true
	default:
		err = p.writeErr
	}
	p.mu.Unlock()
	p.watchers.Wake()
	return n, err
}

// Len returns how many bytes are in the pipe.
func (p *Pipe) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.q.n
}

// settle notes that the reader has dealt with what it was given. It reports
// whether that ends a flush.
func (p *Pipe) settle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lent = false
	was := p.flushing
	p.flushing = was && p.q.n > 0
	return was != p.flushing
}

// CloseRead ends the reader's side: nobody takes what the guest writes any more.
// If err is nil the guest sees that the stream is closed, otherwise a failure.
// Reads return the error as well.
func (p *Pipe) CloseRead(err error) {
	if err == nil {
		err = ErrClosed
	}
	p.mu.Lock()
	if p.readErr == nil {
		p.readErr, p.q, p.flushing, p.lent = err, queue{}, false, false
	}
	p.mu.Unlock()
	p.readable.Broadcast()
	p.watchers.Wake()
}

// CloseWrite ends the writer's side. After what was written the reader gets err,
// or io.EOF if it is nil.
func (p *Pipe) CloseWrite(err error) {
	if err == nil {
		err = io.EOF
	}
	p.mu.Lock()
	if p.writeErr == nil {
		p.writeErr = err
	}
	p.mu.Unlock()
	p.readable.Broadcast()
	p.watchers.Wake()
}

// Sink returns the guest's side. Its Close does nothing: whether the end of the
// stream is the end of the data is for the caller to say, with CloseWrite.
func (p *Pipe) Sink() Sink { return (*pipeSink)(p) }

type pipeSink Pipe

// Ready implements Event.
func (s *pipeSink) Ready() bool {
	n, err := s.Check()
	return n > 0 || err != nil
}

// Watch implements Event.
func (s *pipeSink) Watch(wake func()) (stop func()) { return s.watchers.Watch(wake) }

// ended returns the error of writing. The caller holds mu.
func (s *pipeSink) ended() error {
	if s.readErr == nil && s.writeErr != nil {
		return ErrClosed
	}
	return s.readErr
}

// Check implements Sink.
func (s *pipeSink) Check() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ended(); err != nil || s.flushing {
		return 0, err
	}
	return s.q.free(), nil
}

// Write implements Sink.
func (s *pipeSink) Write(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ended(); err != nil {
		return err
	}
	if len(b) > s.q.free() {
		return io.ErrShortBuffer
	}
	s.q.push(b)
	s.readable.Signal()
	return nil
}

// Flush implements Sink.
func (s *pipeSink) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ended(); err != nil {
		return err
	}
	s.flushing = s.q.n > 0 || s.lent
	return nil
}

// Flushed implements Sink.
func (s *pipeSink) Flushed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.flushing
}

// Close implements Sink.
func (s *pipeSink) Close() error { return nil }

// Discard is the sink that takes everything and keeps nothing.
var Discard Sink = discard{}

type discard struct{ always }

func (discard) Check() (int, error) { return maxPermit, nil }
func (discard) Write([]byte) error  { return nil }
func (discard) Flush() error        { return nil }
func (discard) Flushed() bool       { return true }
func (discard) Close() error        { return nil }
