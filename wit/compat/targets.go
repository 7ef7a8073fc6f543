package compat

import (
	"fmt"

	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/wit"
)

// Report says how a component fits a world.
type Report struct {
	// Imports judges each import of the component, Exports each export of the
	// world, in order. By is what the other of the two has for it.
	Imports, Exports []Verdict
}

// OK reports whether the component fits the world.
func (r *Report) OK() bool {
	for _, vs := range [...][]Verdict{r.Imports, r.Exports} {
		for i := range vs {
			if !vs[i].OK() {
				return false
			}
		}
	}
	return true
}

// Targets judges whether a component, of which the world is given, fits another
// world: whatever provides all that the world imports, and wants no more than it
// exports, can run the component.
func Targets(component, world *wit.World) *Report {
	r := &Report{}
	has, wants := sides(component), sides(world)
	imports := matching{
		offers: world.Imports, nobody: fmt.Sprintf("world %s imports nothing of that name", world.ID), has: "the world imports ",
		comparer: comparer{sameResource: sameSide(wants, has, imported)},
	}
	for i := range component.Imports {
		r.Imports = append(r.Imports, imports.verdict(&component.Imports[i]))
	}
	exports := matching{
		offers: component.Exports, nobody: fmt.Sprintf("world %s exports it, the component does not", world.ID), has: "the component exports ",
		comparer: comparer{sameResource: sameSide(has, wants, exported)},
	}
	for i := range world.Exports {
		r.Exports = append(r.Exports, exports.verdict(&world.Exports[i]))
	}
	return r
}

// side says on which side of a world a resource is declared. The model of a text
// has one interface for an import and an export of it, and its resources are on
// both sides; which is meant follows from where they are mentioned (WIT.md,
// "Transitive imports and worlds").
type side uint8

const (
	imported side = 1 << iota
	exported
)

func sides(w *wit.World) map[*wit.Resource]side {
	m := map[*wit.Resource]side{}
	add := func(d *wit.TypeDef, s side) {
		if d.Resource != nil && d.Use == nil && d.Alias == nil {
			m[d.Resource] |= s
		}
	}
	for s, externs := range map[side][]wit.Extern{imported: w.Imports, exported: w.Exports} {
		for i := range externs {
			if x := &externs[i]; x.Type != nil {
				add(x.Type, s)
			} else if x.Interface != nil {
				for _, d := range x.Interface.Types {
					add(d, s)
				}
			}
		}
	}
	return m
}

// sameSide returns a function that says whether two resources are on the same
// side, as seen from a side of each world, and on the same track.
func sameSide(offered, wanted map[*wit.Resource]side, from side) func(o, w *wit.Resource) bool {
	on := func(m map[*wit.Resource]side, r *wit.Resource) side {
		if s := m[r]; s == imported || s == exported {
			return s
		}
		return from
	}
	return func(o, w *wit.Resource) bool {
		return on(offered, o) == on(wanted, w) && o.Owner.Compatible(w.Owner)
	}
}

// matching finds, for what one world wants, what another offers.
type matching struct {
	offers      []wit.Extern
	nobody, has string // how to say that there is nothing, and what there is
	comparer    comparer
}

func (m *matching) verdict(x *wit.Extern) Verdict {
	v := Verdict{Name: x.Key()}
	o := m.find(x)
	if o == nil {
		v.Faults = []Fault{m.missing(x)}
		return v
	}
	v.By = o.ID
	if o.Name != "" {
		v.By = wit.InterfaceID{Name: o.Name}
	}
	switch {
	case x.Interface != nil && o.Interface != nil:
		v.Faults = m.comparer.iface(Offer{Interface: o.Interface}, x.Interface)
	case x.Func != nil && o.Func != nil:
		v.differ(m.comparer.funcs(o.Func, x.Func))
	case x.Type != nil && o.Type != nil:
		v.differ(m.comparer.typeDefs(o.Type, x.Type))
	default:
		v.Faults = []Fault{{Message: fmt.Sprintf("%s offered, %s expected", sortOf(o), sortOf(x))}}
	}
	return v
}

func (v *Verdict) differ(d *Difference) {
	if d != nil {
		v.Faults = []Fault{{Message: d.String()}}
	}
}

func sortOf(x *wit.Extern) string {
	switch {
	case x.Interface != nil:
		return "an interface"
	case x.Func != nil:
		return "a function"
	}
	return "a type"
}

func (m *matching) find(x *wit.Extern) *wit.Extern {
	for i := range m.offers {
		if o := &m.offers[i]; o.Name == x.Name && (x.Name != "" || o.ID.Compatible(x.ID)) {
			return o
		}
	}
	return nil
}

func (m *matching) missing(x *wit.Extern) Fault {
	f := Fault{Message: m.nobody}
	var names []string
	for i := range m.offers {
		o := &m.offers[i]
		switch {
		case x.Name != "" && o.Name != "":
			names = append(names, o.Name)
		case x.Name == "" && o.Name == "" && o.ID.Unversioned() == x.ID.Unversioned():
			f.Next = m.has + o.Key() + ", and " + because(x.ID.Version)
			return f
		case x.Name == "" && o.Name == "" && o.ID.PackageID() == x.ID.PackageID():
			names = append(names, o.ID.Name)
		}
	}
	name := x.Name
	if name == "" {
		name = x.ID.Name
	}
	if near, ok := nearest.Of(name, names); ok {
		f.Next = fmt.Sprintf("%s%q", m.has, near)
	}
	return f
}
