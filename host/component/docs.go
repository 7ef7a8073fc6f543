package component

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
)

// docsSection is the custom section that holds what the binary format has no
// place for: documentation and feature gates. It is not part of the standard;
// wasm-tools writes it into WIT packages.
const docsSection = "package-docs"

// maxDocs bounds the section, in bytes.
const maxDocs = 4 << 20

// packageDocs is the section: a byte for its version, 0 or 1, and JSON. What has
// neither documentation nor a gate is left out of it.
type packageDocs struct {
	Docs       string                    `json:"docs"`
	Worlds     map[string]*worldDocs     `json:"worlds"`
	Interfaces map[string]*interfaceDocs `json:"interfaces"`
}

type worldDocs struct {
	itemDocs
	Types map[string]*typeDocs `json:"types"`
	// Interfaces and Funcs are those imported, and those exported under a name
	// that is not also imported, in version 0; the others have fields of their
	// own.
	Interfaces       map[string]*interfaceDocs `json:"interfaces"`
	Funcs            map[string]*funcDocs      `json:"funcs"`
	InterfaceExports map[string]*interfaceDocs `json:"interface_exports"`
	FuncExports      map[string]*funcDocs      `json:"func_exports"`
	// What is said of the import or export of an interface of a package, by the
	// name of that.
	ImportStability map[string]*stability `json:"interface_import_stability"`
	ExportStability map[string]*stability `json:"interface_export_stability"`
	ImportDocs      map[string]string     `json:"interface_import_docs"`
	ExportDocs      map[string]string     `json:"interface_export_docs"`
}

type interfaceDocs struct {
	itemDocs
	Types map[string]*typeDocs `json:"types"`
	Funcs map[string]*funcDocs `json:"funcs"`
}

type typeDocs struct {
	itemDocs
	// Items are the fields, cases or flags.
	Items map[string]string `json:"items"`
}

type itemDocs struct {
	Docs      string     `json:"docs"`
	Stability *stability `json:"stability"`
}

// funcDocs is an object, or in version 0 a string or null.
type funcDocs struct{ itemDocs }

// UnmarshalJSON reads either form.
func (f *funcDocs) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte(`"`)) {
		return json.Unmarshal(b, &f.Docs)
	}
	return json.Unmarshal(b, &f.itemDocs)
}

// stability is a feature gate; one of its fields is set.
type stability struct {
	Stable *struct {
		Since      string `json:"since"`
		Deprecated string `json:"deprecated"`
	} `json:"stable"`
	Unstable *struct {
		Feature    string `json:"feature"`
		Deprecated string `json:"deprecated"`
	} `json:"unstable"`
}

// findDocs returns the section of a component, or nil. Notes say why one cannot
// be used; that is never an error, as a component works without.
func findDocs(ast *binary.Component) (docs *packageDocs, notes []string) {
	for _, c := range ast.Customs {
		switch {
		case c.Name != docsSection:
			continue
		case docs != nil:
			return docs, append(notes, fmt.Sprintf("offset %#x: a second %q section is ignored", c.Offset, docsSection))
		}
		d, err := decodeDocs(c.Data)
		if err != nil {
			return nil, append(notes, fmt.Sprintf("offset %#x: section %q is ignored: %v", c.Offset, docsSection, err))
		}
		docs = d
	}
	return docs, notes
}

func decodeDocs(data []byte) (*packageDocs, error) {
	switch {
	case len(data) == 0:
		return nil, errors.New("it is empty")
	case len(data) > maxDocs:
		return nil, fmt.Errorf("it has %d bytes, limit %d", len(data), maxDocs)
	case data[0] > 1:
		return nil, fmt.Errorf("its version is %d, and 1 is the last that is known", data[0])
	}
	d := &packageDocs{}
	if err := json.Unmarshal(data[1:], d); err != nil {
		return nil, err
	}
	return d, nil
}

// documenter attaches a section to a model.
type documenter struct {
	// version is that of the package, which gates are about; empty if there is
	// none, and no gates then.
	version string
	unknown []string // what the section names and the model does not have
	gates   []string // what has a gate that is none
}

