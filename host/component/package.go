package component

import (
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
)

// IsPackage reports whether a component is a WIT package in its binary form
// (WIT.md, "Package Format"), and so nothing that runs: it exports types, each
// the type of a component, and has nothing else to give or to ask.
func IsPackage(ast *binary.Component) bool {
	found := false
	for _, d := range ast.Defs {
		switch d := d.(type) {
		case *binary.TypeDef:
			if d.Component == nil {
				return false
			}
		case *binary.Export:
			if d.Sort != binary.SortType {
				return false
			}
			found = true
		default:
			return false
		}
	}
	return found
}

// WIT is what a binary says in terms of WIT.
type WIT struct {
	// Packages are the package that the binary is the binary form of, or the one
	// of World, and after it the packages that it mentions, which have no more
	// than what is mentioned.
	Packages []*wit.Package
	// World is the world of a component; nil for a WIT package.
	World *wit.World
	// Notes say what there was to complain about that does not matter: the
	// documentation is malformed, or is about something else.
	Notes []string
}

// DecodeWIT returns the WIT that is in a binary, a component or a package, with
// the documentation that its package-docs section has. What [World] says about
// checks holds for packages as well. The error is that of [binary.Decode], or
// says what WIT cannot express.
//
// The form with one component type for a whole package, which wasm-tools wrote
// until 2023, is read too.
func DecodeWIT(wasm []byte) (*WIT, error) {
	ast, err := binary.Decode(wasm, nil)
	if err != nil {
		return nil, err
	}
	if !IsPackage(ast) {
		w, notes, err := documentedWorld(ast)
		if err != nil {
			return nil, err
		}
		return &WIT{Packages: w.Packages(), World: w, Notes: notes}, nil
	}
	packages, err := decodePackages(ast)
	if err != nil {
		return nil, err
	}
	docs, notes := findDocs(ast)
	if docs != nil {
		var m documenter
		m.pkg(packages[0], docs)
		notes = append(notes, m.notes()...)
	}
	return &WIT{Packages: packages, Notes: notes}, nil
}

func decodePackages(ast *binary.Component) ([]*wit.Package, error) {
	v := &surveyor{types: newInterner(), named: map[*wit.Type]*wit.Type{}}
	if _, err := v.instantiate(&closure{ast: ast}, nil); err != nil {
		return nil, err
	}
	p := &packageReader{v: v, union: wit.NewUnion()}
	for _, x := range v.exports {
		t, ok := x.x.(*typ)
		if !ok || t.component == nil {
			return nil, fmt.Errorf("offset %#x: export %q is not the type of a component", x.offset, x.name.Name)
		}
		if err := p.item(t.component); err != nil {
			return nil, fmt.Errorf("offset %#x: export %q: %w", x.offset, x.name.Name, err)
		}
	}
	return p.finish()
}

// packageReader puts a package together. Each of its interfaces and worlds is
// encoded on its own, with a copy of what it uses of others.
type packageReader struct {
	v      *surveyor
	union  *wit.Union
	id     wit.PackageID
	ifaces []*wit.Interface
	worlds []*wit.World
	// What naming has spent, for all of them together.
	work, written int
}

// item reads the component type that an interface or a world is wrapped in.
func (p *packageReader) item(t *typeClosure) error {
	imports, exports, err := p.v.declaredComponent(t)
	if err != nil {
		return err
	}
	if len(exports) == 0 {
		return errors.New("has neither an interface nor a world in it")
	}
	var ifaces []surveyed
	for _, x := range exports {
		id, err := wit.ParseInterfaceID(x.name.Name)
		if err != nil {
			return err
		}
		if p.id == (wit.PackageID{}) {
			p.id = id.PackageID()
		}
		if id.PackageID() != p.id {
			return fmt.Errorf("is in package %s, others are in %s", id.PackageID(), p.id)
		}
		t, ok := x.x.(*typ)
		if !ok {
			p.union.Declare(id)
			ifaces = append(ifaces, x)
			continue
		}
		if t.component == nil {
			return fmt.Errorf("%q is neither an interface nor a world", x.name.Name)
		}
		of, to, err := p.v.declaredComponent(t.component)
		if err != nil {
			return err
		}
		w, err := p.world(id, of, to)
		if err != nil {
			return err
		}
		p.worlds = append(p.worlds, w)
	}
	// The interfaces are those that the wrapper exports, seen as a world.
	w, err := p.world(wit.InterfaceID{}, imports, ifaces)
	if err != nil {
		return err
	}
	for i := range w.Exports {
		if w.Exports[i].Interface == nil {
			return fmt.Errorf("%q is neither an interface nor a world", w.Exports[i].Key())
		}
		p.ifaces = append(p.ifaces, w.Exports[i].Interface)
	}
	return nil
}

// world names what a component type imports and exports.
func (p *packageReader) world(id wit.InterfaceID, imports, exports []surveyed) (*wit.World, error) {
	n := newNaming(p.v.named)
	n.work, n.written = p.work, p.written
	w, err := n.world(id, imports, exports)
	p.work, p.written = n.work, n.written
	return w, err
}

// finish unites the interfaces and worlds.
func (p *packageReader) finish() ([]*wit.Package, error) {
	for _, i := range p.ifaces {
		if err := p.union.Interface(i); err != nil {
			return nil, err
		}
	}
	for _, w := range p.worlds {
		if err := p.union.World(w); err != nil {
			return nil, err
		}
	}
	packages := p.union.Packages()
	for i, pkg := range packages {
		if pkg.ID == p.id {
			packages[0], packages[i] = packages[i], packages[0]
		}
	}
	return packages, nil
}
