package reconcile

import (
	"cmp"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// lookAtApps writes down what became of deployments.
func (r *Reconciler) lookAtApps(p *Plan) {
	for _, name := range slices.Sorted(maps.Keys(r.apps)) {
		delete(r.apps, name)
		r.lookAtApp(p, name)
	}
}

// lookAtApp writes down what became of the version of an application that is deployed.
func (r *Reconciler) lookAtApp(p *Plan, name lattice.AppName) {
	delete(r.failing, name)
	a := r.s.App(name)
	if a == nil || a.Deployed == 0 {
		return
	}
	ready, failed, back := r.parts(name)
	under := len(a.History) - 1
	if under >= 0 && a.History[under].Number != a.Deployed {
		under = -1
	}
	next := *a
	end := func(o state.Outcome, reason string) {
		if under < 0 || a.History[under].Outcome == o {
			return
		}
		next.History = slices.Clone(a.History)
		next.History[under].Outcome, next.History[under].Ended, next.History[under].Reason = o, r.wall, reason
		r.aheadApps[name] = &next
	}
	switch {
	case failed != "":
		if back && a.Good != 0 && a.Good != a.Deployed {
			p.Rollbacks = append(p.Rollbacks, Rollback{name, failed})
			r.failing[name] = true // until it is done
			return
		}
		if under >= 0 && a.History[under].Outcome == state.OutcomeUnderWay {
			end(state.OutcomeFailed, failed)
		}
	case ready:
		if a.Good != a.Deployed {
			next.Good = a.Deployed
			r.aheadApps[name] = &next
		}
		if under >= 0 && (a.History[under].Outcome == state.OutcomeUnderWay || a.History[under].Outcome == state.OutcomeFailed) {
			end(state.OutcomeReady, "")
		}
	}
}

// parts reports whether every part of an application is ready, or what failed, and whether
// it ought to go back for that.
func (r *Reconciler) parts(name lattice.AppName) (ready bool, failed string, back bool) {
	ready = true
	for c := range r.s.ComponentsOf(name) {
		c = r.component(c.ID)
		if c.Dropped != 0 {
			continue // it goes when the others are ready
		}
		if c.Failed != "" {
			ready = false
			failed = cmp.Or(failed, clip("component "+cmp.Or(c.Name, string(c.ID))+": "+c.Failed))
			back = back || !c.Rollout.NoRollback
		}
		ready = ready && r.isReady(c, r.placements(c.ID))
	}
	for v := range r.s.ProvidersOf(name) {
		ready = ready && v.Kind != ""
	}
	return ready, failed, back
}

// isReady reports whether a component has its target ready wherever it ought to run.
func (r *Reconciler) isReady(c *state.Component, p *state.Placements) bool {
	m := r.known[c.ID]
	if m == nil || p == nil || p.Missing > 0 {
		return false
	}
	for i := range p.Hosts {
		at := &p.Hosts[i]
		if at.Leaving != "" {
			continue
		}
		if m.pending[at.Host].revision != at.Revision {
			return false // it is of this plan: its host speaks of what it was told before
		}
		if at.Revision != c.Target || !r.observed(c, at).Ready {
			return false
		}
	}
	return len(p.Hosts) > 0 || c.Rules.Mode == lattice.ModeNone && len(c.Pins) == 0
}
