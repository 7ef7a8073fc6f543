package directory

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Times of a directory.
const (
	// ReadyTTL is how long a host is believed to be ready for a component after it
	// has said so. Hosts say so again every ten minutes.
	ReadyTTL = time.Hour

	// retry is the time until a watch that has failed is begun anew.
	retry = time.Second
	// lookAfter is the time between looks for what has grown old.
	lookAfter = time.Minute
	// lostLooks is how many of them an assignment outlives that has gone without
	// being deleted.
	lostLooks = 3
)

// Options configure a Directory.
type Options struct {
	// Logger is told of documents that are not believed. If nil, nobody is.
	Logger *slog.Logger
}

// Directory is a table that follows a lattice. Its methods may be called at the
// same time.
type Directory struct {
	l        lattice.Lattice
	buckets  wire.Buckets
	verifier lattice.Verifier
	log      *slog.Logger

	current atomic.Pointer[Snapshot]

	mu    sync.Mutex
	table *Table
	heard map[readyKey]time.Time
	said  map[lattice.HostID]said
	// revisions has that of each value, by bucket and key.
	revisions [2]map[string]uint64
	// lost are assignments that have gone without being deleted, with how many looks
	// have found them gone.
	lost    map[lattice.ComponentID]int
	synced  [2]bool
	changed chan struct{}
	done    bool // both were synced once
}

type readyKey struct {
	host      lattice.HostID
	component lattice.ComponentID
}

// The watches of a directory.
const (
	components = iota
	ready
)

// New returns a directory of a lattice. It knows nothing until Run runs. opts may
// be nil.
func New(l lattice.Lattice, name lattice.Name, v lattice.Verifier, opts *Options) *Directory {
	d := &Directory{
		l: l, buckets: wire.Buckets{Lattice: name}, verifier: v, log: slog.New(slog.DiscardHandler),
		table: NewTable(), heard: map[readyKey]time.Time{}, said: map[lattice.HostID]said{}, changed: make(chan struct{}),
		revisions: [2]map[string]uint64{{}, {}}, lost: map[lattice.ComponentID]int{},
	}
	if opts != nil && opts.Logger != nil {
		d.log = opts.Logger
	}
	d.current.Store(d.table.Snapshot())
	return d
}

// Run follows the lattice until ctx ends, and returns nil then. It waits for
// buckets that are not there yet.
func (d *Directory) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { d.follow(ctx, components, d.buckets.Components(), d.component) })
	wg.Go(func() { d.follow(ctx, ready, d.buckets.Ready(), d.ready) })
	wg.Go(func() { d.forget(ctx) })
	wg.Wait()
	return nil
}

// follow watches a bucket, again and again.
func (d *Directory) follow(ctx context.Context, which int, bucket string, take func(lattice.Entry)) {
	d.again(ctx, bucket, func(ctx context.Context) error { return d.watch(ctx, which, bucket, take) })
}

// again has a bucket be watched anew whenever a watch fails, until ctx ends.
func (d *Directory) again(ctx context.Context, bucket string, watch func(context.Context) error) {
	said := false
	for {
		err := watch(ctx)
		if ctx.Err() != nil {
			return
		}
		if !said || !errors.Is(err, lattice.ErrNotFound) {
			d.log.WarnContext(ctx, "bucket cannot be followed: the scheduler makes it when it starts", "bucket", bucket, "error", err)
		}
		said = true
		select {
		case <-ctx.Done():
			return
		case <-time.After(retry):
		}
	}
}

func (d *Directory) watch(ctx context.Context, which int, bucket string, take func(lattice.Entry)) error {
	b, err := d.l.Bucket(ctx, bucket)
	if err != nil {
		return err
	}
	seen, all := map[string]bool{}, false
	d.mu.Lock()
	d.revisions[which] = map[string]uint64{}
	d.mu.Unlock()
	return b.Watch(ctx, ">", func(e lattice.Entry) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		switch {
		case e.Synced:
			if !all && which == components {
				d.drop(seen)
			}
			all, seen = true, nil
			d.synced[which] = true
		default:
			if !all && !e.Deleted {
				seen[e.Key] = true
			}
			if d.vanished(which, e) {
				return nil
			}
			take(e)
		}
		d.publish()
		return nil
	})
}

// vanished notes the revision of a value, and reports whether a value has gone that
// nobody has deleted: by the jump of a server's clock, or with its bucket. What it
// said holds for a while longer, in which it is written again.
func (d *Directory) vanished(which int, e lattice.Entry) bool {
	known := d.revisions[which]
	if !e.Deleted {
		known[e.Key] = e.Revision
		if which == components {
			delete(d.lost, lattice.ComponentID(e.Key))
		}
		return false
	}
	last, ok := known[e.Key]
	delete(known, e.Key)
	if !ok || last != e.Revision {
		return false
	}
	if which == components {
		d.lost[lattice.ComponentID(e.Key)] = 0
	}
	return true
}

