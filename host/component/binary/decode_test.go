package binary_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component/binary"
)

// ignoreOffsets leaves the comparison of offsets to TestDecodeOffsets.
var ignoreOffsets = cmp.FilterPath(func(p cmp.Path) bool {
	f, ok := p.Last().(cmp.StructField)
	return ok && f.Name() == "Offset"
}, cmp.Ignore())

func prim(k binary.ValKind) binary.ValType { return binary.ValType{Present: true, Prim: k} }

func index(i uint32) binary.ValType { return binary.ValType{Present: true, Index: i} }

// everything is a component with every section, for tests that take bytes away
// from it or change them.
func everything() []byte {
	return component(
		section(secCustom, name("note"), []byte("hello")),
		section(secCoreModule, emptyModule),
		section(secCoreInstance, list(b(0x00, 0x00, 0x00), cat(b(0x01), list(cat(name("f"), b(0x00, 0x00)))))),
		section(secCoreType, list(
			b(0x60, 0x01, 0x7f, 0x00),
			cat(b(0x50), list(
				b(0x01, 0x60, 0x00, 0x00),
				cat(b(0x00), name("m"), name("f"), b(0x00, 0x00)),
				b(0x02, 0x10, 0x01, 0x01, 0x00),
				cat(b(0x03), name("mem"), b(0x02, 0x01, 0x01, 0x02)))))),
		section(secComponent, component(section(secType, list(b(0x73))))),
		section(secInstance, list(cat(b(0x00, 0x00), list(cat(name("x"), b(0x01, 0x00)))))),
		section(secAlias, list(cat(b(0x00, 0x00, 0x01, 0x00), name("f")), b(0x03, 0x02, 0x00, 0x00))),
		section(secType, list(
			cat(b(0x72), list(cat(name("a"), b(0x7f)), cat(name("b"), b(0x00)))),
			cat(b(0x40), list(cat(name("p"), b(0x7d))), b(0x00, 0x79)),
			cat(b(0x41), list(
				b(0x01, 0x73),
				cat(b(0x03, 0x00), name("a"), b(0x03, 0x00, 0x00)),
				cat(b(0x04, 0x00), name("b"), b(0x03, 0x01)))),
			cat(b(0x42), list(b(0x00, 0x60, 0x00, 0x00), b(0x02, 0x03, 0x02, 0x01, 0x00))),
			b(0x3f, 0x7f, 0x01, 0x00))),
		section(secCanon, list(b(0x00, 0x00, 0x00, 0x02, 0x00, 0x03, 0x00, 0x01), b(0x03, 0x04), b(0x0a, 0x7f, 0x00))),
		section(secStart, b(0x00), list(b(0x00)), b(0x00)),
		section(secImport, list(
			cat(b(0x02), name("i"), list(cat(b(0x00), name("a:b/c")), cat(b(0x02), name("id"))), b(0x05, 0x00)),
			cat(b(0x00), name("m"), b(0x00, 0x11, 0x01)))),
		section(secExport, list(cat(b(0x00), name("e"), b(0x01, 0x00, 0x01, 0x01, 0x00)))),
		section(secValue, list(b(0x7d, 0x01, 0x2a))),
	)
}

func TestDecodeEverything(t *testing.T) {
	data := everything()
	c := decode(t, data)
	if c.Offset != 0 || c.Size != len(data) {
		t.Errorf("component at %d with %d bytes, want 0 and %d", c.Offset, c.Size, len(data))
	}
	got := map[string]int{}
	for _, d := range c.Defs {
		got[reflect.TypeOf(d).Elem().Name()]++
	}
	want := map[string]int{
		"CoreModule": 1, "CoreInstance": 2, "CoreTypeDef": 2, "Component": 1, "Instance": 1, "Alias": 2,
		"TypeDef": 5, "Canon": 3, "Start": 1, "Import": 2, "Export": 1, "ValueDef": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("definitions (-want +got):\n%s", diff)
	}
	wantCustoms := []binary.Custom{{Offset: 10, Name: "note", Data: []byte("hello")}}
	if diff := cmp.Diff(wantCustoms, c.Customs); diff != "" {
		t.Errorf("custom sections (-want +got):\n%s", diff)
	}
}

