package io

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// recorder records what is written to it, an operation at a time, and takes its
// time for each.
type recorder struct {
	delay time.Duration
	mu    sync.Mutex
	log   []string
	fail  error
}

func (r *recorder) note(s string) error {
	time.Sleep(r.delay)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, s)
	return r.fail
}

func (r *recorder) Write(p []byte) (int, error) { return len(p), r.note(string(p)) }
func (r *recorder) Flush() error                { return r.note("|") }

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.log, "")
}

// check asks for the permit and fails the test for an error.
func check(t *testing.T, s *OutputStream) uint64 {
	t.Helper()
	n, err := s.CheckWrite(nil)
	if err != nil {
		t.Fatalf("check-write: %v", err)
	}
	return n
}

// wantTrap checks that err traps the guest: that it is no stream-error.
func wantTrap(t *testing.T, what string, err error) {
	t.Helper()
	var e *StreamError
	if err == nil || errors.As(err, &e) {
		t.Errorf("%s: error %v, want a trap", what, err)
	}
}

func TestWriteNeedsPermit(t *testing.T) {
	s := NewOutputStream(NewPipe(10).Sink())
	wantTrap(t, "write without check-write", s.Write(nil, []byte("x")))
	if n := check(t, s); n != 10 {
		t.Fatalf("check-write = %d, want 10", n)
	}
	if err := s.Write(nil, []byte("1234")); err != nil {
		t.Fatal(err)
	}
	wantTrap(t, "write of more than is left of the permit", s.Write(nil, []byte("1234567")))
	wantTrap(t, "write-zeroes of more than is left of the permit", s.WriteZeroes(nil, 1<<63))
	if err := s.WriteZeroes(nil, 6); err != nil {
		t.Fatal(err)
	}
	if n := check(t, s); n != 0 {
		t.Errorf("check-write of a full stream = %d, want 0", n)
	}
	wantTrap(t, "blocking write of 4097 bytes", s.BlockingWriteAndFlush(nil, make([]byte, 4097)))
	wantTrap(t, "blocking write of 4097 zeroes", s.BlockingWriteZeroesAndFlush(nil, 4097))
}

func TestWriterSinkBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		sink := FromWriter(w, 10)
		s := NewOutputStream(sink)
		check(t, s)
		if err := s.Write(nil, []byte("0123456789")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the goroutine holds the ten bytes in a write that blocks
		if n := check(t, s); n != 10 {
			t.Errorf("check-write = %d, want 10", n)
		}
		if err := s.Write(nil, []byte("abcdefghij")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := check(t, s); n != 0 || sink.Ready() {
			t.Errorf("check-write = %d, ready %v, want 0, false", n, sink.Ready())
		}
		go func() {
			time.Sleep(time.Second)
			_, _ = io.CopyN(io.Discard, r, 10)
		}()
		start := time.Now()
		if n, err := s.checkBlocking(t.Context()); n != 10 || err != nil || time.Since(start) != time.Second {
			t.Errorf("blocking check = %d, %v after %v, want 10 after 1s", n, err, time.Since(start))
		}
		s.Drop(t.Context())
		rest := make([]byte, 10)
		if _, err := io.ReadFull(r, rest); err != nil || string(rest) != "abcdefghij" {
			t.Errorf("after the drop the reader gets %q, %v, want abcdefghij", rest, err)
		}
		if err := sink.Drain(t.Context()); err != nil {
			t.Errorf("Drain = %v", err)
		}
	})
}

func TestWriterSinkFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{delay: time.Second}
		s := NewOutputStream(FromWriter(r, 100))
		if check(t, s); s.Write(nil, []byte("ab")) != nil || s.Flush(nil) != nil {
			t.Fatal("write and flush")
		}
		if n := check(t, s); n != 0 {
			t.Errorf("check-write during a flush = %d, want 0", n)
		}
		wantTrap(t, "write during a flush", s.Write(nil, []byte("x")))
		if n, err := s.checkBlocking(t.Context()); n != 100 || err != nil {
			t.Errorf("check-write after the flush = %d, %v, want 100", n, err)
		}
		if got := r.String(); got != "ab|" {
			t.Errorf("written %q, want %q", got, "ab|")
		}
		start := time.Now()
		if err := s.writeAndFlush(t.Context(), []byte("cd")); err != nil {
			t.Errorf("blocking write = %v", err)
		}
		if took := time.Since(start); took != 2*time.Second || r.String() != "ab|cd|" {
			t.Errorf("blocking write took %v and wrote %q, want 2s and %q", took, r.String(), "ab|cd|")
		}
	})
}

func TestWriterSinkFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewOutputStream(FromWriter(&recorder{fail: errBroken}, 100))
		wantStream(t, "blocking write", s.writeAndFlush(t.Context(), []byte("x")), StreamErrorLastOperationFailed)
		_, err := s.CheckWrite(nil)
		wantStream(t, "check-write afterwards", err, StreamErrorClosed)
		wantStream(t, "write afterwards", s.Write(nil, []byte("x")), StreamErrorClosed)
		wantStream(t, "flush afterwards", s.Flush(nil), StreamErrorClosed)
	})
}

func TestBlockingWriteEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		s := NewOutputStream(FromWriter(w, 10))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := s.writeAndFlush(ctx, make([]byte, 30))
		wantTrap(t, "blocking write past the deadline", err)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("blocking write = %v, want %v", err, context.DeadlineExceeded)
		}
		s.Drop(t.Context())
		_ = r.Close() // ends the write under way, and with it the goroutine
	})
}

func TestSplice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got bytes.Buffer
		sink := FromWriter(&got, 10)
		out := NewOutputStream(sink)
		in := NewInputStream(FromBytes([]byte("a long line of text")))
		var total uint64
		for {
			if err := Wait(t.Context(), sink); err != nil {
				t.Fatal(err)
			}
			n, err := out.Splice(nil, in, 1<<60)
			if n > 10 {
				t.Errorf("splice moved %d bytes, the output permits 10", n)
			}
			total += n
			if err != nil {
				wantStream(t, "splice at the end", err, StreamErrorClosed)
				break
			}
			synctest.Wait()
		}
		if err := sink.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got.String() != "a long line of text" || total != uint64(got.Len()) {
			t.Errorf("spliced %q, %d bytes", got.String(), total)
		}
	})
}

func TestPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPipe(4)
		s := NewOutputStream(p.Sink())
		read := make(chan string)
		go func() {
			b, err := io.ReadAll(p)
			if err != nil {
				t.Errorf("reader: %v", err)
			}
			read <- string(b)
		}()
		for _, part := range []string{"hello, ", "wor", "ld"} {
			if err := s.writeAndFlush(t.Context(), []byte(part)); err != nil {
				t.Fatalf("write %q: %v", part, err)
			}
		}
		s.Drop(t.Context())
		p.CloseWrite(nil)
		if got := <-read; got != "hello, world" {
			t.Errorf("read %q", got)
		}
	})
}

// A flush ends when the reader comes back for more, not when it takes the bytes.
func TestPipeFlushWaitsForReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPipe(4)
		s := NewOutputStream(p.Sink())
		if check(t, s); s.Write(nil, []byte("ab")) != nil || s.Flush(nil) != nil {
			t.Fatal("write and flush")
		}
		b := make([]byte, 4)
		if n, err := p.Read(b); n != 2 || err != nil {
			t.Fatalf("Read = %d, %v", n, err)
		}
		// A flush that is asked for again meanwhile waits as well.
		for range 2 {
			if p.Sink().Flushed() || check(t, s) != 0 {
				t.Error("flushed while the reader holds the bytes")
			}
			if err := s.Flush(nil); err != nil {
				t.Fatal(err)
			}
		}
		done := make(chan error)
		go func() {
			_, err := p.Read(b)
			done <- err
		}()
		synctest.Wait()
		if !p.Sink().Flushed() || check(t, s) != 4 {
			t.Error("not flushed although the reader asked for more")
		}
		p.CloseWrite(errBroken)
		if err := <-done; !errors.Is(err, errBroken) {
			t.Errorf("reader of an aborted pipe gets %v, want %v", err, errBroken)
		}
		_, err := s.CheckWrite(nil)
		wantStream(t, "check-write after the writer has ended", err, StreamErrorClosed)
	})
}

func TestPipeClosedByReader(t *testing.T) {
	for _, test := range []struct {
		err error
		tag StreamErrorTag
	}{{nil, StreamErrorClosed}, {errBroken, StreamErrorLastOperationFailed}} {
		synctest.Test(t, func(t *testing.T) {
			p := NewPipe(1)
			s := NewOutputStream(p.Sink())
			go func() {
				time.Sleep(time.Second)
				p.CloseRead(test.err)
			}()
			wantStream(t, "blocking write", s.writeAndFlush(t.Context(), []byte("hello")), test.tag)
			if _, err := p.Read(make([]byte, 1)); err == nil {
				t.Error("a closed reader can read")
			}
		})
	}
}

func TestDebugString(t *testing.T) {
	long := &Error{Err: errors.New(strings.Repeat("é", maxDebugString))}
	got, err := long.ToDebugString(nil)
	if err != nil || len(got) > maxDebugString || !strings.HasSuffix(got, "é") {
		t.Errorf("to-debug-string of a long error has %d bytes and ends with %q", len(got), got[len(got)-2:])
	}
	bad := &Error{Err: errors.New("bad \xff byte")}
	if got, _ := bad.ToDebugString(nil); got != "bad \uFFFD byte" {
		t.Errorf("to-debug-string = %q", got)
	}
}
