package blobstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
	"github.com/wattle-dev/wattle/providers/blobstore"
)

// errUnfinished is a value that the guest dropped without finish.
var errUnfinished = errors.New("the guest did not finish the value")

// OutgoingValue is resource outgoing-value of wasi:blobstore/types.
type OutgoingValue struct {
	state *State
	sink  *wasiio.WriterSink
	spool *spool
	// taken says that the guest has been given the stream, and streams how many it has.
	taken   bool
	streams int
	// upload is where the value goes, nil as long as it has no container.
	upload *upload
}

// upload is a value on its way to a store.
type upload struct {
	place *place
	done  chan struct{}
	err   error // when done is closed
}

// OutgoingValueNewOutgoingValue implements Types.
func (s *State) OutgoingValueNewOutgoingValue(*component.Call) (*OutgoingValue, error) {
	if s.open >= maxOpen {
		return nil, fmt.Errorf("%d values of wasi:blobstore are open, no more are allowed", s.open)
	}
	s.open++
	w := &spool{kept: &s.kept}
	return &OutgoingValue{state: s, spool: w, sink: wasiio.FromWriter(w, buffer)}, nil
}

// OutgoingValueWriteBody implements [method]outgoing-value.outgoing-value-write-body.
func (x *OutgoingValue) OutgoingValueWriteBody(*component.Call) (*wasiio.OutputStream, error) {
	if x.taken {
		return nil, component.ErrResult
	}
	x.taken = true
	x.streams++
	stream := wasiio.NewOutputStream(x.sink)
	stream.OnDrop(func() { x.streams-- })
	return stream, nil
}

// Children implements component.Parent.
func (x *OutgoingValue) Children() int { return x.streams }

// send has the value go to a store.
func (x *OutgoingValue) send(ctx context.Context, p *place, id blobstore.ID) {
	r, w := io.Pipe()
	u := &upload{place: p, done: make(chan struct{})}
	x.upload = u
	go func() {
		defer close(u.done)
		u.err = p.store.Put(ctx, id, r)
		err := u.err
		if err == nil {
			err = wasiio.ErrClosed
		} else if _, ok := errors.AsType[*blobstore.Error](err); ok {
			err = p.fail(err) // what the guest is told
		}
		_ = r.CloseWithError(err) // it never fails
	}()
	x.spool.attach(w)
}

// Drop implements component.Dropper: what is not finished is not stored.
func (x *OutgoingValue) Drop(context.Context) {
	x.state.open--
	x.spool.end(errUnfinished)
}

// OutgoingValueFinish implements Types.
func (*State) OutgoingValueFinish(c *component.Call, x *OutgoingValue) error {
	defer x.Drop(c.Context())
	u := x.upload
	switch {
	case x.streams > 0:
		return errors.New("an outgoing-value is finished before its output-stream is dropped")
	case u == nil:
		return fault("the value was written to no container")
	}
	if err := x.sink.Drain(c.Context()); err != nil {
		if cause := context.Cause(c.Context()); cause != nil {
			return cause
		}
		// Either the store has failed, or what was written before was too much.
		x.spool.end(errUnfinished)
		if e, ok := errors.AsType[*StringError](err); ok {
			return e
		}
		return u.wait(c.Context())
	}
	x.spool.end(io.EOF)
	return u.wait(c.Context())
}

// wait waits until the store has the value, or has not.
func (u *upload) wait(ctx context.Context) error {
	select {
	case <-u.done:
		return u.place.result(u.err)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// result returns the error of an upload as the guest is told.
func (p *place) result(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*blobstore.Error](err); ok {
		return fault("%s", e.Public()) // it has been reported
	}
	return err
}

// kept counts the bytes that values keep.
type kept struct {
	mu sync.Mutex
	n  int
}

// add adds bytes, and reports whether there was room.
func (k *kept) add(n int) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.n+n > maxKept {
		return false
	}
	k.n += n
	return true
}

// spool keeps what is written until it knows where it goes.
type spool struct {
	kept *kept

	mu   sync.Mutex
	data bytes.Buffer
	to   *io.PipeWriter
	err  error // what it ended with
}

// Write implements io.Writer. It blocks when the store is slow.
func (s *spool) Write(p []byte) (int, error) {
	s.mu.Lock()
	if s.to == nil || s.err != nil {
		defer s.mu.Unlock()
		switch {
		case s.err != nil:
			return 0, s.err
		case !s.kept.add(len(p)):
			return 0, fault("values without a container keep %d bytes at most: call write-data first", maxKept)
		}
		return s.data.Write(p)
	}
	to := s.to
	s.mu.Unlock()
	if err := s.drain(to); err != nil {
		return 0, err
	}
	return to.Write(p)
}

// drain writes what was kept. Only the goroutine that writes calls it, or the one that
// has seen that end.
func (s *spool) drain(to *io.PipeWriter) error {
	s.mu.Lock()
	data := bytes.Clone(s.data.Bytes())
	s.data = bytes.Buffer{}
	s.mu.Unlock()
	if len(data) == 0 {
		return nil
	}
	_, err := to.Write(data)
	s.kept.add(-len(data))
	return err
}

// attach says where it goes.
func (s *spool) attach(to *io.PipeWriter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to = to
}

// end ends it: with io.EOF in good order, when nobody writes any more.
func (s *spool) end(err error) {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	s.err = err
	to := s.to
	if to == nil || !errors.Is(err, io.EOF) {
		s.kept.add(-s.data.Len())
		s.data = bytes.Buffer{}
	}
	s.mu.Unlock()
	if to == nil {
		return
	}
	if errors.Is(err, io.EOF) {
		// What was kept and not followed by anything goes now.
		if s.drain(to) != nil {
			return
		}
	}
	_ = to.CloseWithError(err) // it never fails
}
