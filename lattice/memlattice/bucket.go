package memlattice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// records are a bucket as the servers have it.
type records struct {
	config   lattice.BucketConfig
	changed  signal
	revision uint64
	bytes    int64
	last     map[string]*record
}

// record is the last that was written to a key.
type record struct {
	value    []byte
	revision uint64
	time     time.Time
	deleted  bool
}

// overhead is how many bytes a record takes besides its key and value.
const overhead = 32

func (r *record) size(key string) int64 { return int64(len(key) + len(r.value) + overhead) }

// expire deletes what is older than it may be.
func (b *records) expire() {
	if b.config.TTL == 0 {
		return
	}
	oldest := now().Add(-b.config.TTL)
	for _, key := range slices.Sorted(maps.Keys(b.last)) {
		if r := b.last[key]; !r.deleted && !r.time.After(oldest) {
			b.put(key, &record{time: now(), deleted: true})
		}
	}
}

// next returns a channel that has something when the next value expires, nil if
// none does, and what stops it. A timer that is not needed would have the time of
// a bubble pass.
func (b *records) next() (<-chan time.Time, func() bool) {
	var first time.Time
	for _, r := range b.last {
		if end := r.time.Add(b.config.TTL); b.config.TTL > 0 && !r.deleted && (first.IsZero() || end.Before(first)) {
			first = end
		}
	}
	if first.IsZero() {
		return nil, func() bool { return false }
	}
	timer := time.NewTimer(time.Until(first))
	return timer.C, timer.Stop
}

// live returns the record of a key that has a value.
func (b *records) live(key string) *record {
	b.expire()
	if r := b.last[key]; r != nil && !r.deleted {
		return r
	}
	return nil
}

// write writes a value, or deletes it, within the bounds.
func (b *records) write(key string, value []byte, deleted bool) (uint64, error) {
	if len(value) > b.config.MaxValue {
		return 0, fmt.Errorf("%w: %d bytes, the limit is %d", lattice.ErrExhausted, len(value), b.config.MaxValue)
	}
	r := &record{value: slices.Clone(value), time: now(), deleted: deleted}
	bytes := b.bytes + r.size(key)
	if old := b.last[key]; old != nil {
		bytes -= old.size(key)
	}
	if bytes > b.config.MaxBytes && !deleted {
		return 0, fmt.Errorf("%w: the bucket has %d of %d bytes", lattice.ErrExhausted, b.bytes, b.config.MaxBytes)
	}
	b.put(key, r)
	return r.revision, nil
}

// put makes a record the last one of a key.
func (b *records) put(key string, r *record) {
	if old := b.last[key]; old != nil {
		b.bytes -= old.size(key)
	}
	b.bytes += r.size(key)
	b.revision++
	r.revision = b.revision
	b.last[key] = r
	b.changed.fire()
}

// since returns the last records of keys that match, after a revision, in the
// order of revisions.
func (b *records) since(pattern string, revision uint64) []lattice.Entry {
	b.expire()
	var all []lattice.Entry
	for key, r := range b.last {
		if r.revision > revision && matches(pattern, key) {
			all = append(all, entry(key, r))
		}
	}
	slices.SortFunc(all, func(x, y lattice.Entry) int { return cmp.Compare(x.Revision, y.Revision) })
	return all
}

func entry(key string, r *record) lattice.Entry {
	return lattice.Entry{Key: key, Value: slices.Clone(r.value), Revision: r.revision, Time: r.time, Deleted: r.deleted}
}

// bucket is a member's view of records.
type bucket struct {
	member  *Member
	name    string
	records *records
}

