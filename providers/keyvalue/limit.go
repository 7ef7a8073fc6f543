package keyvalue

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Limits bound a store.
type Limits struct {
	// Value is how many bytes a value may have.
	Value int
	// Timeout is how long an operation may take.
	Timeout time.Duration
	// Used, if it is set, is told with each operation whether the store did what it could:
	// nil, or an error that is its own fault ([Error.Fault]). It is called in any goroutine.
	Used func(*Error)
}

// The bounds of all stores.
const (
	// MaxKey is how many bytes a key may have.
	MaxKey = 512
	// MaxValue and DefaultValue are how many bytes a value may have at most, and if
	// nothing is said.
	MaxValue     = 8 << 20
	DefaultValue = 512 << 10
	// MaxBatch and MaxBatchBytes are how many keys a batch may have, and how many bytes
	// its keys and values together.
	MaxBatch      = 1000
	MaxBatchBytes = 16 << 20
	// PageKeys is how many keys a page has at most, more or less.
	PageKeys = 500
	// DefaultTimeout is how long an operation may take if nothing is said.
	DefaultTimeout = 5 * time.Second
)

// Limit returns a store with bounds.
func Limit(s Store, l Limits) Store {
	if l.Value <= 0 {
		l.Value = DefaultValue
	}
	if l.Timeout <= 0 {
		l.Timeout = DefaultTimeout
	}
	if l.Used == nil {
		l.Used = func(*Error) {}
	}
	return &limited{s, l}
}

type limited struct {
	store  Store
	limits Limits
}

// errTimeout ends an operation that takes too long.
var errTimeout = errors.New("no answer in time")

// within calls f with a context that ends in time. The error of the caller's own
// context stays what it is; every other one becomes an *Error.
func within[T any](ctx context.Context, l *limited, f func(context.Context) (T, error)) (T, error) {
	own, cancel := context.WithTimeoutCause(ctx, l.limits.Timeout, errTimeout)
	defer cancel()
	v, err := f(own)
	if err == nil {
		l.limits.Used(nil)
		return v, nil
	}
	var zero T
	if cause := context.Cause(ctx); cause != nil {
		return zero, cause
	}
	e, ok := errors.AsType[*Error](err)
	switch {
	case own.Err() != nil:
		e = &Error{Kind: Unavailable, Message: fmt.Sprintf("the store did not answer within %v", l.limits.Timeout), Err: err}
	case !ok:
		e = &Error{Err: err}
	}
	if e.Fault() {
		l.limits.Used(e)
	} else {
		l.limits.Used(nil)
	}
	return zero, e
}

// do is within for what returns nothing.
func (l *limited) do(ctx context.Context, f func(context.Context) error) error {
	_, err := within(ctx, l, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) })
	return err
}

func checkKey(key string) error {
	if len(key) > MaxKey {
		return &Error{Kind: TooLarge, Message: fmt.Sprintf("the key has %d bytes, %d are allowed", len(key), MaxKey)}
	}
	return nil
}

func (l *limited) checkValue(value []byte) error {
	if len(value) > l.limits.Value {
		return &Error{Kind: TooLarge, Message: fmt.Sprintf("the value has %d bytes, %d are allowed", len(value), l.limits.Value)}
	}
	return nil
}

// checkBatch checks keys of a batch, besides which it has some bytes.
func checkBatch(keys []string, bytes int) error {
	if len(keys) > MaxBatch {
		return &Error{Kind: TooLarge, Message: fmt.Sprintf("the batch has %d keys, %d are allowed", len(keys), MaxBatch)}
	}
	for _, key := range keys {
		if err := checkKey(key); err != nil {
			return err
		}
		bytes += len(key)
	}
	if bytes > MaxBatchBytes {
		return ErrBatchBytes()
	}
	return nil
}

// ErrBatchBytes returns the error of a batch that has too many bytes.
func ErrBatchBytes() error {
	return &Error{Kind: TooLarge, Message: fmt.Sprintf("the keys and values of the batch have more than %d bytes", MaxBatchBytes)}
}

// Get implements Store.
func (l *limited) Get(ctx context.Context, key string) ([]byte, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return within(ctx, l, func(ctx context.Context) ([]byte, error) { return l.store.Get(ctx, key) })
}

// Exists implements Store.
func (l *limited) Exists(ctx context.Context, key string) (bool, error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	return within(ctx, l, func(ctx context.Context) (bool, error) { return l.store.Exists(ctx, key) })
}

// Set implements Store.
func (l *limited) Set(ctx context.Context, key string, value []byte) error {
	if err := errors.Join(checkKey(key), l.checkValue(value)); err != nil {
		return first(err)
	}
	return l.do(ctx, func(ctx context.Context) error { return l.store.Set(ctx, key, value) })
}

// first returns the first of errors that were joined, which is an *Error.
func first(err error) error {
	e, _ := errors.AsType[*Error](err)
	return e
}

// Delete implements Store.
func (l *limited) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return l.do(ctx, func(ctx context.Context) error { return l.store.Delete(ctx, key) })
}

// Keys implements Store.
func (l *limited) Keys(ctx context.Context, cursor uint64) (Page, error) {
	return within(ctx, l, func(ctx context.Context) (Page, error) { return l.store.Keys(ctx, cursor) })
}

// Increment implements Store.
func (l *limited) Increment(ctx context.Context, key string, delta int64) (int64, error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	return within(ctx, l, func(ctx context.Context) (int64, error) { return l.store.Increment(ctx, key, delta) })
}

// Read implements Store.
func (l *limited) Read(ctx context.Context, key string) (*Snapshot, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return within(ctx, l, func(ctx context.Context) (*Snapshot, error) { return l.store.Read(ctx, key) })
}

// Swap implements Store.
func (l *limited) Swap(ctx context.Context, s *Snapshot, value []byte) error {
	if err := l.checkValue(value); err != nil {
		return err
	}
	return l.do(ctx, func(ctx context.Context) error { return l.store.Swap(ctx, s, value) })
}

// GetMany implements Store.
func (l *limited) GetMany(ctx context.Context, keys []string) ([]Value, error) {
	if err := checkBatch(keys, 0); err != nil || len(keys) == 0 {
		return nil, err
	}
	return within(ctx, l, func(ctx context.Context) ([]Value, error) { return l.store.GetMany(ctx, keys) })
}

// SetMany implements Store.
func (l *limited) SetMany(ctx context.Context, pairs []Pair) error {
	keys, bytes := make([]string, len(pairs)), 0
	for i, p := range pairs {
		if err := l.checkValue(p.Value); err != nil {
			return err
		}
		keys[i] = p.Key
		bytes += len(p.Value)
	}
	if err := checkBatch(keys, bytes); err != nil || len(keys) == 0 {
		return err
	}
	return l.do(ctx, func(ctx context.Context) error { return l.store.SetMany(ctx, pairs) })
}

// DeleteMany implements Store.
func (l *limited) DeleteMany(ctx context.Context, keys []string) error {
	if err := checkBatch(keys, 0); err != nil || len(keys) == 0 {
		return err
	}
	return l.do(ctx, func(ctx context.Context) error { return l.store.DeleteMany(ctx, keys) })
}

// Close implements Store.
func (l *limited) Close() error { return l.store.Close() }
