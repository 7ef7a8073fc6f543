package daemon

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasmcloud/bus"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/wit"
)

// builtin is what every host can serve to components.
var builtin = sync.OnceValues(func() (*component.Linker, error) {
	linker := &component.Linker{}
	return linker, wasi.Define(linker)
})

// inert is what is served to all of them.
var inert = sync.OnceValues(func() (*component.Linker, error) {
	linker, err := builtin()
	if err != nil {
		return nil, err
	}
	return linker.Only(func(id wit.InterfaceID) bool { return capability.Granted(nil, id) }), nil
})

// linker returns what a component with some imports is linked to: what is inert, what
// its capabilities serve, and the interfaces that its links to components name, in the
// versions that it imports.
func (d *Daemon) linker(spec *lattice.ComponentSpec, imports []string) (*component.Linker, error) {
	linker, err := inert()
	if len(spec.Capabilities) > 0 && err == nil {
		linker, err = builtin()
	}
	if err != nil {
		return nil, err
	}
	if len(spec.Capabilities) > 0 {
		linker = linker.Only(func(id wit.InterfaceID) bool { return capability.Granted(spec.Capabilities, id) })
	} else if len(spec.Links) > 0 {
		linker = linker.Clone()
	}
	errs := []error{checkLinks(spec.Links, imports)}
	for _, name := range imports {
		id, err := wit.ParseInterfaceID(name)
		if err != nil {
			continue // not an interface: Load says what is the matter with it
		}
		granted := capability.Granted(spec.Capabilities, id)
		switch link := linkOf(spec.Links, id); {
		case link != nil && granted:
			errs = append(errs, fmt.Errorf("link %q to %q: import %q is served by the host; delete the link", link.Name, link.Target, name))
		case link != nil:
			if err := linker.DefineDynamic(name, d.bind(spec.ID, name, id)); err != nil {
				errs = append(errs, fmt.Errorf("link %q to %q: %w", link.Name, link.Target, err))
			}
		case !granted:
			errs = append(errs, &capability.UnlinkedError{Component: string(spec.ID), Import: id})
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return linker, nil
}

// chooser is the interface by which a component says which of several links it means.
const chooser = "wasmcloud:bus/lattice@"

// checkLinks returns what is wrong with the links of a component that imports some
// interfaces: which of several calls are for can only be said by itself, unless one is
// the default.
func checkLinks(links []lattice.Link, imports []string) error {
	if slices.ContainsFunc(imports, func(name string) bool { return strings.HasPrefix(name, chooser) }) {
		return nil
	}
	var errs []error
	for _, name := range imports {
		id, err := wit.ParseInterfaceID(name)
		if err != nil {
			continue
		}
		var names []lattice.LinkName
		for _, l := range links {
			if linkOf([]lattice.Link{l}, id) != nil {
				names = append(names, l.Name)
			}
		}
		if len(names) > 1 && !slices.Contains(names, lattice.DefaultLink) {
			errs = append(errs, fmt.Errorf("links %q and %q both serve %q: %w: name one of them %q", names[0], names[1], id, lattice.ErrInvalid, lattice.DefaultLink))
		}
	}
	return errors.Join(errs...)
}

// linkOf returns a link that serves an interface, or nil.
func linkOf(links []lattice.Link, id wit.InterfaceID) *lattice.Link {
	i := slices.IndexFunc(links, func(l lattice.Link) bool {
		return l.Namespace == id.Namespace && l.Package == id.Package && slices.Contains(l.Interfaces, id.Name)
	})
	if i < 0 {
		return nil
	}
	return &links[i]
}

// linksOf returns the links of a component as its instances know them.
func linksOf(spec *lattice.ComponentSpec) []bus.Link {
	var all []bus.Link
	for _, l := range spec.Links {
		for _, i := range l.Interfaces {
			all = append(all, bus.Link{Name: string(l.Name), Interface: l.Namespace + ":" + l.Package + "/" + i, Target: l.Target})
		}
	}
	for _, c := range spec.Capabilities {
		for _, i := range c.Interfaces {
			all = append(all, bus.Link{Name: string(c.Name), Interface: c.Namespace + ":" + c.Package + "/" + i})
		}
	}
	return all
}

// dynamic returns the interfaces that links to components serve, in order: what of
// links is part of the code.
func dynamic(links []lattice.Link) []string {
	var all []string
	for _, l := range links {
		for _, i := range l.Interfaces {
			all = append(all, l.Namespace+":"+l.Package+"/"+i)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// served returns the interfaces that capabilities are linked for, in order.
func served(links []lattice.Capability) []string {
	var all []string
	for _, c := range links {
		for _, i := range c.Interfaces {
			all = append(all, c.Kind+" "+c.Namespace+":"+c.Package+"/"+i)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// bind returns what serves the functions of an import by calls of a component: of that
// which the caller's link has as its target, when the call is made.
func (d *Daemon) bind(source lattice.ComponentID, name string, id wit.InterfaceID) func(*wit.Func) (component.DynamicFunc, error) {
	iface := id.Unversioned().String()
	return func(fn *wit.Func) (component.DynamicFunc, error) {
		return func(c *component.Call, args []wit.Value) ([]wit.Value, error) {
			state, ok := c.State().(bus.Host)
			if !ok {
				return nil, fmt.Errorf("link of %s: the instance has no links", iface)
			}
			link, err := state.Bus().Link(iface)
			if err != nil {
				return nil, err
			}
			inv := lattice.InvocationOf(c.Context())
			if inv == nil {
				return nil, fmt.Errorf("link to %q: %w: it cannot be used while the component is initialized", link.Target, lattice.ErrUnavailable)
			}
			on := *inv
			on.Target = source // whatever name it was called by
			next, err := on.Next(lattice.ComponentID(link.Target), name, fn.Name)
			if err != nil {
				return nil, err
			}
			results, err := d.services.router.Call(c.Context(), next, fn, args)
			if err != nil {
				return nil, fmt.Errorf("link to %q: %w", link.Target, err)
			}
			return results, nil
		}, nil
	}
}
