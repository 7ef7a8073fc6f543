package keyvalue

import (
	"errors"
	"strconv"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/keyvalue"
)

// Get implements [method]bucket.get.
func (b *Bucket) Get(c *component.Call, key string) (component.Option[[]byte], error) {
	value, err := b.store.Get(c.Context(), key)
	if errors.Is(err, keyvalue.ErrNoKey) {
		return component.Option[[]byte]{}, nil
	}
	if err != nil {
		return component.Option[[]byte]{}, b.fail(err)
	}
	return component.Some(value), nil
}

// Set implements [method]bucket.set.
func (b *Bucket) Set(c *component.Call, key string, value []byte) error {
	return b.fail(b.store.Set(c.Context(), key, value))
}

// Delete implements [method]bucket.delete.
func (b *Bucket) Delete(c *component.Call, key string) error {
	return b.fail(b.store.Delete(c.Context(), key))
}

// Exists implements [method]bucket.exists.
func (b *Bucket) Exists(c *component.Call, key string) (bool, error) {
	exists, err := b.store.Exists(c.Context(), key)
	return exists, b.fail(err)
}

// ListKeys implements [method]bucket.list-keys. A cursor is a number in decimal.
func (b *Bucket) ListKeys(c *component.Call, cursor component.Option[string]) (KeyResponse, error) {
	from, err := parseCursor(cursor)
	if err != nil {
		return KeyResponse{}, err
	}
	page, err := b.store.Keys(c.Context(), from)
	if err != nil {
		return KeyResponse{}, b.fail(err)
	}
	r := KeyResponse{Keys: page.Keys}
	if page.Cursor != 0 {
		r.Cursor = component.Some(strconv.FormatUint(page.Cursor, 10))
	}
	return r, nil
}

// parseCursor returns the number that a cursor is. No page has the cursor 0.
func parseCursor(cursor component.Option[string]) (uint64, error) {
	if !cursor.Some {
		return 0, nil
	}
	n, err := strconv.ParseUint(cursor.Value, 10, 64)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != cursor.Value {
		return 0, other("the cursor is none of this store")
	}
	return n, nil
}
