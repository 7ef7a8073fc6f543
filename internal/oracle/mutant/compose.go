package mutant

import (
	"math/rand/v2"

	bin "github.com/wattle-dev/wattle/host/component/binary"
)

// nest puts a component inside another one that may instantiate it, with its own
// imports as the arguments where that is possible.
func nest(rng *rand.Rand, c *bin.Component) *bin.Component {
	out := &bin.Component{Defs: []bin.Def{c}}
	if rng.IntN(3) > 0 {
		out.Defs = append(out.Defs, &bin.Instance{})
		for _, e := range exports(c) {
			if rng.IntN(2) == 0 && aliasable(e.SortIdx) {
				out.Defs = append(out.Defs, &bin.Alias{Sort: e.Sort, Core: e.Core, Kind: bin.AliasExport, Name: e.Name.Name})
			}
		}
	}
	return out
}

func aliasable(s bin.SortIdx) bool { return s.Sort != bin.SortCore || s.Core == bin.CoreModSort }

func exports(c *bin.Component) []*bin.Export {
	var out []*bin.Export
	for _, d := range c.Defs {
		if e, ok := d.(*bin.Export); ok {
			out = append(out, e)
		}
	}
	return out
}

// link instantiates two components and gives the second what the first exports,
// by name where there is one, and by sort otherwise.
func link(rng *rand.Rand, a, b *bin.Component) *bin.Component {
	out := &bin.Component{Defs: []bin.Def{a, b, &bin.Instance{Component: 0}}}
	second := &bin.Instance{Component: 1}
	next := map[bin.Sort]uint32{bin.SortComponent: 2, bin.SortInstance: 1}
	offered := exports(a)
	for _, d := range b.Defs {
		im, ok := d.(*bin.Import)
		if !ok {
			continue
		}
		var e *bin.Export
		for _, i := range rng.Perm(len(offered)) {
			o := offered[i]
			if o.Sort == im.Type.Sort && aliasable(o.SortIdx) && (e == nil || o.Name.Name == im.Name.Name) {
				e = o
			}
		}
		if e == nil {
			continue
		}
		out.Defs = append(out.Defs, &bin.Alias{Sort: e.Sort, Core: e.Core, Kind: bin.AliasExport, Name: e.Name.Name})
		second.Args = append(second.Args, bin.Arg{
			Name: im.Name.Name, SortIdx: bin.SortIdx{Sort: e.Sort, Core: e.Core, Index: next[e.Sort]},
		})
		next[e.Sort]++
	}
	out.Defs = append(out.Defs, second)
	return out
}

// typify returns a component that imports one whose type is made of what the
// given component says of types, imports and exports, and may instantiate it.
func typify(rng *rand.Rand, c *bin.Component) *bin.Component {
	var decls []bin.Decl
	instance := rng.IntN(2) == 0
	for _, d := range c.Defs {
		switch d := d.(type) {
		case *bin.CoreTypeDef:
			decls = append(decls, d)
		case *bin.TypeDef:
			decls = append(decls, d)
		case *bin.Alias:
			if d.Kind != bin.AliasCoreExport {
				decls = append(decls, d)
			}
		case *bin.Import:
			if instance {
				decls = append(decls, &bin.ExportDecl{Name: d.Name, Type: d.Type})
			} else {
				decls = append(decls, &bin.ImportDecl{Name: d.Name, Type: d.Type})
			}
		case *bin.Export:
			t := bin.ExternType{Sort: d.Sort, Core: d.Core, Index: d.Index}
			if d.Type != nil {
				t = *d.Type
			}
			if t.Sort == bin.SortCore {
				t.Core = bin.CoreModSort
			}
			decls = append(decls, &bin.ExportDecl{Name: d.Name, Type: t})
		}
	}
	if instance {
		return &bin.Component{Defs: []bin.Def{
			&bin.TypeDef{Instance: &bin.InstanceType{Decls: decls}},
			&bin.Import{Name: bin.Name{Name: "it"}, Type: bin.ExternType{Sort: bin.SortInstance}},
			&bin.Export{Name: bin.Name{Name: "out"}, SortIdx: bin.SortIdx{Sort: bin.SortInstance}},
		}}
	}
	out := &bin.Component{Defs: []bin.Def{
		&bin.TypeDef{Component: &bin.ComponentType{Decls: decls}},
		&bin.Import{Name: bin.Name{Name: "it"}, Type: bin.ExternType{Sort: bin.SortComponent}},
	}}
	if rng.IntN(2) == 0 {
		out.Defs = append(out.Defs, &bin.Instance{})
	}
	return out
}
