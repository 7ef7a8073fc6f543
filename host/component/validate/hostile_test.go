package validate_test

import (
	"fmt"
	"testing"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/validate"
)

// The builders below make components whose types double with every definition,
// in each of the ways that types can refer to each other.

func name(s string) binary.Name { return binary.Name{Name: s} }

func typeIndex(i int) binary.ValType { return binary.ValType{Present: true, Index: uint32(i)} }

func valueDef(v binary.ValueType) *binary.TypeDef { return &binary.TypeDef{Value: &v} }

func instanceIdx(i int) binary.SortIdx {
	return binary.SortIdx{Sort: binary.SortInstance, Index: uint32(i)}
}

// doublingValues is n tuples of two of the type before, which has a name of its
// own that every import has to look for.
func doublingValues(first *binary.TypeDef, n int) []binary.Def {
	defs := []binary.Def{first}
	for i := range n {
		defs = append(defs, valueDef(binary.ValueType{Kind: binary.Tuple, Types: []binary.ValType{typeIndex(i), typeIndex(i)}}))
	}
	return defs
}

// doublingInstanceTypes is n instance types that export two of the one before,
// after one that exports a resource.
func doublingInstanceTypes(n int) []binary.Def {
	defs := []binary.Def{&binary.TypeDef{Instance: &binary.InstanceType{Decls: []binary.Decl{
		&binary.ExportDecl{Name: name("r"), Type: binary.ExternType{Sort: binary.SortType, SubResource: true}},
	}}}}
	for i := range n {
		defs = append(defs, &binary.TypeDef{Instance: &binary.InstanceType{Decls: []binary.Decl{
			&binary.Alias{Sort: binary.SortType, Kind: binary.AliasOuter, Count: 1, Index: uint32(i)},
			&binary.ExportDecl{Name: name("a"), Type: binary.ExternType{Sort: binary.SortInstance}},
			&binary.ExportDecl{Name: name("b"), Type: binary.ExternType{Sort: binary.SortInstance}},
		}}})
	}
	return defs
}

// doublingInstances is n instances that export the one before twice.
func doublingInstances(n int) []binary.Def {
	defs := []binary.Def{&binary.Instance{Inline: true}}
	for i := range n {
		defs = append(defs, &binary.Instance{Inline: true, Exports: []binary.InlineExport{
			{Name: name("a"), SortIdx: instanceIdx(i)}, {Name: name("b"), SortIdx: instanceIdx(i)},
		}})
	}
	return defs
}

// doublingComponentTypes is two chains of n component types, the even and the odd
// ones, each of which imports and exports the one before in its chain twice.
func doublingComponentTypes(n int) []binary.Def {
	var defs []binary.Def
	for i := range 2 * n {
		t := &binary.ComponentType{}
		if i >= 2 {
			x := binary.ExternType{Sort: binary.SortComponent}
			t.Decls = append(t.Decls, &binary.Alias{Sort: binary.SortType, Kind: binary.AliasOuter, Count: 1, Index: uint32(i - 2)})
			for _, n := range []string{"a", "b"} {
				t.Decls = append(t.Decls, &binary.ImportDecl{Name: name(n), Type: x}, &binary.ExportDecl{Name: name(n), Type: x})
			}
		}
		defs = append(defs, &binary.TypeDef{Component: t})
	}
	return defs
}

func importOf(n string, sort binary.Sort, i int) *binary.Import {
	return &binary.Import{Name: name(n), Type: binary.ExternType{Sort: sort, Index: uint32(i)}}
}

func exportOf(n string, sort binary.Sort, i int) *binary.Export {
	return &binary.Export{Name: name(n), SortIdx: binary.SortIdx{Sort: sort, Index: uint32(i)}}
}

