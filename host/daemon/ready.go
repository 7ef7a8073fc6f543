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
	"github.com/wattle-dev/wattle/lattice/wire"
)

const (
	// readyEvery is how often a Ready is put again, since its bucket forgets.
	readyEvery = 10 * time.Minute
	// readyAgain is the time until what failed is tried again.
	readyAgain = time.Second
	// readyGap is the shortest time between two times that what others wrote under
	// this host's keys is replaced.
	readyGap = 200 * time.Millisecond
)

// readiness says in the lattice which components can be called.
type readiness struct {
	d      *Daemon
	notify chan struct{}
	amiss  chan struct{} // has an element when something else is there than was put

	// sync is held by who puts and deletes, so that these are in order.
	sync sync.Mutex

	mu   sync.Mutex
	want map[lattice.ComponentID]*lattice.Ready
	put  map[lattice.ComponentID]*lattice.Ready
	// sent has what was put last, or is being put, as it is in the bucket; foreign
	// counts what was seen there that is not ours.
	sent    map[lattice.ComponentID][]byte
	foreign map[lattice.ComponentID]uint64
	// heard has what callers can find: its word was put since it can be called.
	heard map[lattice.ComponentID]bool
	// known says that put has all keys of this host, those of earlier runs as well.
	known bool
}

func newReadiness(d *Daemon) *readiness {
	return &readiness{
		d: d, notify: make(chan struct{}, 1), amiss: make(chan struct{}, 1),
		want: map[lattice.ComponentID]*lattice.Ready{}, put: map[lattice.ComponentID]*lattice.Ready{},
		sent: map[lattice.ComponentID][]byte{}, foreign: map[lattice.ComponentID]uint64{},
		heard: map[lattice.ComponentID]bool{},
	}
}

// set says that a component can be called.
func (r *readiness) set(id lattice.ComponentID, run *running) {
	r.mu.Lock()
	r.want[id] = &lattice.Ready{Component: id, Host: r.d.opts.ID, Digest: run.spec.Digest, Since: run.since.UTC(), Exports: run.exports}
	r.mu.Unlock()
	r.poke()
}

// unset says that a component cannot be called any more, without waiting until that is
// heard.
func (r *readiness) unset(id lattice.ComponentID) {
	r.mu.Lock()
	delete(r.want, id)
	delete(r.heard, id)
	r.mu.Unlock()
	r.poke()
}

// told reports whether callers can find a component. Until then it does not count as one
// that runs: a scheduler would have what it replaces be stopped.
func (r *readiness) told(id lattice.ComponentID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heard[id]
}

func (r *readiness) poke() {
	select {
	case r.notify <- struct{}{}:
	default:
	}
}

// again has everything be put anew: it may have been lost.
func (r *readiness) again() {
	r.mu.Lock()
	clear(r.put)
	r.known = false
	r.mu.Unlock()
	r.poke()
}

// withdraw says that a component cannot be called any more, and reports whether
// that was heard.
func (r *readiness) withdraw(id lattice.ComponentID) bool {
	r.mu.Lock()
	delete(r.want, id)
	delete(r.heard, id)
	r.mu.Unlock()
	if !r.d.l.Connected() {
		return false // nobody hears it, and nobody calls
	}
	ctx, cancel := context.WithTimeout(context.Background(), putTime)
	defer cancel()
	r.sync.Lock()
	defer r.sync.Unlock()
	return r.erase(ctx, id) == nil
}

// clear withdraws everything.
func (r *readiness) clear(ctx context.Context) error {
	r.mu.Lock()
	clear(r.want)
	clear(r.heard)
	r.mu.Unlock()
	return r.flush(ctx)
}

// run keeps the bucket as it should be, until ctx ends.
func (r *readiness) run(ctx context.Context) {
	refresh := time.NewTicker(readyEvery)
	defer refresh.Stop()
	failing := false
	var amended time.Time
	for {
		err := r.flush(ctx)
		if ctx.Err() != nil {
			return
		}
		var again <-chan time.Time
		if err != nil {
			again = time.After(readyAgain)
			if !failing {
				r.d.log.WarnContext(ctx, "readiness not put: callers do not find this host; what runs goes on", "bucket", r.d.buckets.Ready(), "error", err)
			}
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-r.notify:
		case <-r.amiss:
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Until(amended.Add(readyGap))):
			}
			amended = time.Now()
		case <-again:
		case <-refresh.C:
			r.again()
		}
	}
}

