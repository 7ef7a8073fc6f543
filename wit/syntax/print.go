package syntax

import (
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// Print returns the text of packages: the first as the package of a file, the
// others nested in braces. Parse reads the text back as the same packages.
//
// A world is printed with all it imports, the interfaces that only its types
// need among them, and without the includes it was made of. Of a model that was
// not made by Parse, a type without a name that WIT can only declare, such as an
// anonymous record, is printed as its signature.
func Print(packages ...*wit.Package) string {
	p := &printer{}
	for i, pkg := range packages {
		p.pkg = pkg.ID
		p.separate(i > 0)
		p.docs(pkg.Docs)
		if i == 0 {
			p.line("package " + packageName(pkg.ID) + ";")
			p.items(pkg, true)
			continue
		}
		p.open("package " + packageName(pkg.ID) + " {")
		p.items(pkg, false)
		p.close()
	}
	return p.b.String()
}

// PrintInterface returns the text of an interface.
func PrintInterface(i *wit.Interface) string {
	p := &printer{pkg: i.ID.PackageID()}
	p.iface(i)
	return p.b.String()
}

// PrintWorld returns the text of a world.
func PrintWorld(w *wit.World) string {
	p := &printer{pkg: w.ID.PackageID()}
	p.world(w)
	return p.b.String()
}

// printer writes lines with indentation.
type printer struct {
	b strings.Builder
	// pkg is the package whose interfaces need no path.
	pkg    wit.PackageID
	indent int
	// names are the names of what is in scope.
	names names
}

// names are the names that types have in a scope.
type names struct {
	types     map[*wit.Type]string
	resources map[*wit.Resource]string
}

func (p *printer) line(s string) {
	if s != "" {
		for range p.indent {
			p.b.WriteString("  ")
		}
	}
	p.b.WriteString(s)
	p.b.WriteByte('\n')
}

func (p *printer) open(s string) {
	p.line(s)
	p.indent++
}

func (p *printer) close() {
	p.indent--
	p.line("}")
}

// separate writes an empty line if something stands before it.
func (p *printer) separate(something bool) {
	if something {
		p.line("")
	}
}

func (p *printer) docs(docs string) {
	if docs == "" {
		return
	}
	for line := range strings.SplitSeq(docs, "\n") {
		p.line(strings.TrimRight("/// "+printable(line), " \t\r"))
	}
}

// printable replaces what Parse refuses, which a binary may contain.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if refused(r) != "" {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// attrs writes what stands before an item.
func (p *printer) attrs(docs string, g wit.Gate, externalID string) {
	p.docs(docs)
	if g.Since != "" {
		p.line("@since(version = " + g.Since + ")")
	}
	if g.Unstable != "" {
		p.line("@unstable(feature = " + id(g.Unstable) + ")")
	}
	if g.Deprecated != "" {
		p.line("@deprecated(version = " + g.Deprecated + ")")
	}
	if externalID != "" {
		p.line("@external-id(" + quote(externalID) + ")")
	}
}

// id returns a name as it has to be written.
func id(name string) string {
	if keywords[name] {
		return "%" + name
	}
	return name
}

func packageName(pkg wit.PackageID) string {
	s := id(pkg.Namespace) + ":" + id(pkg.Name)
	if pkg.Version != "" {
		s += "@" + pkg.Version
	}
	return s
}

// path returns the path to an interface.
func (p *printer) path(i wit.InterfaceID) string {
	if i.PackageID() == p.pkg {
		return id(i.Name)
	}
	s := id(i.Namespace) + ":" + id(i.Package) + "/" + id(i.Name)
	if i.Version != "" {
		s += "@" + i.Version
	}
	return s
}

func (p *printer) items(pkg *wit.Package, something bool) {
	for _, i := range pkg.Interfaces {
		p.separate(something)
		something = true
		p.iface(i)
	}
	for _, w := range pkg.Worlds {
		p.separate(something)
		something = true
		p.world(w)
	}
}

func (p *printer) iface(i *wit.Interface) {
	p.attrs(i.Docs, i.Gate, "")
	p.open("interface " + id(i.ID.Name) + " {")
	p.interfaceBody(i)
	p.close()
}

// interfaceBody prints the items of an interface: uses, types, functions.
func (p *printer) interfaceBody(i *wit.Interface) {
	outer := p.names
	defer func() { p.names = outer }()
	p.scope(i.Types)
	p.typeDefs(i.Types, i.Funcs)
	something := len(i.Types) > 0
	for _, f := range i.Funcs {
		if kind, _, _ := f.Split(); kind == wit.Freestanding {
			p.separate(something)
			something = true
			p.fn(f, id(f.Name)+": ")
		}
	}
}

// scope makes the names of definitions those in scope.
func (p *printer) scope(defs []*wit.TypeDef) {
	p.names = names{types: map[*wit.Type]string{}, resources: map[*wit.Resource]string{}}
	for _, d := range defs {
		// The first name of a resource is the one it has; others are aliases.
		if d.Resource != nil {
			if _, named := p.names.resources[d.Resource]; !named {
				p.names.resources[d.Resource] = d.Name
			}
		} else if _, named := p.names.types[d.Type]; !named {
			p.names.types[d.Type] = d.Name
		}
	}
}

// typeDefs prints definitions, and of funcs those of the resources among them.
func (p *printer) typeDefs(defs []*wit.TypeDef, funcs []*wit.Func) {
	something := false
	for i, d := range defs {
		if d.Use == nil {
			continue
		}
		if i > 0 && sameUse(defs[i-1], d) {
			continue // printed with the one before
		}
		p.attrs(d.Docs, d.Gate, "")
		p.use(defs[i:])
		something = true
	}
	for _, d := range defs {
		if d.Use == nil {
			p.separate(something)
			something = true
			p.typeDef(d, funcs)
		}
	}
}

// sameUse reports whether one use statement can bring both.
func sameUse(a, b *wit.TypeDef) bool {
	return a.Use != nil && a.From == b.From && a.Gate == b.Gate && a.Docs == b.Docs
}

// use prints a use statement for the first of defs and those that follow with
// the same origin.
func (p *printer) use(defs []*wit.TypeDef) {
	var used []string
	for _, d := range defs {
		if !sameUse(defs[0], d) || d.Use == nil {
			break
		}
		name := id(d.Use.Name)
		if d.Name != d.Use.Name {
			name += " as " + id(d.Name)
		}
		used = append(used, name)
	}
	p.line("use " + p.path(defs[0].From.ID) + ".{" + strings.Join(used, ", ") + "};")
}

// fn prints a function after its documentation; name is what precedes its type.
func (p *printer) fn(f *wit.Func, name string) {
	p.attrs(f.Docs, f.Gate, f.ExternalID)
	params := f.Params
	kind, resource, _ := f.Split()
	if kind == wit.Method && len(params) > 0 {
		params = params[1:]
	}
	s := name
	if kind != wit.Constructor {
		if f.Async {
			s += "async "
		}
		s += "func"
	}
	result := ""
	if f.Result != nil && (kind != wit.Constructor || f.Result.Kind != wit.Own || p.names.resources[f.Result.Resource] != resource) {
		result = " -> " + p.typ(f.Result)
	}
	if !slices.ContainsFunc(params, func(f wit.Field) bool { return f.Docs != "" }) {
		list := make([]string, len(params))
		for i, param := range params {
			list[i] = id(param.Name) + ": " + p.typ(param.Type)
		}
		p.line(s + "(" + strings.Join(list, ", ") + ")" + result + ";")
		return
	}
	p.open(s + "(")
	for _, param := range params {
		p.docs(param.Docs)
		p.line(id(param.Name) + ": " + p.typ(param.Type) + ",")
	}
	p.indent--
	p.line(")" + result + ";")
}
