package daemon

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Times between attempts to start a component.
const (
	firstPause = time.Second
	// fetchPause bounds them where the artifact is missing, which a reconnection
	// mends, and loadPause where the component is at fault, or the machine.
	fetchPause = 15 * time.Second
	loadPause  = 5 * time.Minute
)

// runner brings a component to what is wanted of it.
type runner struct {
	d    *Daemon
	id   lattice.ComponentID
	wake chan struct{} // says that want may have changed

	calls   atomic.Int64  // that have ended
	probing chan struct{} // holds a token while a probe is under way

	// The fields below are guarded by the daemon's lock.

	want    *lattice.ComponentSpec // nil: it is to stop
	last    *lattice.ComponentSpec // the last one that was wanted
	current *running               // what can be called, unless closed
	serves  *lattice.ComponentSpec // the last one that current was right for
	closed  bool                   // current takes no calls any more
	old     []*running             // finish their calls
	failed  int64                  // calls of those that have
	// exceeded are the limits that calls of those exceeded.
	exceeded map[string]int64
	state    lattice.ComponentState
	reason   string
	next     progress // of what is to take the place of current
	since    time.Time
	attempt  int
}

// progress is how far a component is that is to take the place of another.
type progress struct {
	spec   *lattice.ComponentSpec
	state  lattice.ComponentState
	reason string
}

func newRunner(d *Daemon, id lattice.ComponentID, spec *lattice.ComponentSpec) *runner {
	return &runner{d: d, id: id, wake: make(chan struct{}, 1), probing: make(chan struct{}, 1), want: spec, last: spec, state: lattice.ComponentStarting, since: time.Now()}
}

