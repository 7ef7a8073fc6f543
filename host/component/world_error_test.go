package component_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/component/binary"
)

// The definitions that follow are written as a decoder would return them.

func valueType(v binary.ValueType) *binary.TypeDef { return &binary.TypeDef{Value: &v} }

func indexed(i uint32) binary.ValType { return binary.ValType{Present: true, Index: i} }

func prim(k binary.ValKind) binary.ValType { return binary.ValType{Present: true, Prim: k} }

func instanceType(decls ...binary.Decl) *binary.TypeDef {
	return &binary.TypeDef{Instance: &binary.InstanceType{Decls: decls}}
}

func exportDecl(name string, t binary.ExternType) *binary.ExportDecl {
	return &binary.ExportDecl{Name: binary.Name{Name: name}, Type: t}
}

func importDef(name string, t binary.ExternType) *binary.Import {
	return &binary.Import{Name: binary.Name{Name: name}, Type: t}
}

func ofSort(s binary.Sort, i uint32) binary.ExternType { return binary.ExternType{Sort: s, Index: i} }

func eqType(i uint32) binary.ExternType { return ofSort(binary.SortType, i) }

var subResource = binary.ExternType{Sort: binary.SortType, SubResource: true}

func emptyFunc() *binary.TypeDef { return &binary.TypeDef{Func: &binary.FuncType{}} }

func borrowing(name string, resource uint32) []binary.Decl {
	return []binary.Decl{
		valueType(binary.ValueType{Kind: binary.Borrow, Resource: resource}),
		&binary.TypeDef{Func: &binary.FuncType{Params: []binary.Field{{Label: name, Type: indexed(1)}}}},
	}
}

// TestWorldErrors checks what is refused, and that it is for the reason meant.
func TestWorldErrors(t *testing.T) {
	red := valueType(binary.ValueType{Kind: binary.Enum, Labels: []string{"red"}})
	for _, test := range []struct {
		name string
		defs []binary.Def
		want string
	}{
		{"type index", []binary.Def{importDef("a", ofSort(binary.SortFunc, 7))}, "type index 7 is out of range"},
		{"wrong type", []binary.Def{red, importDef("a", ofSort(binary.SortFunc, 0))}, "type 0 is not a function type"},
		{"wrong instance type", []binary.Def{red, importDef("a:b/c", ofSort(binary.SortInstance, 0))}, "type 0 is not an instance type"},
		{"core module", []binary.Def{importDef("m", binary.ExternType{Core: binary.CoreModSort})}, "WIT has no word for"},
		{"name", []binary.Def{emptyFunc(), importDef("a\n}", ofSort(binary.SortFunc, 0))}, "is not a kebab-case name"},
		{"name of instance", []binary.Def{instanceType(), importDef("A_b", ofSort(binary.SortInstance, 0))}, "is not a kebab-case name"},
		{"name of type", []binary.Def{red, importDef("1", eqType(0))}, "is not a kebab-case name"},
		{"interface name", []binary.Def{instanceType(), importDef("a:b", ofSort(binary.SortInstance, 0))}, `no "/"`},
		{"function by interface name", []binary.Def{emptyFunc(), importDef("a:b/c", ofSort(binary.SortFunc, 0))}, "WIT cannot express here"},
		{"twice", []binary.Def{
			emptyFunc(), importDef("a", ofSort(binary.SortFunc, 0)), importDef("A", ofSort(binary.SortFunc, 0)),
		}, "name is already taken"},
		{"twice in an interface", []binary.Def{
			instanceType(emptyFunc(), exportDecl("a", ofSort(binary.SortFunc, 0)), exportDecl("a", ofSort(binary.SortFunc, 0))),
			importDef("a:b/c", ofSort(binary.SortInstance, 0)),
		}, `"a" is exported twice`},
		{"method of nothing", []binary.Def{
			instanceType(emptyFunc(), exportDecl("[method]a.b", ofSort(binary.SortFunc, 0))),
			importDef("a:b/c", ofSort(binary.SortInstance, 0)),
		}, `no resource "a" is declared`},
		{"method of a resource from elsewhere", []binary.Def{
			instanceType(exportDecl("r", subResource)),
			importDef("a:b/c", ofSort(binary.SortInstance, 0)),
			&binary.Alias{Sort: binary.SortType, Name: "r"},
			instanceType(
				&binary.Alias{Kind: binary.AliasOuter, Sort: binary.SortType, Count: 1, Index: 1}, exportDecl("r", eqType(0)),
				valueType(binary.ValueType{Kind: binary.Borrow, Resource: 1}),
				&binary.TypeDef{Func: &binary.FuncType{Params: []binary.Field{{Label: "self", Type: indexed(2)}}}},
				exportDecl("[method]r.f", ofSort(binary.SortFunc, 3))),
			importDef("a:b/d", ofSort(binary.SortInstance, 2)),
		}, `no resource "r" is declared`},
		{"method without self", []binary.Def{
			instanceType(append([]binary.Decl{exportDecl("a", subResource)},
				append(borrowing("other", 0), exportDecl("[method]a.b", ofSort(binary.SortFunc, 2)))...)...),
			importDef("a:b/c", ofSort(binary.SortInstance, 0)),
		}, `first parameter is not "self: borrow<a>"`},
		{"constructor of nothing", []binary.Def{
			instanceType(exportDecl("a", subResource), emptyFunc(), exportDecl("[constructor]a", ofSort(binary.SortFunc, 1))),
			importDef("a:b/c", ofSort(binary.SortInstance, 0)),
		}, "does not return own<a>"},
		{"nameless", []binary.Def{
			red, &binary.TypeDef{Func: &binary.FuncType{Result: indexed(0)}}, importDef("a", ofSort(binary.SortFunc, 1)),
		}, "mentions an unnamed enum"},
		{"instance in an interface", []binary.Def{
			instanceType(instanceType(), exportDecl("a", ofSort(binary.SortInstance, 0))),
			importDef("a:b/c", ofSort(binary.SortInstance, 0)),
		}, "WIT cannot express inside an interface"},
		{"missing argument", []binary.Def{
			&binary.Component{Defs: []binary.Def{emptyFunc(), importDef("a", ofSort(binary.SortFunc, 0))}},
			&binary.Instance{Component: 0},
		}, `import "a" has no argument`},
		{"wrong argument", []binary.Def{
			red,
			&binary.Component{Defs: []binary.Def{emptyFunc(), importDef("a", ofSort(binary.SortFunc, 0))}},
			&binary.Instance{Component: 0, Args: []binary.Arg{{Name: "a", SortIdx: binary.SortIdx{Sort: binary.SortType}}}},
		}, "is a type, not a func"},
		{"outer alias", []binary.Def{
			&binary.Alias{Kind: binary.AliasOuter, Sort: binary.SortType, Count: 1},
		}, "outer alias reaches beyond"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, err := component.World(&binary.Component{Defs: test.defs})
			if err == nil {
				t.Fatalf("World = %s, want an error with %q", outline(w), test.want)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("World: %v, want an error with %q", err, test.want)
			}
		})
	}
}

