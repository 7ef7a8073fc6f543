package wit

import (
	"errors"
	"fmt"
)

// Union puts a set of packages together out of parts that were made apart from
// each other. A part may know an interface as a whole, or only what it uses of
// it; interfaces with equal identifiers become one, which has all that any part
// knows of it. The parts are copied.
type Union struct {
	packages   []*Package
	byID       map[PackageID]*Package
	interfaces map[InterfaceID]*Interface
	scopes     map[*Interface]*unionScope
	done       map[*Interface]*Interface
	// What the parts of parts have become.
	defs      map[*TypeDef]*TypeDef
	types     map[*Type]*Type
	resources map[*Resource]*Resource
}

// unionScope is the names of an interface or world.
type unionScope struct {
	owner *Interface // nil for a world
	types map[string]*TypeDef
	funcs map[string]*Func
}

func newUnionScope(owner *Interface) *unionScope {
	return &unionScope{owner: owner, types: map[string]*TypeDef{}, funcs: map[string]*Func{}}
}

// NewUnion returns an empty union.
func NewUnion() *Union {
	return &Union{
		byID: map[PackageID]*Package{}, interfaces: map[InterfaceID]*Interface{}, scopes: map[*Interface]*unionScope{}, done: map[*Interface]*Interface{},
		defs: map[*TypeDef]*TypeDef{}, types: map[*Type]*Type{}, resources: map[*Resource]*Resource{},
	}
}

// Packages returns the packages, in the order in which they were met first.
func (u *Union) Packages() []*Package { return u.packages }

// Declare makes place for an interface, so that it comes before those that are
// added later.
func (u *Union) Declare(id InterfaceID) { u.named(id) }

// pkg returns the package with an identifier.
func (u *Union) pkg(id PackageID) *Package {
	p := u.byID[id]
	if p == nil {
		p = &Package{ID: id}
		u.byID[id] = p
		u.packages = append(u.packages, p)
	}
	return p
}

// named returns the interface of a package.
func (u *Union) named(id InterfaceID) *Interface {
	i := u.interfaces[id]
	if i == nil {
		i = &Interface{ID: id}
		u.interfaces[id], u.scopes[i] = i, newUnionScope(i)
		p := u.pkg(id.PackageID())
		p.Interfaces = append(p.Interfaces, i)
	}
	return i
}

// Interface adds what a part knows of an interface of a package. It is an error
// if another part knows something else under the same name.
func (u *Union) Interface(i *Interface) error {
	_, err := u.iface(i)
	return err
}

func (u *Union) iface(i *Interface) (*Interface, error) {
	if out := u.done[i]; out != nil {
		return out, nil
	}
	var out *Interface
	if i.ID.Package != "" {
		out = u.named(i.ID)
	} else { // written inside a world
		out = &Interface{ID: i.ID}
		u.scopes[out] = newUnionScope(out)
	}
	u.done[i] = out
	if out.Docs == "" {
		out.Docs, out.Gate = i.Docs, i.Gate
	}
	s := u.scopes[out]
	for _, d := range i.Types {
		n, fresh, err := u.def(s, d)
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", out.ID, d.Name, err)
		}
		if fresh {
			out.Types = append(out.Types, n)
		}
	}
	for _, f := range i.Funcs {
		switch have := s.funcs[f.Name]; {
		case have == nil:
			n := u.function(f)
			s.funcs[f.Name] = n
			out.Funcs = append(out.Funcs, n)
		case have.Signature() != f.Signature():
			return nil, fmt.Errorf("%s: %q: has two types", out.ID, f.Name)
		}
	}
	return out, nil
}

// def adds a definition to a scope. It returns the one that stands for it there
// now, and whether that is new.
func (u *Union) def(s *unionScope, d *TypeDef) (n *TypeDef, fresh bool, err error) {
	var from *Interface
	if d.From != nil {
		if from, err = u.iface(d.From); err != nil {
			return nil, false, err
		}
	}
	if have := s.types[d.Name]; have != nil {
		return have, false, u.same(have, d)
	}
	n, err = u.copyDef(d, from)
	if err != nil {
		return nil, false, err
	}
	s.types[d.Name], u.defs[d] = n, n
	return n, true, nil
}

