package reconcile

import (
	"math"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/place"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// Reconciler is what a leader knows in its term.
type Reconciler struct {
	opts Options

	s       *state.State
	cluster *place.Cluster
	hosts   map[lattice.HostID]*host
	known   map[lattice.ComponentID]*component

	// What is to be looked at.
	dirty map[lattice.ComponentID]bool
	// backlog are those that wait for their turn, in order, as far as they are postponed
	// still.
	backlog   []lattice.ComponentID
	postponed map[lattice.ComponentID]bool
	apps      map[lattice.AppName]bool
	// failing are applications that were to go back.
	failing map[lattice.AppName]bool
	// joined are hosts that take components since the last time that was looked at.
	joined map[lattice.HostID]bool
	// missing are components that want more than they have found, eager those that would
	// use another host if there were one, moving those that move without need.
	missing, eager, moving map[lattice.ComponentID]bool
	// followers are the components that must be with or apart from one.
	followers map[lattice.ComponentID]map[lattice.ComponentID]bool
	alarms    alarms

	// beat is when the leader's own beat came back last, heard since when it has come
	// without a gap.
	beat, heard int64
	hears       bool
	// silent is when the first host may be lost: none is before.
	silent int64

	// What follows is of the plan under way.

	now, wall     int64
	ahead         map[lattice.ComponentID]*ahead
	aheadApps     map[lattice.AppName]*state.App
	changed, size int
	again         int64
	// trial says that what is planned is not meant yet.
	trial bool
}

// New returns a Reconciler. It needs Reset before anything else. Nil options are the
// defaults.
func New(opts *Options) *Reconciler {
	return &Reconciler{opts: opts.withDefaults(), s: state.New("")}
}

// Reset begins a term with a state: all is forgotten, and everything is looked at.
func (r *Reconciler) Reset(now int64, s *state.State) {
	*r = Reconciler{
		opts: r.opts, s: s, cluster: place.New(), now: now, silent: math.MaxInt64,
		hosts:     map[lattice.HostID]*host{},
		known:     map[lattice.ComponentID]*component{},
		dirty:     map[lattice.ComponentID]bool{},
		postponed: map[lattice.ComponentID]bool{},
		apps:      map[lattice.AppName]bool{},
		failing:   map[lattice.AppName]bool{},
		joined:    map[lattice.HostID]bool{},
		missing:   map[lattice.ComponentID]bool{},
		eager:     map[lattice.ComponentID]bool{},
		moving:    map[lattice.ComponentID]bool{},
		followers: map[lattice.ComponentID]map[lattice.ComponentID]bool{},
		ahead:     map[lattice.ComponentID]*ahead{},
		aheadApps: map[lattice.AppName]*state.App{},
	}
	for c := range s.Components() {
		r.sync(c.ID)
		r.touch(c.ID)
	}
	for a := range s.Apps() {
		r.apps[a.Name] = true
	}
}

// Update says that a state follows from the last one by some changes.
func (r *Reconciler) Update(now int64, s *state.State, changes []state.Change) {
	r.now = now
	// What was planned has come to be, or something else has.
	planned := map[lattice.ComponentID]*ahead{}
	for i := range changes {
		switch c := &changes[i]; c.Key.Kind() {
		case state.KindComponent, state.KindPlacements:
			id := lattice.ComponentID(c.Key.Name())
			if a := r.ahead[id]; a != nil {
				planned[id] = a
				delete(r.ahead, id)
			}
		case state.KindApp:
			delete(r.aheadApps, lattice.AppName(c.Key.Name()))
		}
	}
	for id, a := range planned {
		// There is no need to look at it again for what was decided just now.
		if (a.component == nil || a.component == s.Component(id)) && (a.placements == nil || a.placements == s.Placements(id)) && !r.dirty[id] {
			continue
		}
		delete(planned, id)
	}
	r.follow(s, changes, planned)
	for id := range planned {
		delete(r.dirty, id)
	}
}

// follow takes over a state. Of the placements that were planned as they are the cluster
// has been told.
func (r *Reconciler) follow(s *state.State, changes []state.Change, planned map[lattice.ComponentID]*ahead) {
	before := r.s
	r.s = s
	for i := range changes {
		switch c := &changes[i]; c.Key.Kind() {
		case state.KindComponent, state.KindPlacements:
			id := lattice.ComponentID(c.Key.Name())
			states := []*state.State{before, s}
			if a := planned[id]; a != nil && a.component == nil {
				r.track(r.known[id], a.placements)
				states = states[1:] // it is the same component
			} else {
				r.sync(id)
			}
			r.touch(id)
			for _, s := range states {
				if have := s.Component(id); have != nil && have.App != "" {
					r.apps[have.App] = true
				}
			}
		case state.KindApp:
			r.apps[lattice.AppName(c.Key.Name())] = true
		case state.KindHost:
			r.wished(lattice.HostID(c.Key.Name()))
		}
	}
	if !r.trial {
		r.give(before, changes)
	}
}

// touch has a component be looked at.
func (r *Reconciler) touch(id lattice.ComponentID) { r.dirty[id] = true }

// touchAll has components be looked at.
func (r *Reconciler) touchAll(set map[lattice.ComponentID]bool) {
	for id := range set {
		r.dirty[id] = true
	}
}

// sync has the cluster, and what else follows from records, be as the state has it.
func (r *Reconciler) sync(id lattice.ComponentID) {
	c, p := r.s.Component(id), r.s.Placements(id)
	m := r.known[id]
	if c == nil {
		if m != nil {
			r.unfollow(m)
			delete(r.known, id)
		}
		for _, set := range []map[lattice.ComponentID]bool{r.missing, r.eager, r.moving, r.dirty, r.postponed} {
			delete(set, id)
		}
		r.cluster.SetPlaced(id, nil, nil)
		r.touchAll(r.followers[id])
		r.touchAll(r.missing)
		return
	}
	if m == nil {
		m = newComponent(id)
		r.known[id] = m
	}
	if m.rules != &c.Rules {
		r.unfollow(m)
		m.rules = &c.Rules
		for _, others := range [][]lattice.ComponentID{c.Rules.With, c.Rules.Apart} {
			for _, other := range others {
				if r.followers[other] == nil {
					r.followers[other] = map[lattice.ComponentID]bool{}
				}
				r.followers[other][id] = true
			}
		}
	}
	r.setCluster(c, p)
	r.track(m, p)
}

// setCluster tells the cluster where a component is placed, and has those be looked at to
// which that matters.
func (r *Reconciler) setCluster(c *state.Component, p *state.Placements) {
	placed, before := r.placed(p), r.cluster.Placed(c.ID)
	if !slices.Equal(placed, before) {
		r.touchAll(r.followers[c.ID])
		for _, other := range c.Rules.Apart {
			if r.missing[other] {
				r.touch(other)
			}
		}
		if len(placed) < len(before) {
			r.touchAll(r.missing)
		}
	}
	r.cluster.SetPlaced(c.ID, &c.Rules, placed)
}

// unfollow forgets what a component must be with or apart from.
func (r *Reconciler) unfollow(m *component) {
	if m.rules == nil {
		return
	}
	for _, others := range [][]lattice.ComponentID{m.rules.With, m.rules.Apart} {
		for _, other := range others {
			delete(r.followers[other], m.id)
			if len(r.followers[other]) == 0 {
				delete(r.followers, other)
			}
		}
	}
}

// placed returns placements as package place has them.
func (r *Reconciler) placed(p *state.Placements) []place.Placed {
	if p == nil {
		return nil
	}
	placed := make([]place.Placed, len(p.Hosts))
	for i := range p.Hosts {
		at := &p.Hosts[i]
		placed[i] = place.Placed{Host: at.Host, Instances: at.Instances, Spread: at.Spread, Pinned: at.Pinned, Leaving: at.Leaving != ""}
	}
	return placed
}

// Reconsider has everything be looked at.
func (r *Reconciler) Reconsider() {
	for c := range r.s.Components() {
		r.touch(c.ID)
	}
	for a := range r.s.Apps() {
		r.apps[a.Name] = true
	}
}
