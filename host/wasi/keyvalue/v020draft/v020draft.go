// Package v020draft implements wasi:keyvalue@0.2.0-draft, by what implements
// 0.2.0-draft2: see package keyvalue. Its cursors are numbers, and its counters have no
// sign.
package v020draft

import (
	"errors"
	"math"
	"strconv"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi/keyvalue"
)

// Define offers wasi:keyvalue@0.2.0-draft to l. The state of instances is that of
// package keyvalue.
func Define(l *component.Linker) error {
	return errors.Join(
		DefineStore(l, func(*component.Call) Store { return funcs{} }),
		DefineAtomics(l, func(*component.Call) Atomics { return funcs{} }),
		DefineBatch(l, func(*component.Call) Batch { return funcs{} }),
	)
}

// Bucket is resource bucket of wasi:keyvalue/store.
type Bucket struct{ b *keyvalue.Bucket }

// funcs implements the functions of the interfaces.
type funcs struct{}

// fault returns an error of package keyvalue as one of this package.
func fault(err error) error {
	if e, ok := errors.AsType[*keyvalue.Error](err); ok {
		return &Error{Tag: ErrorTag(e.Tag), Other: e.Other}
	}
	return err
}

// Open implements Store.
func (funcs) Open(c *component.Call, identifier string) (*Bucket, error) {
	b, err := keyvalue.Of(c).Open(c, identifier)
	if err != nil {
		return nil, fault(err)
	}
	return &Bucket{b}, nil
}

// Get implements [method]bucket.get.
func (b *Bucket) Get(c *component.Call, key string) (component.Option[[]byte], error) {
	v, err := b.b.Get(c, key)
	return v, fault(err)
}

// Set implements [method]bucket.set.
func (b *Bucket) Set(c *component.Call, key string, value []byte) error {
	return fault(b.b.Set(c, key, value))
}

// Delete implements [method]bucket.delete.
func (b *Bucket) Delete(c *component.Call, key string) error { return fault(b.b.Delete(c, key)) }

// Exists implements [method]bucket.exists.
func (b *Bucket) Exists(c *component.Call, key string) (bool, error) {
	exists, err := b.b.Exists(c, key)
	return exists, fault(err)
}

// ListKeys implements [method]bucket.list-keys.
func (b *Bucket) ListKeys(c *component.Call, cursor component.Option[uint64]) (KeyResponse, error) {
	var from component.Option[string]
	if cursor.Some {
		from = component.Some(strconv.FormatUint(cursor.Value, 10))
	}
	page, err := b.b.ListKeys(c, from)
	if err != nil {
		return KeyResponse{}, fault(err)
	}
	r := KeyResponse{Keys: page.Keys}
	if page.Cursor.Some {
		next, err := strconv.ParseUint(page.Cursor.Value, 10, 64)
		if err != nil {
			return KeyResponse{}, err
		}
		r.Cursor = component.Some(next)
	}
	return r, nil
}

// Increment implements Atomics.
func (funcs) Increment(c *component.Call, b *Bucket, key string, delta uint64) (uint64, error) {
	if delta > math.MaxInt64 {
		return 0, &Error{Tag: ErrorOther, Other: "the sum does not fit into 63 bits"}
	}
	sum, err := keyvalue.Of(c).Increment(c, b.b, key, int64(delta))
	if err != nil {
		return 0, fault(err)
	}
	if sum < 0 {
		return 0, &Error{Tag: ErrorOther, Other: "the sum is negative"}
	}
	return uint64(sum), nil
}

// GetMany implements Batch.
func (funcs) GetMany(c *component.Call, b *Bucket, keys []string) ([]component.Option[component.Tuple2[string, []byte]], error) {
	pairs, err := keyvalue.Of(c).GetMany(c, b.b, keys)
	return pairs, fault(err)
}

// SetMany implements Batch.
func (funcs) SetMany(c *component.Call, b *Bucket, keyValues []component.Tuple2[string, []byte]) error {
	return fault(keyvalue.Of(c).SetMany(c, b.b, keyValues))
}

// DeleteMany implements Batch.
func (funcs) DeleteMany(c *component.Call, b *Bucket, keys []string) error {
	return fault(keyvalue.Of(c).DeleteMany(c, b.b, keys))
}