// TestWorldBounded checks that small components which describe enormous worlds
// are refused.
func TestWorldBounded(t *testing.T) {
	const levels = 64
	doubling := []binary.Def{instanceType()}
	for i := range uint32(levels) {
		outer := &binary.Alias{Kind: binary.AliasOuter, Sort: binary.SortType, Count: 1, Index: i}
		doubling = append(doubling, instanceType(outer,
			exportDecl("a", ofSort(binary.SortInstance, 0)), exportDecl("b", ofSort(binary.SortInstance, 0))))
	}
	doubling = append(doubling, importDef("a:b/c", ofSort(binary.SortInstance, levels)))

	deep := []binary.Def{instanceType()}
	for i := range uint32(1000) {
		outer := &binary.Alias{Kind: binary.AliasOuter, Sort: binary.SortType, Count: 1, Index: i}
		deep = append(deep, instanceType(outer, exportDecl("a", ofSort(binary.SortInstance, 0))))
	}
	deep = append(deep, importDef("a:b/c", ofSort(binary.SortInstance, 1000)))

	// Each component makes two instances of the one before it.
	instances := []binary.Def{&binary.Component{}}
	for i := range uint32(levels) {
		outer := &binary.Alias{Kind: binary.AliasOuter, Sort: binary.SortComponent, Count: 1, Index: i}
		instances = append(instances, &binary.Component{Defs: []binary.Def{outer, &binary.Instance{}, &binary.Instance{}}})
	}
	instances = append(instances, &binary.Instance{Component: levels})

	// Each type is twice the one before it.
	tree := []binary.Def{valueType(binary.ValueType{Kind: binary.U8})}
	for i := range uint32(levels) {
		tree = append(tree, valueType(binary.ValueType{Kind: binary.Tuple, Types: []binary.ValType{indexed(i), indexed(i)}}))
	}

	// A large type in a component of which there are many instances.
	wide := binary.ValueType{Kind: binary.Tuple}
	for range 10_000 {
		wide.Types = append(wide.Types, prim(binary.U8))
	}
	repeated := []binary.Def{&binary.Component{Defs: []binary.Def{valueType(wide)}}}
	for range 900 {
		repeated = append(repeated, &binary.Instance{})
	}

	// Many functions of one long type.
	long := binary.ValueType{Kind: binary.Tuple}
	for range 1000 {
		long.Types = append(long.Types, indexed(1))
	}
	written := []binary.Def{
		valueType(binary.ValueType{Kind: binary.Enum, Labels: []string{"a"}}), importDef(strings.Repeat("long", 200), eqType(0)),
		valueType(long), &binary.TypeDef{Func: &binary.FuncType{Result: indexed(2)}},
	}
	for i := range 100 {
		written = append(written, importDef(fmt.Sprintf("f%d", i), ofSort(binary.SortFunc, 3)))
	}

	for _, test := range []struct {
		name string
		defs []binary.Def
		want string
	}{
		{"written out", written, "longer than 16777216 bytes"},
		{"doubling instance types", doubling, "more than 500000 steps"},
		{"deep instance types", deep, "nest deeper than 100"},
		{"instances", instances, "more than 1000 instances"},
		{"tree", tree, "type is too large"},
		{"repeated", repeated, "more than 500000 steps"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := component.World(&binary.Component{Defs: test.defs}); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("World: %v, want an error with %q", err, test.want)
			}
		})
	}
}
