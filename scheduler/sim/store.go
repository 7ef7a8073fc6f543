package sim

import (
	"errors"
	"maps"
	"slices"
)

// store is the model of the buckets of a lattice.
type store struct {
	w       *World
	buckets map[string]*bucket
}

// bucket has the last value of each key.
type bucket struct {
	w        *World
	name     string
	items    map[string]item
	revision uint64
	watches  []*watch
	// written is called with every change, for the invariants.
	written func(key string, old, now item)
	// closed is until when it takes no documents of schedulers.
	closed int64
}

// item is what is under a key. A deleted one stays as such.
type item struct {
	key      string
	value    []byte
	revision uint64
	deleted  bool
	at       int64
}

// errors of the buckets.
var (
	errRevision = errors.New("another revision is there")
	errNoAnswer = errors.New("no answer: it may have been done")
)

func (s *store) bucket(name string) *bucket {
	b := s.buckets[name]
	if b == nil {
		b = &bucket{w: s.w, name: name, items: map[string]item{}}
		s.buckets[name] = b
	}
	return b
}

// put sets a value. If conditional is set, the last one must have the revision, where
// zero is that there is none.
func (b *bucket) put(key string, value []byte, conditional bool, revision uint64) (uint64, error) {
	if have := b.items[key]; conditional && b.w.opts.Break != ForgetRevisions && revision != have.live() {
		return 0, errRevision
	}
	return b.set(item{key: key, value: value}), nil
}

// remove deletes a value, under the same condition.
func (b *bucket) remove(key string, conditional bool, revision uint64) error {
	have := b.items[key]
	switch {
	case have.revision == 0 || have.deleted:
		return nil
	case conditional && b.w.opts.Break != ForgetRevisions && revision != have.revision:
		return errRevision
	}
	b.set(item{key: key, deleted: true})
	return nil
}

// live returns the revision of a value that is there, or zero.
func (i *item) live() uint64 {
	if i.deleted {
		return 0
	}
	return i.revision
}

func (b *bucket) set(now item) uint64 {
	b.revision++
	now.revision, now.at = b.revision, b.w.now
	old := b.items[now.key]
	b.items[now.key] = now
	if b.written != nil {
		b.written(now.key, old, now)
	}
	for _, w := range b.watches {
		w.offer(now)
	}
	return now.revision
}

// wipe loses all that is in the bucket, and nobody is told but by beginning anew.
func (b *bucket) wipe() {
	for _, key := range slices.Sorted(maps.Keys(b.items)) {
		delete(b.items, key)
	}
	for _, w := range b.watches {
		w.lost = true
	}
}

// get returns the value of a key, or none.
func (b *bucket) get(key string) []byte {
	if i := b.items[key]; !i.deleted {
		return i.value
	}
	return nil
}

// watch delivers the changes of a bucket to somebody.
type watch struct {
	b   *bucket
	key string // empty: all
	// linked reports whether changes can reach who watches now.
	linked func() bool
	// deliver gives a change, and synced says that all has been given once.
	deliver func(item)
	synced  func()
	// due is when the last delivery for each key is: they are in order.
	due map[string]int64
	// given has the revisions that were given, to tell of what is gone without anybody
	// having deleted it.
	given map[string]uint64
	// lost says that the watch has to begin anew, and life is how often it has.
	lost  bool
	ended bool
	life  int
}

// watch begins to watch a key, or all if it is empty.
func (b *bucket) watch(key string, linked func() bool, deliver func(item), synced func()) *watch {
	w := &watch{b: b, key: key, linked: linked, deliver: deliver, synced: synced, given: map[string]uint64{}}
	b.watches = append(b.watches, w)
	w.begin()
	return w
}

// end ends the watch.
func (w *watch) end() {
	w.ended = true
	w.b.watches = slices.DeleteFunc(w.b.watches, func(v *watch) bool { return v == w })
}

// begin gives all that there is, in the order of revisions, and then what changes.
func (w *watch) begin() {
	world := w.b.w
	w.life++
	w.lost, w.due = false, map[string]int64{}
	if !w.linked() {
		w.lost = true
		w.again()
		return
	}
	at := world.now + world.latency()
	for _, key := range slices.Sorted(maps.Keys(w.given)) {
		if _, ok := w.b.items[key]; !ok {
			w.send(item{key: key, revision: w.given[key], deleted: true}, at)
		}
	}
	all := slices.SortedFunc(maps.Values(w.b.items), func(a, b item) int { return int(a.revision) - int(b.revision) }) //nolint:gosec // small numbers
	for _, i := range all {
		if w.key == "" || i.key == w.key {
			w.send(i, at)
			w.due[i.key] = at
		}
	}
	life := w.life
	world.queue.add(at, func() {
		if !w.ended && w.life == life && w.synced != nil {
			w.synced()
		}
	})
	w.again()
}

// again looks from time to time whether the watch has to begin anew.
func (w *watch) again() {
	world := w.b.w
	life := w.life
	world.after(200+world.rand.Int64N(1500), func() {
		switch {
		case w.ended || w.life != life:
		case w.lost && w.linked():
			w.begin()
		default:
			w.again()
		}
	})
}

// offer has a change be delivered, as the world allows.
func (w *watch) offer(i item) {
	if w.key != "" && i.key != w.key {
		return
	}
	world := w.b.w
	if !w.linked() || world.chance(world.faults.drop) {
		w.lost = true // until it begins anew
		return
	}
	at := max(world.now+world.latency(), w.due[i.key])
	w.due[i.key] = at
	w.send(i, at)
	if world.chance(world.faults.repeat) {
		// A watch may go through the last changes again, up to the newest.
		later := at + world.rand.Int64N(5000)
		w.send(i, later)
		world.queue.add(later, func() {
			if now := w.b.items[i.key]; now.revision > i.revision {
				w.send(now, world.now)
			}
		})
	}
}

func (w *watch) send(i item, at int64) {
	life := w.life
	w.b.w.queue.add(at, func() {
		switch {
		case w.ended || w.life != life:
		case !w.linked():
			w.lost = true
		default:
			w.given[i.key] = i.revision
			w.deliver(i)
		}
	})
}
