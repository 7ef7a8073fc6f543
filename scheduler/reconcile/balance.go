package reconcile

import (
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/place"
	"github.com/wattle-dev/wattle/scheduler/state"
)

const (
	// busiest is from how many hosts a host that joins may take components.
	busiest = 16
	// fifth is the part of the load of the busier host that a difference must be.
	fifth = 5
	// maxTries bounds how many moves a plan thinks of.
	maxTries = 4096
)

// balance moves components to hosts that have joined.
func (r *Reconciler) balance(p *Plan) {
	if len(r.joined) == 0 {
		return
	}
	tries := maxTries
	from := r.cluster.Busiest(busiest)
	for _, id := range slices.Sorted(maps.Keys(r.joined)) {
		for {
			if len(r.moving) >= r.opts.Moves || tries <= 0 {
				return
			}
			if !r.relieve(p, id, from, &tries) {
				delete(r.joined, id)
				break
			}
			from = r.cluster.Busiest(busiest)
		}
	}
}

// relieve moves one component to a host that joined, and reports whether it found one.
func (r *Reconciler) relieve(p *Plan, to lattice.HostID, busy []lattice.HostID, tries *int) bool {
	*tries--
	for _, from := range busy {
		if from == to || !wide(r.cluster.Load(from), r.cluster.Load(to)) {
			return false // the others have less
		}
		busier := r.load(from)
		gap := busier - r.load(to)
		if !wide(busier, busier-gap) {
			continue
		}
		for _, id := range r.cluster.On(from) {
			*tries--
			if r.move(p, id, from, to, gap) {
				return true
			}
		}
	}
	return false
}

// wide reports whether the loads of two hosts differ enough for something to move.
func wide(busier, other int) bool { return busier-other >= 2 && (busier-other)*fifth >= busier }

// load returns the load of a host without what is leaving it already.
func (r *Reconciler) load(id lattice.HostID) int {
	load := r.cluster.Load(id)
	for _, c := range r.cluster.On(id) {
		if at := r.placements(c).On(id); at != nil && at.Leaving != "" {
			load -= r.cluster.Weight(id, &r.component(c).Rules)
		}
	}
	return load
}

// move moves a component from one host to another, if that makes the two more alike.
func (r *Reconciler) move(p *Plan, id lattice.ComponentID, from, to lattice.HostID, gap int) bool {
	c, old := r.component(id), r.placements(id)
	if c == nil || old == nil || r.moving[id] || old.On(to) != nil || c.Failed != "" ||
		c.Rules.Mode != lattice.ModeSpread && c.Rules.Mode != lattice.ModeHosts {
		return false
	}
	if off, on := r.cluster.Weight(from, &c.Rules), r.cluster.Weight(to, &c.Rules); off+on > gap {
		return false
	}
	if !r.cluster.Takes(to, &c.Rules) {
		return false
	}
	req := &place.Request{Component: id, Rules: &c.Rules, Not: []place.Not{{Host: from, Why: "it is busier than others"}}}
	for i := range old.Hosts {
		at := &old.Hosts[i]
		why, _ := r.going(at.Host)
		if at.Pinned && at.Host == from || why != "" || at.Leaving != "" || !r.observed(c, at).Ready {
			return false
		}
		switch {
		case at.Pinned:
			req.Not = append(req.Not, place.Not{Host: at.Host, Why: "it has the component"})
		case at.Host != from:
			req.Keep = append(req.Keep, place.Placed{Host: at.Host, Instances: at.Instances, Spread: at.Spread})
		}
	}
	ought := r.cluster.Place(req)
	if ought.Missing > 0 || len(ought.Victims) > 0 {
		return false
	}
	var choice *place.Choice
	for i := range ought.Hosts {
		switch at := &ought.Hosts[i]; {
		case at.Kept:
		case at.Host == to && choice == nil:
			choice = at
		default:
			return false
		}
	}
	if choice == nil {
		return false
	}
	next := &state.Placements{Component: id, Hosts: slices.Clone(old.Hosts), Missing: old.Missing}
	for _, one := range ought.Passed {
		next.Passed = append(next.Passed, state.Passed{Why: one.Why, Count: one.Count, Hosts: one.Hosts})
	}
	i := slices.IndexFunc(next.Hosts, func(at state.Placement) bool { return at.Host == from })
	gone := &next.Hosts[i]
	gone.Leaving = "host " + r.called(to) + " joined and has less to do"
	next.Hosts = append(next.Hosts, state.Placement{
		Host: to, Revision: gone.Revision, Instances: gone.Instances, Spread: choice.Spread,
		Annotations: c.Annotations, Why: "it joined and has less to do than host " + r.called(from), At: r.wall,
	})
	r.setPlacements(next)
	r.alarm(r.known[id], r.now+r.opts.Lease) // the host may run it already, and say nothing new
	if r.already(c, old, next) {
		r.touch(id)
	}
	r.moving[id] = true
	p.Events = append(p.Events, Event{lattice.EventComponentScaled, id, to, "moved from host " + r.called(from) + ", which has more to do"})
	return true
}