// notes says what could not be attached.
func (m *documenter) notes() []string {
	var notes []string
	for what, names := range map[string][]string{
		"names what is not there":                                      m.unknown,
		"has a feature gate that is none, or not of this version, for": m.gates,
	} {
		if n := len(names); n > 0 {
			const most = 3
			s := fmt.Sprintf("section %q %s: %.200q", docsSection, what, names[:min(n, most)])
			if n > most {
				s += fmt.Sprintf(" and %d more", n-most)
			}
			notes = append(notes, s)
		}
	}
	slices.Sort(notes)
	return notes
}

// pkg attaches the section to the package that it is about.
func (m *documenter) pkg(p *wit.Package, d *packageDocs) {
	m.version = p.ID.Version
	if d.Docs != "" {
		p.Docs = d.Docs
	}
	for _, name := range slices.Sorted(maps.Keys(d.Interfaces)) {
		m.iface(name, p.Interface(name), d.Interfaces[name])
	}
	for _, name := range slices.Sorted(maps.Keys(d.Worlds)) {
		m.world(name, p.World(name), d.Worlds[name])
	}
}

// root attaches the section to the world of a component. Such a section is about
// the world under the name that it was written with, or under the one that is
// given to worlds of components, and names interfaces without their package: it
// means the only one of the name, or none.
func (m *documenter) root(w *wit.World, d *packageDocs) {
	for _, name := range slices.Sorted(maps.Keys(d.Worlds)) {
		if name == w.ID.Name || len(d.Worlds) == 1 {
			m.world(name, w, d.Worlds[name])
		} else {
			m.unknown = append(m.unknown, name)
		}
	}
	byName := map[string][]*wit.Interface{}
	for _, p := range w.Packages() {
		for _, i := range p.Interfaces {
			byName[i.ID.Name] = append(byName[i.ID.Name], i)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Interfaces)) {
		var i *wit.Interface
		m.version = ""
		if found := byName[name]; len(found) == 1 {
			i = found[0]
			m.version = i.ID.Version
		}
		m.iface(name, i, d.Interfaces[name])
	}
}

func (m *documenter) iface(name string, i *wit.Interface, d *interfaceDocs) {
	if d == nil {
		return
	}
	if i == nil {
		m.unknown = append(m.unknown, name)
		return
	}
	m.item(name, &d.itemDocs, &i.Docs, &i.Gate)
	types := make(map[string]*wit.TypeDef, len(i.Types))
	for _, t := range i.Types {
		types[t.Name] = t
	}
	m.types(name+".", types, d.Types)
	funcs := make(map[string]*wit.Func, len(i.Funcs))
	for _, f := range i.Funcs {
		funcs[f.Name] = f
	}
	for _, n := range slices.Sorted(maps.Keys(d.Funcs)) {
		if f := funcs[n]; f != nil && d.Funcs[n] != nil {
			m.item(name+"."+n, &d.Funcs[n].itemDocs, &f.Docs, &f.Gate)
		} else if f == nil {
			m.unknown = append(m.unknown, name+"."+n)
		}
	}
}

func (m *documenter) types(of string, types map[string]*wit.TypeDef, docs map[string]*typeDocs) {
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		d, t := docs[name], types[name]
		switch {
		case t == nil:
			m.unknown = append(m.unknown, of+name)
			continue
		case d == nil:
			continue
		}
		m.item(of+name, &d.itemDocs, &t.Docs, &t.Gate)
		switch {
		case t.Use != nil:
		case t.Resource != nil && t.Alias == nil:
			t.Resource.Docs = t.Docs
		case t.Type != nil:
			t.Type.Docs = t.Docs
			m.members(of+name, t.Type, d.Items)
		}
	}
}

// members documents the fields, cases or flags of a type.
func (m *documenter) members(of string, t *wit.Type, items map[string]string) {
	if len(items) == 0 {
		return
	}
	found := 0
	for i := range t.Fields {
		if docs, ok := items[t.Fields[i].Name]; ok {
			t.Fields[i].Docs = docs
			found++
		}
	}
	if len(t.Labels) > 0 {
		t.LabelDocs = make([]string, len(t.Labels))
		for i, l := range t.Labels {
			if docs, ok := items[l]; ok {
				t.LabelDocs[i] = docs
				found++
			}
		}
	}
	if found < len(items) {
		m.unknown = append(m.unknown, fmt.Sprintf("%s: %d members", of, len(items)-found))
	}
}