// Bucket implements lattice.Lattice.
func (m *Member) Bucket(ctx context.Context, name string) (lattice.Bucket, error) {
	b := &bucket{member: m, name: name}
	err := checkName("bucket", name)
	if err == nil {
		err = m.ask(ctx, "$KV."+name, 0, func() error {
			if b.records = m.network.buckets[name]; b.records == nil {
				return lattice.ErrNotFound
			}
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("open bucket %q: %w", name, err)
	}
	return b, nil
}

// CreateBucket implements lattice.Lattice.
func (m *Member) CreateBucket(ctx context.Context, c lattice.BucketConfig) (lattice.Bucket, error) {
	c.MaxBytes = cmp.Or(c.MaxBytes, lattice.DefaultMaxBucket)
	c.MaxValue = cmp.Or(c.MaxValue, lattice.DefaultMaxValue)
	b := &bucket{member: m, name: c.Name}
	err := checkName("bucket", c.Name)
	if err == nil {
		err = m.ask(ctx, "$KV."+c.Name, 0, func() error {
			if b.records = m.network.buckets[c.Name]; b.records == nil {
				b.records = &records{changed: newSignal(), last: map[string]*record{}}
				m.network.buckets[c.Name] = b.records
			}
			b.records.config = c
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("create bucket %q: %w", c.Name, err)
	}
	return b, nil
}

// ask does something to a key.
func (b *bucket) ask(ctx context.Context, what, key string, size int, do func() error) error {
	err := checkKey(key, false)
	if err == nil {
		err = b.member.ask(ctx, "$KV."+b.name+"."+key, size, do)
	}
	if err != nil {
		return fmt.Errorf("%s %q in bucket %q: %w", what, key, b.name, err)
	}
	return nil
}

// Get implements lattice.Bucket.
func (b *bucket) Get(ctx context.Context, key string) (got lattice.Entry, err error) {
	err = b.ask(ctx, "get", key, 0, func() error {
		r := b.records.live(key)
		if r == nil {
			return lattice.ErrNotFound
		}
		got = entry(key, r)
		return nil
	})
	return got, err
}

// Put implements lattice.Bucket.
func (b *bucket) Put(ctx context.Context, key string, value []byte) (revision uint64, err error) {
	err = b.ask(ctx, "put", key, len(value), func() (err error) {
		revision, err = b.records.write(key, value, false)
		return err
	})
	return revision, err
}

// Create implements lattice.Bucket.
func (b *bucket) Create(ctx context.Context, key string, value []byte) (revision uint64, err error) {
	err = b.ask(ctx, "create", key, len(value), func() (err error) {
		if b.records.live(key) != nil {
			return lattice.ErrExists
		}
		revision, err = b.records.write(key, value, false)
		return err
	})
	return revision, err
}

// Update implements lattice.Bucket.
func (b *bucket) Update(ctx context.Context, key string, value []byte, last uint64) (revision uint64, err error) {
	err = b.ask(ctx, "update", key, len(value), func() (err error) {
		if r := b.records.live(key); r == nil || r.revision != last {
			return lattice.ErrConflict
		}
		revision, err = b.records.write(key, value, false)
		return err
	})
	return revision, err
}

// Delete implements lattice.Bucket.
func (b *bucket) Delete(ctx context.Context, key string) error {
	return b.ask(ctx, "delete", key, 0, func() error {
		if b.records.live(key) == nil {
			return nil
		}
		_, err := b.records.write(key, nil, true)
		return err
	})
}

// Remove implements lattice.Bucket.
func (b *bucket) Remove(ctx context.Context, key string, last uint64) error {
	return b.ask(ctx, "remove", key, 0, func() error {
		if r := b.records.live(key); r == nil || r.revision != last {
			return lattice.ErrConflict
		}
		_, err := b.records.write(key, nil, true)
		return err
	})
}

// List implements lattice.Bucket.
func (b *bucket) List(ctx context.Context, pattern string) (all []lattice.Entry, err error) {
	err = checkKey(pattern, true)
	if err == nil {
		err = b.member.ask(ctx, "$KV."+b.name+"."+pattern, 0, func() error {
			all = slices.DeleteFunc(b.records.since(pattern, 0), func(e lattice.Entry) bool { return e.Deleted })
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("list %q in bucket %q: %w", pattern, b.name, err)
	}
	slices.SortFunc(all, func(x, y lattice.Entry) int { return cmp.Compare(x.Key, y.Key) })
	return all, nil
}

// Keys implements lattice.Bucket.
func (b *bucket) Keys(ctx context.Context, pattern string, after uint64, limit int) (keys []lattice.Entry, more bool, err error) {
	err = checkKey(pattern, true)
	if err == nil {
		err = b.member.ask(ctx, "$KV."+b.name+"."+pattern, 0, func() error {
			keys = slices.DeleteFunc(b.records.since(pattern, after), func(e lattice.Entry) bool { return e.Deleted })
			return nil
		})
	}
	if err != nil {
		return nil, false, fmt.Errorf("list the keys %q in bucket %q: %w", pattern, b.name, err)
	}
	more = len(keys) > max(limit, 1)
	keys = keys[:min(len(keys), max(limit, 1))]
	for i := range keys {
		keys[i].Size, keys[i].Value = len(keys[i].Value), nil
	}
	return keys, more, nil
}

// Watch implements lattice.Bucket. Of a key that changes faster than f takes it, f
// sees the last value.
func (b *bucket) Watch(ctx context.Context, pattern string, f func(lattice.Entry) error) error {
	if err := checkKey(pattern, true); err != nil {
		return fmt.Errorf("watch bucket %q: %w", b.name, err)
	}
	err := b.watch(ctx, pattern, f)
	if ended := ctx.Err(); ended != nil && errors.Is(err, ended) {
		return nil
	}
	return fmt.Errorf("watch %q in bucket %q: %w", pattern, b.name, err)
}

// watch is Watch; its error is never nil.
func (b *bucket) watch(ctx context.Context, pattern string, f func(lattice.Entry) error) error {
	m, n := b.member, b.member.network
	var seen uint64
	for synced := false; ; {
		if err := m.await(ctx, func() bool { return n.stored(m) }); err != nil {
			return err
		}
		n.mu.Lock()
		entries := b.records.since(pattern, seen)
		changed, moved := b.records.changed.next(), n.changed.next()
		size := 0
		for _, e := range entries {
			size += len(e.Key) + len(e.Value)
		}
		way := n.fate("", m.user, "$KV."+b.name+"."+pattern, size, m.number, seen)
		n.mu.Unlock()
		if len(entries) > 0 {
			if err := sleep(ctx, way.delay+way.transfer); err != nil {
				return err
			}
		}
		for _, e := range entries {
			seen = e.Revision
			if e.Deleted && !synced {
				continue
			}
			if err := f(e); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if !synced {
			synced = true
			if err := f(lattice.Entry{Synced: true}); err != nil {
				return err
			}
		}
		n.mu.Lock()
		expires, stop := b.records.next()
		n.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-changed:
		case <-moved:
		case <-expires:
		}
		stop()
	}
}