// drop forgets the assignments that a new watch has not found, unless it has found
// nothing.
func (d *Directory) drop(seen map[string]bool) {
	if len(seen) == 0 {
		return
	}
	for _, c := range d.table.Components() {
		if !seen[string(c)] {
			d.table.Unassign(c)
		}
	}
}

// publish has readers see the table once there is a whole one. It is called with
// the lock.
func (d *Directory) publish() {
	if !d.synced[components] || !d.synced[ready] {
		return
	}
	next := d.table.Snapshot()
	if next == d.current.Load() && d.done {
		return
	}
	d.done = true
	d.current.Store(next)
	close(d.changed)
	d.changed = make(chan struct{})
}

// component takes a change of the bucket of assignments.
func (d *Directory) component(e lattice.Entry) {
	bucket := d.buckets.Components()
	id, err := lattice.ParseComponentID(e.Key)
	if err != nil {
		d.ignored(bucket, e.Key, err)
		return
	}
	if e.Deleted {
		d.table.Unassign(id)
		return
	}
	value, err := d.verifier.Scheduler(bucket, e.Key, e.Value)
	if err != nil {
		d.ignored(bucket, e.Key, err)
		return
	}
	a, err := wire.DecodeAssignment(value, id)
	if err != nil {
		d.ignored(bucket, e.Key, err)
		return
	}
	if !d.table.Assign(a) {
		d.ignored(bucket, e.Key, errOld)
	}
}

var errOld = errors.New("it is older than one that was there before")

// ready takes a change of the bucket of hosts that are ready.
func (d *Directory) ready(e lattice.Entry) {
	bucket := d.buckets.Ready()
	host, id, err := wire.ParseReadyKey(e.Key)
	if err != nil {
		d.ignored(bucket, e.Key, err)
		return
	}
	key := readyKey{host, id}
	if e.Deleted {
		delete(d.heard, key)
		d.table.UnsetReady(host, id)
		return
	}
	value, err := d.verifier.Host(host, bucket, e.Key, e.Value)
	if err != nil {
		d.ignored(bucket, e.Key, err)
		return
	}
	r, err := wire.DecodeReady(value, host, id)
	if err != nil {
		d.ignored(bucket, e.Key, err)
		return
	}
	d.heard[key] = time.Now()
	d.note(host, e.Revision)
	d.table.SetReady(r)
}

func (d *Directory) ignored(bucket, key string, err error) {
	d.log.Warn("document ignored", "bucket", bucket, "key", key, "error", err)
}

// forget drops what hosts have not said for a long time.
func (d *Directory) forget(ctx context.Context) {
	tick := time.NewTicker(lookAfter)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		connected := d.l.Connected()
		d.mu.Lock()
		for key, at := range d.heard {
			switch {
			case !connected:
				d.heard[key] = at.Add(lookAfter)
			case time.Since(at) > ReadyTTL:
				delete(d.heard, key)
				d.table.UnsetReady(key.host, key.component)
			}
		}
		for h, last := range d.said {
			if time.Since(last.at) > ReadyTTL {
				delete(d.said, h)
			}
		}
		for id := range d.lost {
			if !connected {
				continue
			}
			if d.lost[id]++; d.lost[id] >= lostLooks {
				delete(d.lost, id)
				d.table.Unassign(id)
			}
		}
		d.publish()
		d.mu.Unlock()
	}
}

// Snapshot returns what is known now, for several questions about one state.
func (d *Directory) Snapshot() *Snapshot { return d.current.Load() }

// Synced reports whether the directory has been complete once.
func (d *Directory) Synced() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done
}

// Changed returns a channel that is closed at the next change, and when the
// directory is complete for the first time.
func (d *Directory) Changed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed
}

// Hosts returns the hosts that can be called for a component, in order. The
// caller does not change it.
func (d *Directory) Hosts(c lattice.ComponentID) []lattice.HostID { return d.Snapshot().Hosts(c) }

// Choose chooses two of the hosts that can be called for a component, by the bits of
// x, which is random.
func (d *Directory) Choose(c lattice.ComponentID, x uint64) Choice { return d.Snapshot().Choose(c, x) }

// Weighted reports whether the calls of a component are shared out by the weights of
// its variants.
func (d *Directory) Weighted(c lattice.ComponentID) bool { return d.Snapshot().Weighted(c) }

// Assigned returns how many hosts a component is assigned to, and whether there is
// such a component.
func (d *Directory) Assigned(c lattice.ComponentID) (hosts int, known bool) {
	return d.Snapshot().Assigned(c)
}

// Exports returns the interfaces that a component exports.
func (d *Directory) Exports(c lattice.ComponentID) []string { return d.Snapshot().Exports(c) }

// Components returns all components, in order.
func (d *Directory) Components() []lattice.ComponentID { return d.Snapshot().Components() }

// Route returns the component that answers requests for a path on a host, which
// is in lower case and without port.
func (d *Directory) Route(host, path string) (lattice.ComponentID, bool) {
	return d.Snapshot().Route(host, path)
}

// RoutedHost reports whether a route names the host.
func (d *Directory) RoutedHost(host string) bool { return d.Snapshot().RoutedHost(host) }
