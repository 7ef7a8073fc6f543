package core_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero/api"

	"github.com/wattle-dev/wattle/host/component/core"
)

// TestModule demands that a module is described as it was.
func TestModule(t *testing.T) {
	var w wasm
	w.importFunc("", "", i32, i64)
	w.imports = append(w.imports,
		cat(name("env"), name("t"), op(1, 0x70, 1, 2, 30)),
		cat(name("env"), name("m"), op(2, 0, 1)),
		cat(name("env"), name("g"), op(3, 0x7e, 1)))
	w.tables = append(w.tables, op(0x6f, 0, 5))
	w.globals = append(w.globals, cat(op(0x7f, 0), i32Const(3), op(0x0b)))
	f := w.exported("f", none, none, none)
	w.export("t2", core.KindTable, 1)
	w.export("mem", core.KindMemory, 0)
	w.export("g2", core.KindGlobal, 1)
	w.start = u32(f)
	w.datas = append(w.datas, cat(op(1), name("abc")), cat(op(0), i32Const(0), op(0x0b), name("de")))
	w.custom("name", section(0, name("m")))

	refs := core.TableType{Elem: core.ExternRef, Limits: core.Limits{Min: 5}}
	funcs := core.TableType{Elem: core.FuncRef, Limits: core.Limits{Min: 2, Max: 30, HasMax: true}}
	pages := core.MemoryType{Limits: core.Limits{Min: 1}}
	want := &core.Module{
		Metered: true,
		Name:    "m",
		Imports: []core.Import{
			{"", "", core.ExternType{Func: core.FuncType{Params: i32, Results: i64}}},
			{"env", "t", core.ExternType{Kind: core.KindTable, Table: funcs}},
			{"env", "m", core.ExternType{Kind: core.KindMemory, Memory: pages}},
			{"env", "g", core.ExternType{Kind: core.KindGlobal, Global: core.GlobalType{Type: core.I64, Mutable: true}}},
		},
		Exports: []core.Export{
			{"f", 1, core.ExternType{}},
			{"t2", 1, core.ExternType{Kind: core.KindTable, Table: refs}},
			{"mem", 0, core.ExternType{Kind: core.KindMemory, Memory: pages}},
			{"g2", 1, core.ExternType{Kind: core.KindGlobal, Global: core.GlobalType{Type: core.I32}}},
		},
		Tables:       []core.TableType{funcs, refs},
		Memories:     []core.MemoryType{pages},
		Features:     core.MutableGlobals | core.ReferenceTypes | core.BulkMemory,
		Functions:    1,
		CodeBytes:    4,
		DataSegments: 2, DataBytes: 5,
		HasStart: true,
	}
	got, err := core.Inspect(w.bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Inspect (-want +got):\n%s", diff)
	}
	if got, err = core.Rewrite(w.bytes(), nil); err != nil {
		t.Fatal(err)
	}
	rewritten := got.Bytes
	if got.Work == 0 {
		t.Error("a module with functions is no work")
	}
	got.Bytes, got.Work = nil, 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Rewrite (-want +got):\n%s", diff)
	}
	if got, err = core.Inspect(rewritten); err == nil {
		t.Errorf("rewriting twice is possible: the reserved export was accepted: %+v", got.Exports)
	}
}

// TestTables demands that tables are clamped, imported ones too.
func TestTables(t *testing.T) {
	for _, test := range []struct {
		limits []byte
		want   string // how limits are after the rewrite, or an error
	}{
		{op(0, 3), "\x01\x03\x64"},
		{op(1, 3, 4), "\x01\x03\x04"},
		{op(1, 3, 0x65), "\x01\x03\x64"},
		{op(1, 0x64, 0x64), "\x01\x64\x64"},
		{op(0, 0x65), "101 table elements, limit 100"},
		{op(1, 5, 4), "maximum 4 is below minimum 5"},
		{op(2, 5), "unknown flags"},
		{op(4, 5), "memory64"},
	} {
		for _, imported := range []bool{false, true} {
			var w wasm
			if imported {
				w.imports = append(w.imports, cat(name("x"), name("y"), op(1, 0x70), test.limits))
			} else {
				w.tables = append(w.tables, cat(op(0x70), test.limits))
			}
			m, err := core.Rewrite(w.bytes(), &core.Options{MaxTableElements: 100})
			if err != nil {
				if !strings.Contains(err.Error(), test.want) {
					t.Errorf("limits %v: %v, want %q", test.limits, err, test.want)
				}
				continue
			}
			if !strings.HasSuffix(string(m.Bytes), "\x70"+test.want) {
				t.Errorf("limits %v, imported %v: rewritten to %x, want suffix %x", test.limits, imported, m.Bytes, test.want)
			}
		}
	}
	var w wasm
	for range 33 {
		w.tables = append(w.tables, op(0x70, 0, 0))
	}
	var limit *core.LimitError
	if _, err := core.Rewrite(w.bytes(), nil); !errors.As(err, &limit) || limit.Max != 32 {
		t.Errorf("33 tables: %v, want a limit of 32", err)
	}
}

