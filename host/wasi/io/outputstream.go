package io

import (
	"context"
	"fmt"

	"github.com/wattle-dev/wattle/host/component"
)

// Sink is what an output-stream writes to. As an event it is ready when Check
// would permit at least one byte or return an error.
type Sink interface {
	Event
	// Check returns how many bytes Write takes now: 0 while the sink is full or
	// a flush is under way. ErrClosed and io.ErrClosedPipe say that nobody
	// takes any more; any other error is a failure of which the guest is told,
	// once.
	Check() (n int, err error)
	// Write takes all of p, which is no longer than the last Check permitted
	// less what was written since. It neither blocks nor keeps p.
	Write(p []byte) error
	// Flush begins to flush what was written before.
	Flush() error
	// Flushed reports whether no flush is under way. When one ends, the
	// watchers are woken.
	Flushed() bool
	// Close ends the stream. It is called once, when the guest drops the stream
	// or has been told an error. Other methods may still be called after it.
	Close() error
}

// ThroughSink is a sink to which the goroutine of the guest can write without
// another one, when the guest waits for the end of the write in any case.
type ThroughSink interface {
	Sink
	// WriteThrough writes p, however long, and flushes it. It blocks, until ctx
	// ends at the latest. If it returns false, it has done nothing, and Write has
	// to be used; it does so while a flush is under way.
	WriteThrough(ctx context.Context, p []byte) (done bool, err error)
}

// OutputStream is the resource wasi:io/streams.output-stream.
type OutputStream struct {
	sink    Sink
	permit  uint64 // bytes that may still be written without another check
	dropped func()
	reopen  func(state any) *OutputStream // or nil, see OnReopen
}

// NewOutputStream returns a stream that writes to sink and closes it.
func NewOutputStream(sink Sink) *OutputStream { return &OutputStream{sink: sink} }

// maxBlockingWrite bounds blocking-write-and-flush.
const maxBlockingWrite = 4096

// maxPermit bounds what one check permits, and so what write-zeroes can be told
// to write.
const maxPermit = 1 << 20

var zeroes [maxBlockingWrite]byte

// OnDrop has f called when the guest drops the stream, which may be after its end.
func (s *OutputStream) OnDrop(f func()) { s.dropped = f }

// Drop implements component.Dropper.
func (s *OutputStream) Drop(context.Context) {
	s.close()
	if s.dropped != nil {
		s.dropped()
	}
}

func (s *OutputStream) close() {
	if s.sink != nil {
		_ = s.sink.Close() // the guest cannot be told, and has no more interest
		s.sink, s.permit = nil, 0
	}
}

// fail closes the stream for an error of the sink and returns what the guest is
// told.
func (s *OutputStream) fail(err error) error {
	s.close()
	return streamError(err)
}

// check is check-write.
func (s *OutputStream) check() (uint64, error) {
	if s.sink == nil {
		return 0, streamError(ErrClosed)
	}
	n, err := s.sink.Check()
	if err != nil {
		return 0, s.fail(err)
	}
	s.permit = uint64(min(n, maxPermit))
	return s.permit, nil
}

// checkBlocking is check after waiting until at least one byte is permitted.
func (s *OutputStream) checkBlocking(ctx context.Context) (uint64, error) {
	for {
		n, err := s.check()
		if n > 0 || err != nil {
			return n, err
		}
		if err := Wait(ctx, s.sink); err != nil {
			return 0, err
		}
	}
}

// write writes within the permit.
func (s *OutputStream) write(p []byte) error {
	if s.sink == nil {
		return streamError(ErrClosed)
	}
	if len(p) == 0 {
		return nil
	}
	s.permit -= uint64(len(p))
	if err := s.sink.Write(p); err != nil {
		return s.fail(err)
	}
	return nil
}

// allowed judges the length of a write.
func (s *OutputStream) allowed(n uint64) error {
	if s.sink != nil && n > s.permit {
		return fmt.Errorf("write of %d bytes, but check-write permitted %d", n, s.permit)
	}
	return nil
}

func (s *OutputStream) flush() error {
	if s.sink == nil {
		return streamError(ErrClosed)
	}
	if err := s.sink.Flush(); err != nil {
		return s.fail(err)
	}
	s.permit = 0
	return nil
}

