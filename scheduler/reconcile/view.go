package reconcile

import (
	"iter"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
)

// Host is what is known of a host.
type Host struct {
	// Report is the last one, nil if there was none in this term.
	Report *lattice.HostReport
	// Silent is for how many milliseconds nothing was heard of it.
	Silent int64
	Lost   bool
	// Closed says why it takes no further components, empty if it does.
	Closed string
}

// Host returns what is known of a host, and whether anything is.
func (r *Reconciler) Host(now int64, id lattice.HostID) (Host, bool) {
	h := r.hosts[id]
	if h == nil {
		return Host{}, false
	}
	view := Host{Report: h.report, Silent: max(now-h.seen, 0), Lost: h.lost}
	if h.report != nil {
		view.Closed = r.closed(h)
	}
	return view, true
}

// Hosts returns the hosts of which something is known, in order.
func (r *Reconciler) Hosts() iter.Seq[lattice.HostID] {
	return slices.Values(slices.Sorted(maps.Keys(r.hosts)))
}

// Placement returns how a placement is doing. There is nothing known of one that is not in
// the state.
func (r *Reconciler) Placement(id lattice.ComponentID, host lattice.HostID) Placement {
	c := r.s.Component(id)
	at := r.s.Placements(id).On(host)
	if c == nil || at == nil {
		return Placement{Unheard: true}
	}
	return r.observed(c, at)
}

// Component is how a component is doing.
type Component struct {
	// Ready says that its target is ready wherever it ought to run.
	Ready bool
	// Waiting says what a rollout waits for, if it does.
	Waiting string
	// Settled says that nothing of it is on its way.
	Settled bool
}

// Component returns how a component is doing.
func (r *Reconciler) Component(id lattice.ComponentID) Component {
	c, p := r.s.Component(id), r.s.Placements(id)
	m := r.known[id]
	if c == nil || m == nil {
		return Component{}
	}
	view := Component{Ready: r.isReady(c, p), Waiting: m.waiting, Settled: !r.dirty[id] && !r.postponed[id] && p != nil && len(c.Revisions) == 1}
	if p != nil {
		for i := range p.Hosts {
			view.Settled = view.Settled && p.Hosts[i].Leaving == "" && r.observed(c, &p.Hosts[i]).Ready
		}
	}
	return view
}
