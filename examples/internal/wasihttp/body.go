//go:build wasip1

package wasihttp

import (
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/wattle-dev/wattle/examples/internal/wasi"
)

// dropper is a handle that can be given back.
type dropper interface{ Drop() }

// body reads an incoming body. It sets *trailer before it reports io.EOF.
type body struct {
	ctx     context.Context
	cancel  context.CancelFunc
	trailer *http.Header
	// owner is the request or response that the body belongs to. It is dropped
	// after the body.
	owner    dropper
	incoming wasi.IncomingBody
	stream   wasi.InputStream

	mu sync.Mutex
	// err is what Read returns from now on. The handles are gone by then.
	err error
}

// newBody opens an incoming body. It owns incoming and owner, also when it
// fails.
func newBody(ctx context.Context, incoming wasi.IncomingBody, owner dropper, trailer *http.Header) (*body, error) {
	stream, err := incoming.Stream()
	if err != nil {
		incoming.Drop()
		owner.Drop()
		return nil, err
	}
	b := &body{trailer: trailer, owner: owner, incoming: incoming, stream: stream}
	b.ctx, b.cancel = context.WithCancel(ctx)
	return b, nil
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.stream.Read(p, b.ctx.Done())
	switch err {
	case nil:
		return n, nil
	case io.EOF:
		b.stream.Drop()
		err = b.readTrailer()
		b.owner.Drop()
	case wasi.ErrCanceled:
		err = context.Cause(b.ctx)
		b.drop()
	default:
		b.drop()
	}
	b.err = err
	return n, err
}

// readTrailer consumes the body, whose stream has ended, and returns io.EOF.
func (b *body) readTrailer() error {
	fields, err := b.incoming.Trailers(b.ctx.Done())
	if err != nil {
		return err
	}
	if len(fields) > 0 {
		*b.trailer = newHeader(fields)
	}
	return io.EOF
}

// Close implements io.Closer. It interrupts a Read.
func (b *body) Close() error {
	b.cancel()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.drop()
	}
	b.err = http.ErrBodyReadAfterClose
	return nil
}

// drop gives all handles back, children first.
func (b *body) drop() {
	b.stream.Drop()
	b.incoming.Drop()
	b.owner.Drop()
}
