package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator writes packages by chance. What it writes is mostly right.
type generator struct {
	rng *rand.Rand
	b   strings.Builder
	n   int // names so far
	// interfaces are those that can be used, with their types.
	interfaces []*genInterface
	worlds     []string
	version    string
}

type genInterface struct {
	path  string // as it is named from another package
	local string // as it is named in its own
	types []genType
}

// genType is a type that has a name.
type genType struct {
	name     string
	resource bool
}

// generate returns a package of that seed and number.
func generate(seed, number uint64) *subject {
	g := &generator{rng: rand.New(rand.NewPCG(seed, number))}
	dep := g.pkg("dep:one", 2, 1)
	for _, i := range g.interfaces {
		i.local = ""
	}
	g.worlds = nil
	main := g.pkg("test:main", 1+g.rng.IntN(3), 1+g.rng.IntN(3))
	s := text(fmt.Sprintf("generated %d", number), main)
	s.files[root+"/deps/one.wit"] = text("", dep).files[root+"/a.wit"]
	return s
}

func (g *generator) chance(n int) bool { return g.rng.IntN(n) == 0 }

func (g *generator) printf(format string, args ...any) { fmt.Fprintf(&g.b, format, args...) }

// name returns a new name, sometimes a keyword.
func (g *generator) name() string {
	g.n++
	words := []string{"a", "foo", "bar-baz", "x1", "HTTP", "get-URL", "b2-c3", "option-set", "to"}
	word := words[g.rng.IntN(len(words))]
	if g.chance(12) {
		keywords := []string{"type", "list", "func", "string", "use", "world", "record", "own", "stream", "include", "from", "static"}
		return fmt.Sprintf("%%%s-n%d", keywords[g.rng.IntN(len(keywords))], g.n)
	}
	return fmt.Sprintf("%s-n%d", word, g.n)
}

// docs writes documentation and gates, or nothing.
func (g *generator) docs(indent string) {
	g.comment(indent)
	if g.version == "" {
		return // and no gates
	}
	if g.chance(6) {
		g.printf("%s@since(version = 0.1.0)\n", indent)
		if g.chance(3) {
			g.printf("%s@deprecated(version = 1.0.0)\n", indent)
		}
	} else if g.chance(20) {
		g.printf("%s@unstable(feature = some-thing)\n", indent)
	}
}

func (g *generator) comment(indent string) {
	switch {
	case g.chance(6):
		g.printf("%s/// What it is.\n%s///\n%s/// And  more: `x`.\n", indent, indent, indent)
	case g.chance(10):
		g.printf("%s/** In a block. */\n", indent)
	}
}

func (g *generator) pkg(name string, interfaces, worlds int) string {
	g.b.Reset()
	g.version = []string{"", "@1.0.0", "@0.2.3-rc.1", "@2.1.0+b.3"}[g.rng.IntN(4)]
	if g.chance(4) {
		g.printf("/// About the package.\n")
	}
	g.printf("package %s%s;\n\n", name, g.version)
	for range interfaces {
		local := g.name()
		g.docs("")
		g.printf("interface %s {\n", local)
		bare := strings.TrimPrefix(local, "%")
		i := &genInterface{path: name + "/" + bare + g.version, local: local}
		i.types = g.body("  ", nil)
		g.printf("}\n\n")
		g.interfaces = append(g.interfaces, i)
	}
	for range worlds {
		g.world(g.name())
	}
	return g.b.String()
}

// ref returns a reference to an interface.
func (i *genInterface) ref() string {
	if i.local != "" {
		return i.local
	}
	return i.path
}

// use writes a use statement and returns what it brings.
func (g *generator) use(indent string) []genType {
	if len(g.interfaces) == 0 {
		return nil
	}
	i := g.interfaces[g.rng.IntN(len(g.interfaces))]
	if len(i.types) == 0 {
		return nil
	}
	var items []string
	var out []genType
	for range 1 + g.rng.IntN(2) {
		t := i.types[g.rng.IntN(len(i.types))]
		as := g.name()
		items = append(items, t.name+" as "+as)
		out = append(out, genType{as, t.resource})
	}
	g.printf("%suse %s.{%s};\n", indent, i.ref(), strings.Join(items, ", "))
	return out
}

// body writes types and functions and returns all types that have a name.
func (g *generator) body(indent string, types []genType) []genType {
	for range g.rng.IntN(3) {
		types = append(types, g.use(indent)...)
	}
	for range g.rng.IntN(6) {
		types = append(types, g.typeDef(indent, types))
	}
	for range g.rng.IntN(4) {
		g.docs(indent)
		g.printf("%s%s: %s;\n", indent, g.name(), g.signature(types))
	}
	return types
}

