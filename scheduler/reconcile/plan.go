package reconcile

import (
	"cmp"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// Plan is what ought to change.
type Plan struct {
	// Changes are those of one entry, in the order of their keys.
	Changes []state.Change
	// Events are what there is to tell of them.
	Events []Event
	// Rollbacks are applications that ought to go back to the version that was good last.
	Rollbacks []Rollback
}

// Empty reports whether there is nothing to do.
func (p *Plan) Empty() bool { return len(p.Changes) == 0 && len(p.Rollbacks) == 0 }

// Event is something that a plan does, for people.
type Event struct {
	// Kind is one of the kinds of package lattice.
	Kind      string
	Component lattice.ComponentID
	Host      lattice.HostID
	Reason    string
}

// Rollback is an application that ought to go back.
type Rollback struct {
	App    lattice.AppName
	Reason string
}

const (
	// maxLooked bounds how many components one plan looks at.
	maxLooked = 8192
	// maxBytes bounds the records of a plan, roughly, in bytes as they are written.
	maxBytes = 1 << 20
)

// Plan returns what ought to change now, at most about max records, and when to ask again
// at the latest. What it returns is supposed to be an entry of the log, of which Update
// tells. If that comes to nothing, the next plan begins from the same state.
func (r *Reconciler) Plan(now, wall int64, limit int) (p *Plan, next int64) {
	r.now, r.wall = now, wall
	r.forget()
	r.judge()
	r.wake()
	p = &Plan{}
	looked := 0
	if len(r.dirty) > maxLooked {
		r.postpone()
	}
	for _, id := range r.order() {
		if r.full(limit) {
			break
		}
		looked++
		r.look(p, id)
	}
	for len(r.backlog) > 0 && looked < maxLooked && !r.full(limit) {
		id := r.backlog[0]
		r.backlog = r.backlog[1:]
		if r.postponed[id] {
			looked++
			r.look(p, id)
		}
	}
	if len(r.dirty)+len(r.backlog) == 0 && !r.full(limit) {
		r.balance(p)
		r.lookAtApps(p)
	}
	p.Changes = r.changes()
	return p, r.next(p)
}

// Consider returns what ought to change if a state were to follow that has some changes,
// for some components: what a command leads to. Update says whether it came to be; until
// then it did not.
func (r *Reconciler) Consider(now, wall int64, after *state.State, changes []state.Change, touched []lattice.ComponentID) *Plan {
	r.now, r.wall, r.trial = now, wall, true
	r.forget()
	before := r.s
	saved := map[lattice.ComponentID]*component{}
	save := func(id lattice.ComponentID) {
		if m := r.known[id]; m != nil && saved[id] == nil {
			saved[id] = m.clone()
		}
	}
	for i := range changes {
		if k := changes[i].Key; k.Kind() == state.KindComponent || k.Kind() == state.KindPlacements {
			save(lattice.ComponentID(k.Name()))
		}
	}
	for _, id := range touched {
		save(id)
	}
	r.follow(after, changes, nil)
	p := &Plan{}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(touched))) {
		r.look(p, id)
	}
	p.Changes = r.changes()
	// As if nothing had been.
	r.s = before
	r.forget()
	r.follow(before, changes, nil)
	for id, m := range saved {
		m.rules, m.alarm, m.rings = r.known[id].rules, 0, r.known[id].rings // it is looked at next
		*r.known[id] = *m
		r.touch(id)
	}
	r.trial = false
	return p
}

// postpone puts off all that is to be looked at until there is nothing else.
func (r *Reconciler) postpone() {
	maps.Copy(r.dirty, r.postponed)
	r.postponed, r.backlog = r.dirty, r.order()
	r.dirty = map[lattice.ComponentID]bool{}
}

// order returns the components that are to be looked at: those of a high priority first.
func (r *Reconciler) order() []lattice.ComponentID {
	type one struct {
		id       lattice.ComponentID
		priority int
	}
	all := make([]one, 0, len(r.dirty))
	for id := range r.dirty {
		o := one{id: id}
		if c := r.s.Component(id); c != nil {
			o.priority = c.Rules.Priority
		}
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b one) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(a.id, b.id))
	})
	ids := make([]lattice.ComponentID, len(all))
	for i := range all {
		ids[i] = all[i].id
	}
	return ids
}

// ahead is what a plan makes of a component.
type ahead struct {
	component  *state.Component
	placements *state.Placements
}

// component returns the record of a component, as far as the plan has it.
func (r *Reconciler) component(id lattice.ComponentID) *state.Component {
	if a := r.ahead[id]; a != nil && a.component != nil {
		return a.component
	}
	return r.s.Component(id)
}

// placements returns where a component is placed, as far as the plan has it.
func (r *Reconciler) placements(id lattice.ComponentID) *state.Placements {
	if a := r.ahead[id]; a != nil && a.placements != nil {
		return a.placements
	}
	return r.s.Placements(id)
}

func (r *Reconciler) aheadOf(id lattice.ComponentID) *ahead {
	a := r.ahead[id]
	if a == nil {
		a = &ahead{}
		r.ahead[id] = a
	}
	return a
}

// setComponent has the plan change the record of a component.
func (r *Reconciler) setComponent(c *state.Component) {
	if a := r.aheadOf(c.ID); a.component == nil {
		r.changed++
		a.component = c
	} else {
		a.component = c
	}
}

// setPlacements has the plan change where a component is placed.
func (r *Reconciler) setPlacements(p *state.Placements) {
	a := r.aheadOf(p.Component)
	if a.placements == nil {
		r.changed++
	}
	a.placements = p
	r.size += 400 + 250*len(p.Hosts) + 300*len(p.Passed)
	r.setCluster(r.component(p.Component), p)
}

// full reports whether a plan has as much as it may.
func (r *Reconciler) full(limit int) bool {
	return r.changed+len(r.aheadApps) >= limit || r.size >= maxBytes
}

// changes returns the plan's changes.
func (r *Reconciler) changes() []state.Change {
	all := make([]state.Change, 0, r.changed+len(r.aheadApps))
	for _, a := range r.ahead {
		if a.component != nil {
			all = append(all, state.Put(state.Record{Component: a.component}))
		}
		if a.placements != nil {
			all = append(all, state.Put(state.Record{Placements: a.placements}))
		}
	}
	for _, a := range r.aheadApps {
		all = append(all, state.Put(state.Record{App: a}))
	}
	slices.SortFunc(all, func(a, b state.Change) int { return cmp.Compare(a.Key, b.Key) })
	return all
}

// forget undoes what the last plan had in mind and did not come to be.
func (r *Reconciler) forget() {
	for id := range r.ahead {
		delete(r.ahead, id)
		r.sync(id)
		r.touch(id)
	}
	for name := range r.aheadApps {
		delete(r.aheadApps, name)
		r.apps[name] = true
	}
	r.changed, r.size = 0, 0
}