func TestDecodeOffsets(t *testing.T) {
	data := component( //  0: preamble
		section(secType, list( // 8: id, size, count
			b(0x73),       // 11
			b(0x70, 0x00), // 12
			cat(b(0x72), list(cat(name("a"), b(0x7f)), cat(name("b"), b(0x7f)))), // 14; fields at 16 and 19
		)),
		section(secComponent, // 22: id, size
			component( // 24
				section(secCustom, name("x")),   // 32: id, size; name at 34
				section(secType, list(b(0x73))), // 36: id, size, count; type at 39
			)),
		section(secImport, list( // 40: id, size, count
			cat(b(0x00), name("i"), b(0x01, 0x01)))), // 43; type at 46
	)
	want := &binary.Component{
		Size: 48,
		Defs: []binary.Def{
			&binary.TypeDef{Offset: 11, Value: &binary.ValueType{Kind: binary.String}},
			&binary.TypeDef{Offset: 12, Value: &binary.ValueType{Kind: binary.List, Elem: index(0)}},
			&binary.TypeDef{Offset: 14, Value: &binary.ValueType{Kind: binary.Record, Fields: []binary.Field{
				{Offset: 16, Label: "a", Type: prim(binary.Bool)},
				{Offset: 19, Label: "b", Type: prim(binary.Bool)},
			}}},
			&binary.Component{
				Offset: 24, Size: 16,
				Defs:    []binary.Def{&binary.TypeDef{Offset: 39, Value: &binary.ValueType{Kind: binary.String}}},
				Customs: []binary.Custom{{Offset: 34, Name: "x", Data: []byte{}}},
			},
			&binary.Import{
				Offset: 43, Name: binary.Name{Name: "i"},
				Type: binary.ExternType{Offset: 46, Sort: binary.SortFunc, Index: 1},
			},
		},
	}
	if diff := cmp.Diff(want, decode(t, data)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDecodeAliasesInput checks that byte ranges are views that cannot be appended
// to over the input.
func TestDecodeAliasesInput(t *testing.T) {
	data := component(section(secCoreModule, emptyModule), section(secCustom, name("x")))
	m := decode(t, data).Defs[0].(*binary.CoreModule)
	if &m.Bytes[0] != &data[m.Offset] {
		t.Error("core module is a copy")
	}
	if cap(m.Bytes) != len(emptyModule) {
		t.Errorf("core module has capacity %d, want %d", cap(m.Bytes), len(emptyModule))
	}
}

func TestDecodeDefinition(t *testing.T) {
	name0 := func(s string) []byte { return cat(b(0x00), name(s)) }
	tests := map[string]struct {
		section byte
		def     []byte
		want    binary.Def
	}{
		"core instance of a module": {
			secCoreInstance, cat(b(0x00, 0x02), list(cat(name("env"), b(0x12, 0x03)))),
			&binary.CoreInstance{Module: 2, Args: []binary.CoreArg{{Name: "env", Instance: 3}}},
		},
		"core instance of exports": {
			secCoreInstance, cat(b(0x01), list(cat(name("m"), b(0x02, 0x01)), cat(name("t"), b(0x04, 0x00)))),
			&binary.CoreInstance{Inline: true, Exports: []binary.CoreInlineExport{
				{Name: "m", Sort: binary.CoreMemory, Index: 1},
				{Name: "t", Sort: binary.CoreTag},
			}},
		},
		"instance of a component": {
			secInstance, cat(b(0x00, 0x01), list(cat(name("a"), b(0x05, 0x02)), cat(name("m"), b(0x00, 0x11, 0x00)))),
			&binary.Instance{Component: 1, Args: []binary.Arg{
				{Name: "a", SortIdx: binary.SortIdx{Sort: binary.SortInstance, Index: 2}},
				{Name: "m", SortIdx: binary.SortIdx{Sort: binary.SortCore, Core: binary.CoreModSort}},
			}},
		},
		"instance of exports": {
			secInstance, cat(b(0x01), list(cat(b(0x01), name("t"), b(0x03, 0x07)))),
			&binary.Instance{Inline: true, Exports: []binary.InlineExport{
				{Name: binary.Name{Name: "t"}, SortIdx: binary.SortIdx{Sort: binary.SortType, Index: 7}},
			}},
		},
		"alias of an export": {
			secAlias, cat(b(0x01, 0x00, 0x02), name("f")),
			&binary.Alias{Sort: binary.SortFunc, Kind: binary.AliasExport, Instance: 2, Name: "f"},
		},
		"alias of a core export": {
			secAlias, cat(b(0x00, 0x02, 0x01, 0x02), name("m")),
			&binary.Alias{
				Sort: binary.SortCore, Core: binary.CoreMemory, Kind: binary.AliasCoreExport,
				Instance: 2, Name: "m",
			},
		},
		"outer alias of a core type": {
			secAlias, b(0x00, 0x10, 0x02, 0x01, 0x03),
			&binary.Alias{
				Sort: binary.SortCore, Core: binary.CoreTypeSort, Kind: binary.AliasOuter,
				Count: 1, Index: 3,
			},
		},
		"import with attributes": {
			secImport, cat(b(0x02), name("s"), list(
				cat(b(0x01), name(".2.3")), cat(b(0x00), name("a:b/c@1")), cat(b(0x02), name("ext"))), b(0x05, 0x00)),
			&binary.Import{
				Name: binary.Name{Name: "s", Implements: "a:b/c@1", VersionSuffix: ".2.3", ExternalID: "ext"},
				Type: binary.ExternType{Sort: binary.SortInstance},
			},
		},
		"import of a module": {
			secImport, cat(name0("m"), b(0x00, 0x11, 0x05)),
			&binary.Import{
				Name: binary.Name{Name: "m"},
				Type: binary.ExternType{Sort: binary.SortCore, Core: binary.CoreModSort, Index: 5},
			},
		},
		"import of a type": {
			secImport, cat(name0("t"), b(0x03, 0x00, 0x02)),
			&binary.Import{
				Name: binary.Name{Name: "t"}, Type: binary.ExternType{Sort: binary.SortType, Index: 2},
			},
		},
		"import of a resource": {
			secImport, cat(name0("r"), b(0x03, 0x01)),
			&binary.Import{
				Name: binary.Name{Name: "r"}, Type: binary.ExternType{Sort: binary.SortType, SubResource: true},
			},
		},
		"import of a component": {
			secImport, cat(name0("c"), b(0x04, 0x01)),
			&binary.Import{
				Name: binary.Name{Name: "c"}, Type: binary.ExternType{Sort: binary.SortComponent, Index: 1},
			},
		},
		"import of a value": {
			secImport, cat(name0("v"), b(0x02, 0x01, 0x79)),
			&binary.Import{
				Name: binary.Name{Name: "v"},
				Type: binary.ExternType{Sort: binary.SortValue, Value: prim(binary.U32)},
			},
		},
		"import of an equal value": {
			secImport, cat(name0("v"), b(0x02, 0x00, 0x03)),
			&binary.Import{
				Name: binary.Name{Name: "v"},
				Type: binary.ExternType{Sort: binary.SortValue, ValueEq: true, Index: 3},
			},
		},
		"export": {
			secExport, cat(name0("f"), b(0x01, 0x04, 0x00)),
			&binary.Export{Name: binary.Name{Name: "f"}, SortIdx: binary.SortIdx{Sort: binary.SortFunc, Index: 4}},
		},
		"export with a type": {
			secExport, cat(name0("f"), b(0x01, 0x04, 0x01, 0x01, 0x02)),
			&binary.Export{
				Name: binary.Name{Name: "f"}, SortIdx: binary.SortIdx{Sort: binary.SortFunc, Index: 4},
				Type: &binary.ExternType{Sort: binary.SortFunc, Index: 2},
			},
		},
		"value": {
			secValue, b(0x7d, 0x01, 0x2a),
			&binary.ValueDef{Type: prim(binary.U8), Data: b(0x2a)},
		},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			got := decodeOne(t, test.section, test.def)
			if diff := cmp.Diff(test.want, got, ignoreOffsets); diff != "" {
				t.Errorf("% x (-want +got):\n%s", test.def, diff)
			}
		})
	}
}

func TestDecodeStart(t *testing.T) {
	c := decode(t, component(section(secStart, b(0x03), list(b(0x01), b(0x02)), b(0x01))))
	want := []binary.Def{&binary.Start{Offset: 10, Func: 3, Args: []uint32{1, 2}, Results: 1}}
	if diff := cmp.Diff(want, c.Defs); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