func (g *generator) signature(types []genType) string {
	var params []string
	for range g.rng.IntN(4) {
		params = append(params, g.name()+": "+g.typ(types, 0, true))
	}
	s := "func(" + strings.Join(params, ", ") + ")"
	if g.chance(2) {
		s += " -> " + g.typ(types, 0, false)
	}
	return s
}

// typ returns a type. A borrow cannot stand everywhere.
func (g *generator) typ(types []genType, depth int, borrow bool) string {
	sub := func() string { return g.typ(types, depth+1, borrow) }
	n := g.rng.IntN(12)
	if depth > 3 {
		n = 11
	}
	switch n {
	case 0:
		return "list<" + sub() + ">"
	case 1:
		return "option<" + sub() + ">"
	case 2:
		return []string{"result", "result<" + sub() + ">", "result<_, " + sub() + ">", "result<" + sub() + ", " + sub() + ">"}[g.rng.IntN(4)]
	case 3:
		parts := []string{sub()}
		for range g.rng.IntN(3) {
			parts = append(parts, sub())
		}
		return "tuple<" + strings.Join(parts, ", ") + ">"
	case 4, 5, 6, 7:
		if len(types) == 0 {
			break
		}
		t := types[g.rng.IntN(len(types))]
		switch {
		case t.resource && borrow && g.chance(2):
			return "borrow<" + t.name + ">"
		case t.resource && g.chance(3):
			return "own<" + t.name + ">"
		}
		return t.name
	}
	prims := []string{"bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64", "char", "string"}
	return prims[g.rng.IntN(len(prims))]
}

func (g *generator) typeDef(indent string, types []genType) genType {
	name := g.name()
	g.docs(indent)
	members := func(f func(name string) string) {
		for range 1 + g.rng.IntN(4) {
			g.comment(indent + "  ")
			g.printf("%s  %s,\n", indent, f(g.name()))
		}
		g.printf("%s}\n", indent)
	}
	switch g.rng.IntN(7) {
	case 0:
		g.printf("%srecord %s {\n", indent, name)
		members(func(n string) string { return n + ": " + g.typ(types, 1, false) })
	case 1:
		g.printf("%svariant %s {\n", indent, name)
		members(func(n string) string {
			if g.chance(2) {
				return n
			}
			return n + "(" + g.typ(types, 1, false) + ")"
		})
	case 2:
		g.printf("%senum %s {\n", indent, name)
		members(func(n string) string { return n })
	case 3:
		g.printf("%sflags %s {\n", indent, name)
		members(func(n string) string { return n })
	case 4:
		g.resource(indent, name, types)
		return genType{name, true}
	default:
		t := g.typ(types, 0, false)
		g.printf("%stype %s = %s;\n", indent, name, t)
		for _, other := range types {
			if other.name == t {
				return genType{name, other.resource}
			}
		}
	}
	return genType{name: name}
}

func (g *generator) resource(indent, name string, types []genType) {
	if g.chance(3) {
		g.printf("%sresource %s;\n", indent, name)
		return
	}
	g.printf("%sresource %s {\n", indent, name)
	if g.chance(2) {
		s := g.signature(types)
		s, _, _ = strings.Cut(s, " ->")
		g.printf("%s  constructor%s;\n", indent, strings.TrimPrefix(s, "func"))
	}
	for range g.rng.IntN(3) {
		static := ""
		if g.chance(3) {
			static = "static "
		}
		g.docs(indent + "  ")
		g.printf("%s  %s: %s%s;\n", indent, g.name(), static, g.signature(types))
	}
	g.printf("%s}\n", indent)
}

func (g *generator) world(name string) {
	g.docs("")
	g.printf("world %s {\n", name)
	var types []genType
	for range g.rng.IntN(2) {
		types = append(types, g.use("  ")...)
	}
	for range g.rng.IntN(3) {
		types = append(types, g.typeDef("  ", types))
	}
	seen := map[string]bool{}
	for range 1 + g.rng.IntN(5) {
		side := "import"
		if g.chance(2) {
			side = "export"
		}
		switch g.rng.IntN(4) {
		case 0:
			g.docs("  ")
			g.printf("  %s %s: %s;\n", side, g.name(), g.signature(types))
		case 1:
			g.docs("  ")
			g.printf("  %s %s: interface {\n", side, g.name())
			g.body("    ", nil)
			g.printf("  }\n")
		default:
			if len(g.interfaces) == 0 {
				continue
			}
			ref := g.interfaces[g.rng.IntN(len(g.interfaces))].ref()
			if seen[side+ref] {
				continue
			}
			seen[side+ref] = true
			g.docs("  ")
			g.printf("  %s %s;\n", side, ref)
		}
	}
	if len(g.worlds) > 0 && g.chance(2) {
		g.printf("  include %s;\n", g.worlds[g.rng.IntN(len(g.worlds))])
	}
	g.printf("}\n\n")
	g.worlds = append(g.worlds, name)
}
