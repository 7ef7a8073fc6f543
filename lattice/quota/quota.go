// Package quota bounds what a part of a bucket holds, where several share the bucket and
// the bucket's own bound is that of all of them.
//
// Who writes counts: a [Quota] adds up what its process writes, and counts what there is
// in the bucket when the sum reaches the bound, and now and then, since others write as
// well. So it is exact where one process writes, and where several do the bound may be
// passed by what they write in [Refresh].
package quota

import (
	"context"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

const (
	// Refresh is how long a count is believed.
	Refresh = 30 * time.Second
	// pause is how often what is full is counted again.
	pause = time.Second
	// overhead is what a key takes besides its name and value.
	overhead = 64
	// page is how many keys are counted at once.
	page = 10_000
)

// Quota bounds the keys of a bucket that match a pattern.
type Quota struct {
	pattern string
	bytes   int64
	keys    int64

	turn    chan struct{} // holds one while somebody looks at what follows
	counted time.Time
	has     usage
}

// usage is what there is.
type usage struct{ bytes, keys int64 }

// New returns a quota of so many bytes and keys.
func New(pattern string, bytes, keys int64) *Quota {
	return &Quota{pattern: pattern, bytes: bytes, keys: keys, turn: make(chan struct{}, 1)}
}

// Reserve says that a value is about to be written. The error is ErrExhausted if there is
// no room for it.
func (q *Quota) Reserve(ctx context.Context, b lattice.Bucket, key string, value int) error {
	select {
	case q.turn <- struct{}{}:
		defer func() { <-q.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	size := int64(len(key) + value + overhead)
	age := time.Since(q.counted)
	if age > Refresh || !q.fits(size) && age > pause {
		if err := q.count(ctx, b); err != nil {
			return err
		}
	}
	if !q.fits(size) {
		return fmt.Errorf("%w: %d keys with %d bytes of %d and %d are there", lattice.ErrExhausted, q.has.keys, q.has.bytes, q.keys, q.bytes)
	}
	q.has.bytes += size
	q.has.keys++
	return nil
}

func (q *Quota) fits(size int64) bool { return q.has.bytes+size <= q.bytes && q.has.keys < q.keys }

// count counts what there is.
func (q *Quota) count(ctx context.Context, b lattice.Bucket) error {
	var has usage
	for after := uint64(0); ; {
		keys, more, err := b.Keys(ctx, q.pattern, after, page)
		if err != nil {
			return err
		}
		for i := range keys {
			has.keys++
			has.bytes += int64(len(keys[i].Key) + keys[i].Size + overhead)
			after = keys[i].Revision
		}
		if !more {
			q.has, q.counted = has, time.Now()
			return nil
		}
	}
}
