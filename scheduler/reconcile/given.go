package reconcile

import (
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// give takes in that components are given other links, configurations or secrets, which are
// part of no revision: what was said of them until now is not about those.
func (r *Reconciler) give(before *state.State, changes []state.Change) {
	var some []state.Change
	for i := range changes {
		switch changes[i].Key.Kind() {
		case state.KindLink, state.KindProvider, state.KindConfig, state.KindSecret:
			some = append(some, changes[i])
		}
	}
	if len(some) == 0 {
		return
	}
	all := slices.Concat(before.Concerned(some), r.s.Concerned(some))
	slices.Sort(all)
	for _, id := range slices.Compact(all) {
		m := r.known[id]
		if m == nil {
			continue
		}
		for host, p := range m.pending {
			p.given, p.since = r.s.Stamp, 0 // its time begins anew
			m.pending[host] = p
		}
		m.proven, m.bad, m.renewed = 0, nil, true
		r.touch(id)
	}
}

// underWay reports whether a component is of an application of which a deployment is under
// way.
func (r *Reconciler) underWay(id lattice.ComponentID) bool {
	c := r.s.Component(id)
	if c == nil || c.App == "" {
		return false
	}
	a := r.s.App(c.App)
	return a != nil && len(a.History) > 0 && a.History[len(a.History)-1].Outcome == state.OutcomeUnderWay
}