// flush puts and deletes what is different from what should be there.
func (r *readiness) flush(ctx context.Context) error {
	r.sync.Lock()
	defer r.sync.Unlock()
	if err := r.learn(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	want, put := maps.Clone(r.want), maps.Clone(r.put)
	r.mu.Unlock()
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(put)) {
		if want[id] == nil {
			errs = append(errs, r.erase(ctx, id))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		if put[id] != want[id] {
			errs = append(errs, r.write(ctx, id, want[id]))
		}
	}
	return errors.Join(errs...)
}

// learn finds the keys that this host has from before.
func (r *readiness) learn(ctx context.Context) error {
	r.mu.Lock()
	known := r.known
	r.mu.Unlock()
	if known {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, putTime)
	defer cancel()
	var entries []lattice.Entry
	err := r.d.with(ctx, r.d.buckets.Ready(), func(b lattice.Bucket) (err error) {
		entries, err = b.List(ctx, string(r.d.opts.ID)+".*")
		return err
	})
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range entries {
		if host, id, err := wire.ParseReadyKey(e.Key); err == nil && host == r.d.opts.ID && r.put[id] == nil {
			r.put[id] = &lattice.Ready{} // not what it should be
		}
	}
	r.known = true
	return nil
}

// write puts the word that a component can be called.
func (r *readiness) write(ctx context.Context, id lattice.ComponentID, ready *lattice.Ready) error {
	value, err := wire.EncodeReady(ready)
	if err != nil {
		return err
	}
	bucket, key := r.d.buckets.Ready(), wire.ReadyKey(r.d.opts.ID, id)
	signed, err := r.d.opts.Signer.Sign(bucket, key, value)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.sent[id] = signed
	foreign := r.foreign[id]
	r.mu.Unlock()
	if err := r.d.putSigned(ctx, bucket, key, signed); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.foreign[id] == foreign { // or it may have been replaced already
		r.put[id] = ready
	}
	if r.want[id] != nil && !r.heard[id] {
		r.heard[id] = true
		r.d.changed()
	}
	return nil
}

// watch sees what is under this host's keys, until ctx ends, and has what others
// wrote or removed there be put again.
func (r *readiness) watch(ctx context.Context) {
	for {
		b, err := r.d.l.Bucket(ctx, r.d.buckets.Ready())
		if err == nil {
			err = b.Watch(ctx, string(r.d.opts.ID)+".*", func(e lattice.Entry) error {
				if r.see(e) {
					r.d.log.InfoContext(ctx, "readiness is put again: it was changed or is gone", "bucket", r.d.buckets.Ready(), "key", e.Key)
					select {
					case r.amiss <- struct{}{}:
					default:
					}
				}
				return nil
			})
		}
		if err != nil && ctx.Err() == nil { // run says so
			r.d.log.DebugContext(ctx, "readiness cannot be followed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(watchAgain):
		}
	}
}

// see takes in what is under a key of this host, and reports whether it should be
// something else.
func (r *readiness) see(e lattice.Entry) bool {
	_, id, err := wire.ParseReadyKey(e.Key)
	if e.Synced || err != nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	wanted := r.want[id] != nil
	if e.Deleted && !wanted || !e.Deleted && wanted && bytes.Equal(e.Value, r.sent[id]) {
		return false
	}
	r.foreign[id]++
	delete(r.put, id)
	if !e.Deleted {
		r.put[id] = &lattice.Ready{} // not what it should be
	}
	return true
}

// erase deletes the key of a component.
func (r *readiness) erase(ctx context.Context, id lattice.ComponentID) error {
	ctx, cancel := context.WithTimeout(ctx, putTime)
	defer cancel()
	r.mu.Lock()
	foreign := r.foreign[id]
	r.mu.Unlock()
	err := r.d.with(ctx, r.d.buckets.Ready(), func(b lattice.Bucket) error {
		return b.Delete(ctx, wire.ReadyKey(r.d.opts.ID, id))
	})
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.foreign[id] != foreign {
		return nil // something else may be there already
	}
	delete(r.put, id)
	if r.want[id] == nil {
		delete(r.sent, id)
		delete(r.foreign, id)
	}
	return nil
}
