package scheduler

import (
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
)

// desired is the document of one host. It has the stamp of the state, as all that
// follows from it.
func (s *State) desired(name lattice.Name, h lattice.HostID) *lattice.Desired {
	d := &lattice.Desired{Lattice: name, Host: h, Stamp: s.Stamp, State: s.wish(h)}
	if w := s.Hosts[h]; w != nil {
		d.Labels = w.Labels
	}
	for _, id := range slices.Sorted(maps.Keys(s.Components)) {
		if p := s.Components[id].placed(h); p != nil {
			d.Components = append(d.Components, p.on(s.spec(s.Components[id])))
		}
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
