package sim

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Times of hosts, in milliseconds.
const (
	heartbeat  = 1000
	reportGap  = 200
	drainGrace = 500
	drainMost  = 2000
	firstPause = 1000
	loadPause  = 60_000
)

// host is a host's process and its disk.
type host struct {
	w     *World
	n     int
	id    lattice.HostID
	group lattice.GroupName
	// labels are its own.
	labels map[string]string
	memory uint64
	// slow is how many milliseconds loading takes at most.
	slow int64

	life  int
	up    bool
	since int64
	// cut says that it does not reach the lattice.
	cut bool
	// mute is until when it says of nothing that it is ready.
	mute int64
	// unstored is until when its reports are not taken by the bucket, and taken when one
	// was last, negative if none was since it started.
	unstored, taken int64
	// lie is how it lies, if it does.
	lie lie
	// said is what it has said last.
	said saying

	// On disk is the last document that it took.
	desired *lattice.Desired
	// The rest is in memory. answered says that it ended because it was told to.
	runners  map[lattice.ComponentID]*runner
	watching *watch
	reports  uint64
	reported int64
	due      bool
	flushing bool
	answered bool
	// put are the keys that it has in the bucket of those that are ready.
	put map[lattice.ComponentID]string
	// hurt is when a fault last touched it, and relabelled when its labels last changed,
	// for the invariants.
	// silent is when something was decided last while a leader had not heard of it for a
	// lease, and opened when it was last allowed again to be called.
	hurt, relabelled, silent, opened int64
}

func (h *host) String() string { return fmt.Sprintf("host %d", h.n) }

func (h *host) note(format string, args ...any) {
	h.w.note("host %d "+format, append([]any{h.n}, args...)...)
}

// after has f be called in a while, unless the process has ended by then.
func (h *host) after(ms int64, f func()) {
	life := h.life
	h.w.after(ms, func() {
		if h.up && h.life == life {
			f()
		}
	})
}

func (h *host) linked() bool { return h.up && !h.cut }

// start begins the process. What is on its disk is what it does until it hears more.
func (h *host) start() {
	h.life++
	h.up, h.since, h.hurt, h.answered = true, h.w.now, h.w.now, false
	h.due, h.flushing, h.taken = false, false, -1
	h.runners, h.put = map[lattice.ComponentID]*runner{}, map[lattice.ComponentID]string{}
	for _, key := range slices.Sorted(maps.Keys(h.w.ready.items)) {
		if id, of, err := wire.ParseReadyKey(key); err == nil && id == h.id && h.w.ready.get(key) != nil {
			h.put[of] = "" // of an earlier life: it is not what it should be
		}
	}
	h.note("starts")
	h.converge()
	life := h.life
	h.watching = h.w.desired.watch(string(h.id), func() bool { return h.linked() && h.life == life }, h.take, nil)
	h.beat()
	h.flush()
}

// stop ends the process at once.
func (h *host) stop() {
	h.up, h.hurt = false, h.w.now
	h.runners = map[lattice.ComponentID]*runner{}
	if h.watching != nil {
		h.watching.end()
	}
}

// take takes a desired document, unless it is older than the last.
func (h *host) take(i item) {
	if i.deleted {
		return // what runs goes on
	}
	next, err := wire.DecodeDesired(i.value, latticeName, h.id)
	if err != nil {
		h.w.fail("documents can be read", "%s: %v", h, err)
		return
	}
	if last := h.desired; last != nil {
		switch order := next.Stamp.Compare(last.Stamp); {
		case order < 0 && h.w.opts.Break != TakeOldStamps:
			h.note("ignores stamp %d.%d, it has %d.%d", next.Stamp.Term, next.Stamp.Index, last.Stamp.Term, last.Stamp.Index)
			return
		case order == 0 && reflect.DeepEqual(next, last):
			return
		case order == 0:
			h.w.fail("a stamp has one document", "%s is told two things with stamp %d.%d", h, next.Stamp.Term, next.Stamp.Index)
			return
		}
	}
	h.w.check.took(h, next)
	if h.desired == nil || !maps.Equal(h.desired.Labels, next.Labels) {
		h.relabelled = h.w.now
	}
	h.desired = next
	h.note("takes %d.%d: %s", next.Stamp.Term, next.Stamp.Index, brief(next))
	h.converge()
	h.changed()
	if next.State == lattice.HostStopped {
		h.leave()
	}
}