// item attaches documentation and a gate.
func (m *documenter) item(name string, d *itemDocs, docs *string, gate *wit.Gate) {
	if d.Docs != "" {
		*docs = d.Docs
	}
	m.gate(name, d.Stability, gate)
}

// gate attaches a gate if it is one that the text format has and that is open.
func (m *documenter) gate(name string, s *stability, gate *wit.Gate) {
	if s == nil {
		return
	}
	have, err := wit.ParseVersion(m.version)
	ok := err == nil
	isVersion := func(v string) bool {
		_, err := wit.ParseVersion(v)
		return err == nil
	}
	var g wit.Gate
	switch {
	case s.Stable != nil:
		since, err := wit.ParseVersion(s.Stable.Since)
		ok = ok && err == nil && since.Compare(have) <= 0
		g.Since, g.Deprecated = s.Stable.Since, s.Stable.Deprecated
	case s.Unstable != nil:
		ok = ok && wit.IsLabel(s.Unstable.Feature)
		g.Unstable, g.Deprecated = s.Unstable.Feature, s.Unstable.Deprecated
	}
	if ok = ok && (g.Deprecated == "" || isVersion(g.Deprecated)); !ok {
		m.gates = append(m.gates, name)
		return
	}
	*gate = g
}

func (m *documenter) world(name string, w *wit.World, d *worldDocs) {
	if d == nil {
		return
	}
	if w == nil {
		m.unknown = append(m.unknown, name)
		return
	}
	m.item(name, &d.itemDocs, &w.Docs, &w.Gate)
	types := map[string]*wit.TypeDef{}
	imports, exports := map[string]*wit.Extern{}, map[string]*wit.Extern{}
	for i := range w.Imports {
		x := &w.Imports[i]
		imports[x.Key()] = x
		if x.Type != nil {
			types[x.Name] = x.Type
		}
	}
	for i := range w.Exports {
		exports[w.Exports[i].Key()] = &w.Exports[i]
	}
	m.types(name+".", types, d.Types)
	for n, t := range d.Types {
		if x := imports[n]; x != nil && x.Type != nil && t != nil {
			x.Docs, x.Gate = x.Type.Docs, x.Type.Gate
		}
	}
	either := maps.Clone(exports)
	maps.Copy(either, imports)
	m.externs(name+".", either, d.Interfaces, d.Funcs)
	m.externs(name+".", exports, d.InterfaceExports, d.FuncExports)
	m.named(name+".", imports, d.ImportStability, d.ImportDocs)
	m.named(name+".", exports, d.ExportStability, d.ExportDocs)
}

// externs documents the interfaces written inside a world, and its functions.
func (m *documenter) externs(of string, externs map[string]*wit.Extern, ifaces map[string]*interfaceDocs, funcs map[string]*funcDocs) {
	for _, n := range slices.Sorted(maps.Keys(ifaces)) {
		x := externs[n]
		if x == nil || x.Interface == nil {
			m.unknown = append(m.unknown, of+n)
			continue
		}
		if m.iface(of+n, x.Interface, ifaces[n]); ifaces[n] != nil {
			x.Docs, x.Gate = x.Interface.Docs, x.Interface.Gate
		}
	}
	for _, n := range slices.Sorted(maps.Keys(funcs)) {
		x := externs[n]
		if x == nil || x.Func == nil {
			m.unknown = append(m.unknown, of+n)
			continue
		}
		if f := funcs[n]; f != nil {
			m.item(of+n, &f.itemDocs, &x.Func.Docs, &x.Func.Gate)
			x.Docs, x.Gate = x.Func.Docs, x.Func.Gate
		}
	}
}

// named documents imports or exports that go by the name of an interface.
func (m *documenter) named(of string, externs map[string]*wit.Extern, gates map[string]*stability, docs map[string]string) {
	for _, n := range slices.Sorted(maps.Keys(gates)) {
		if x := externs[n]; x != nil {
			m.gate(of+n, gates[n], &x.Gate)
		} else {
			m.unknown = append(m.unknown, of+n)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(docs)) {
		if x := externs[n]; x != nil {
			x.Docs = docs[n]
		} else {
			m.unknown = append(m.unknown, of+n)
		}
	}
}
