package daemon

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/lattice/wire"
)

const (
	// shelfEvery is how often it is looked whether the catalogue has what it should.
	shelfEvery = 10 * time.Minute
	// shelfAnew is how often everything is put again, since the bucket forgets.
	shelfAnew = 6 * time.Hour
)

// shelf keeps the host's part of the lattice's catalogue: what its MCP servers offer.
type shelf struct {
	d      *Daemon
	notify chan struct{}

	// sync is held by who puts and deletes, so that these are in order.
	sync sync.Mutex

	mu sync.Mutex
	// want has the documents that should be there, nil for one that should not, put
	// those that are. Others belong to components that were not listed yet.
	want, put map[lattice.ComponentID][]byte
	// known says that put has all keys of this host, those of earlier runs as well.
	known bool
}

func newShelf(d *Daemon) *shelf {
	return &shelf{d: d, notify: make(chan struct{}, 1), want: map[lattice.ComponentID][]byte{}, put: map[lattice.ComponentID][]byte{}}
}

// set puts a listing.
func (s *shelf) set(l *catalogue.Listing) {
	value, err := catalogue.Encode(l)
	if errors.Is(err, lattice.ErrExhausted) {
		s.d.log.Warn("MCP server not listed: its listing is too long", "component", l.Component, "error", err)
		less := *l
		less.Contents = *catalogue.Clean(&catalogue.Contents{Versions: l.Versions, ServerInfo: l.ServerInfo, Problems: []string{err.Error()}})
		value, err = catalogue.Encode(&less)
	}
	if err == nil {
		value, err = s.d.opts.Signer.Sign(s.d.buckets.Catalogue(), wire.ReadyKey(l.Host, l.Component), value)
	}
	if err != nil {
		s.d.log.Error("MCP server not listed", "component", l.Component, "error", err)
		return
	}
	s.mu.Lock()
	s.want[l.Component] = value
	s.mu.Unlock()
	s.poke()
}

// remove deletes a listing, if there is one.
func (s *shelf) remove(id lattice.ComponentID) {
	s.mu.Lock()
	delete(s.want, id)
	if _, there := s.put[id]; there || !s.known {
		s.want[id] = nil
	}
	s.mu.Unlock()
	s.poke()
}

func (s *shelf) poke() {
	select {
	case s.notify <- struct{}{}:
	default:
	}
}

// again has everything be looked at anew: it may have been lost.
func (s *shelf) again() {
	s.mu.Lock()
	s.known = false
	s.mu.Unlock()
	s.poke()
}

// run keeps the bucket as it should be, until ctx ends.
func (s *shelf) run(ctx context.Context) {
	look, anew := time.NewTicker(shelfEvery), time.NewTicker(shelfAnew)
	defer look.Stop()
	defer anew.Stop()
	failing := false
	for {
		err := s.flush(ctx)
		if ctx.Err() != nil {
			return
		}
		var again <-chan time.Time
		if err != nil {
			again = time.After(readyAgain)
			if !failing {
				s.d.log.WarnContext(ctx, "catalogue not put: gateways do not know what this host offers; what runs goes on", "bucket", s.d.buckets.Catalogue(), "error", err)
			}
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-s.notify:
		case <-again:
		case <-look.C:
			s.again()
		case <-anew.C:
			s.mu.Lock()
			clear(s.put)
			s.mu.Unlock()
			s.again()
		}
	}
}

// clear deletes everything.
func (s *shelf) clear(ctx context.Context) error {
	s.mu.Lock()
	for id := range s.put {
		s.want[id] = nil
	}
	s.mu.Unlock()
	return s.flush(ctx)
}

// flush puts and deletes what is different from what should be there.
func (s *shelf) flush(ctx context.Context) error {
	s.sync.Lock()
	defer s.sync.Unlock()
	if err := s.learn(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	want, put := maps.Clone(s.want), maps.Clone(s.put)
	s.mu.Unlock()
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(put)) {
		if _, wanted := want[id]; !wanted && !s.d.has(id) {
			want[id] = nil
		}
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		if !bytes.Equal(want[id], put[id]) {
			errs = append(errs, s.write(ctx, id, want[id]))
		}
	}
	return errors.Join(errs...)
}

// learn finds what is there under the keys of this host.
func (s *shelf) learn(ctx context.Context) error {
	s.mu.Lock()
	known, idle := s.known, len(s.want) == 0
	s.mu.Unlock()
	if known {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, putTime)
	defer cancel()
	var entries []lattice.Entry
	err := s.d.with(ctx, s.d.buckets.Catalogue(), func(b lattice.Bucket) (err error) {
		entries, err = b.List(ctx, string(s.d.opts.ID)+".*")
		return err
	})
	switch {
	case errors.Is(err, lattice.ErrNotFound) && idle:
		return nil // the lattice has no catalogue, and nobody here needs one
	case err != nil:
		return err
	}
	put := map[lattice.ComponentID][]byte{}
	for _, e := range entries {
		if host, id, err := wire.ParseReadyKey(e.Key); err == nil && host == s.d.opts.ID {
			put[id] = e.Value
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put, s.known = put, true
	return nil
}

// write puts the document of a component, or deletes it if it is nil.
func (s *shelf) write(ctx context.Context, id lattice.ComponentID, value []byte) error {
	ctx, cancel := context.WithTimeout(ctx, putTime)
	defer cancel()
	bucket, key := s.d.buckets.Catalogue(), wire.ReadyKey(s.d.opts.ID, id)
	err := s.d.with(ctx, bucket, func(b lattice.Bucket) (err error) {
		if value == nil {
			return b.Delete(ctx, key)
		}
		_, err = b.Put(ctx, key, value)
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if value != nil {
		s.put[id] = value
		return nil
	}
	delete(s.put, id)
	if s.want[id] == nil {
		delete(s.want, id)
	}
	return nil
}