// brief tells what a document says.
func brief(d *lattice.Desired) string {
	var b strings.Builder
	b.WriteString(string(d.State))
	for i := range d.Components {
		c := &d.Components[i]
		fmt.Fprintf(&b, " %s/%d×%d", c.ID, c.Revision, c.MaxInstances)
	}
	return b.String()
}

// leave ends the process in good order, because it was told to.
func (h *host) leave() {
	if h.answered {
		return
	}
	h.answered = true
	h.after(drainGrace+drainMost+1+h.w.rand.Int64N(500), func() {
		h.note("has stopped as it was told")
		h.report()
		for _, id := range slices.Sorted(maps.Keys(h.put)) {
			_ = h.w.ready.remove(wire.ReadyKey(h.id, id), false, 0)
		}
		h.stop()
	})
}

// empty reports whether nothing ought to run.
func (h *host) empty() bool {
	return h.answered || h.desired != nil && (h.desired.State == lattice.HostDrained || h.desired.State == lattice.HostStopped)
}

// converge tells runners what is wanted, and makes those that are missing.
func (h *host) converge() {
	wanted := map[lattice.ComponentID]*lattice.ComponentSpec{}
	if h.desired != nil && !h.empty() {
		for i := range h.desired.Components {
			c := &h.desired.Components[i]
			if !h.lapsed(c) {
				wanted[c.ID] = c
			} else if h.runners[c.ID].serves() {
				h.hurt = h.w.now
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(h.runners)) {
		h.runners[id].set(wanted[id])
	}
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		if h.runners[id] == nil {
			r := &runner{h: h, id: id, state: lattice.ComponentStarting, since: h.w.now, healed: -quietTime}
			h.runners[id] = r
			r.set(wanted[id])
		}
	}
}

// lapsed reports whether a component must not run because no report was taken for the time
// of its lease.
func (h *host) lapsed(c *lattice.ComponentSpec) bool {
	return c.LeaseMillis > 0 && (h.taken < 0 || h.w.now-h.taken > max(c.LeaseMillis, 2*heartbeat)) && h.w.opts.Break != IgnoreLeases
}

// renew ends what has lapsed, and begins again what has not any more.
func (h *host) renew() {
	if h.desired == nil || h.empty() {
		return
	}
	for i := range h.desired.Components {
		c := &h.desired.Components[i]
		if r := h.runners[c.ID]; h.lapsed(c) != (r == nil || r.want == nil) {
			h.note("has the lease of %s, and its reports are taken: %t", c.ID, !h.lapsed(c))
			h.hurt = h.w.now
			h.converge()
			return
		}
	}
}

// state is what it does.
func (h *host) state() lattice.HostState {
	switch {
	case h.empty() && len(h.runners) > 0:
		return lattice.HostDraining
	case h.answered:
		return lattice.HostStopped
	case h.empty():
		return lattice.HostDrained
	case h.desired != nil && h.desired.State == lattice.HostCordoned:
		return lattice.HostCordoned
	}
	return lattice.HostReady
}

// beat reports with every heartbeat.
func (h *host) beat() {
	h.renew()
	h.report()
	h.after(heartbeat, h.beat)
}

// changed has it report soon.
func (h *host) changed() {
	if !h.due {
		h.due = true
		h.after(max(1, h.reported+reportGap-h.w.now), func() {
			h.due = false
			h.report()
		})
	}
}

// report puts what it says of itself into the bucket.
func (h *host) report() {
	h.reported = h.w.now
	if !h.linked() || h.w.now < h.unstored || h.w.chance(h.w.faults.drop) {
		return
	}
	value, life := h.tell(), h.life
	h.w.after(h.w.latency(), func() {
		if h.cut {
			return
		}
		_, _ = h.w.reports.put(string(h.id), value, false, 0)
		if h.up && h.life == life {
			h.taken = h.w.now
			h.renew()
		}
	})
}

// saying is what a host says of itself, as its document has it.
type saying struct {
	truth *lattice.HostReport
	value []byte
	read  *lattice.HostReport
}

// tell returns the document of what it says of itself. One that says the same as the last
// is the last one, with its time: most do, and it is much work to write and read them.
func (h *host) tell() []byte {
	r := h.truth()
	if h.said.truth != nil && h.lie == honest {
		r.Time, r.Sequence = h.said.truth.Time, h.said.truth.Sequence
		if reflect.DeepEqual(r, h.said.truth) {
			return h.said.value
		}
		r.Time = time.UnixMilli(epoch + h.w.now).UTC()
	}
	h.reports++
	r.Sequence = h.reports
	if h.lie != honest {
		if raw := h.distort(r); raw != nil {
			return raw
		}
	}
	value, err := wire.EncodeHostReport(r)
	if err != nil {
		h.w.fail("documents can be written", "%s: %v", h, err)
	}
	h.said = saying{truth: r, value: value}
	return value
}

// hear returns the report that a document is.
func (w *World) hear(id lattice.HostID, value []byte) (*lattice.HostReport, error) {
	h := w.byID[id]
	if h == nil || len(value) == 0 || len(h.said.value) == 0 || &value[0] != &h.said.value[0] {
		return wire.DecodeHostReport(value, latticeName, id)
	}
	if h.said.read == nil {
		r, err := wire.DecodeHostReport(value, latticeName, id)
		if err != nil {
			return nil, err
		}
		h.said.read = r
	}
	return h.said.read, nil
}

// truth is what a report should say.
func (h *host) truth() *lattice.HostReport {
	at := func(ms int64) time.Time { return time.UnixMilli(epoch + ms).UTC() }
	r := &lattice.HostReport{
		ID: h.id, Name: fmt.Sprintf("h%d", h.n), Lattice: latticeName, Group: h.group, Version: "1",
		Started: at(h.since), Time: at(h.w.now), Every: heartbeat, State: h.state(),
		Capacity:  lattice.Capacity{CPUs: 4, MemoryBytes: h.memory},
		Load:      lattice.Load{MemoryBytes: 64 << 20, AvailableBytes: h.memory / 10 * 9},
		Labels:    maps.Clone(h.labels),
		Providers: []lattice.ProviderStatus{},
	}
	if h.desired != nil {
		r.Applied = h.desired.Stamp
		maps.Copy(r.Labels, h.desired.Labels)
	}
	for _, id := range slices.Sorted(maps.Keys(h.runners)) {
		r.Components = append(r.Components, h.runners[id].status())
	}
	return r
}

// flush brings what is said of readiness to what is so.
func (h *host) flush() {
	if h.flushing {
		return
	}
	h.flushing = true
	h.after(h.w.latency(), func() {
		h.flushing = false
		want := map[lattice.ComponentID]string{}
		for id, r := range h.runners {
			if r.current != nil && r.offered {
				want[id] = r.current.Digest
			}
		}
		if !h.linked() || h.w.now < h.mute || h.w.chance(h.w.faults.drop) {
			h.after(1000, h.flush)
			return
		}
		for _, id := range slices.Sorted(maps.Keys(h.put)) {
			if _, ok := want[id]; !ok {
				_ = h.w.ready.remove(wire.ReadyKey(h.id, id), false, 0)
				delete(h.put, id)
			}
		}
		for _, id := range slices.Sorted(maps.Keys(want)) {
			if h.put[id] == want[id] && h.w.ready.get(wire.ReadyKey(h.id, id)) != nil {
				continue
			}
			value, err := wire.EncodeReady(&lattice.Ready{Component: id, Host: h.id, Digest: want[id], Since: time.UnixMilli(epoch + h.w.now).UTC()})
			if err != nil {
				h.w.fail("documents can be written", "%s: %v", h, err)
				return
			}
			_, _ = h.w.ready.put(wire.ReadyKey(h.id, id), value, false, 0)
			if h.put[id] == "" {
				h.changed()
			}
			h.put[id] = want[id]
		}
	})
}