// set says what is wanted. It is called with the daemon's lock.
func (r *runner) set(spec *lattice.ComponentSpec) {
	if r.want != nil && spec != nil && !alike(r.want, spec) {
		r.attempt = 0
	}
	if r.want != nil && spec != nil && r.want.Revision != spec.Revision {
		r.renew()
	}
	r.want = spec
	if spec != nil {
		r.last = spec
		if r.current != nil && same(r.current.spec, spec) && sameGrant(r.current.granted.spec, spec) {
			r.serves = spec
		}
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// renew has what failed be tried at once, and not count as failed before that: the same
// is wanted under another number, as somebody has asked for it again. It is called with
// the daemon's lock.
func (r *runner) renew() {
	r.attempt = 0
	if r.current == nil && r.state == lattice.ComponentFailed {
		r.move(lattice.ComponentStarting, r.reason)
	}
	if r.next.state == lattice.ComponentFailed {
		r.next.state = lattice.ComponentStarting
	}
}

// run converges until the component has stopped.
func (r *runner) run() {
	d := r.d
	for {
		d.mu.Lock()
		want, current := r.want, r.current
		fits := current != nil && want != nil && sameGrant(current.granted.spec, want)
		if want == nil && current == nil {
			delete(d.runners, r.id)
			d.mu.Unlock()
			d.changed()
			return
		}
		d.mu.Unlock()
		switch {
		case want == nil:
			r.stop(current)
		case current == nil, !same(current.spec, want):
			r.start(want)
		case !fits:
			r.regrant(want, current)
		case current.policy != d.policy():
			r.judge(want, current)
		default:
			r.settle(want, current)
			<-r.wake
		}
	}
}

// move sets the state that reports have. It is called with the daemon's lock.
func (r *runner) move(s lattice.ComponentState, reason string) {
	if r.state != s {
		r.since = time.Now()
	}
	r.state, r.reason = s, clip(reason, wire.MaxReason)
}

// settle has what runs be what is wanted: an update that failed may have been taken
// back, or only numbers have changed.
func (r *runner) settle(want *lattice.ComponentSpec, current *running) {
	r.d.mu.Lock()
	r.next = progress{}
	scaled := current.resize(want)
	r.d.mu.Unlock()
	r.reoffer(current, want)
	if scaled {
		r.d.log.Info("component scaled", "component", r.id, "revision", want.Revision, "instances", want.MaxInstances)
		r.event(lattice.EventComponentScaled)
	}
	r.d.changed()
}

// serve says that current can be called, unless its probes are bad. It is called with
// the daemon's lock.
func (r *runner) serve() {
	if r.current.sick.Load() {
		r.move(lattice.ComponentUnhealthy, r.reason)
		return
	}
	r.move(lattice.ComponentRunning, "")
	r.d.ready.set(r.id, r.current)
}

// advance says how far a component is that ought to run: it is the state of the whole
// if nothing else runs. It is called with the daemon's lock.
func (r *runner) advance(spec *lattice.ComponentSpec, state lattice.ComponentState, reason string) {
	reason = clip(reason, wire.MaxReason)
	if r.current == nil {
		r.move(state, reason)
		return
	}
	r.next = progress{spec, state, reason}
}

// trouble is the reason that advance was told last. It is called with the daemon's
// lock.
func (r *runner) trouble() string {
	if r.current == nil {
		return r.reason
	}
	return r.next.reason
}

// start loads a component and has calls go to it.
func (r *runner) start(want *lattice.ComponentSpec) {
	d := r.d
	d.mu.Lock()
	r.advance(want, lattice.ComponentStarting, r.trouble())
	d.mu.Unlock()
	d.changed()
	taken := r.current != nil && revoked(r.current.granted.spec, want)
	if taken && !r.reduce(want, r.current) {
		return
	}
	next, err := r.load(want)
	if errors.Is(err, errOutdated) {
		return
	}
	if err != nil {
		if _, unlinked := errors.AsType[*capability.UnlinkedError](err); unlinked && taken {
			r.revoke(r.current)
		}
		r.fail(want, err)
		return
	}
	d.mu.Lock()
	last := r.current
	r.current, r.serves, r.closed, r.attempt, r.next = next, want, false, 0, progress{}
	if r.want != nil && alike(r.want, want) {
		r.serves = r.want
	}
	if last != nil {
		r.old = append(r.old, last)
	}
	d.publish()
	r.serve()
	d.mu.Unlock()
	next.granted.serve(r, next)
	r.watch(next)
	r.list(next, next.offer.Load())
	if last != nil {
		d.work.Go(func() { r.retire(last) })
	}
	d.log.Info("component runs", "component", r.id, "revision", next.spec.Revision, "took", next.took)
	r.event(lattice.EventComponentStarted)
	d.changed()
}

// errOutdated is why a component is not loaded any more.
var errOutdated = errors.New("something else is wanted by now")

// load loads a component, and waits until a probe is good if it has one, unless
// another is wanted meanwhile.
func (r *runner) load(want *lattice.ComponentSpec) (next *running, err error) {
	outdated := r.whileWanted(want, func(ctx context.Context) {
		if next, err = r.d.load(ctx, want); err != nil {
			return
		}
		next.calls = &r.calls
		if err = r.prove(ctx, next.prober, want); err != nil {
			next.close(r.d, func() {})
		}
	})
	if outdated {
		if err == nil {
			next.close(r.d, func() {})
		}
		return nil, errOutdated
	}
	return next, err
}

// whileWanted waits for f, whose context ends when another component than one like want is
// wanted. It reports whether that was so.
func (r *runner) whileWanted(want *lattice.ComponentSpec, f func(context.Context)) (outdated bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	for {
		select {
		case <-r.wake:
			if !r.wanted(want) {
				outdated = true
				cancel()
			}
		case <-done:
			return outdated
		}
	}
}

// wanted reports whether a component like spec is wanted still.
func (r *runner) wanted(spec *lattice.ComponentSpec) bool {
	r.d.mu.Lock()
	defer r.d.mu.Unlock()
	return r.want != nil && alike(r.want, spec)
}

// renumbered reports whether the same is wanted under another number.
func (r *runner) renumbered(spec *lattice.ComponentSpec) bool {
	r.d.mu.Lock()
	defer r.d.mu.Unlock()
	return r.want != nil && r.want.Revision != spec.Revision
}

// fail says why a component was not started and waits for the time of the next
// attempt, or until something else is wanted, or the same once more.
func (r *runner) fail(want *lattice.ComponentSpec, err error) {
	d := r.d
	if r.renumbered(want) {
		return
	}
	policy := d.policy()
	d.mu.Lock()
	r.attempt++
	attempt, reason := r.attempt, explain(err)
	news := r.trouble() != reason
	r.advance(want, lattice.ComponentFailed, reason)
	d.mu.Unlock()
	if news {
		d.log.Warn("component not started", "component", r.id, "revision", want.Revision, "attempt", attempt, "error", err)
		r.event(lattice.EventComponentFailed)
	}
	d.changed()
	var again <-chan time.Time
	if pause := pause(attempt, err); pause > 0 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		again = timer.C
	}
	for {
		select {
		case <-again:
			return
		case <-r.wake:
			if !r.wanted(want) || r.renumbered(want) || d.policy() != policy {
				return
			}
		}
	}
}

// pause returns the time until the next attempt, zero if there is no use in one.
func pause(attempt int, err error) time.Duration {
	if _, ok := errors.AsType[*component.LinkError](err); ok {
		return 0 // what it is linked to has to change, and is part of what is wanted
	}
	if _, ok := errors.AsType[*capability.UnlinkedError](err); ok {
		return 0 // as well
	}
	if errors.Is(err, host.ErrNoProbe) {
		return 0 // so is the probe
	}
	limit := loadPause
	if _, ok := errors.AsType[*fetchError](err); ok {
		limit = fetchPause
	}
	wait := min(firstPause<<min(attempt-1, 20), limit)
	return wait/2 + rand.N(wait) //nolint:gosec // it keeps hosts apart, nothing else
}

// event publishes an event of the component's.
func (r *runner) event(kind string) {
	r.d.mu.Lock()
	status := r.status()
	r.d.mu.Unlock()
	r.d.event(kind, string(r.id), status)
}
