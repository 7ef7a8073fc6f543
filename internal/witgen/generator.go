package main

import (
	"bytes"
	"fmt"
	"go/format"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/syntax"
)

// generator generates the bindings of a set of packages.
type generator struct {
	// runtime is the import path of package component.
	runtime string
	// root is the import path below which each WIT package becomes a Go package.
	root string
	// folders are those below root for the packages of a namespace, by the
	// namespaces that are generated.
	folders map[string]string
	// aliases are packages for which nothing is generated, and guests interfaces that
	// guests implement, without versions, though no world says so.
	aliases, guests []string

	packages     map[wit.PackageID]*goPackage
	packageNames map[string]bool
	// types and resources hold what is named.
	types     map[*wit.Type]*namedType
	resources map[*wit.Resource]*namedResource
}

// goPackage is a Go package under construction.
type goPackage struct {
	id   wit.PackageID
	name string
	// dir is the folder, below the root.
	dir  string
	path string
	// taken are the names at package level, with what has each.
	taken map[string]string
	// helpers are the functions that lift and lower the named types of the
	// package, and those of others that it uses.
	helpers map[string]bool
	// wrappers are the error types made for payloads that have no name.
	wrappers map[string]bool
}

// namedType is a WIT type with a Go name.
type namedType struct {
	pkg  *goPackage
	name string
	def  *wit.TypeDef
	// isError says that a function returns it as its error.
	isError bool
}

// namedResource is a WIT resource with a Go name.
type namedResource struct {
	pkg  *goPackage
	name string
}

// generate returns the generated files by name, relative to the root.
func (g *generator) generate(set *syntax.Set) (map[string][]byte, error) {
	g.packages = map[wit.PackageID]*goPackage{}
	g.packageNames = map[string]bool{}
	g.types = map[*wit.Type]*namedType{}
	g.resources = map[*wit.Resource]*namedResource{}
	var mine []*wit.Package
	for _, p := range set.Packages {
		if _, ok := g.folders[p.ID.Namespace]; !ok || slices.Contains(g.aliases, p.ID.String()) {
			continue
		}
		mine = append(mine, p)
		if err := g.name(p, isNewest(p.ID, set)); err != nil {
			return nil, err
		}
	}
	for _, p := range mine {
		g.markErrors(p)
	}
	guest := guestInterfaces(set)
	files := map[string][]byte{}
	for _, p := range mine {
		for _, iface := range p.Interfaces {
			text, err := g.file(iface, guest[iface.ID] || slices.Contains(g.guests, iface.ID.Unversioned().String()))
			if err != nil {
				return nil, fmt.Errorf("interface %s: %w", iface.ID, err)
			}
			pkg := g.packages[p.ID]
			files[path.Join(pkg.dir, strings.ReplaceAll(iface.ID.Name, "-", "_")+"_gen.go")] = text
		}
	}
	return files, nil
}

// guestInterfaces returns the interfaces that worlds export and none imports:
// those that the guest implements.
func guestInterfaces(set *syntax.Set) map[wit.InterfaceID]bool {
	guest := map[wit.InterfaceID]bool{}
	each := func(externs []wit.Extern, f func(wit.InterfaceID)) {
		for _, e := range externs {
			if e.Name == "" {
				f(e.ID)
			}
		}
	}
	for _, p := range set.Packages {
		for _, w := range p.Worlds {
			each(w.Exports, func(id wit.InterfaceID) { guest[id] = true })
		}
	}
	for _, p := range set.Packages {
		for _, w := range p.Worlds {
			each(w.Imports, func(id wit.InterfaceID) { delete(guest, id) })
		}
	}
	return guest
}

// isNewest reports whether no later version of a package is in a set.
func isNewest(id wit.PackageID, set *syntax.Set) bool {
	v, err := wit.ParseVersion(id.Version)
	return err != nil || !slices.ContainsFunc(set.Packages, func(p *wit.Package) bool {
		other, err := wit.ParseVersion(p.ID.Version)
		return err == nil && p.ID.Namespace == id.Namespace && p.ID.Name == id.Name && other.Compare(v) > 0
	})
}

