package daemon

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/lattice"
)

const (
	// firstProbe is the time between the first two probes of a component that has not
	// been good yet. It grows to the probe's interval.
	firstProbe = 100 * time.Millisecond
	// leastProbe is the shortest interval.
	leastProbe = 100 * time.Millisecond
)

// interval returns the time between two probes.
func interval(p *lattice.Probe) time.Duration {
	if p.IntervalMillis == 0 {
		return host.DefaultProbeInterval
	}
	return max(time.Duration(p.IntervalMillis)*time.Millisecond, leastProbe)
}

// probe asks once. No other probe of the component runs at the same time, of another
// revision either.
func (r *runner) probe(ctx context.Context, prober *host.Prober) error {
	select {
	case r.probing <- struct{}{}:
		defer func() { <-r.probing }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return prober.Probe(ctx)
}

// prove waits until a probe is good of what takes no calls yet, if there are any, or ctx
// ends. However long that takes, it has not failed: what it needs may not be there yet.
func (r *runner) prove(ctx context.Context, prober *host.Prober, spec *lattice.ComponentSpec) error {
	if prober == nil {
		return nil
	}
	for pause := firstProbe; ; pause = min(2*pause, interval(spec.Probe)) {
		err := r.probe(ctx, prober)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.d.mu.Lock()
		reason := "probe: " + explain(err)
		news := r.trouble() != reason
		r.advance(spec, lattice.ComponentStarting, reason)
		r.d.mu.Unlock()
		if news {
			r.d.log.InfoContext(ctx, "component is not ready", "component", r.id, "revision", spec.Revision, "error", err)
			r.d.changed()
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// watch has a component that takes calls be probed until it is closed.
func (r *runner) watch(run *running) {
	if run.prober == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	run.unwatch = func() {
		cancel()
		<-ended
	}
	go func() {
		defer close(ended)
		r.probeAll(ctx, run)
	}()
}

// probeAll probes until ctx ends. The first time is a random part of the interval from
// now, which keeps components apart.
func (r *runner) probeAll(ctx context.Context, run *running) {
	every, most := interval(run.spec.Probe), run.spec.Probe.Failures
	if most == 0 {
		most = host.DefaultProbeFailures
	}
	bad := 0
	for wait := rand.N(every); ; wait = every { //nolint:gosec // it keeps probes apart, nothing else
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		before := r.served(run)
		err := r.probe(ctx, run.prober)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			bad = 0
			r.well(run)
		case errors.Is(err, context.DeadlineExceeded) && r.served(run) > before:
			// It is slow, as calls show that were well meanwhile. To have it take none
			// would put them on others, which would be slow next.
		default:
			if bad++; bad >= most {
				r.ill(run, err)
			}
		}
	}
}

// served is how many calls have been carried out without a fault in the guest.
func (r *runner) served(run *running) int64 { return r.calls.Load() - run.failures() }

// ill has a component not be offered to callers any more. Calls that come all the same
// are carried out.
func (r *runner) ill(run *running, err error) {
	d := r.d
	d.mu.Lock()
	if r.current != run || r.want == nil {
		d.mu.Unlock()
		return
	}
	first := !run.sick.Swap(true)
	reason := "probe: " + explain(err)
	news := r.reason != reason
	r.move(lattice.ComponentUnhealthy, reason)
	if first {
		d.ready.unset(r.id)
	}
	d.mu.Unlock()
	if first {
		d.log.Warn("component is unhealthy: callers are told not to call it here", "component", r.id, "revision", run.spec.Revision, "error", err)
		r.event(lattice.EventComponentUnhealthy)
	}
	if news {
		d.changed()
	}
}

// well has a component that was unhealthy be offered again.
func (r *runner) well(run *running) {
	if !run.sick.Load() {
		return
	}
	d := r.d
	d.mu.Lock()
	run.sick.Store(false)
	if r.current != run || r.want == nil {
		d.mu.Unlock()
		return
	}
	r.serve()
	d.mu.Unlock()
	d.log.Info("component is healthy again", "component", r.id, "revision", run.spec.Revision)
	r.event(lattice.EventComponentHealthy)
	d.changed()
}
