package daemon

import (
	"context"
	"fmt"
	"sync"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// builtin is what every host serves to components.
var builtin = sync.OnceValues(func() (*component.Linker, error) {
	linker := &component.Linker{}
	return linker, wasi.Define(linker)
})

// linker returns what a component with some imports is linked to: WASI, and the
// interfaces that its links name, in the versions that it imports.
func (d *Daemon) linker(spec *lattice.ComponentSpec, imports []string) (*component.Linker, error) {
	linker, err := builtin()
	if err != nil || len(spec.Links) == 0 {
		return linker, err
	}
	linker = linker.Clone()
	for _, name := range imports {
		id, err := wit.ParseInterfaceID(name)
		if err != nil {
			continue // not an interface: Load says what is the matter with it
		}
		link, err := linkOf(spec.Links, id)
		if err != nil {
			return nil, err
		}
		if link == nil {
			continue
		}
		if have, served := linker.Serves(name); served {
			return nil, fmt.Errorf("link %q to %q: import %q is served by the host as %q; delete the link", link.Name, link.Target, name, have)
		}
		if err := linker.DefineDynamic(name, d.bind(spec.ID, lattice.ComponentID(link.Target), name)); err != nil {
			return nil, fmt.Errorf("link %q to %q: %w", link.Name, link.Target, err)
		}
	}
	return linker, nil
}

// suggestLinks has errors of imports that nothing serves say which command would
// link them.
func suggestLinks(source lattice.ComponentID, err error) {
	switch err := err.(type) { //nolint:errorlint // all of a tree are wanted, and not the first
	case *component.LinkError:
		id, parseErr := wit.ParseInterfaceID(err.Import)
		if parseErr == nil && err.Item == "" && id.Namespace != "wasi" {
			err.Next = fmt.Sprintf("link it to a component that exports it: wattle link put %s TARGET %s", source, id.Unversioned())
		}
	case interface{ Unwrap() []error }:
		for _, e := range err.Unwrap() {
			suggestLinks(source, e)
		}
	case interface{ Unwrap() error }:
		suggestLinks(source, err.Unwrap())
	}
}

// linkOf returns the link that serves an interface, or nil. Of several, the one
// that is called default does: which of the others a call is for cannot be said.
func linkOf(links []lattice.Link, id wit.InterfaceID) (*lattice.Link, error) {
	var found *lattice.Link
	for i := range links {
		l := &links[i]
		if l.Namespace != id.Namespace || l.Package != id.Package {
			continue
		}
		for _, iface := range l.Interfaces {
			switch {
			case iface != id.Name:
			case l.Name == lattice.DefaultLink:
				return l, nil
			case found != nil:
				return nil, fmt.Errorf("links %q and %q both serve %q: name one of them %q", found.Name, l.Name, id, lattice.DefaultLink)
			default:
				found = l
			}
		}
	}
	return found, nil
}

// bind returns what serves the functions of an import by calls of a target.
func (d *Daemon) bind(source, target lattice.ComponentID, iface string) func(*wit.Func) (component.DynamicFunc, error) {
	return func(fn *wit.Func) (component.DynamicFunc, error) {
		return func(ctx context.Context, args []wit.Value) ([]wit.Value, error) {
			inv := lattice.InvocationOf(ctx)
			if inv == nil {
				return nil, fmt.Errorf("link to %q: %w: it cannot be used while the component is initialized", target, lattice.ErrUnavailable)
			}
			on := *inv
			on.Target = source // whatever name it was called by
			next, err := on.Next(target, iface, fn.Name)
			if err != nil {
				return nil, err
			}
			results, err := d.services.router.Call(ctx, next, fn, args)
			if err != nil {
				return nil, fmt.Errorf("link to %q: %w", target, err)
			}
			return results, nil
		}, nil
	}
}
