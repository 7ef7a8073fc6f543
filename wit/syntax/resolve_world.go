package syntax

import (
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// worldBuilder gathers the imports or the exports of a world.
type worldBuilder struct {
	externs []wit.Extern
	// taken are the strong names of the externs, with their index.
	taken map[string]int
}

// world resolves a world, for a mention of it at a place. It returns nil, having
// reported an error, if there is none.
func (r *resolver) world(e *entry, at pos) *wit.World {
	switch e.state {
	case done:
		return e.world
	case failed:
		return nil
	case underWay:
		r.errorf(at, "world %q includes itself", e.name.name)
		e.state = failed
		return nil
	}
	if !r.deeper(at) {
		return nil
	}
	defer func() { r.chain-- }()
	e.state = underWay
	errs := len(r.errs)
	if r.externs > maxExterns {
		r.errorf(at, "worlds have more than %d imports and exports in all", maxExterns)
		e.state = failed
		return nil
	}
	b := &worldScope{
		typeScope: newTypeScope(e.scope, nil, "world "+e.name.name),
		imports:   worldBuilder{taken: map[string]int{}},
		exports:   worldBuilder{taken: map[string]int{}},
	}
	r.worldBody(b, e.worldItem.items)
	if len(r.errs) > errs || e.state == failed {
		e.state = failed
		return nil
	}
	e.world = &wit.World{
		ID: e.scope.pkg.id.Interface(e.name.name), Docs: e.worldItem.docs, Gate: e.worldItem.gate,
		Imports: elaborate(&b.imports, &b.exports), Exports: b.exports.externs,
	}
	r.externs += len(e.world.Imports) + len(e.world.Exports)
	e.state = done
	return e.world
}

// worldScope is a world under construction.
type worldScope struct {
	*typeScope
	imports, exports worldBuilder
}

func (r *resolver) worldBody(w *worldScope, items []item) {
	// The types first: functions may mention one that stands after them.
	r.declareTypes(w.typeScope, items)
	r.typeItems(w.typeScope, items)
	for _, def := range w.order {
		w.imports.add(wit.Extern{Name: def.Name, Docs: def.Docs, Gate: def.Gate, Type: def, ExternalID: def.ExternalID})
	}
	for _, it := range items {
		if open, _ := r.enabled(it.itemAttrs(), w.file.pkg); !open {
			continue
		}
		switch it := it.(type) {
		case *typeItem:
			for _, f := range it.funcs {
				if open, _ := r.enabled(&f.attrs, w.file.pkg); open {
					r.worldFunc(w, &w.imports, f, it.name.name)
				}
			}
		case *externItem:
			r.extern(w, it)
		}
	}
	// What is written comes before what is included.
	for _, it := range items {
		if inc, ok := it.(*includeItem); ok {
			if open, _ := r.enabled(&inc.attrs, w.file.pkg); open {
				r.include(w, inc)
			}
		}
	}
}

// add adds an extern and reports whether its name was free.
func (b *worldBuilder) add(e wit.Extern) bool {
	name := strongName(e.Key())
	if _, taken := b.taken[name]; taken {
		return false
	}
	b.taken[name] = len(b.externs)
	b.externs = append(b.externs, e)
	return true
}

// worldFunc adds a function that is imported or exported.
func (r *resolver) worldFunc(w *worldScope, to *worldBuilder, f *funcItem, resource string) {
	fn := r.fn(w.typeScope, f, resource)
	if fn == nil {
		return
	}
	if !to.add(wit.Extern{Name: fn.Name, Docs: fn.Docs, Gate: fn.Gate, Func: fn, ExternalID: fn.ExternalID}) {
		r.errorf(f.name.pos, "name %q is already defined in %s", fn.Name, w.where)
	}
}

// extern adds an import or an export.
func (r *resolver) extern(w *worldScope, it *externItem) {
	to, verb := &w.imports, "imports"
	if it.export {
		to, verb = &w.exports, "exports"
	}
	if it.fn != nil {
		r.worldFunc(w, to, it.fn, "")
		return
	}
	out := wit.Extern{Name: it.name.name, Docs: it.docs, Gate: it.gate, ExternalID: it.externalID}
	at := it.name.pos
	if it.inline != nil {
		out.Interface = &wit.Interface{ID: wit.InterfaceID{Name: it.name.name}, Docs: it.docs}
		if _, ok := r.interfaceBody(w.file, out.Interface, it.inline.items); !ok {
			return
		}
	} else {
		e := r.lookup(w.file, it.path)
		switch {
		case e == nil:
			return
		case e.ifaceItem == nil:
			r.errorf(it.path.pos, "%q is a world; include it instead", it.path.name)
			return
		}
		if out.Interface = r.iface(e, it.path.pos); out.Interface == nil {
			return
		}
		out.ID = out.Interface.ID
		at = it.path.pos
	}
	if !to.add(out) {
		r.errorf(at, "%s already %s %q", w.where, verb, out.Key())
	}
}

// include adds what another world imports and exports (WIT.md, "Union of Worlds
// with include").
func (r *resolver) include(w *worldScope, it *includeItem) {
	e := r.lookup(w.file, &it.path)
	if e == nil {
		return
	}
	if e.worldItem == nil {
		r.errorf(it.path.pos, "%q is an interface; import or export it instead", it.path.name)
		return
	}
	included := r.world(e, it.path.pos)
	if included == nil {
		return
	}
	names := map[string]bool{}
	for _, externs := range [...][]wit.Extern{included.Imports, included.Exports} {
		for i := range externs {
			names[externs[i].Name] = true
		}
	}
	with := map[string]string{}
	for _, n := range it.with {
		if !names[n.from.name] {
			r.errorf(n.from.pos, "world %s has no import or export with the plain name %q", included.ID, n.from.name)
		}
		if with[n.from.name] != "" {
			r.errorf(n.from.pos, "name %q is replaced twice", n.from.name)
		}
		with[n.from.name] = n.to.name
	}
	r.includeExterns(w, &w.imports, included.Imports, it, with)
	r.includeExterns(w, &w.exports, included.Exports, it, with)
}

func (r *resolver) includeExterns(w *worldScope, to *worldBuilder, externs []wit.Extern, it *includeItem, with map[string]string) {
	for _, e := range externs {
		if r.externs++; r.externs > maxExterns {
			r.errorf(it.path.pos, "worlds have more than %d imports and exports in all", maxExterns)
			return
		}
		if name := with[e.Name]; name != "" {
			e.Name = name
			if e.Func != nil {
				f := *e.Func
				f.Name = name
				e.Func = &f
			}
			if e.Type != nil {
				d := *e.Type
				d.Name = name
				e.Type = &d
			}
		}
		if to.add(e) {
			continue
		}
		have := to.externs[to.taken[strongName(e.Key())]]
		switch {
		case e.Name == "" && have.Name == "":
			// One interface, twice the same.
		case e.Type != nil && have.Type != nil && e.Type.Origin() == have.Type.Origin():
		default:
			r.errorf(it.path.pos, "%q of world %s is already defined in %s; rename it: include … with { %[1]s as other-name }",
				strings.TrimPrefix(e.Key(), "[constructor]"), it.path.String(), w.where)
		}
	}
}

// elaborate returns the imports of a world with the interfaces whose types it
// uses, each before what uses it. An exported interface that uses types of
// another means the exported one if there is one (WIT.md, "Transitive imports
// and worlds").
func elaborate(imports, exports *worldBuilder) []wit.Extern {
	e := elaborator{written: imports, added: map[wit.InterfaceID]bool{}, uses: map[*wit.Interface][]*wit.Interface{}}
	for _, x := range imports.externs {
		if x.Name == "" {
			e.addInterface(x.Interface)
			continue
		}
		if x.Type != nil && x.Type.From != nil {
			e.addInterface(x.Type.From)
		}
		if x.Interface != nil {
			e.addUsed(x.Interface, nil)
		}
		e.out = append(e.out, x)
	}
	for _, x := range exports.externs {
		if x.Interface != nil {
			e.addUsed(x.Interface, exports)
		}
	}
	return e.out
}

type elaborator struct {
	written *worldBuilder
	added   map[wit.InterfaceID]bool
	uses    map[*wit.Interface][]*wit.Interface
	out     []wit.Extern
}

// addInterface adds the import of an interface, after those it uses. Interfaces
// use each other in chains of bounded length.
func (e *elaborator) addInterface(i *wit.Interface) {
	if e.added[i.ID] {
		return
	}
	e.added[i.ID] = true
	e.addUsed(i, nil)
	x := wit.Extern{ID: i.ID, Interface: i}
	if n, ok := e.written.taken[strongName(i.ID.String())]; ok {
		x = e.written.externs[n]
	}
	e.out = append(e.out, x)
}

// addUsed adds the imports of the interfaces that i uses, save those among
// exports.
func (e *elaborator) addUsed(i *wit.Interface, exports *worldBuilder) {
	for _, used := range e.used(i) {
		if exports != nil {
			if _, ok := exports.taken[strongName(used.ID.String())]; ok {
				continue
			}
		}
		e.addInterface(used)
	}
}

// used returns the interfaces that i uses.
func (e *elaborator) used(i *wit.Interface) []*wit.Interface {
	used, ok := e.uses[i]
	if !ok {
		seen := map[*wit.Interface]bool{}
		for _, d := range i.Types {
			if d.From != nil && !seen[d.From] {
				seen[d.From] = true
				used = append(used, d.From)
			}
		}
		e.uses[i] = used
	}
	return used
}
