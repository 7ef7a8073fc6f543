package component_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/component/binary"
)

// TestWorldNames checks what components may do with the names of types and WIT
// packages never do.
func TestWorldNames(t *testing.T) {
	red := valueType(binary.ValueType{Kind: binary.Enum, Labels: []string{"red"}})
	returning := func(i uint32) *binary.TypeDef { return &binary.TypeDef{Func: &binary.FuncType{Result: indexed(i)}} }
	outer := func(i uint32) *binary.Alias {
		return &binary.Alias{Kind: binary.AliasOuter, Sort: binary.SortType, Count: 1, Index: i}
	}
	export := func(name string, s binary.Sort, i uint32) *binary.Export {
		return &binary.Export{Name: binary.Name{Name: name}, SortIdx: binary.SortIdx{Sort: s, Index: i}}
	}
	colors := []binary.Def{
		instanceType(red, exportDecl("color", eqType(0)), exportDecl("r", subResource)),
		importDef("a:b/colors@1.0.0", ofSort(binary.SortInstance, 0)),
		&binary.Alias{Sort: binary.SortType, Name: "color"},
		&binary.Alias{Sort: binary.SortType, Name: "r"},
	}
	const colorsOutline = "import a:b/colors@1.0.0\n  type color = enum {red}\n  resource a:b/colors.r\n"

	for _, test := range []struct {
		name string
		defs []binary.Def
		want string
	}{
		{
			"mentioned without a name",
			append(colors[:4:4],
				instanceType(outer(1), returning(0), exportDecl("f", ofSort(binary.SortFunc, 1))),
				importDef("a:b/user@1.0.0", ofSort(binary.SortInstance, 3)),
				returning(1), importDef("g", ofSort(binary.SortFunc, 4))),
			colorsOutline + "import a:b/user@1.0.0\n  use a:b/colors@1.0.0.{color as color}\n  f: func() -> colors.color\n" +
				"import use a:b/colors@1.0.0.{color as color}\nimport g: func() -> colors.color\n",
		},
		{
			"two names",
			append(colors[:4:4],
				instanceType(outer(1), exportDecl("c", eqType(0)), exportDecl("d", eqType(1)), exportDecl("e", eqType(0))),
				importDef("a:b/user@1.0.0", ofSort(binary.SortInstance, 3))),
			colorsOutline + "import a:b/user@1.0.0\n  use a:b/colors@1.0.0.{color as c}\n  type d = c\n  use a:b/colors@1.0.0.{color as e}\n",
		},
		{
			"one instance, exported twice",
			append(colors[:4:4], export("x:y/z@1.0.0", binary.SortInstance, 0), export("x:y/z@2.0.0", binary.SortInstance, 0)),
			colorsOutline +
				"export x:y/z@1.0.0\n  use a:b/colors@1.0.0.{color as color}\n  use a:b/colors@1.0.0.{r as r}\n" +
				"export x:y/z@2.0.0\n  use a:b/colors@1.0.0.{color as color}\n  use a:b/colors@1.0.0.{r as r}\n",
		},
		{
			// The exported interface declares what an inner one did: that has no
			// name outside.
			"inner instance",
			[]binary.Def{
				&binary.Component{Defs: []binary.Def{red, export("color", binary.SortType, 0)}},
				&binary.Instance{},
				&binary.Alias{Sort: binary.SortType, Name: "color"},
				&binary.Component{Defs: []binary.Def{
					red, importDef("c", eqType(0)), export("hue", binary.SortType, 1),
					valueType(binary.ValueType{Kind: binary.List, Elem: indexed(2)}), export("hues", binary.SortType, 3),
				}},
				&binary.Instance{Component: 1, Args: []binary.Arg{{Name: "c", SortIdx: binary.SortIdx{Sort: binary.SortType}}}},
				export("x:y/z", binary.SortInstance, 1),
			},
			"export x:y/z\n  type hue = enum {red}\n  type hues = list<z.hue>\n",
		},
		{
			"ascribed",
			[]binary.Def{
				&binary.Component{Defs: []binary.Def{
					&binary.TypeDef{Resource: &binary.ResourceType{Rep: 0x7f}},
					export("secret", binary.SortType, 0), export("shown", binary.SortType, 0),
				}},
				&binary.Instance{},
				instanceType(exportDecl("shown", subResource)),
				&binary.Export{
					Name: binary.Name{Name: "x:y/z"}, SortIdx: binary.SortIdx{Sort: binary.SortInstance},
					Type: &binary.ExternType{Sort: binary.SortInstance, Index: 0},
				},
			},
			"export x:y/z\n  resource x:y/z.shown\n",
		},
		{
			"attributes",
			[]binary.Def{
				instanceType(),
				&binary.Import{Name: binary.Name{Name: "main", Implements: "a:b/c@1.0.0"}, Type: ofSort(binary.SortInstance, 0)},
				&binary.Import{Name: binary.Name{Name: "a:b/c@1", VersionSuffix: ".2.3"}, Type: ofSort(binary.SortInstance, 0)},
			},
			"import main implements a:b/c@1.0.0\nimport a:b/c@1.2.3\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, err := component.World(&binary.Component{Defs: test.defs})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, outline(w)); diff != "" {
				t.Errorf("world (-want +got):\n%s", diff)
			}
			checkWorld(t, w)
		})
	}
}
