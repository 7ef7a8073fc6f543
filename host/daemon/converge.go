package daemon

import (
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
)

// apply has what a desired document says be done. One of the last run does not end
// this one: somebody started the daemon since, and it waits for a newer one.
func (d *Daemon) apply(next *lattice.Desired, fresh bool) {
	d.mu.Lock()
	d.desired = next
	d.converge()
	if next.State == lattice.HostStopped && fresh {
		select {
		case <-d.ended:
		default:
			close(d.ended)
		}
	}
	d.mu.Unlock()
	if d.opts.Secrets != nil {
		var refs []lattice.SecretRef
		for i := range next.Components {
			refs = append(refs, secretsOf(&next.Components[i])...)
		}
		d.opts.Secrets.Keep(refs)
	}
	d.changed()
}

// converge tells runners what is wanted, and makes those that are missing. It is
// called with the lock.
func (d *Daemon) converge() {
	wanted := map[lattice.ComponentID]*lattice.ComponentSpec{}
	digests := map[string]bool{}
	if d.desired != nil {
		for i := range d.desired.Components {
			digests[d.desired.Components[i].Digest] = true
			if !d.empty() && !d.lapsed(&d.desired.Components[i]) {
				wanted[d.desired.Components[i].ID] = &d.desired.Components[i]
			}
		}
	}
	d.artifacts.keep(digests)
	for id, r := range d.runners {
		r.set(wanted[id])
	}
	for id, spec := range wanted {
		if d.runners[id] == nil && !d.stopped {
			r := newRunner(d, id, spec)
			d.runners[id] = r
			d.work.Go(r.run)
		}
	}
}

// empty reports whether nothing ought to run. It is called with the lock.
func (d *Daemon) empty() bool {
	return d.leaving || d.desired != nil && (d.desired.State == lattice.HostDrained || d.desired.State == lattice.HostStopped)
}

// state returns what the host does. It is called with the lock.
func (d *Daemon) state() lattice.HostState {
	switch {
	case d.stopped:
		return lattice.HostStopped
	case d.empty() && len(d.runners) > 0:
		return lattice.HostDraining
	case d.empty():
		return lattice.HostDrained
	case d.desired != nil && d.desired.State == lattice.HostCordoned:
		return lattice.HostCordoned
	}
	return lattice.HostReady
}

// publish has calls find the components that run. It is called with the lock.
func (d *Daemon) publish() {
	targets := make(map[lattice.ComponentID]*running, len(d.runners))
	for id, r := range d.runners {
		if r.current != nil && !r.closed {
			targets[id] = r.current
		}
	}
	d.targets.Store(&targets)
}

// sorted returns the runners in the order of their names. It is called with the
// lock.
func (d *Daemon) sorted() []*runner {
	all := make([]*runner, 0, len(d.runners))
	for _, id := range slices.Sorted(maps.Keys(d.runners)) {
		all = append(all, d.runners[id])
	}
	return all
}
