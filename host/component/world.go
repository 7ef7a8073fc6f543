package component

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
)

// worldID is the name given to the world of a component. The binary format does
// not keep the one it was written with; this is what other tools call it too.
var worldID = wit.InterfaceID{Namespace: "root", Package: "component", Name: "root"}

// maxWorldText bounds the text of a world, were each type written out where it
// is mentioned. Without that bound a small file could have an enormous world.
// For scale: most of WASI 0.2 takes 28 kB.
const maxWorldText = 16 << 20

// World returns the world of a component: what its root imports and exports,
// with the names that the component gives to interfaces, functions, types and
// resources. The types of the result are checked as by [wit.Checker].
//
// World says what a component declares and not that it keeps to it: core modules
// are not looked at, and types are not compared. [Engine.Load] does both.
// Documentation is there if the component has a package-docs section, which few
// have. It is an error if the component imports or exports something that WIT
// cannot express, such as a component.
func World(ast *binary.Component) (*wit.World, error) {
	w, _, err := documentedWorld(ast)
	return w, err
}

// documentedWorld is World, and says what is wrong with the documentation.
func documentedWorld(ast *binary.Component) (*wit.World, []string, error) {
	v, err := survey(ast)
	if err != nil {
		return nil, nil, err
	}
	w, err := newNaming(v.named).world(worldID, v.imports, v.exports)
	if err != nil {
		return nil, nil, err
	}
	docs, notes := findDocs(ast)
	if docs != nil {
		var m documenter
		m.root(w, docs)
		notes = append(notes, m.notes()...)
	}
	return w, notes, nil
}

// world names imports and exports as those of a world.
func (n *naming) world(id wit.InterfaceID, imports, exports []surveyed) (*wit.World, error) {
	w := &wit.World{ID: id}
	s := newNameScope(nil, func(d *wit.TypeDef) {
		w.Imports = append(w.Imports, wit.Extern{Name: d.Name, Type: d})
	})
	for _, x := range imports {
		e, err := n.extern(s, s.taken, x)
		if err != nil {
			return nil, fmt.Errorf("offset %#x: import %q: %w", x.offset, x.name.Name, err)
		}
		w.Imports = append(w.Imports, e)
	}
	taken := map[string]bool{}
	for _, x := range exports {
		e, err := n.extern(s, taken, x)
		if err != nil {
			return nil, fmt.Errorf("offset %#x: export %q: %w", x.offset, x.name.Name, err)
		}
		w.Exports = append(w.Exports, e)
	}
	return w, nil
}

// extern names an import or export of the world.
func (n *naming) extern(s *nameScope, taken map[string]bool, x surveyed) (wit.Extern, error) {
	e, err := externName(x.name)
	if err != nil {
		return e, err
	}
	if err := take(taken, e.Key()); err != nil {
		return e, err
	}
	switch v := x.x.(type) {
	case *instance:
		id := e.ID
		if id.Package == "" {
			if id.Name = e.Name; !wit.IsLabel(e.Name) {
				return e, errors.New("is not a kebab-case name")
			}
		}
		e.Interface, err = n.iface(v, id)
		return e, err
	case *function:
		if e.ID.Package == "" {
			e.Func, err = n.function(s, e.Name, v.typ)
			return e, err
		}
	case *typ:
		if e.ID.Package == "" {
			e.Type, err = n.define(s, e.Name, v)
			return e, err
		}
	}
	return e, fmt.Errorf("is %s, which WIT cannot express here", kindOf(x.x))
}

// externName reads the name of an import or export of a root (Explainer.md,
// "Import and Export Definitions").
func externName(b binary.Name) (e wit.Extern, err error) {
	e.ExternalID = b.ExternalID
	id := b.Name
	switch {
	case b.Implements != "":
		e.Name, id = b.Name, b.Implements
		if !wit.IsLabel(e.Name) {
			return e, errors.New("is not a kebab-case name")
		}
	case !strings.Contains(b.Name, ":"):
		// A function may have an annotated name, so this is not all there is to
		// check.
		e.Name = b.Name
		return e, nil
	}
	e.ID, err = wit.ParseInterfaceID(id + b.VersionSuffix)
	return e, err
}
