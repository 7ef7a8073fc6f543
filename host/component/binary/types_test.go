package binary_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component/binary"
)

func TestDecodeValueType(t *testing.T) {
	tests := map[string]struct {
		def  []byte
		want binary.ValueType
	}{
		"record": {
			cat(b(0x72), list(cat(name("a"), b(0x7f)), cat(name("b"), b(0x05)))),
			binary.ValueType{Kind: binary.Record, Fields: []binary.Field{
				{Label: "a", Type: prim(binary.Bool)}, {Label: "b", Type: index(5)},
			}},
		},
		"variant": {
			cat(b(0x71), list(cat(name("x"), b(0x01, 0x7e, 0x00)), cat(name("y"), b(0x00, 0x00)))),
			binary.ValueType{Kind: binary.Variant, Fields: []binary.Field{
				{Label: "x", Type: prim(binary.S8)}, {Label: "y"},
			}},
		},
		"list":              {b(0x70, 0x7b), binary.ValueType{Kind: binary.List, Elem: prim(binary.U16)}},
		"fixed-length list": {b(0x67, 0x7d, 0x03), binary.ValueType{Kind: binary.FixedList, Elem: prim(binary.U8), Len: 3}},
		"tuple": {
			b(0x6f, 0x02, 0x7c, 0x01),
			binary.ValueType{Kind: binary.Tuple, Types: []binary.ValType{prim(binary.S16), index(1)}},
		},
		"flags":         {cat(b(0x6e), list(name("a"), name("b"))), binary.ValueType{Kind: binary.Flags, Labels: []string{"a", "b"}}},
		"enum":          {cat(b(0x6d), list(name("a"))), binary.ValueType{Kind: binary.Enum, Labels: []string{"a"}}},
		"option":        {b(0x6b, 0x64), binary.ValueType{Kind: binary.Option, Elem: prim(binary.ErrorContext)}},
		"result":        {b(0x6a, 0x01, 0x76, 0x01, 0x75), binary.ValueType{Kind: binary.Result, Elem: prim(binary.F32), Elem2: prim(binary.F64)}},
		"result error":  {b(0x6a, 0x00, 0x01, 0x73), binary.ValueType{Kind: binary.Result, Elem2: prim(binary.String)}},
		"result empty":  {b(0x6a, 0x00, 0x00), binary.ValueType{Kind: binary.Result}},
		"own":           {b(0x69, 0x04), binary.ValueType{Kind: binary.Own, Resource: 4}},
		"borrow":        {b(0x68, 0x80, 0x01), binary.ValueType{Kind: binary.Borrow, Resource: 128}},
		"stream":        {b(0x66, 0x01, 0x7d), binary.ValueType{Kind: binary.Stream, Elem: prim(binary.U8)}},
		"empty stream":  {b(0x66, 0x00), binary.ValueType{Kind: binary.Stream}},
		"future":        {b(0x65, 0x01, 0x00), binary.ValueType{Kind: binary.Future, Elem: index(0)}},
		"map":           {b(0x63, 0x73, 0x79), binary.ValueType{Kind: binary.Map, Elem: prim(binary.String), Elem2: prim(binary.U32)}},
		"index 63":      {b(0x70, 0x3f), binary.ValueType{Kind: binary.List, Elem: index(63)}},
		"index 64":      {b(0x70, 0xc0, 0x00), binary.ValueType{Kind: binary.List, Elem: index(64)}},
		"index maximal": {b(0x70, 0xff, 0xff, 0xff, 0xff, 0x0f), binary.ValueType{Kind: binary.List, Elem: index(1<<32 - 1)}},
		"index padded":  {b(0x70, 0x81, 0x80, 0x80, 0x80, 0x00), binary.ValueType{Kind: binary.List, Elem: index(1)}},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			got := decodeOne(t, secType, test.def)
			if diff := cmp.Diff(&binary.TypeDef{Value: &test.want}, got, ignoreOffsets); diff != "" {
				t.Errorf("% x (-want +got):\n%s", test.def, diff)
			}
		})
	}
}

// TestDecodePrimitive reads each primitive type, as a definition and in place.
func TestDecodePrimitive(t *testing.T) {
	names := map[byte]string{
		0x7f: "bool", 0x7e: "s8", 0x7d: "u8", 0x7c: "s16", 0x7b: "u16", 0x7a: "s32", 0x79: "u32", 0x78: "s64",
		0x77: "u64", 0x76: "f32", 0x75: "f64", 0x74: "char", 0x73: "string", 0x64: "error-context",
	}
	for op, want := range names {
		def := decodeOne(t, secType, b(op)).(*binary.TypeDef)
		if got := def.Value.Kind.String(); got != want {
			t.Errorf("type %#02x: got %s, want %s", op, got, want)
		}
		list := decodeOne(t, secType, b(0x70, op)).(*binary.TypeDef)
		if got := list.Value.Elem; got != prim(binary.ValKind(op)) {
			t.Errorf("list of %#02x: element is %+v", op, got)
		}
	}
}

