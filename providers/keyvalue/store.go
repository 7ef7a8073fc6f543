package keyvalue

import "context"

// Store is a key-value store. All methods may be called at the same time.
type Store interface {
	// Get returns the value of a key, or ErrNoKey.
	Get(ctx context.Context, key string) ([]byte, error)
	// Exists reports whether a key has a value.
	Exists(ctx context.Context, key string) (bool, error)
	// Set sets the value of a key.
	Set(ctx context.Context, key string, value []byte) error
	// Delete removes the value of a key; it is no error if there is none.
	Delete(ctx context.Context, key string) error
	// Keys returns a page of keys, the first one for the cursor 0.
	Keys(ctx context.Context, cursor uint64) (Page, error)
	// Increment adds to a counter, which is 0 if there is no value, and returns the sum.
	Increment(ctx context.Context, key string, delta int64) (int64, error)
	// Read returns what is known of a key, for Swap.
	Read(ctx context.Context, key string) (*Snapshot, error)
	// Swap sets the value of a key if it is as in s, or else returns ErrChanged.
	Swap(ctx context.Context, s *Snapshot, value []byte) error
	// GetMany returns the values of keys, in their order.
	GetMany(ctx context.Context, keys []string) ([]Value, error)
	// SetMany sets values. If it fails, some of them may have been set.
	SetMany(ctx context.Context, pairs []Pair) error
	// DeleteMany removes values. If it fails, some of them may have been removed.
	DeleteMany(ctx context.Context, keys []string) error
	// Close ends the connection to the backend, if it is the store's own.
	Close() error
}

// Page is a page of keys.
type Page struct {
	Keys []string
	// Cursor is that of the next page, 0 if there is none.
	Cursor uint64
}

// Snapshot is what a key was when it was read.
type Snapshot struct {
	Key   string
	Value Value
	// Revision is the backend's own mark of it.
	Revision uint64
}

// Value is a value, or that there is none.
type Value struct {
	Bytes  []byte
	Exists bool
}

// Pair is a key with a value.
type Pair struct {
	Key   string
	Value []byte
}