func (s *OutputStream) flushBlocking(ctx context.Context) error {
	if err := s.flush(); err != nil {
		return err
	}
	for !s.sink.Flushed() {
		if err := Wait(ctx, flushed{s.sink}); err != nil {
			return err
		}
	}
	_, err := s.check()
	return err
}

// flushed is the event that a flush has ended.
type flushed struct{ Sink }

func (f flushed) Ready() bool { return f.Flushed() }

// writeAndFlush writes n bytes, those of p or zeroes, and flushes them.
func (s *OutputStream) writeAndFlush(ctx context.Context, p []byte) error {
	if t, ok := s.sink.(ThroughSink); ok && len(p) > 0 {
		done, err := t.WriteThrough(ctx, p)
		if err != nil {
			return s.fail(err)
		}
		if done {
			_, err := s.check()
			return err
		}
	}
	for len(p) > 0 {
		n, err := s.checkBlocking(ctx)
		if err != nil {
			return err
		}
		n = min(n, uint64(len(p)))
		if err := s.write(p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return s.flushBlocking(ctx)
}

// CheckWrite implements output-stream.check-write.
func (s *OutputStream) CheckWrite(*component.Call) (uint64, error) { return s.check() }

// Write implements output-stream.write.
func (s *OutputStream) Write(_ *component.Call, contents []byte) error {
	if err := s.allowed(uint64(len(contents))); err != nil {
		return err
	}
	return s.write(contents)
}

// BlockingWriteAndFlush implements output-stream.blocking-write-and-flush.
func (s *OutputStream) BlockingWriteAndFlush(c *component.Call, contents []byte) error {
	if len(contents) > maxBlockingWrite {
		return fmt.Errorf("blocking write of %d bytes, at most %d are allowed", len(contents), maxBlockingWrite)
	}
	return s.writeAndFlush(c.Context(), contents)
}

// Flush implements output-stream.flush.
func (s *OutputStream) Flush(*component.Call) error { return s.flush() }

// BlockingFlush implements output-stream.blocking-flush.
func (s *OutputStream) BlockingFlush(c *component.Call) error { return s.flushBlocking(c.Context()) }

// Subscribe implements output-stream.subscribe.
func (s *OutputStream) Subscribe(*component.Call) (*Pollable, error) {
	return NewPollable(outputEvent{s}), nil
}

// outputEvent is the event of a stream, whose sink goes when it is closed.
type outputEvent struct{ s *OutputStream }

func (e outputEvent) Ready() bool { return e.s.sink == nil || e.s.sink.Ready() }

func (e outputEvent) Watch(wake func()) func() {
	if e.s.sink == nil {
		return func() {}
	}
	return e.s.sink.Watch(wake)
}

// WriteZeroes implements output-stream.write-zeroes.
func (s *OutputStream) WriteZeroes(_ *component.Call, n uint64) error {
	if err := s.allowed(n); err != nil {
		return err
	}
	for n > 0 {
		part := min(n, uint64(len(zeroes)))
		if err := s.write(zeroes[:part]); err != nil {
			return err
		}
		n -= part
	}
	return s.write(nil)
}

// BlockingWriteZeroesAndFlush implements
// output-stream.blocking-write-zeroes-and-flush.
func (s *OutputStream) BlockingWriteZeroesAndFlush(c *component.Call, n uint64) error {
	if n > maxBlockingWrite {
		return fmt.Errorf("blocking write of %d zeroes, at most %d are allowed", n, maxBlockingWrite)
	}
	return s.writeAndFlush(c.Context(), zeroes[:n])
}

// Splice implements output-stream.splice.
func (s *OutputStream) Splice(_ *component.Call, src *InputStream, n uint64) (uint64, error) {
	permit, err := s.check()
	if err != nil {
		return 0, err
	}
	return src.count(min(permit, n), func(p []byte) (int, error) {
		got, err := src.read(p)
		if err != nil {
			return 0, err
		}
		return got, s.write(p[:got])
	})
}

// BlockingSplice implements output-stream.blocking-splice.
func (s *OutputStream) BlockingSplice(c *component.Call, src *InputStream, n uint64) (uint64, error) {
	if _, err := s.checkBlocking(c.Context()); err != nil {
		return 0, err
	}
	if err := Wait(c.Context(), src.Event()); err != nil {
		return 0, err
	}
	return s.Splice(c, src, n)
}
