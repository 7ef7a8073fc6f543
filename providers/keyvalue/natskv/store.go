package natskv

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/quota"
	"github.com/wattle-dev/wattle/lattice/token"
	"github.com/wattle-dev/wattle/providers/keyvalue"
)

const (
	// parallel is how many operations of a batch are under way at once.
	parallel = 16
	// listPause is how often keys are listed: each time costs the servers something
	// that lives for a while.
	listPause = 20 * time.Millisecond
)

// Store implements keyvalue.Store without its bounds.
type Store struct {
	lattice lattice.Lattice
	bucket  string
	name    Name
	quota   *quota.Quota
	opened  atomic.Pointer[lattice.Bucket]

	mu       sync.Mutex
	nextList time.Time
}

// Limits bound what the store holds. Zero is the default.
type Limits struct{ Bytes, Keys int64 }

// The defaults of Limits.
const (
	DefaultBytes = 64 << 20
	DefaultKeys  = 100_000
)

// Open returns a store in a bucket. It asks for the bucket when the store is first used.
func Open(l lattice.Lattice, bucket string, name Name, limits Limits) *Store {
	return &Store{
		lattice: l, bucket: bucket, name: name,
		quota: quota.New(name.pattern(), cmp.Or(limits.Bytes, DefaultBytes), cmp.Or(limits.Keys, DefaultKeys)),
	}
}

// Close implements keyvalue.Store.
func (*Store) Close() error { return nil }

// open returns the bucket.
func (s *Store) open(ctx context.Context) (lattice.Bucket, error) {
	if b := s.opened.Load(); b != nil {
		return *b, nil
	}
	b, err := s.lattice.Bucket(ctx, s.bucket)
	if errors.Is(err, lattice.ErrNotFound) {
		return nil, &keyvalue.Error{Kind: keyvalue.Unavailable, Err: err}
	}
	if err != nil {
		return nil, fault(err)
	}
	s.opened.Store(&b)
	return b, nil
}

// fault returns an error of the lattice as one of stores.
func fault(err error) error {
	kind := keyvalue.Failed
	switch {
	case err == nil:
		return nil
	case errors.Is(err, lattice.ErrNotFound):
		kind = keyvalue.NoKey
	case errors.Is(err, lattice.ErrDenied):
		kind = keyvalue.Denied
	case errors.Is(err, lattice.ErrExhausted):
		kind = keyvalue.Full
	case errors.Is(err, lattice.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		kind = keyvalue.Unavailable
	}
	return &keyvalue.Error{Kind: kind, Err: err}
}

// Get implements keyvalue.Store.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	e, err := s.entry(ctx, key)
	return e.Value, err
}

func (s *Store) entry(ctx context.Context, key string) (lattice.Entry, error) {
	b, err := s.open(ctx)
	if err != nil {
		return lattice.Entry{}, err
	}
	e, err := b.Get(ctx, s.name.key(key))
	return e, fault(err)
}

// Exists implements keyvalue.Store.
func (s *Store) Exists(ctx context.Context, key string) (bool, error) {
	_, err := s.entry(ctx, key)
	if errors.Is(err, keyvalue.ErrNoKey) {
		return false, nil
	}
	return err == nil, err
}

// Set implements keyvalue.Store.
func (s *Store) Set(ctx context.Context, key string, value []byte) error {
	b, err := s.open(ctx)
	if err != nil {
		return err
	}
	if err := s.quota.Reserve(ctx, b, s.name.key(key), len(value)); err != nil {
		return fault(err)
	}
	_, err = b.Put(ctx, s.name.key(key), value)
	return fault(err)
}

// Delete implements keyvalue.Store. A deletion is kept for a while, so that what is not
// there is not deleted.
func (s *Store) Delete(ctx context.Context, key string) error {
	exists, err := s.Exists(ctx, key)
	if err != nil || !exists {
		return err
	}
	b, err := s.open(ctx)
	if err != nil {
		return err
	}
	return fault(b.Delete(ctx, s.name.key(key)))
}

// Keys implements keyvalue.Store. The cursor is the last revision that was given.
func (s *Store) Keys(ctx context.Context, cursor uint64) (keyvalue.Page, error) {
	b, err := s.open(ctx)
	if err != nil {
		return keyvalue.Page{}, err
	}
	if err := s.turn(ctx); err != nil {
		return keyvalue.Page{}, fault(err)
	}
	if cursor == 1<<64-1 { // nothing comes after it
		return keyvalue.Page{}, nil
	}
	entries, more, err := b.Keys(ctx, s.name.pattern(), cursor, keyvalue.PageKeys)
	if err != nil {
		return keyvalue.Page{}, fault(err)
	}
	var page keyvalue.Page
	for _, e := range entries {
		// What somebody else wrote below the store's name is no key of it.
		if key, ok := token.Decode(strings.TrimPrefix(e.Key, s.name.prefix)); ok {
			page.Keys = append(page.Keys, key)
		}
		if more {
			page.Cursor = e.Revision
		}
	}
	return page, nil
}