// TestHostile checks that no component makes the validator do more work than it
// is allowed. Each case would take longer than the universe is old.
func TestHostile(t *testing.T) {
	byteType := valueDef(binary.ValueType{Kind: binary.U8})
	funcOf := func(i int) *binary.TypeDef {
		return &binary.TypeDef{Func: &binary.FuncType{Params: []binary.Field{{Label: "x", Type: typeIndex(i)}}}}
	}
	many := func(n int, def func(i int) binary.Def) (defs []binary.Def) {
		for i := range n {
			defs = append(defs, def(i))
		}
		return defs
	}
	join := func(groups ...[]binary.Def) (defs []binary.Def) {
		for _, g := range groups {
			defs = append(defs, g...)
		}
		return defs
	}
	exporter := &binary.Component{Defs: join(doublingValues(byteType, 10), many(500, func(i int) binary.Def {
		return &binary.Export{Name: name(fmt.Sprintf("t%d", i)), SortIdx: binary.SortIdx{Sort: binary.SortType, Index: 10}}
	}), []binary.Def{&binary.TypeDef{Resource: &binary.ResourceType{Rep: 0x7f}}, exportOf("r", binary.SortType, 511)})}

	tests := map[string][]binary.Def{
		"value types":    doublingValues(byteType, 90),
		"instance types": append(doublingInstanceTypes(90), importOf("i", binary.SortInstance, 90)),
		"nested deeper":  append(doublingInstanceTypes(200), importOf("i", binary.SortInstance, 200)),
		"instances":      append(doublingInstances(90), exportOf("i", binary.SortInstance, 90)),
		"deep instances": doublingInstances(150),
		"component types": append(doublingComponentTypes(60),
			importOf("c", binary.SortComponent, 118),
			&binary.Export{
				Name: name("d"), SortIdx: binary.SortIdx{Sort: binary.SortComponent},
				Type: &binary.ExternType{Sort: binary.SortComponent, Index: 119},
			}),
		"lists of resources": join(
			[]binary.Def{&binary.Import{Name: name("r"), Type: binary.ExternType{Sort: binary.SortType, SubResource: true}}},
			[]binary.Def{valueDef(binary.ValueType{Kind: binary.Own})},
			many(15, func(i int) binary.Def {
				return valueDef(binary.ValueType{Kind: binary.Tuple, Types: []binary.ValType{typeIndex(i + 1), typeIndex(i + 1)}})
			}),
			[]binary.Def{funcOf(16)},
			many(5000, func(i int) binary.Def { return importOf(fmt.Sprintf("f%d", i), binary.SortFunc, 17) }),
		),
		"instantiations": join([]binary.Def{exporter}, many(50_000, func(int) binary.Def { return &binary.Instance{} })),
		"outer aliases": join(doublingInstanceTypes(12), []binary.Def{&binary.Component{
			Defs: many(5000, func(int) binary.Def {
				return &binary.Alias{Sort: binary.SortType, Kind: binary.AliasOuter, Count: 1, Index: 12}
			}),
		}}),
	}
	for what, defs := range tests {
		t.Run(what, func(t *testing.T) {
			err := validate.Component(&binary.Component{Defs: defs, Size: 1}, &validate.Options{MaxWork: 200_000})
			if code(err) != validate.CodeTooComplex {
				t.Errorf("got %v, want code %q", err, validate.CodeTooComplex)
			}
		})
	}
}

// TestLimits checks that what is large, but not hostile, is accepted.
func TestLimits(t *testing.T) {
	tests := map[string][]binary.Def{
		"value types":     append(doublingValues(valueDef(binary.ValueType{Kind: binary.U8}), 15), &binary.TypeDef{Func: &binary.FuncType{}}),
		"instance types":  append(doublingInstanceTypes(12), importOf("i", binary.SortInstance, 12)),
		"instances":       append(doublingInstances(15), exportOf("i", binary.SortInstance, 15)),
		"component types": doublingComponentTypes(90),
	}
	for what, defs := range tests {
		if err := validate.Component(&binary.Component{Defs: defs, Size: 1}, nil); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}
