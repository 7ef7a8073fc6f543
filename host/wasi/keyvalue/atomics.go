package keyvalue

import (
	"context"
	"errors"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/keyvalue"
)

// Cas is resource cas of wasi:keyvalue/atomics: what a key was when the handle was made.
type Cas struct {
	bucket *Bucket
	was    *keyvalue.Snapshot
}

// Increment implements Atomics.
func (*State) Increment(c *component.Call, b *Bucket, key string, delta int64) (int64, error) {
	sum, err := b.store.Increment(c.Context(), key, delta)
	return sum, b.fail(err)
}

// CasNew implements Atomics.
func (*State) CasNew(c *component.Call, b *Bucket, key string) (*Cas, error) {
	return b.read(c, key)
}

// read makes a handle of what a key is now.
func (b *Bucket) read(c *component.Call, key string) (*Cas, error) {
	s := b.state
	if s.cas >= maxCas {
		return nil, other("there are %d handles of cas: drop some", s.cas)
	}
	was, err := b.store.Read(c.Context(), key)
	if err != nil {
		return nil, b.fail(err)
	}
	if s.casBytes+len(was.Value.Bytes) > maxCasBytes {
		return nil, other("the handles of cas keep more than %d bytes: drop some", maxCasBytes)
	}
	s.cas++
	s.casBytes += len(was.Value.Bytes)
	return &Cas{b, was}, nil
}

// Drop implements component.Dropper.
func (x *Cas) Drop(context.Context) {
	x.bucket.state.cas--
	x.bucket.state.casBytes -= len(x.was.Value.Bytes)
}

// Current implements [method]cas.current.
func (x *Cas) Current(*component.Call) (component.Option[[]byte], error) {
	return component.Option[[]byte]{Some: x.was.Value.Exists, Value: x.was.Value.Bytes}, nil
}

// Swap implements Atomics. It takes the handle.
func (*State) Swap(c *component.Call, x *Cas, value []byte) error {
	x.Drop(c.Context())
	b := x.bucket
	err := b.store.Swap(c.Context(), x.was, value)
	if err == nil {
		return nil
	}
	if errors.Is(err, keyvalue.ErrChanged) {
		var next *Cas
		if next, err = b.read(c, x.was.Key); err == nil {
			return &CasError{Tag: CasErrorCasFailed, CasFailed: next}
		}
	} else {
		err = b.fail(err)
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return &CasError{Tag: CasErrorStoreError, StoreError: *e}
	}
	return err
}
