package http

import (
	"context"
	"errors"
	"io"
	nethttp "net/http"
	"sync"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

// incoming is a body on its way from the network. Its bytes are read by the
// stream that the guest has, or discarded for the trailers after them.
type incoming struct {
	body    io.ReadCloser // Close may be called beside Read, and ends it
	trailer func() nethttp.Header
	code    func(error) *ErrorCode // what an error of the body means

	mu  sync.Mutex // held while body is read
	err error      // what reading ended with: io.EOF or an *ErrorCode
}

// Read implements io.Reader. It blocks.
func (in *incoming) Read(p []byte) (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.err != nil {
		return 0, in.err
	}
	n, err := in.body.Read(p)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		in.err = io.EOF
	default:
		in.err = in.code(err)
	}
	return n, in.err
}

// close gives up the rest.
func (in *incoming) close() { _ = in.body.Close() }

// drain reads up to the end, and returns what came after it.
func (in *incoming) drain() (nethttp.Header, error) {
	if _, err := io.Copy(io.Discard, readerOnly{in}); err != nil {
		return nil, err
	}
	return in.trailer(), nil
}

// readerOnly hides Close, so that a stream that the guest drops leaves the rest
// of the body to the trailers.
type readerOnly struct{ io.Reader }

// IncomingBody is the resource incoming-body.
type IncomingBody struct {
	parent // of its stream
	in     *incoming
	state  *State
	taken  bool
}

// Stream implements [method]incoming-body.stream.
func (b *IncomingBody) Stream(*component.Call) (*wasiio.InputStream, error) {
	if b.taken {
		return nil, component.ErrResult
	}
	b.taken = true
	return b.input(wasiio.NewInputStream(wasiio.FromReader(readerOnly{b.in}, b.state.opts.Buffer))), nil
}

// Drop implements component.Dropper.
func (b *IncomingBody) Drop(context.Context) { b.in.close() }

// IncomingBodyFinish implements [static]incoming-body.finish.
func (s *State) IncomingBodyFinish(_ *component.Call, b *IncomingBody) (*FutureTrailers, error) {
	if b.children > 0 {
		b.in.close()
		return nil, errors.New("incoming-body is finished before its stream is dropped")
	}
	return &FutureTrailers{in: b.in, state: s}, nil
}

// FutureTrailers is the resource future-trailers. What is left of the body is
// read, and discarded, once the guest shows interest in what follows it.
type FutureTrailers struct {
	parent  // of the trailers
	in      *incoming
	state   *State
	started bool
	taken   bool

	done    wasiio.Flag
	trailer nethttp.Header // with err, set before done is
	err     error
}

func (t *FutureTrailers) start() {
	if t.started {
		return
	}
	t.started = true
	t.state.tasks.Go(func() {
		t.trailer, t.err = t.in.drain()
		t.in.close()
		t.done.Set()
	})
}

// Drop implements component.Dropper.
func (t *FutureTrailers) Drop(context.Context) { t.in.close() }

// Subscribe implements [method]future-trailers.subscribe.
func (t *FutureTrailers) Subscribe(*component.Call) (*wasiio.Pollable, error) {
	t.start()
	return wasiio.NewPollable(&t.done), nil
}

// trailersResult is the inner result of future-trailers.get.
type trailersResult = component.Result[component.Option[*Fields], ErrorCode]

// Get implements [method]future-trailers.get.
func (t *FutureTrailers) Get(*component.Call) (component.Option[component.Result[trailersResult, struct{}]], error) {
	t.start()
	type result = component.Result[trailersResult, struct{}]
	switch {
	case !t.done.Ready():
		return component.Option[result]{}, nil
	case t.taken:
		return component.Some(result{Failed: true}), nil
	}
	t.taken = true
	var r trailersResult
	switch {
	case t.err != nil:
		r.Failed, r.Err = true, *errorCode(t.err)
	case len(t.trailer) > 0:
		r.OK = component.Some(t.view(received(t.trailer)))
	}
	return component.Some(result{OK: r}), nil
}