// turn waits until keys may be listed again.
func (s *Store) turn(ctx context.Context) error {
	s.mu.Lock()
	now := time.Now()
	wait := s.nextList.Sub(now)
	s.nextList = now.Add(max(wait, 0) + listPause)
	s.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Increment implements keyvalue.Store. It tries again as long as others change the
// counter at the same time: one of them succeeds each time.
func (s *Store) Increment(ctx context.Context, key string, delta int64) (int64, error) {
	for {
		was, err := s.Read(ctx, key)
		if err != nil {
			return 0, err
		}
		sum, err := add(was.Value, delta)
		if err != nil {
			return 0, err
		}
		err = s.Swap(ctx, was, strconv.AppendInt(nil, sum, 10))
		if err == nil {
			return sum, nil
		}
		if !errors.Is(err, keyvalue.ErrChanged) {
			return 0, err
		}
	}
}

// add adds to a counter.
func add(v keyvalue.Value, delta int64) (int64, error) {
	if !v.Exists {
		return delta, nil
	}
	n, err := strconv.ParseInt(string(v.Bytes), 10, 64)
	if err != nil {
		return 0, &keyvalue.Error{Kind: keyvalue.Invalid, Message: "the value is not a number"}
	}
	sum := n + delta
	if (sum > n) != (delta > 0) && delta != 0 {
		return 0, &keyvalue.Error{Kind: keyvalue.Invalid, Message: "the sum does not fit into 64 bits"}
	}
	return sum, nil
}

// Read implements keyvalue.Store.
func (s *Store) Read(ctx context.Context, key string) (*keyvalue.Snapshot, error) {
	e, err := s.entry(ctx, key)
	if err != nil && !errors.Is(err, keyvalue.ErrNoKey) {
		return nil, err
	}
	return &keyvalue.Snapshot{Key: key, Value: keyvalue.Value{Bytes: e.Value, Exists: err == nil}, Revision: e.Revision}, nil
}

// Swap implements keyvalue.Store.
func (s *Store) Swap(ctx context.Context, was *keyvalue.Snapshot, value []byte) error {
	b, err := s.open(ctx)
	if err != nil {
		return err
	}
	if err := s.quota.Reserve(ctx, b, s.name.key(was.Key), len(value)); err != nil {
		return fault(err)
	}
	if was.Value.Exists {
		_, err = b.Update(ctx, s.name.key(was.Key), value, was.Revision)
	} else {
		_, err = b.Create(ctx, s.name.key(was.Key), value)
	}
	if errors.Is(err, lattice.ErrConflict) || errors.Is(err, lattice.ErrExists) {
		return keyvalue.ErrChanged
	}
	return fault(err)
}

// GetMany implements keyvalue.Store.
func (s *Store) GetMany(ctx context.Context, keys []string) ([]keyvalue.Value, error) {
	values := make([]keyvalue.Value, len(keys))
	var bytes atomic.Int64
	err := each(ctx, len(keys), func(ctx context.Context, i int) error {
		was, err := s.Read(ctx, keys[i])
		if err != nil {
			return err
		}
		values[i] = was.Value
		if bytes.Add(int64(len(was.Value.Bytes))) > keyvalue.MaxBatchBytes {
			return keyvalue.ErrBatchBytes()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}

// SetMany implements keyvalue.Store. Of several values for one key the last one counts.
func (s *Store) SetMany(ctx context.Context, pairs []keyvalue.Pair) error {
	last := map[string]int{}
	for i, p := range pairs {
		last[p.Key] = i
	}
	return each(ctx, len(pairs), func(ctx context.Context, i int) error {
		if last[pairs[i].Key] != i {
			return nil
		}
		return s.Set(ctx, pairs[i].Key, pairs[i].Value)
	})
}

// DeleteMany implements keyvalue.Store.
func (s *Store) DeleteMany(ctx context.Context, keys []string) error {
	return each(ctx, len(keys), func(ctx context.Context, i int) error { return s.Delete(ctx, keys[i]) })
}

// each calls f with 0 to n-1, several at a time. It returns the first error, after
// which no more are begun.
func each(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var group sync.WaitGroup
	var failed error
	var once sync.Once
	for range min(n, parallel) {
		group.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := f(ctx, i); err != nil {
					once.Do(func() { failed = err })
					cancel(err)
				}
			}
		})
	}
	group.Wait()
	if failed == nil {
		failed = context.Cause(ctx)
	}
	return failed
}
