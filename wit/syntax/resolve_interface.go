package syntax

import (
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/wit"
)

// typeScope is the scope of an interface or a world: its types, and the names
// that its functions have taken.
type typeScope struct {
	file *fileScope
	// owner is the interface whose scope it is, nil for a world.
	owner *wit.Interface
	// where is how errors call the interface or world.
	where string
	types map[string]*typeEntry
	// taken are the strong names of all there is.
	taken map[string]bool
	// order are the definitions, each after those it refers to.
	order []*wit.TypeDef
}

// typeEntry is a name in a typeScope that stands for a type.
type typeEntry struct {
	name ident
	// item declares the type, unless a use statement brought it.
	item  *typeItem
	def   *wit.TypeDef
	state progress
	shut  string
}

func newTypeScope(file *fileScope, owner *wit.Interface, where string) *typeScope {
	return &typeScope{file: file, owner: owner, where: where, types: map[string]*typeEntry{}, taken: map[string]bool{}}
}

// take reserves a name in the scope.
func (r *resolver) take(s *typeScope, at pos, name string) {
	strong := strongName(name)
	if s.taken[strong] {
		r.errorf(at, "name %q is already defined in %s", name, s.where)
	}
	s.taken[strong] = true
}

// iface resolves an interface of a package, for a mention of it at a place. It
// returns nil, having reported an error, if there is none.
func (r *resolver) iface(e *entry, at pos) *wit.Interface {
	switch e.state {
	case done:
		return e.iface
	case failed:
		return nil
	case underWay:
		r.errorf(at, "interface %q uses types of itself, through the interfaces it uses", e.name.name)
		e.state = failed
		return nil
	}
	if !r.deeper(at) {
		return nil
	}
	defer func() { r.chain-- }()
	e.state = underWay
	iface := &wit.Interface{ID: e.scope.pkg.id.Interface(e.name.name), Docs: e.ifaceItem.docs, Gate: e.ifaceItem.gate}
	e.iface = iface
	types, ok := r.interfaceBody(e.scope, iface, e.ifaceItem.items)
	if e.types = types; !ok || e.state == failed {
		e.state = failed
		return nil
	}
	e.state = done
	return iface
}

// interfaceBody resolves the items of an interface. It returns its types, and
// reports whether that was without errors.
func (r *resolver) interfaceBody(file *fileScope, iface *wit.Interface, items []item) (types map[string]*typeEntry, ok bool) {
	errs := len(r.errs)
	s := newTypeScope(file, iface, "interface "+iface.ID.Name)
	r.declareTypes(s, items)
	// The types first, so that they keep their order: a function may mention one
	// that stands after it.
	r.typeItems(s, items)
	for _, it := range items {
		if open, _ := r.enabled(it.itemAttrs(), file.pkg); !open {
			continue
		}
		switch it := it.(type) {
		case *typeItem:
			for _, f := range it.funcs {
				if open, _ := r.enabled(&f.attrs, file.pkg); !open {
					continue
				}
				r.take(s, f.name.pos, f.name.name)
				if fn := r.fn(s, f, it.name.name); fn != nil {
					iface.Funcs = append(iface.Funcs, fn)
				}
			}
		case *funcItem:
			r.take(s, it.name.pos, it.name.name)
			if fn := r.fn(s, it, ""); fn != nil {
				iface.Funcs = append(iface.Funcs, fn)
			}
		}
	}
	iface.Types = s.order
	return s.types, len(r.errs) == errs
}

// declareTypes puts the names of all types into a scope, and resolves those that
// use statements bring.
func (r *resolver) declareTypes(s *typeScope, items []item) {
	for _, it := range items {
		a := it.itemAttrs()
		open, why := r.enabled(a, s.file.pkg)
		switch it := it.(type) {
		case *useItem:
			if open {
				r.use(s, it)
				continue
			}
			for _, n := range it.names {
				s.types[n.to.name] = &typeEntry{name: n.to, state: failed, shut: why}
			}
		case *typeItem:
			if open {
				r.take(s, it.name.pos, it.name.name)
			}
			s.types[it.name.name] = &typeEntry{name: it.name, item: it, shut: why}
		}
	}
}

