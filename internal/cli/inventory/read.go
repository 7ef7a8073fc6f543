package inventory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Load reads what a kind of table needs.
func (s *Source) Load(ctx context.Context, k *Kind) (*Inventory, error) {
	inv := New()
	for _, b := range k.buckets {
		bucket, err := s.open(ctx, b)
		if err != nil {
			return nil, err
		}
		entries, err := bucket.List(ctx, ">")
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", b.name(wire.Buckets{Lattice: s.Name}), err)
		}
		for _, e := range entries {
			s.apply(b, inv, e)
		}
	}
	return inv, nil
}

// open opens a bucket. That it is not there means that no scheduler has made it.
func (s *Source) open(ctx context.Context, b bucket) (lattice.Bucket, error) {
	name := b.name(wire.Buckets{Lattice: s.Name})
	bucket, err := s.Lattice.Bucket(ctx, name)
	if errors.Is(err, lattice.ErrNotFound) {
		return nil, fmt.Errorf("lattice %q has no bucket %q: %w: no scheduler has ever run here; start one with wattle up, or name another lattice with --lattice", s.Name, name, err)
	}
	return bucket, err
}

// tick is how often Watch looks for hosts of which nothing is heard.
const tick = time.Second

// change is an entry of a bucket.
type change struct {
	from  int // index of the bucket
	entry lattice.Entry
}

// Watch calls f with the inventory when all has been read, then after every
// change, and each second, until ctx ends or f returns an error, which it returns.
// f has the inventory to itself while it runs.
func (s *Source) Watch(ctx context.Context, k *Kind, f func(*Inventory) error) error {
	ctx, cancel := context.WithCancel(ctx)
	changes := make(chan change, 64)
	ended := make(chan error, len(k.buckets))
	var watches sync.WaitGroup
	defer watches.Wait()
	defer cancel()
	for i, b := range k.buckets {
		bucket, err := s.open(ctx, b)
		if err != nil {
			return err
		}
		watches.Go(func() {
			ended <- bucket.Watch(ctx, ">", func(e lattice.Entry) error {
				select {
				case changes <- change{i, e}:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			})
		})
	}
	inv := New()
	synced := map[int]bool{}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case c := <-changes:
			if c.entry.Synced {
				synced[c.from] = true
			} else {
				s.apply(k.buckets[c.from], inv, c.entry)
			}
			if len(changes) > 0 {
				continue // what comes at once is shown at once
			}
		case <-ticker.C:
		case err := <-ended:
			return err
		case <-ctx.Done():
			return nil
		}
		if len(synced) < len(k.buckets) {
			continue
		}
		if err := f(inv); err != nil {
			return err
		}
	}
}
