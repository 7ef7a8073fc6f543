package io

import (
	"bytes"
	"context"
	"sync"

	"github.com/wattle-dev/wattle/host/component"
)

// Source is what an input-stream reads from. As an event it is ready when Read
// would return something: bytes, the end or an error.
type Source interface {
	Event
	// Read moves bytes that are there into p. It never blocks: 0, nil means
	// that there are none now. io.EOF and ErrClosed are the end; any other
	// error is a failure of which the guest is told, once. Bytes may come with
	// an error, which then counts after them.
	Read(p []byte) (n int, err error)
	// Close gives up the rest. It is called once, when the guest drops the
	// stream or has seen its end. Other methods may still be called after it.
	Close() error
}

// InputStream is the resource wasi:io/streams.input-stream.
type InputStream struct {
	src     Source
	err     error // what the next operation fails with, if not nil
	dropped func()
	reopen  func(state any) *InputStream // or nil, see OnReopen
}

// NewInputStream returns a stream that reads from src and closes it.
func NewInputStream(src Source) *InputStream { return &InputStream{src: src} }

// maxTransfer is how many bytes one operation moves at most.
const maxTransfer = 64 << 10

// transfers holds buffers of maxTransfer bytes for the length of one operation,
// so that streams at rest hold none.
var transfers = sync.Pool{New: func() any { return new([maxTransfer]byte) }}

// OnDrop has f called when the guest drops the stream, which may be after its end.
func (s *InputStream) OnDrop(f func()) { s.dropped = f }

// Drop implements component.Dropper.
func (s *InputStream) Drop(context.Context) {
	if s.dropped != nil {
		s.dropped()
	}
	if s.src != nil {
		s.close(ErrClosed)
	}
}

func (s *InputStream) close(err error) {
	_ = s.src.Close() // the guest cannot be told, and has no more interest
	s.src, s.err = nil, err
}

// read moves up to len(p) bytes into p, without blocking. Its error is a
// stream-error.
func (s *InputStream) read(p []byte) (int, error) {
	if s.err != nil {
		err := s.err
		s.err = ErrClosed
		return 0, streamError(err)
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := s.src.Read(p)
	if err != nil {
		s.close(err)
		if n == 0 {
			return s.read(p)
		}
	}
	return n, nil
}

// readBlocking is read after waiting for at least one byte.
func (s *InputStream) readBlocking(ctx context.Context, p []byte) (int, error) {
	for {
		n, err := s.read(p)
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
		if err := Wait(ctx, s.Event()); err != nil {
			return 0, err
		}
	}
}

// Event is ready when the stream can be read without waiting, as subscribe says.
func (s *InputStream) Event() Event { return inputEvent{s} }

// inputEvent is the event of a stream, whose source goes when it is closed.
type inputEvent struct{ s *InputStream }

func (e inputEvent) Ready() bool { return e.s.src == nil || e.s.src.Ready() }

func (e inputEvent) Watch(wake func()) func() {
	if e.s.src == nil {
		return func() {}
	}
	return e.s.src.Watch(wake)
}

// bytes runs an operation that reads and returns a copy of what it read.
func (s *InputStream) bytes(n uint64, read func(p []byte) (int, error)) ([]byte, error) {
	buf := transfers.Get().(*[maxTransfer]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer transfers.Put(buf)
	got, err := read(buf[:min(n, maxTransfer)])
	return bytes.Clone(buf[:got]), err
}

// count is like bytes, for operations that only count.
func (s *InputStream) count(n uint64, read func(p []byte) (int, error)) (uint64, error) {
	buf := transfers.Get().(*[maxTransfer]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer transfers.Put(buf)
	got, err := read(buf[:min(n, maxTransfer)])
	return uint64(got), err
}

// Read implements input-stream.read.
func (s *InputStream) Read(_ *component.Call, n uint64) ([]byte, error) {
	return s.bytes(n, s.read)
}

// BlockingRead implements input-stream.blocking-read.
func (s *InputStream) BlockingRead(c *component.Call, n uint64) ([]byte, error) {
	return s.bytes(n, func(p []byte) (int, error) { return s.readBlocking(c.Context(), p) })
}

// Skip implements input-stream.skip.
func (s *InputStream) Skip(_ *component.Call, n uint64) (uint64, error) {
	return s.count(n, s.read)
}

// BlockingSkip implements input-stream.blocking-skip.
func (s *InputStream) BlockingSkip(c *component.Call, n uint64) (uint64, error) {
	return s.count(n, func(p []byte) (int, error) { return s.readBlocking(c.Context(), p) })
}

// Subscribe implements input-stream.subscribe.
func (s *InputStream) Subscribe(*component.Call) (*Pollable, error) {
	return NewPollable(s.Event()), nil
}