// typeItems resolves the types that items declare.
func (r *resolver) typeItems(s *typeScope, items []item) {
	for _, it := range items {
		if t, ok := it.(*typeItem); ok {
			if open, _ := r.enabled(&t.attrs, s.file.pkg); open {
				r.typeDef(s, s.types[t.name.name], t.name.pos)
			}
		}
	}
}

// use resolves a use statement of an interface or world.
func (r *resolver) use(s *typeScope, u *useItem) {
	from := r.usedInterface(s, u)
	for _, n := range u.names {
		t := &typeEntry{name: n.to, state: failed}
		r.take(s, n.to.pos, n.to.name)
		s.types[n.to.name] = t
		if from == nil {
			continue
		}
		found := from.types[n.from.name]
		if found == nil || found.def == nil {
			r.errorf(n.from.pos, "no type %q in interface %s%s", n.from.name, from.iface.ID, r.whyNoType(from, n.from.name))
			continue
		}
		def := found.def
		t.state = done
		t.def = &wit.TypeDef{
			Name: n.to.name, Docs: u.docs, Gate: u.gate,
			Type: def.Type, Resource: def.Resource, Use: def, From: from.iface,
		}
		s.order = append(s.order, t.def)
	}
}

// usedInterface resolves the interface that a use statement names. It returns
// nil, having reported an error, if there is none.
func (r *resolver) usedInterface(s *typeScope, u *useItem) *entry {
	e := r.lookup(s.file, &u.path)
	if e == nil {
		return nil
	}
	if e.ifaceItem == nil {
		r.errorf(u.path.pos, "%q is a world; types are used from interfaces", u.path.name)
		return nil
	}
	if r.iface(e, u.path.pos) == nil {
		return nil
	}
	return e
}

// whyNoType says what an interface has instead of a type of the name.
func (r *resolver) whyNoType(e *entry, name string) string {
	for _, it := range e.ifaceItem.items {
		switch it := it.(type) {
		case *typeItem:
			if it.name.name == name {
				_, why := r.enabled(&it.attrs, e.scope.pkg)
				return ": " + why
			}
		case *funcItem:
			if it.name.name == name {
				return "; that is a function, and only types can be used"
			}
		}
	}
	return nearest.Hint(name, slices.Sorted(maps.Keys(e.types)))
}

// fn resolves a function; resource is the name of the resource it belongs to.
// It returns nil, having reported an error, if that fails.
func (r *resolver) fn(s *typeScope, f *funcItem, resource string) *wit.Func {
	out := &wit.Func{Name: f.name.name, Docs: f.docs, Gate: f.gate, Async: f.async, ExternalID: f.externalID}
	var self *wit.Resource
	if resource != "" {
		def := s.types[resource].def
		if def == nil {
			return nil
		}
		self = def.Resource
	}
	if f.kind == wit.Method {
		out.Params = append(out.Params, wit.Field{Name: "self", Type: &wit.Type{Kind: wit.Borrow, Resource: self}})
	}
	ok := true
	for _, p := range f.params {
		t := r.typeOf(s, p.typ)
		ok = ok && t != nil
		out.Params = append(out.Params, wit.Field{Name: p.name, Docs: p.docs, Type: t})
	}
	if f.result != nil {
		out.Result = r.typeOf(s, f.result)
		ok = ok && out.Result != nil
	}
	if !ok {
		return nil
	}
	if f.kind == wit.Constructor {
		switch res := out.Result; {
		case f.result == nil:
			out.Result = &wit.Type{Kind: wit.Own, Resource: self}
		case res.Kind != wit.Result || res.Ok == nil || res.Ok.Kind != wit.Own || res.Ok.Resource != self:
			r.errorf(f.result.pos, "a constructor of %q returns nothing written, or a result<%s, …>", resource, resource)
			return nil
		}
	}
	if err := r.checker.Func(out); err != nil {
		r.errorf(f.name.pos, "function %q: %v", strings.TrimPrefix(f.name.name, "[constructor]"), err)
		return nil
	}
	return out
}
