package sim

import (
	"reflect"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// runner brings a component on a host to what is wanted of it.
type runner struct {
	h  *host
	id lattice.ComponentID
	// want is what ought to run, nil if it is to stop, last the last that was wanted.
	want, last *lattice.ComponentSpec
	// current takes calls unless it is closed, and is offered to callers.
	current         *lattice.ComponentSpec
	closed, offered bool
	// loading counts what was begun: what another has taken the place of does not count.
	loading  int
	busy     bool
	stopping bool
	// before is the revision that ran before current.
	before uint64
	state  lattice.ComponentState
	reason string
	// next is how far what is to take current's place is.
	next    *lattice.NextStatus
	since   int64
	attempt uint
	// ill counts what has made its probes bad, ails says that they are, and healed is when
	// they were last.
	ill    int
	ails   bool
	healed int64
}

// sameSpec reports whether what runs is what is wanted.
func sameSpec(a, b *lattice.ComponentSpec) bool { return reflect.DeepEqual(a, b) }

// set says what is wanted.
func (r *runner) set(spec *lattice.ComponentSpec) {
	if spec != nil && r.want != nil && sameSpec(r.want, spec) {
		r.want = spec
		return
	}
	r.want = spec
	if spec != nil {
		r.last = spec
	}
	if spec != nil && r.current != nil && scaled(r.current, spec) {
		r.current = spec
	}
	r.attempt = 0
	r.loading++ // what is being loaded is not wanted any more
	r.busy = false
	r.step()
}

func (r *runner) move(s lattice.ComponentState, reason string) {
	if r.state != s {
		r.since = r.h.w.now
	}
	r.state, r.reason = s, reason
	r.h.changed()
}

// serves reports whether it takes calls.
func (r *runner) serves() bool { return r != nil && r.h.up && r.current != nil && !r.closed }

// step does what is next.
func (r *runner) step() {
	switch {
	case r.stopping || r.busy:
	case r.want == nil && r.current == nil:
		delete(r.h.runners, r.id)
		r.h.changed()
	case r.want == nil:
		r.stop()
	case r.current == nil || !sameSpec(r.current, r.want):
		r.load()
	default:
		r.next = nil
		r.offer()
	}
}

// offer has callers find it, unless its probes are bad.
func (r *runner) offer() {
	r.offered = !r.ails
	if r.ails && r.h.w.opts.Break != HideAiling {
		r.move(lattice.ComponentUnhealthy, "probe: no answer")
	} else {
		r.move(lattice.ComponentRunning, "")
	}
	r.h.flush()
}

// ail has the probes of what runs be bad for a while.
func (r *runner) ail(ms int64) {
	r.ill++
	ill := r.ill
	r.ails = true
	r.h.note("has bad probes of %s for %d ms", r.id, ms)
	r.offer()
	r.h.after(ms, func() {
		if r.ails && r.ill == ill {
			r.ails, r.healed = false, r.h.w.now
			if r.current != nil && !r.stopping {
				r.offer()
			}
		}
	})
}

// load loads what is wanted beside what runs.
func (r *runner) load() {
	h, want := r.h, r.want
	r.busy = true
	r.loading++
	id := r.loading
	if r.current == nil {
		r.move(lattice.ComponentStarting, r.reason)
	} else {
		r.next = &lattice.NextStatus{Revision: want.Revision, Digest: want.Digest, State: lattice.ComponentStarting}
		h.changed()
	}
	h.after(5+h.w.rand.Int64N(h.slow), func() {
		if r.loading != id {
			return
		}
		switch h.w.binaries[want.Digest] {
		case broken:
			r.fail("component is not valid")
			return
		case sick:
			// It loads, and its probe is never good: it is on its way for ever.
			h.changed()
			return
		case good:
		}
		if !carries(want) {
			r.fail("volume \"" + noVolume + "\": not found: this host does not share it")
			return
		}
		if h.w.chance(h.w.faults.load) {
			r.fail("fetch artifact: no answer")
			return
		}
		r.busy = false
		if r.current != nil && r.current.Revision != want.Revision {
			r.before, r.since = r.current.Revision, h.w.now
		}
		r.current, r.closed, r.ails, r.attempt, r.next = want, false, false, 0, nil
		h.note("runs %s/%d×%d", r.id, want.Revision, want.MaxInstances)
		h.w.check.runs(h, want)
		r.offer()
		r.step()
	})
}

// fail says why it was not loaded, and tries again after a while.
func (r *runner) fail(reason string) {
	h := r.h
	h.note("does not get %s/%d to run: %s", r.id, r.want.Revision, reason)
	h.w.check.troubled[flip{r.id, h.id}] = h.w.now
	if r.current == nil {
		r.move(lattice.ComponentFailed, reason)
	} else {
		r.next = &lattice.NextStatus{Revision: r.want.Revision, Digest: r.want.Digest, State: lattice.ComponentFailed, Reason: reason}
		h.changed()
	}
	pause := min(int64(firstPause)<<min(r.attempt, 16), loadPause)
	r.attempt++
	id := r.loading
	h.after(pause/2+h.w.rand.Int64N(pause), func() {
		if r.loading == id {
			r.busy = false
			r.step()
		}
	})
}

// stop ends what runs: callers are told first, and it takes calls for a while longer.
func (r *runner) stop() {
	h := r.h
	r.stopping, r.offered, r.next = true, false, nil
	r.move(lattice.ComponentStopping, "")
	h.flush()
	h.after(drainGrace, func() {
		if r.want != nil { // it was asked for again
			r.stopping = false
			r.offer()
			r.step()
			return
		}
		r.closed = true
		h.after(1+h.w.rand.Int64N(drainMost), func() {
			r.current, r.closed, r.stopping = nil, false, false
			h.note("has stopped %s", r.id)
			r.step()
		})
	})
}

// status is what a report says of it.
func (r *runner) status() lattice.ComponentStatus {
	spec := r.want
	if r.current != nil && (spec == nil || !sameSpec(spec, r.current)) {
		spec = r.current // what runs, and not what ought to
	}
	if spec == nil {
		spec = r.last
	}
	state, reason := r.state, r.reason
	if state == lattice.ComponentRunning && r.h.put[r.id] == "" && !r.ails {
		state, reason = lattice.ComponentStarting, "it runs, and callers do not find it yet"
	}
	next := r.next
	if next != nil && next.Revision == spec.Revision && r.h.w.opts.Break == HideRefusals {
		next = nil
	}
	return lattice.ComponentStatus{
		ID: r.id, Ref: spec.Ref, Digest: spec.Digest, Revision: spec.Revision, MaxInstances: spec.MaxInstances, Annotations: spec.Annotations,
		State: state, Reason: reason, Since: time.UnixMilli(epoch + r.since).UTC(), Next: next,
	}
}
