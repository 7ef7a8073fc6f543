package io

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var errBroken = errors.New("the disk is on fire")

// errReader fails.
type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errBroken }

// wantStream checks that err is the stream-error of the case, and that a failure
// carries the cause.
func wantStream(t *testing.T, what string, err error, tag StreamErrorTag) {
	t.Helper()
	var e *StreamError
	switch {
	case !errors.As(err, &e):
		t.Errorf("%s: error %v, want the stream-error %v", what, err, tag)
	case e.Tag != tag:
		t.Errorf("%s: stream-error %v, want %v", what, e.Tag, tag)
	case tag == StreamErrorLastOperationFailed && !errors.Is(e.LastOperationFailed.Err, errBroken):
		t.Errorf("%s: failed with %v, want %v", what, e.LastOperationFailed.Err, errBroken)
	}
}

func readAll(ctx context.Context, s *InputStream) (string, error) {
	var all strings.Builder
	for {
		b, err := s.bytes(1<<40, func(p []byte) (int, error) { return s.readBlocking(ctx, p) })
		all.Write(b)
		if err != nil {
			return all.String(), err
		}
	}
}

func TestInputStreamOfBytes(t *testing.T) {
	s := NewInputStream(FromBytes([]byte("hello")))
	for _, want := range []string{"", "he", "l", "lo"} {
		got, err := s.Read(nil, uint64(len(want)))
		if err != nil || string(got) != want {
			t.Fatalf("Read(%d) = %q, %v, want %q", len(want), got, err, want)
		}
	}
	for range 2 {
		for _, n := range []uint64{0, 1} {
			_, err := s.Read(nil, n)
			wantStream(t, "read after the end", err, StreamErrorClosed)
		}
	}
}

func TestInputStreamSkip(t *testing.T) {
	s := NewInputStream(FromBytes([]byte("hello, world")))
	if n, err := s.Skip(nil, 7); n != 7 || err != nil {
		t.Fatalf("Skip(7) = %d, %v", n, err)
	}
	if got, err := s.Read(nil, 100); string(got) != "world" || err != nil {
		t.Errorf("Read = %q, %v, want world", got, err)
	}
	_, err := s.Skip(nil, 1)
	wantStream(t, "skip after the end", err, StreamErrorClosed)
}

func TestInputStreamFailsOnceThenIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewInputStream(FromReader(io.MultiReader(strings.NewReader("data"), errReader{}), 100))
		got, err := readAll(t.Context(), s)
		if got != "data" {
			t.Errorf("read %q before the failure, want data", got)
		}
		wantStream(t, "first read after the data", err, StreamErrorLastOperationFailed)
		_, err = s.Read(nil, 1)
		wantStream(t, "second read after the data", err, StreamErrorClosed)
	})
}

// slow delivers a byte a second, and counts them.
type slow struct{ n atomic.Int64 }

func (s *slow) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	p[0] = byte(s.n.Add(1))
	return 1, nil
}

func TestReaderSourceBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &slow{}
		s := NewInputStream(FromReader(r, 10))
		time.Sleep(time.Hour)
		if n := r.n.Load(); n != 0 {
			t.Errorf("%d bytes were read before the guest looked", n)
		}
		if b, err := s.Read(nil, 5); len(b) != 0 || err != nil {
			t.Errorf("Read = %v, %v, want nothing yet", b, err)
		}
		time.Sleep(time.Hour)
		if n := r.n.Load(); n != 10 {
			t.Errorf("%d bytes were read ahead, want 10", n)
		}
		if b, err := s.Read(nil, 4); len(b) != 4 || b[3] != 4 || err != nil {
			t.Errorf("Read(4) = %v, %v", b, err)
		}
		time.Sleep(time.Hour)
		if n := r.n.Load(); n != 14 {
			t.Errorf("%d bytes were read ahead, want 14", n)
		}
		s.Drop(t.Context())
	})
}

func TestBlockingReadWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewInputStream(FromReader(&slow{}, 10))
		var p [3]byte
		start := time.Now()
		if n, err := s.readBlocking(t.Context(), p[:]); n != 1 || err != nil {
			t.Errorf("blocking read = %d, %v, want 1 byte", n, err)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("blocking read took %v, want 1s", took)
		}
		if n, err := s.readBlocking(t.Context(), nil); n != 0 || err != nil {
			t.Errorf("blocking read of nothing = %d, %v, want nothing at once", n, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		var stream *StreamError
		if _, err := s.readBlocking(ctx, p[:]); !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &stream) {
			t.Errorf("blocking read past the deadline = %v, want a trap for it", err)
		}
		s.Drop(t.Context())
		time.Sleep(time.Second) // the read under way ends, and with it the goroutine
	})
}

// Dropping the stream closes the reader, which ends the goroutine; the bubble
// fails if it remains.
func TestReaderSourceCloseEndsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		s := NewInputStream(FromReader(r, 10))
		if b, err := s.Read(nil, 1); len(b) != 0 || err != nil {
			t.Fatalf("Read = %v, %v", b, err)
		}
		synctest.Wait()
		s.Drop(t.Context())
		if _, err := w.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("write to a dropped stream = %v, want %v", err, io.ErrClosedPipe)
		}
		_, err := s.Read(nil, 1)
		wantStream(t, "read of a dropped stream", err, StreamErrorClosed)
	})
}

// idle returns nothing and no error, for ever.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestReaderSourceGivesUpOnIdleReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := readAll(t.Context(), NewInputStream(FromReader(idle{}, 10)))
		var e *StreamError
		if !errors.As(err, &e) || e.Tag != StreamErrorLastOperationFailed || !errors.Is(e.LastOperationFailed.Err, io.ErrNoProgress) {
			t.Errorf("read = %v, want %v", err, io.ErrNoProgress)
		}
	})
}

func TestReadIsBounded(t *testing.T) {
	s := NewInputStream(FromBytes(make([]byte, 1<<20)))
	b, err := s.Read(nil, 1<<63)
	if err != nil || len(b) != maxTransfer {
		t.Errorf("Read of everything = %d bytes, %v, want %d", len(b), err, maxTransfer)
	}
}
