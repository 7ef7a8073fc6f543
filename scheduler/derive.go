package scheduler

import (
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
)

// Documents are what follows from a state, besides its links and configurations,
// which are documents themselves.
type Documents struct {
	// Desired has a document for each host that was ever told anything.
	Desired map[lattice.HostID]*lattice.Desired
	// Assignments has one for each component.
	Assignments map[lattice.ComponentID]*lattice.Assignment
}

// Derive returns what follows from the state of a lattice. All of it has the stamp
// of the state.
func Derive(name lattice.Name, s *State) *Documents {
	d := &Documents{
		Desired:     make(map[lattice.HostID]*lattice.Desired, len(s.Hosts)),
		Assignments: make(map[lattice.ComponentID]*lattice.Assignment, len(s.Components)),
	}
	for id := range s.Hosts {
		d.Desired[id] = s.emptyDesired(name, id)
	}
	for _, id := range slices.Sorted(maps.Keys(s.Components)) {
		c := s.Components[id]
		d.Assignments[id] = s.assignment(c)
		spec := s.spec(c)
		for i := range c.Hosts {
			p := &c.Hosts[i]
			if d.Desired[p.Host] == nil {
				d.Desired[p.Host] = s.emptyDesired(name, p.Host)
			}
			d.Desired[p.Host].Components = append(d.Desired[p.Host].Components, p.on(spec))
		}
	}
	return d
}

// desired is the document of one host.
func (s *State) desired(name lattice.Name, h lattice.HostID) *lattice.Desired {
	d := s.emptyDesired(name, h)
	for _, id := range slices.Sorted(maps.Keys(s.Components)) {
		if p := s.Components[id].placed(h); p != nil {
			d.Components = append(d.Components, p.on(s.spec(s.Components[id])))
		}
	}
	return d
}

func (s *State) emptyDesired(name lattice.Name, h lattice.HostID) *lattice.Desired {
	d := &lattice.Desired{Lattice: name, Host: h, Stamp: s.Stamp, State: s.wish(h)}
	if w := s.Hosts[h]; w != nil {
		d.Labels = w.Labels
	}
	return d
}

// assignment is the document of a component. A host that an operator drained or
// stopped is left out: it is not to be called, whatever it says itself.
func (s *State) assignment(c *Component) *lattice.Assignment {
	a := &lattice.Assignment{
		Component: c.Spec.ID,
		Stamp:     s.Stamp,
		Ref:       c.Spec.Ref,
		Digest:    c.Spec.Digest,
		Revision:  c.Spec.Revision,
		Hosts:     []lattice.HostID{},
		Routes:    c.Spec.Routes,
	}
	for _, p := range c.Hosts {
		if w := s.wish(p.Host); w == lattice.HostReady || w == lattice.HostCordoned {
			a.Hosts = append(a.Hosts, p.Host)
		}
	}
	slices.Sort(a.Hosts)
	return a
}

// spec is a component with the values of its configurations and its links.
func (s *State) spec(c *Component) lattice.ComponentSpec {
	spec := c.Spec
	spec.Config = nil
	for _, name := range spec.ConfigNames {
		for key, value := range s.Configs[name] {
			if spec.Config == nil {
				spec.Config = map[string]string{}
			}
			spec.Config[key] = value
		}
	}
	spec.Links = s.linksOf(spec.ID)
	return spec
}

// on returns a spec as it is on a host.
func (p *Placed) on(spec lattice.ComponentSpec) lattice.ComponentSpec {
	spec.MaxInstances = p.MaxInstances
	spec.Annotations = p.Annotations
	return spec
}