// name gives Go names to what a package declares. Of several versions the newest
// has the folder of the package, and each other one a folder in it.
func (g *generator) name(p *wit.Package, newest bool) error {
	pkg := &goPackage{
		id: p.ID, name: strings.ReplaceAll(p.ID.Name, "-", ""),
		taken: map[string]string{}, helpers: map[string]bool{}, wrappers: map[string]bool{},
	}
	pkg.dir = path.Join(g.folders[p.ID.Namespace], pkg.name)
	if !newest {
		pkg.name = "v" + strings.NewReplacer(".", "", "-", "", "+", "").Replace(p.ID.Version)
		pkg.dir = path.Join(pkg.dir, pkg.name)
	}
	pkg.path = g.root + "/" + pkg.dir
	g.packages[p.ID] = pkg
	g.packageNames[pkg.name] = true
	for _, iface := range p.Interfaces {
		if needsImpl(iface) {
			if err := pkg.take(implName(iface), "interface "+iface.ID.Name); err != nil {
				return err
			}
		}
		if err := pkg.take("Define"+goName(iface.ID.Name), "interface "+iface.ID.Name); err != nil {
			return err
		}
		for _, d := range iface.Types {
			if d.Use != nil {
				continue
			}
			name := goName(d.Name)
			if pkg.taken[name] != "" {
				name = goName(iface.ID.Name) + name
			}
			if err := pkg.take(name, "type "+iface.ID.Name+"."+d.Name); err != nil {
				return err
			}
			if err := g.nameType(pkg, name, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// nameType records the Go name of a definition, with the names of its cases.
func (g *generator) nameType(pkg *goPackage, name string, d *wit.TypeDef) error {
	if d.Type == nil {
		if d.Alias == nil {
			g.resources[d.Resource] = &namedResource{pkg: pkg, name: name}
			return pkg.take(name+"Resource", "resource "+d.Name)
		}
		return nil
	}
	g.types[d.Type] = &namedType{pkg: pkg, name: name, def: d}
	if d.Alias != nil {
		return nil
	}
	var cases []string
	switch d.Type.Kind {
	case wit.Enum, wit.Flags:
		for _, label := range d.Type.Labels {
			cases = append(cases, goName(label))
		}
	case wit.Variant:
		if err := pkg.take(name+"Tag", "variant "+d.Name); err != nil {
			return err
		}
		for _, c := range d.Type.Fields {
			cases = append(cases, caseName(c.Name))
		}
	}
	for _, c := range cases {
		if err := pkg.take(name+c, "case "+c+" of "+d.Name); err != nil {
			return err
		}
	}
	return nil
}

// take reserves a name at package level.
func (p *goPackage) take(name, what string) error {
	if have := p.taken[name]; have != "" {
		return fmt.Errorf("package %s: %s and %s are both %s in Go", p.id, have, what, name)
	}
	p.taken[name] = what
	return nil
}

// markErrors finds the types that functions return as errors.
func (g *generator) markErrors(p *wit.Package) {
	for _, iface := range p.Interfaces {
		for _, f := range iface.Funcs {
			if f.Result == nil || f.Result.Kind != wit.Result || f.Result.Err == nil {
				continue
			}
			if n := g.origin(f.Result.Err); n != nil {
				n.isError = true
			}
		}
	}
}

// origin returns the named type that a type is, behind its aliases, if that is
// one that can have methods in Go.
func (g *generator) origin(t *wit.Type) *namedType {
	n := g.types[t]
	if n == nil {
		return nil
	}
	n = g.types[n.def.Origin().Type]
	if n == nil {
		return nil
	}
	switch n.def.Type.Kind {
	case wit.Record, wit.Variant, wit.Enum, wit.Flags:
		return n
	}
	return nil
}

// needsImpl reports whether an interface has functions that are not methods.
func needsImpl(iface *wit.Interface) bool {
	return slices.ContainsFunc(iface.Funcs, func(f *wit.Func) bool {
		kind, _, _ := f.Split()
		return kind != wit.Method
	})
}

// implName returns the Go name of what implements the functions of an interface
// that are not methods: that of the interface, unless one of its types has it.
func implName(iface *wit.Interface) string {
	name := goName(iface.ID.Name)
	if slices.ContainsFunc(iface.Types, func(d *wit.TypeDef) bool { return goName(d.Name) == name }) {
		name += "Funcs"
	}
	return name
}

// fileGen generates one file.
type fileGen struct {
	*generator
	pkg   *goPackage
	iface *wit.Interface
	// imports are the packages that the file uses, by name.
	imports map[string]string
	body    bytes.Buffer
	// tail holds the functions that the body needs.
	tail bytes.Buffer
	// temps counts the temporaries of the function under construction.
	temps int
	// w is where statements go.
	w *bytes.Buffer
	// err is the first thing that cannot be generated.
	err error
}

// file returns the file of an interface.
func (g *generator) file(iface *wit.Interface, guest bool) ([]byte, error) {
	f := &fileGen{generator: g, pkg: g.packages[iface.ID.PackageID()], iface: iface, imports: map[string]string{}}
	f.w = &f.body
	if guest {
		f.signatures()
	} else {
		f.hostInterface()
	}
	if f.err != nil {
		return nil, f.err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, header, f.pkg.id)
	fmt.Fprintf(&out, "\npackage %s\n", f.pkg.name)
	if len(f.imports) > 0 {
		out.WriteString("\nimport (\n")
		// The standard library first, as gofumpt wants it.
		for _, std := range [...]bool{true, false} {
			for _, name := range slices.Sorted(maps.Keys(f.imports)) {
				if p := f.imports[name]; std != strings.Contains(p, ".") {
					fmt.Fprintf(&out, "%q\n", p)
				}
			}
			out.WriteString("\n")
		}
		out.WriteString(")\n")
	}
	out.Write(f.body.Bytes())
	out.Write(f.tail.Bytes())
	text, err := format.Source(out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("generated Go: %w", err)
	}
	return text, nil
}

// p writes a line.
func (f *fileGen) p(format string, args ...any) {
	fmt.Fprintf(f.w, format, args...)
	f.w.WriteByte('\n')
}

// unsupported records that something cannot be generated.
func (f *fileGen) unsupported(what string) {
	if f.err == nil {
		f.err = fmt.Errorf("%s: not supported in host bindings", what)
	}
}

// use imports a package and returns its name.
func (f *fileGen) use(importPath string) string {
	name := path.Base(importPath)
	if have, ok := f.imports[name]; ok && have != importPath && f.err == nil {
		f.err = fmt.Errorf("packages %s and %s have the same name", have, importPath)
	}
	f.imports[name] = importPath
	return name
}

// temp returns a new name.
func (f *fileGen) temp(prefix string) string {
	f.temps++
	return fmt.Sprintf("%s%d", prefix, f.temps)
}