// same makes a definition that is there already stand for another.
func (u *Union) same(have, d *TypeDef) error {
	switch {
	case (have.Resource == nil) != (d.Resource == nil):
		return errors.New("is a resource and another type")
	case d.Resource != nil:
		if r := u.resources[d.Resource]; r != nil && r != have.Resource {
			return errors.New("is two resources")
		}
		u.resources[d.Resource] = have.Resource
	case have.Type.Signature() != d.Type.Signature():
		return errors.New("has two types")
	case u.types[d.Type] == nil:
		u.types[d.Type] = have.Type
	}
	u.defs[d] = have
	return nil
}

func (u *Union) copyDef(d *TypeDef, from *Interface) (*TypeDef, error) {
	n := *d
	n.From = from
	switch {
	case d.Use != nil:
		if n.Use = u.defs[d.Use]; n.Use == nil {
			return nil, fmt.Errorf("is used from %s, which does not have it", d.From.ID)
		}
		n.Type, n.Resource = n.Use.Type, n.Use.Resource
	case d.Resource != nil && d.Alias == nil:
		r := *d.Resource
		n.Resource = &r
		u.resources[d.Resource] = n.Resource
	default:
		n.Alias, n.Resource = u.defs[d.Alias], u.resources[d.Resource]
		n.Type = u.typ(d.Type)
	}
	return &n, nil
}

func (u *Union) function(f *Func) *Func {
	n := *f
	n.Params, n.Result = u.fields(f.Params), u.typ(f.Result)
	return &n
}

func (u *Union) fields(fields []Field) []Field {
	if fields == nil {
		return nil
	}
	out := make([]Field, len(fields))
	for i, f := range fields {
		out[i] = f
		out[i].Type = u.typ(f.Type)
	}
	return out
}

// typ returns what a type has become; nil for nil.
func (u *Union) typ(t *Type) *Type {
	if t == nil {
		return nil
	}
	if n := u.types[t]; n != nil {
		return n
	}
	n := *t
	if t.Owner != nil {
		n.Owner = u.done[t.Owner]
	}
	n.Fields = u.fields(t.Fields)
	n.Elem, n.Value, n.Ok, n.Err = u.typ(t.Elem), u.typ(t.Value), u.typ(t.Ok), u.typ(t.Err)
	if t.Types != nil {
		n.Types = make([]*Type, len(t.Types))
		for i, m := range t.Types {
			n.Types[i] = u.typ(m)
		}
	}
	if r := u.resources[t.Resource]; r != nil {
		n.Resource = r
	}
	u.types[t] = &n
	return &n
}

// World adds a world, with all the interfaces in it, to the package that it is
// named for.
func (u *Union) World(w *World) error {
	p := u.pkg(w.ID.PackageID())
	n := *w
	s := newUnionScope(nil)
	var err error
	if n.Imports, err = u.externs(s, w.Imports); err != nil {
		return fmt.Errorf("world %s: import %w", w.ID, err)
	}
	if n.Exports, err = u.externs(s, w.Exports); err != nil {
		return fmt.Errorf("world %s: export %w", w.ID, err)
	}
	p.Worlds = append(p.Worlds, &n)
	return nil
}

func (u *Union) externs(s *unionScope, externs []Extern) ([]Extern, error) {
	out := make([]Extern, len(externs))
	for i, x := range externs {
		var err error
		switch {
		case x.Interface != nil:
			x.Interface, err = u.iface(x.Interface)
		case x.Func != nil:
			x.Func = u.function(x.Func)
		default:
			x.Type, _, err = u.def(s, x.Type)
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", x.Key(), err)
		}
		out[i] = x
	}
	return out, nil
}
