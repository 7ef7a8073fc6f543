package blobstore

import (
	"context"
	"errors"
	"io"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
	"github.com/wattle-dev/wattle/providers/blobstore"
)

// IncomingValue is resource incoming-value of wasi:blobstore/types.
type IncomingValue struct {
	*place
	r *blobstore.Reader
}

// close closes the object, once.
func (x *IncomingValue) close() {
	if x.r != nil {
		_ = x.r.Close() // it was only read
		x.r = nil
		x.state.open--
	}
}

// Drop implements component.Dropper.
func (x *IncomingValue) Drop(context.Context) { x.close() }

// Size implements [method]incoming-value.size: what of the object is asked for.
func (x *IncomingValue) Size(*component.Call) (uint64, error) {
	return uint64(max(x.r.Length, 0)), nil
}

// IncomingValueIncomingValueConsumeSync implements Types.
func (*State) IncomingValueIncomingValueConsumeSync(_ *component.Call, x *IncomingValue) (IncomingValueSyncBody, error) {
	defer x.close()
	if x.r.Length > maxSync {
		return nil, fault("the value has %d bytes, of which %d can be read at once: use incoming-value-consume-async", x.r.Length, maxSync)
	}
	data := make([]byte, x.r.Length)
	if _, err := io.ReadFull(x.r, data); err != nil {
		return nil, x.fail(short(err))
	}
	return data, nil
}

// short is the error of an object that ends too early.
func short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &blobstore.Error{Message: "the object ends too early", Err: err}
	}
	return err
}

// IncomingValueIncomingValueConsumeAsync implements Types.
func (*State) IncomingValueIncomingValueConsumeAsync(_ *component.Call, x *IncomingValue) (*wasiio.InputStream, error) {
	stream := wasiio.NewInputStream(wasiio.FromReader(&body{x.r, x.place}, buffer))
	s := x.state
	stream.OnDrop(func() { s.open-- })
	x.r = nil
	return stream, nil
}

// body is an object whose errors may be shown to the guest.
type body struct {
	r *blobstore.Reader
	p *place
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	return n, b.p.fail(err)
}

// Close implements io.Closer.
func (b *body) Close() error { return b.r.Close() }
