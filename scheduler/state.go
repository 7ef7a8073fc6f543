package scheduler

import (
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// State is what operators have asked for. What it points to is not changed once it
// is in a state: [State.With] makes another one.
type State struct {
	// Stamp is that of the last entry of the log that is in the state.
	Stamp      lattice.Stamp
	Components map[lattice.ComponentID]*Component
	// Links are by lattice/wire.LinkKey.
	Links   map[string]*lattice.Link
	Configs map[lattice.ConfigName]lattice.Config
	// Hosts are those that were ever told anything.
	Hosts map[lattice.HostID]*HostWish
	// Refs are the binaries that had been started, by where they came from.
	Refs map[string]*Ref
}

// Component is a component and where it was placed.
type Component struct {
	// Spec is the component without its configuration and links, which follow from
	// the rest of the state. MaxInstances and Annotations are those of hosts to
	// come.
	Spec lattice.ComponentSpec `json:"spec"`
	// Where is what hosts to come must meet.
	Where control.Where `json:"where,omitzero"`
	// Hosts are where it was placed, in the order in which that happened. There is
	// at least one.
	Hosts []Placed `json:"hosts"`
}

// Placed is a component on a host.
type Placed struct {
	Host         lattice.HostID    `json:"host"`
	MaxInstances int               `json:"max_instances"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	// Why says why it was placed there.
	Why string `json:"why"`
}

// HostWish is what operators have asked of a host.
type HostWish struct {
	Host   lattice.HostID    `json:"host"`
	State  lattice.HostState `json:"state"`
	Labels map[string]string `json:"labels,omitempty"`
}

// Ref is where a binary came from.
type Ref struct {
	Ref    string `json:"ref"`
	Digest string `json:"digest"`
	// Index is that of the entry of the log which wrote it last.
	Index uint64 `json:"index"`
}

// NewState returns an empty state.
func NewState() *State {
	return &State{
		Components: map[lattice.ComponentID]*Component{},
		Links:      map[string]*lattice.Link{},
		Configs:    map[lattice.ConfigName]lattice.Config{},
		Hosts:      map[lattice.HostID]*HostWish{},
		Refs:       map[string]*Ref{},
	}
}

// With returns the state after changes, which have the stamp.
func (s *State) With(stamp lattice.Stamp, changes ...Change) *State {
	next := &State{
		Stamp:      stamp,
		Components: maps.Clone(s.Components),
		Links:      maps.Clone(s.Links),
		Configs:    maps.Clone(s.Configs),
		Hosts:      maps.Clone(s.Hosts),
		Refs:       maps.Clone(s.Refs),
	}
	for _, c := range changes {
		next.set(c)
	}
	return next
}

// set carries out a change on a state that nobody else has yet.
func (s *State) set(c Change) {
	kind, name := c.split()
	switch r := &c.Record; kind {
	case kindComponent:
		put(s.Components, lattice.ComponentID(name), r.Component, r.Component != nil)
	case kindLink:
		put(s.Links, name, r.Link, r.Link != nil)
	case kindConfig:
		if r.Config == nil {
			delete(s.Configs, lattice.ConfigName(name))
			return
		}
		s.Configs[r.Config.Name] = r.Config.Values
	case kindHost:
		put(s.Hosts, lattice.HostID(name), r.Host, r.Host != nil)
	case kindRef:
		// The key is a hash: the ref of one that goes is found by it.
		if r.Ref != nil {
			s.Refs[r.Ref.Ref] = r.Ref
			return
		}
		maps.DeleteFunc(s.Refs, func(ref string, _ *Ref) bool { return refKey(ref) == c.Key })
	}
}

func put[K comparable, V any](m map[K]V, key K, value V, there bool) {
	if there {
		m[key] = value
		return
	}
	delete(m, key)
}

// placed returns the component's place on a host, or nil.
func (c *Component) placed(h lattice.HostID) *Placed {
	i := slices.IndexFunc(c.Hosts, func(p Placed) bool { return p.Host == h })
	if i < 0 {
		return nil
	}
	return &c.Hosts[i]
}

// wish returns the state that a host ought to have.
func (s *State) wish(h lattice.HostID) lattice.HostState {
	if w := s.Hosts[h]; w != nil {
		return w.State
	}
	return lattice.HostReady
}

// uses reports whether a component is given a configuration.
func (c *Component) uses(name lattice.ConfigName) bool {
	return slices.Contains(c.Spec.ConfigNames, name)
}

// linksOf returns the links of a source in the order of their keys.
func (s *State) linksOf(id lattice.ComponentID) []lattice.Link {
	var links []lattice.Link
	for _, key := range slices.Sorted(maps.Keys(s.Links)) {
		if l := s.Links[key]; l.Source == id {
			links = append(links, *l)
		}
	}
	return links
}

// clone returns a component whose hosts may be changed.
func (c *Component) clone() *Component {
	d := *c
	d.Hosts = slices.Clone(c.Hosts)
	return &d
}
