package scheduler

import (
	"maps"

	"github.com/wattle-dev/wattle/lattice"
)

// reach is what documents a set of changes may make different.
type reach struct {
	hosts      map[lattice.HostID]bool
	components map[lattice.ComponentID]bool
	links      map[string]bool
	configs    map[lattice.ConfigName]bool
}

// reachOf returns what documents differ, at most, between two states of which the
// second has the changes.
func reachOf(before, after *State, changes []Change) *reach {
	r := newReach()
	hostsOf := func(id lattice.ComponentID) {
		for _, s := range []*State{before, after} {
			if c := s.Components[id]; c != nil {
				for _, p := range c.Hosts {
					r.hosts[p.Host] = true
				}
			}
		}
	}
	for _, c := range changes {
		switch kind, name := c.split(); kind {
		case kindComponent:
			r.components[lattice.ComponentID(name)] = true
			hostsOf(lattice.ComponentID(name))
		case kindLink:
			r.links[name] = true
			for _, s := range []*State{before, after} {
				if l := s.Links[name]; l != nil {
					hostsOf(l.Source)
				}
			}
		case kindConfig:
			r.configs[lattice.ConfigName(name)] = true
			for id, c := range after.Components {
				if c.uses(lattice.ConfigName(name)) {
					hostsOf(id)
				}
			}
		case kindHost:
			r.hosts[lattice.HostID(name)] = true
			for id, c := range after.Components {
				if c.placed(lattice.HostID(name)) != nil {
					r.components[id] = true
				}
			}
		}
	}
	return r
}

func newReach() *reach {
	return &reach{map[lattice.HostID]bool{}, map[lattice.ComponentID]bool{}, map[string]bool{}, map[lattice.ConfigName]bool{}}
}

// add has r reach what other does.
func (r *reach) add(other *reach) {
	maps.Copy(r.hosts, other.hosts)
	maps.Copy(r.components, other.components)
	maps.Copy(r.links, other.links)
	maps.Copy(r.configs, other.configs)
}

func (r *reach) empty() bool {
	return len(r.hosts)+len(r.components)+len(r.links)+len(r.configs) == 0
}

// addAll has r reach all that a state has.
func (r *reach) addAll(s *State) {
	for id := range s.Hosts {
		r.hosts[id] = true
	}
	for id, c := range s.Components {
		r.components[id] = true
		for _, p := range c.Hosts {
			r.hosts[p.Host] = true
		}
	}
	for key := range s.Links {
		r.links[key] = true
	}
	for name := range s.Configs {
		r.configs[name] = true
	}
}