// TestPositions demands that equal code, linked differently, is equal.
func TestPositions(t *testing.T) {
	build := func(module, field string) []byte {
		var w wasm
		f := w.importFunc(module, field, none, none)
		w.exported("run", none, none, none, call(f))
		m, err := core.Rewrite(w.bytes(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return m.Bytes
	}
	if diff := cmp.Diff(build("", ""), build("wasi:io/streams@0.2.0", "read")); diff != "" {
		t.Errorf("modules differ: %s", diff)
	}
}

// TestSegments runs element segments of all forms, reference instructions and
// a start function both ways.
func TestSegments(t *testing.T) {
	e := newEngine(t)
	var host wasm
	host.exported("f", none, i32, none, i32Const(100))
	env, err := e.plain(t.Context(), host.bytes(), unresolved)
	if err != nil {
		t.Fatal(err)
	}
	var w wasm
	f0 := w.importFunc("env", "f", none, i32)
	f1 := w.fn(none, i32, none, i32Const(1))
	f2 := w.fn(none, i32, none, i32Const(2))
	w.tables = append(w.tables, op(0x70, 0, 32), op(0x70, 0, 32))
	// A function in a global.
	w.globals = append(w.globals, cat(op(0x70, 0), refFunc(f2), op(0x0b)))
	w.globals = append(w.globals, cat(op(0x7f, 1), i32Const(0), op(0x0b)))
	at := func(i int32) []byte { return cat(i32Const(i), op(0x0b)) }
	indices := vec([][]byte{u32(f0), u32(f1), u32(f2)})
	exprs := vec([][]byte{cat(refFunc(f2), op(0x0b)), cat(refFunc(f0), op(0x0b)), op(0xd0, 0x70, 0x0b)})
	w.elems = append(w.elems,
		cat(u32(0), at(0), indices),
		cat(u32(1), op(0), indices),
		cat(u32(2), u32(1), at(1), op(0), indices),
		cat(u32(3), op(0), indices),
		cat(u32(4), at(4), exprs),
		cat(u32(5), op(0x70), exprs),
		cat(u32(6), u32(1), at(8), op(0x70), exprs),
		cat(u32(7), op(0x70), exprs))
	typ := w.typ(none, i32)
	for table := range uint32(2) {
		w.exported("call"+string('0'+rune(table)), i32, i32, none, localGet(0), op(0x11), u32(typ), u32(table))
	}
	w.exported("init", ts(core.I32, core.I32, core.I32), none, none, localGet(0), localGet(1), localGet(2), misc(12, 1, 0))
	w.exported("init5", ts(core.I32, core.I32, core.I32), none, none, localGet(0), localGet(1), localGet(2), misc(12, 5, 1))
	w.exported("set", i32, none, none, localGet(0), refFunc(f1), op(0x26, 1))
	w.exported("fromGlobal", i32, none, none, localGet(0), globalGet(0), op(0x26, 1))
	w.exported("fill", ts(core.I32, core.I32), none, none, localGet(0), refFunc(f2), localGet(1), misc(17, 0))
	w.exported("copy", ts(core.I32, core.I32, core.I32), none, none, localGet(0), localGet(1), localGet(2), misc(14, 0, 1))
	w.exported("grow", i32, i32, none, refFunc(f1), localGet(0), misc(15, 1))
	w.exported("size", none, i32, none, misc(16, 1))
	w.exported("drop", none, none, none, misc(13, 1))
	w.exported("started", none, i32, none, globalGet(1))
	w.start = u32(w.fn(none, none, none, call(f0), globalSet(1)))

	resolve := func(string) api.Module { return env }
	p, err := e.plain(t.Context(), w.bytes(), resolve)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.rewritten(t.Context(), w.bytes(), resolve)
	if err != nil {
		t.Fatal(err)
	}
	tw := &twins{p, r}
	tables := func() {
		t.Helper()
		for i := range uint64(40) {
			tw.call(t, "call0", i)
			tw.call(t, "call1", i)
		}
	}
	tw.call(t, "started")
	tables()
	tw.call(t, "init", 20, 1, 2)
	tw.call(t, "init", 20, 1, 3)
	tw.call(t, "init5", 20, 0, 2)
	tw.call(t, "set", 30)
	tw.call(t, "set", 32)
	tw.call(t, "fromGlobal", 29)
	tw.call(t, "fill", 10, 3)
	tw.call(t, "fill", 30, 3)
	tables()
	tw.call(t, "copy", 0, 5, 20)
	tw.call(t, "grow", 4)
	tw.call(t, "size")
	tw.call(t, "drop")
	tw.call(t, "init", 20, 1, 2)
	tables()
}
