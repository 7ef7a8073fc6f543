package state

import (
	"maps"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Reach is what documents may differ between two states.
type Reach struct {
	Hosts      map[lattice.HostID]bool
	Components map[lattice.ComponentID]bool
	// Links are by their keys of package lattice/wire.
	Links   map[string]bool
	Configs map[lattice.ConfigName]bool
}

// NewReach returns one that reaches nothing.
func NewReach() *Reach {
	return &Reach{map[lattice.HostID]bool{}, map[lattice.ComponentID]bool{}, map[string]bool{}, map[lattice.ConfigName]bool{}}
}

// Add has r reach what other does.
func (r *Reach) Add(other *Reach) {
	maps.Copy(r.Hosts, other.Hosts)
	maps.Copy(r.Components, other.Components)
	maps.Copy(r.Links, other.Links)
	maps.Copy(r.Configs, other.Configs)
}

// Empty reports whether r reaches nothing.
func (r *Reach) Empty() bool {
	return len(r.Hosts)+len(r.Components)+len(r.Links)+len(r.Configs) == 0
}

// Changed returns what documents differ, at most, between two states of which the
// second has the changes.
func Changed(before, after *State, changes []Change) *Reach {
	r := NewReach()
	r.AddChanged(before, after, changes)
	return r
}

// AddChanged is Add of what Changed returns.
func (r *Reach) AddChanged(before, after *State, changes []Change) {
	for i := range changes {
		c := &changes[i]
		name := c.Key.Name()
		switch c.Key.Kind() {
		case KindComponent:
			r.component(before, after, lattice.ComponentID(name))
		case KindPlacements:
			r.placements(before, after, lattice.ComponentID(name))
		case KindLink:
			r.Links[name] = true
			for _, s := range []*State{before, after} {
				r.hostsOfAll(s, c.Key)
			}
		case KindProvider:
			for _, s := range []*State{before, after} {
				r.hostsOfAll(s, c.Key)
			}
		case KindSecret:
			for k := range after.AskersOf(lattice.SecretName(name)) {
				r.hostsOfAll(after, k)
			}
		case KindConfig:
			r.Configs[lattice.ConfigName(name)] = true
			if name == string(lattice.ImagePolicy) {
				r.Add(after.Everything())
			}
			for k := range after.UsersOf(lattice.ConfigName(name)) {
				r.hostsOfAll(after, k)
			}
		case KindHost:
			r.host(before, after, lattice.HostID(name))
		}
	}
}

// hostsOfAll reaches the hosts of all components that what is under a key concerns.
func (r *Reach) hostsOfAll(s *State, k Key) {
	for _, id := range s.concerns(k) {
		r.hostsOf(s, id)
	}
}

// hostsOf reaches the hosts on which a component is placed.
func (r *Reach) hostsOf(s *State, id lattice.ComponentID) {
	if p := s.Placements(id); p != nil {
		for i := range p.Hosts {
			r.Hosts[p.Hosts[i].Host] = true
		}
	}
}

// component reaches what the record of a component tells of.
func (r *Reach) component(before, after *State, id lattice.ComponentID) {
	r.Components[id] = true
	for _, s := range []*State{before, after} {
		r.hostsOf(s, id)
		if c := s.Component(id); c != nil {
			for i := range c.Revisions {
				for j := range c.Revisions[i].Links {
					r.Links[wire.LinkKey(&c.Revisions[i].Links[j])] = true
				}
			}
		}
	}
}

// placements reaches the hosts on which something is another than it was.
func (r *Reach) placements(before, after *State, id lattice.ComponentID) {
	r.Components[id] = true
	var had map[lattice.HostID]*Placement
	if p := before.Placements(id); p != nil {
		had = make(map[lattice.HostID]*Placement, len(p.Hosts))
		for i := range p.Hosts {
			had[p.Hosts[i].Host] = &p.Hosts[i]
		}
	}
	if p := after.Placements(id); p != nil {
		for i := range p.Hosts {
			at := &p.Hosts[i]
			if was := had[at.Host]; was == nil || !was.toldAs(at) {
				r.host(before, after, at.Host)
			}
			delete(had, at.Host)
		}
	}
	for h := range had {
		r.host(before, after, h)
	}
}

// toldAs reports whether a host is told the same of two placements there.
func (p *Placement) toldAs(q *Placement) bool {
	return p.Revision == q.Revision && p.Instances == q.Instances && p.Pinned == q.Pinned && maps.Equal(p.Annotations, q.Annotations)
}

// host reaches a host and, if it becomes one that may be called or none, what is there.
func (r *Reach) host(before, after *State, id lattice.HostID) {
	r.Hosts[id] = true
	if before.Callable(id) == after.Callable(id) {
		return
	}
	for _, s := range []*State{before, after} {
		for c := range s.On(id) {
			r.Components[c.ID] = true
		}
	}
}

// Everything returns all documents that a state has.
func (s *State) Everything() *Reach {
	r := NewReach()
	for h := range s.Hosts() {
		r.Hosts[h.ID] = true
	}
	for h := range s.index.placed.heads() {
		r.Hosts[lattice.HostID(h)] = true
	}
	for c := range s.Components() {
		r.component(s, s, c.ID)
	}
	for key := range s.links.under("") {
		r.Links[key] = true
	}
	for c := range s.Configs() {
		r.Configs[c.Name] = true
	}
	return r
}