func TestDecodeTypeDef(t *testing.T) {
	tests := map[string]struct {
		def  []byte
		want binary.TypeDef
	}{
		"func": {
			cat(b(0x40), list(cat(name("p"), b(0x7f))), b(0x00, 0x79)),
			binary.TypeDef{Func: &binary.FuncType{
				Params: []binary.Field{{Label: "p", Type: prim(binary.Bool)}}, Result: prim(binary.U32),
			}},
		},
		"async func": {b(0x43, 0x00, 0x01, 0x00), binary.TypeDef{Func: &binary.FuncType{Async: true}}},
		"resource":   {b(0x3f, 0x7f, 0x00), binary.TypeDef{Resource: &binary.ResourceType{Rep: 0x7f}}},
		"resource with destructor": {
			b(0x3f, 0x7e, 0x01, 0x05),
			binary.TypeDef{Resource: &binary.ResourceType{Rep: 0x7e, HasDtor: true, Dtor: 5}},
		},
		"component": {
			cat(b(0x41), list(
				b(0x00, 0x60, 0x00, 0x00),
				b(0x01, 0x73),
				b(0x02, 0x03, 0x02, 0x01, 0x04),
				cat(b(0x03, 0x00), name("i"), b(0x03, 0x01)),
				cat(b(0x04, 0x00), name("e"), b(0x01, 0x02)))),
			binary.TypeDef{Component: &binary.ComponentType{Decls: []binary.Decl{
				&binary.CoreTypeDef{Func: &binary.CoreFuncType{}, Raw: b(0x60, 0x00, 0x00)},
				&binary.TypeDef{Value: &binary.ValueType{Kind: binary.String}},
				&binary.Alias{Sort: binary.SortType, Kind: binary.AliasOuter, Count: 1, Index: 4},
				&binary.ImportDecl{
					Name: binary.Name{Name: "i"}, Type: binary.ExternType{Sort: binary.SortType, SubResource: true},
				},
				&binary.ExportDecl{
					Name: binary.Name{Name: "e"}, Type: binary.ExternType{Sort: binary.SortFunc, Index: 2},
				},
			}}},
		},
		"instance of an instance": {
			b(0x42, 0x01, 0x01, 0x42, 0x00),
			binary.TypeDef{Instance: &binary.InstanceType{Decls: []binary.Decl{
				&binary.TypeDef{Instance: &binary.InstanceType{}},
			}}},
		},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			got := decodeOne(t, secType, test.def)
			if diff := cmp.Diff(&test.want, got, ignoreOffsets); diff != "" {
				t.Errorf("% x (-want +got):\n%s", test.def, diff)
			}
		})
	}
}

func TestDecodeCoreType(t *testing.T) {
	tests := map[string]struct {
		def  []byte
		want binary.CoreTypeDef
	}{
		"func": {
			b(0x60, 0x02, 0x7f, 0x70, 0x01, 0x7b),
			binary.CoreTypeDef{Func: &binary.CoreFuncType{Params: b(0x7f, 0x70), Results: b(0x7b)}},
		},
		"final sub": {b(0x4f, 0x00, 0x60, 0x00, 0x00), binary.CoreTypeDef{Func: &binary.CoreFuncType{}}},
		"open sub":  {b(0x00, 0x50, 0x00, 0x60, 0x00, 0x00), binary.CoreTypeDef{Func: &binary.CoreFuncType{}, Open: true}},
		"module": {
			cat(b(0x50), list(
				cat(b(0x00), name("m"), name("mem"), b(0x02, 0x05, 0x01, 0x80, 0x02)),
				cat(b(0x00), name("m"), name("tab"), b(0x01, 0x70, 0x00, 0x0a)),
				b(0x01, 0x60, 0x00, 0x00),
				b(0x02, 0x10, 0x01, 0x01, 0x02),
				cat(b(0x00), name("m"), name("f"), b(0x00, 0x01)),
				cat(b(0x03), name("g"), b(0x03, 0x7e, 0x01)),
				cat(b(0x03), name("t"), b(0x04, 0x00, 0x00)),
				cat(b(0x03), name("small"), b(0x02, 0x0b, 0x01, 0x02, 0x00)))),
			binary.CoreTypeDef{Module: &binary.ModuleType{
				Imports: []binary.CoreImport{
					{Module: "m", Name: "mem", Type: binary.CoreExternType{
						Sort:   binary.CoreMemory,
						Limits: binary.CoreLimits{Min: 1, Max: 256, HasMax: true, Is64: true},
					}},
					{Module: "m", Name: "tab", Type: binary.CoreExternType{
						Sort: binary.CoreTable, Elem: 0x70, Limits: binary.CoreLimits{Min: 10},
					}},
					{Module: "m", Name: "f", Type: binary.CoreExternType{Sort: binary.CoreFunc, Type: 1}, TypesBefore: 2},
				},
				Exports: []binary.CoreExport{
					{Name: "g", Type: binary.CoreExternType{
						Sort: binary.CoreGlobal, ValType: 0x7e, Mutable: true,
					}, TypesBefore: 2},
					{Name: "t", Type: binary.CoreExternType{Sort: binary.CoreTag}, TypesBefore: 2},
					{Name: "small", Type: binary.CoreExternType{
						Sort:   binary.CoreMemory,
						Limits: binary.CoreLimits{Min: 1, Max: 2, HasMax: true, Shared: true, PageSize1: true},
					}, TypesBefore: 2},
				},
				Types: []binary.CoreModuleDecl{
					{Type: &binary.CoreTypeDef{Func: &binary.CoreFuncType{}, Raw: b(0x60, 0x00, 0x00)}},
					{Alias: &binary.Alias{
						Sort: binary.SortCore, Core: binary.CoreTypeSort, Kind: binary.AliasOuter, Count: 1, Index: 2,
					}},
				},
			}},
		},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			test.want.Raw = test.def
			got := decodeOne(t, secCoreType, test.def)
			if diff := cmp.Diff(&test.want, got, ignoreOffsets); diff != "" {
				t.Errorf("% x (-want +got):\n%s", test.def, diff)
			}
		})
	}
}
