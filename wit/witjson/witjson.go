package witjson

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/wattle-dev/wattle/wit"
)

// Marshal returns packages as a document, indented. What the packages use of
// others is part of it, given or not. The types are such that a [wit.Checker]
// accepts them.
func Marshal(packages ...*wit.Package) []byte {
	e := &encoder{
		packageIDs: map[wit.PackageID]int{},
		ifaceIDs:   map[*wit.Interface]int{},
		defIDs:     map[*wit.TypeDef]int{},
		anonymous:  map[string]int{},
	}
	for _, p := range packages {
		e.pkg(p)
	}
	return e.document()
}

// encoder builds the arrays.
type encoder struct {
	packages   []*packageItem
	packageIDs map[wit.PackageID]int
	interfaces []any
	ifaceIDs   map[*wit.Interface]int
	worlds     []any
	types      []any
	defIDs     map[*wit.TypeDef]int
	// anonymous maps types without a name, written as JSON, to their index.
	anonymous map[string]int
}

// packageItem is a package while it is gathered.
type packageItem struct {
	id                 wit.PackageID
	docs               string
	interfaces, worlds object
}

// scope is the names by which an interface or world knows types.
type scope struct {
	owner     any
	types     map[*wit.Type]int
	resources map[*wit.Resource]int
	named     map[string]int // resources by name
}

func (e *encoder) document() []byte {
	packages := make([]any, len(e.packages))
	for i, p := range e.packages {
		o := object{{"name", p.id.String()}}
		o = documented(o, p.docs, wit.Gate{}, "")
		packages[i] = append(o, member{"interfaces", p.interfaces}, member{"worlds", p.worlds})
	}
	var b, out bytes.Buffer
	appendValue(&b, object{{"worlds", e.worlds}, {"interfaces", e.interfaces}, {"types", e.types}, {"packages", packages}})
	_ = json.Indent(&out, b.Bytes(), "", "  ") // b is JSON
	out.WriteByte('\n')
	return out.Bytes()
}

// packageOf returns the index of a package, which is added if it is new.
func (e *encoder) packageOf(id wit.PackageID) int {
	n, ok := e.packageIDs[id]
	if !ok {
		n = len(e.packages)
		e.packageIDs[id] = n
		e.packages = append(e.packages, &packageItem{id: id})
	}
	return n
}

func (e *encoder) pkg(p *wit.Package) {
	n := e.packageOf(p.ID)
	e.packages[n].docs = p.Docs
	for _, i := range p.Interfaces {
		e.iface(i, n)
	}
	for _, w := range p.Worlds {
		e.world(w, n)
	}
}

// iface returns the index of an interface; pkg is the package it is written in.
func (e *encoder) iface(i *wit.Interface, pkg int) int {
	if n, ok := e.ifaceIDs[i]; ok {
		return n
	}
	n := len(e.interfaces)
	e.ifaceIDs[i] = n
	e.interfaces = append(e.interfaces, nil) // its place; what it uses comes after
	var name any
	if i.ID.Package != "" {
		name = i.ID.Name
		pkg = e.packageOf(i.ID.PackageID())
		p := e.packages[pkg]
		p.interfaces = append(p.interfaces, member{i.ID.Name, n})
	}
	s := newScope("interface", n)
	types := object{}
	for _, d := range i.Types {
		types = append(types, member{d.Name, e.def(s, d)})
	}
	funcs := object{}
	for _, f := range i.Funcs {
		funcs = append(funcs, member{f.Name, e.function(s, f, f.Name, f.Docs, f.Gate, f.ExternalID)})
	}
	o := object{{"name", name}, {"types", types}, {"functions", funcs}}
	e.interfaces[n] = append(documented(o, i.Docs, i.Gate, ""), member{"package", pkg})
	return n
}

func newScope(kind string, n int) *scope {
	return &scope{owner: object{{kind, n}}, types: map[*wit.Type]int{}, resources: map[*wit.Resource]int{}, named: map[string]int{}}
}

func (e *encoder) world(w *wit.World, pkg int) {
	n := len(e.worlds)
	e.worlds = append(e.worlds, nil)
	p := e.packages[pkg]
	p.worlds = append(p.worlds, member{w.ID.Name, n})
	s := newScope("world", n)
	// The types first: a function may stand before a type that it mentions.
	for i := range w.Imports {
		if d := w.Imports[i].Type; d != nil {
			e.def(s, d)
		}
	}
	o := object{{"name", w.ID.Name}, {"imports", e.externs(s, w.Imports, pkg)}, {"exports", e.externs(s, w.Exports, pkg)}, {"package", pkg}}
	e.worlds[n] = documented(o, w.Docs, w.Gate, "")
}

func (e *encoder) externs(s *scope, externs []wit.Extern, pkg int) object {
	out := object{}
	for i := range externs {
		x := &externs[i]
		m := member{key: x.Name}
		switch {
		case x.Interface != nil:
			n := e.iface(x.Interface, pkg)
			if x.Name == "" {
				m.key = fmt.Sprintf("interface-%d", n)
			}
			m.value = object{{"interface", documented(object{{"id", n}}, x.Docs, x.Gate, x.ExternalID)}}
		case x.Func != nil:
			m.value = object{{"function", e.function(s, x.Func, x.Name, x.Docs, x.Gate, x.ExternalID)}}
		default:
			m.value = object{{"type", e.def(s, x.Type)}}
		}
		out = append(out, m)
	}
	return out
}

// documented adds what may be said of anything.
func documented(o object, docs string, g wit.Gate, externalID string) object {
	if docs != "" {
		o = append(o, member{"docs", object{{"contents", docs}}})
	}
	switch {
	case g.Since != "":
		o = append(o, member{"stability", object{{"stable", deprecated(object{{"since", g.Since}}, g)}}})
	case g.Unstable != "":
		o = append(o, member{"stability", object{{"unstable", deprecated(object{{"feature", g.Unstable}}, g)}}})
	}
	if externalID != "" {
		o = append(o, member{"external_id", externalID})
	}
	return o
}

func deprecated(o object, g wit.Gate) object {
	if g.Deprecated != "" {
		o = append(o, member{"deprecated", g.Deprecated})
	}
	return o
}

func (e *encoder) function(s *scope, f *wit.Func, name, docs string, g wit.Gate, externalID string) object {
	params := []any{}
	for _, p := range f.Params {
		params = append(params, object{{"name", p.Name}, {"type", e.typ(s, p.Type)}})
	}
	o := object{{"name", name}, {"kind", e.functionKind(s, f)}, {"params", params}}
	if f.Result != nil {
		o = append(o, member{"result", e.typ(s, f.Result)})
	}
	return documented(o, docs, g, externalID)
}

func (e *encoder) functionKind(s *scope, f *wit.Func) any {
	kind, resource, _ := f.Split()
	name := [...]string{wit.Freestanding: "freestanding", wit.Method: "method", wit.Static: "static", wit.Constructor: "constructor"}[kind]
	if f.Async {
		name = "async-" + name
	}
	if kind == wit.Freestanding {
		return name
	}
	return object{{name, s.named[resource]}}
}
