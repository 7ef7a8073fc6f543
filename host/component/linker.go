package component

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/compat"
)

// HostInterface is a WIT interface that the host serves. Bindings generated
// from WIT define it; see Linker.Define.
type HostInterface struct {
	// ID is the name of the interface without version, "wasi:io/streams".
	ID string
	// Version is the newest version described, "0.2.12". Every version of the
	// same track is served by it.
	Version string
	// Resources are the resource types that the interface declares.
	Resources []*HostResource
	// Funcs are its functions.
	Funcs []HostFunc
}

// HostResource is a resource type of the host. Its identity is its pointer, so
// that it is the same type in every version of its interface.
type HostResource struct {
	Interface string // "wasi:io/streams"
	Name      string // "input-stream"

	once sync.Once
	id   wit.Resource
}

// resource returns the type's identity.
func (r *HostResource) resource() *wit.Resource {
	r.once.Do(func() {
		r.id.Name = r.Name
		if owner, err := wit.ParseInterfaceID(r.Interface); err == nil {
			r.id.Owner = owner
		} else {
			r.id.Owner = wit.InterfaceID{Name: r.Interface}
		}
	})
	return &r.id
}

// HostFunc is a function of the host.
type HostFunc struct {
	// Name is the name in the interface, "[method]input-stream.read".
	Name string
	// Signature is the structural type, as wit.Func.Signature prints it. A
	// component that declares another type is not linked.
	Signature string
	// Call runs the function. stack holds the parameters as the Canonical ABI
	// flattens them for a lowered function, and receives the flat result.
	Call func(c *Call, stack []uint64)
}

// Linker holds what the host offers to components. The zero value offers
// nothing. It must not change once it is in use.
type Linker struct {
	ifaces map[string][]*hostInterface
}

type hostInterface struct {
	id        wit.InterfaceID
	funcs     map[string]*HostFunc
	resources map[string]*HostResource
	// bind serves the functions of a dynamic interface, which has no others.
	bind func(*wit.Func) (DynamicFunc, error)
	// offer is what the interface is to package compat.
	offer compat.Offer
}

// Define adds an interface. It is an error to define the same track of an
// interface twice, or a function with a signature that is none.
func (l *Linker) Define(i HostInterface) error {
	id, err := wit.ParseInterfaceID(i.ID + "@" + i.Version)
	if err != nil {
		return err
	}
	for _, have := range l.ifaces[i.ID] {
		if have.id.Compatible(id) {
			return fmt.Errorf("interface %q is already defined as %q", id, have.id)
		}
	}
	h := &hostInterface{id: id, funcs: make(map[string]*HostFunc, len(i.Funcs)), resources: make(map[string]*HostResource, len(i.Resources))}
	h.offer = compat.Offer{Interface: &wit.Interface{ID: id}, Structural: true}
	for n := range i.Funcs {
		f := i.Funcs[n]
		if h.funcs[f.Name] != nil {
			return fmt.Errorf("interface %q defines %q twice", id, f.Name)
		}
		typ, err := wit.ParseSignature(f.Signature)
		if err != nil {
			return fmt.Errorf("interface %q: function %q: %w", id, f.Name, err)
		}
		typ.Name = f.Name
		h.funcs[f.Name] = &f
		h.offer.Funcs = append(h.offer.Funcs, typ)
	}
	for _, r := range i.Resources {
		h.resources[r.Name] = r
		h.offer.Types = append(h.offer.Types, &wit.TypeDef{Name: r.Name, Resource: &wit.Resource{Name: r.Name, Owner: id}})
	}
	if l.ifaces == nil {
		l.ifaces = map[string][]*hostInterface{}
	}
	l.ifaces[i.ID] = append(l.ifaces[i.ID], h)
	return nil
}

// Clone returns a linker that offers the same, to which more can be added.
func (l *Linker) Clone() *Linker {
	c := &Linker{ifaces: maps.Clone(l.ifaces)}
	for name, all := range c.ifaces {
		c.ifaces[name] = slices.Clip(all)
	}
	return c
}

// Only returns a linker that offers those of l's interfaces that keep wants.
func (l *Linker) Only(keep func(wit.InterfaceID) bool) *Linker {
	c := &Linker{ifaces: map[string][]*hostInterface{}}
	for name, all := range l.ifaces {
		for _, h := range all {
			if keep(h.id) {
				c.ifaces[name] = append(c.ifaces[name], h)
			}
		}
	}
	return c
}

// Serves returns the newest version of the interface that this linker offers
// to an import of the given name, and whether it offers one.
func (l *Linker) Serves(name string) (wit.InterfaceID, bool) {
	h := l.find(name)
	if h == nil {
		return wit.InterfaceID{}, false
	}
	return h.id, true
}

// Interfaces returns the names of what this linker offers, with their versions, in
// order.
func (l *Linker) Interfaces() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(l.ifaces)) {
		for _, h := range l.ifaces[name] {
			names = append(names, h.id.String())
		}
	}
	return names
}

// find returns the interface that serves an import: the same name, on the same
// track of versions (Explainer.md, "Canonical Interface Name").
func (l *Linker) find(name string) *hostInterface {
	id, err := wit.ParseInterfaceID(name)
	if err != nil || l == nil {
		return nil
	}
	all := l.ifaces[id.Unversioned().String()]
	i := slices.IndexFunc(all, func(h *hostInterface) bool {
		return h.id.Compatible(id)
	})
	if i < 0 {
		return nil
	}
	return all[i]
}

// offers returns what l offers, in the order of the names; l may be nil.
func (l *Linker) offers() compat.Offers {
	var all compat.Offers
	if l == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(l.ifaces)) {
		for _, h := range l.ifaces[name] {
			all = append(all, h.offer)
		}
	}
	return all
}

// LinkError is an import that cannot be satisfied.
type LinkError struct {
	// Import is the name of the import, "wasi:http/types@0.2.6".
	Import string
	// Item is what in the import is wrong, "[method]fields.get", or empty when
	// it is the import itself.
	Item string
	// Want and Got are the types that differ, where that is the fault: what the
	// component declares and what is served.
	Want, Got string
	// Reason says what is wrong.
	Reason string
	// Next says what to do about it, where that is known.
	Next string
}

func (e *LinkError) Error() string {
	// The component chose most of it, and there may be many.
	return fmt.Sprintf("import %.1000q: %.2000s", e.Import, e.fault())
}

func (e *LinkError) fault() string {
	f := compat.Fault{Item: e.Item, Message: e.Reason, Next: e.Next}
	return f.String()
}

// linkError returns the error of a fault; its Import is still to be set.
func linkError(f compat.Fault) *LinkError {
	return &LinkError{Item: f.Item, Reason: f.Message, Next: f.Next}
}
