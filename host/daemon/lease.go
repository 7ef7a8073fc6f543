package daemon

import (
	"context"
	"maps"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// leaseLook is the time between two looks at the leases of components.
const leaseLook = 100 * time.Millisecond

// lapsed reports whether a component must not run because nobody has taken a report of
// this host for the time of its lease, or at all: others may have been told to run it.
// No lease is shorter than two heartbeats, or it would lapse between them.
func (d *Daemon) lapsed(spec *lattice.ComponentSpec) bool {
	if spec.LeaseMillis == 0 {
		return false
	}
	last := d.beat.Load()
	lease := max(time.Duration(spec.LeaseMillis)*time.Millisecond, 2*d.opts.Heartbeat)
	return last == nil || time.Since(*last) > lease
}

// keepLeases stops components whose leases have lapsed, and starts them again when
// reports are taken again, until ctx ends.
func (d *Daemon) keepLeases(ctx context.Context) {
	look := time.NewTicker(leaseLook)
	defer look.Stop()
	last := map[lattice.ComponentID]bool{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		d.mu.Lock()
		now := map[lattice.ComponentID]bool{}
		if d.desired != nil {
			for i := range d.desired.Components {
				if c := &d.desired.Components[i]; d.lapsed(c) {
					now[c.ID] = true
				}
			}
		}
		changed := !maps.Equal(last, now)
		if changed {
			d.converge()
		}
		d.mu.Unlock()
		if !changed {
			continue
		}
		for id := range now {
			if !last[id] {
				d.log.WarnContext(ctx, "component stops: this host is cut off, and others may run it by now", "component", id)
			}
		}
		for id := range last {
			if !now[id] {
				d.log.InfoContext(ctx, "component may run again", "component", id)
			}
		}
		last = now
		d.changed()
	}
}
