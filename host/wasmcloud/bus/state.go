package bus

import (
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/host/component"
	v100 "github.com/wattle-dev/wattle/host/wasmcloud/bus/v100"
)

// DefaultName is the name of links that nobody gave one.
const DefaultName = "default"

// Link is a link of the component.
type Link struct {
	Name string
	// Interface is what it serves, "wasi:keyvalue/store", without version.
	Interface string
	// Target is the component that serves it, empty if the host does.
	Target string
}

// Options say what the instance has. The zero value is no link.
type Options struct{ Links []Link }

// Host is what an instance's state (component.Call.State) implements to offer
// wasmcloud:bus.
type Host interface{ Bus() *State }

// State is what an instance has of wasmcloud:bus. It is used by the goroutine of the
// instance.
type State struct {
	links  []Link
	chosen map[string]string // names by interfaces that are in links
}

// NewState returns the state of an instance.
func NewState(o Options) *State { return &State{links: o.Links} }

// ErrNoLink is that the component has no link of a name.
var ErrNoLink = errors.New("no such link")

// Name returns the name of the link that calls of an interface are for: the one that
// the component chose, or DefaultName.
func (s *State) Name(iface string) string {
	if name, ok := s.chosen[iface]; ok {
		return name
	}
	return DefaultName
}

// Link returns the link that calls of an interface are for.
func (s *State) Link(iface string) (Link, error) {
	chosen, ok := s.chosen[iface]
	if l := s.find(iface, s.Name(iface)); l != nil {
		return *l, nil
	}
	if ok {
		return Link{}, fmt.Errorf("link %.100q of %s: %w", chosen, iface, ErrNoLink)
	}
	var only *Link
	for i := range s.links {
		switch {
		case s.links[i].Interface != iface:
		case only != nil:
			return Link{}, fmt.Errorf("%s: there are several links, and none is called %q: the component has to choose one by wasmcloud:bus/lattice: %w", iface, DefaultName, ErrNoLink)
		default:
			only = &s.links[i]
		}
	}
	if only == nil {
		return Link{}, fmt.Errorf("%s: %w", iface, ErrNoLink)
	}
	return *only, nil
}

func (s *State) find(iface, name string) *Link {
	for i := range s.links {
		if l := &s.links[i]; l.Interface == iface && l.Name == name {
			return l
		}
	}
	return nil
}

// choose has the next calls of an interface be for the link of a name. An interface
// without any link has nothing to choose.
func (s *State) choose(iface, name string) {
	for i := range s.links {
		if s.links[i].Interface == iface {
			if s.chosen == nil {
				s.chosen = map[string]string{}
			}
			s.chosen[s.links[i].Interface] = name
			return
		}
	}
}

// CallTargetInterface implements call-target-interface: the name of an interface.
type CallTargetInterface = v100.CallTargetInterface

// NewCallTargetInterface implements call-target-interface.constructor.
func (s *State) NewCallTargetInterface(_ *component.Call, namespace, pkg, iface string) (*CallTargetInterface, error) {
	return v100.NewTarget(namespace, pkg, iface), nil
}

// SetLinkName implements set-link-name: for all interfaces, or for none.
func (s *State) SetLinkName(_ *component.Call, name string, interfaces []*CallTargetInterface) error {
	for _, i := range interfaces {
		if s.find(i.Name, name) == nil {
			return &StringError{fmt.Sprintf("there is no link %.100q of %.200s", name, i.Name)}
		}
	}
	for _, i := range interfaces {
		s.choose(i.Name, name)
	}
	return nil
}

// first is the state as version 1 has it.
type first struct{ *State }

// SetLinkName implements set-link-name of version 1.
func (s first) SetLinkName(_ *component.Call, name string, interfaces []*CallTargetInterface) error {
	for _, i := range interfaces {
		s.choose(i.Name, name)
	}
	return nil
}

// Define offers wasmcloud:bus to l.
func Define(l *component.Linker) error {
	state := func(c *component.Call) *State {
		h, ok := c.State().(Host)
		if !ok {
			c.Fail(fmt.Errorf("state %T offers no wasmcloud:bus", c.State()))
		}
		return h.Bus()
	}
	return errors.Join(
		DefineLattice(l, func(c *component.Call) Lattice { return state(c) }),
		v100.DefineLattice(l, func(c *component.Call) v100.Lattice { return first{state(c)} }),
	)
}
