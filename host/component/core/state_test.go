package core_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero/api"

	"github.com/wattle-dev/wattle/host/component/core"
)

// TestState demands that the state of an instance can be read and written.
func TestState(t *testing.T) {
	var w wasm
	w.imports = append(w.imports, cat(name("env"), name("g"), op(3, 0x7e, 1)))
	w.globals = append(w.globals,
		cat(op(0x7f, 0), i32Const(3), op(0x0b)), // immutable
		cat(op(0x7f, 1), i32Const(4), op(0x0b)),
		cat(op(0x7e, 1), op(0x42, 5), op(0x0b)))
	set := w.fn(none, none, none, i32Const(40), op(0x24, 2), op(0x42, 50, 0x24, 3))
	w.exported("get", none, i32, none, op(0x23, 2))
	w.start = u32(set)
	m, err := core.Rewrite(w.bytes(), &core.Options{State: true})
	if err != nil {
		t.Fatal(err)
	}
	want := &core.State{
		Globals: []core.StateGlobal{{"wattle::global-2", core.I32}, {"wattle::global-3", core.I64}},
		Start:   "wattle::start",
	}
	if diff := cmp.Diff(want, m.State); diff != "" {
		t.Fatalf("State (-want +got):\n%s", diff)
	}
	var env wasm
	env.globals = append(env.globals, cat(op(0x7e, 1), op(0x42, 0), op(0x0b)))
	env.export("g", core.KindGlobal, 0)
	e := newEngine(t)
	other, err := e.instantiate(t.Context(), env.bytes())
	if err != nil {
		t.Fatal(err)
	}
	in, err := e.link(t.Context(), m, func(string) api.Module { return other })
	if err != nil {
		t.Fatal(err)
	}
	get := func() uint64 {
		t.Helper()
		got, err := in.ExportedFunction("get").Call(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return got[0]
	}
	if got := get(); got != 4 {
		t.Errorf("before the start the global is %d, want 4", got)
	}
	if _, err := in.ExportedFunction(m.State.Start).Call(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := get(); got != 40 {
		t.Errorf("after the start the global is %d, want 40", got)
	}
	if got := in.ExportedGlobal("wattle::global-3").Get(); got != 50 {
		t.Errorf("the other global is %d, want 50", got)
	}
	in.ExportedGlobal("wattle::global-2").(api.MutableGlobal).Set(7)
	if got := get(); got != 7 {
		t.Errorf("the global is %d, want what was set, 7", got)
	}
}

// TestHidden demands that it is said what the host does not reach.
func TestHidden(t *testing.T) {
	const tables, segments = "tables that its code changes", "segments that its code drops"
	for _, test := range []struct {
		name, want string
		body       []byte
	}{
		{"nothing", "", cat(i32Const(0), op(0x25, 0, 0x1a))},
		{"table.set", tables, cat(i32Const(0), op(0xd0, 0x70, 0x26, 0))},
		{"table.init", tables, cat(i32Const(0), i32Const(0), i32Const(0), misc(12, 0, 0))},
		{"table.copy", tables, cat(i32Const(0), i32Const(0), i32Const(0), misc(14, 0, 0))},
		{"table.grow", tables, cat(op(0xd0, 0x70), i32Const(0), misc(15, 0), op(0x1a))},
		{"table.size", "", cat(misc(16, 0), op(0x1a))},
		{"table.fill", tables, cat(i32Const(0), op(0xd0, 0x70), i32Const(0), misc(17, 0))},
		{"data.drop", segments, misc(9, 0)},
		{"elem.drop", segments, misc(13, 0)},
		{"memory.init", "", cat(i32Const(0), i32Const(0), i32Const(0), misc(8, 0, 0))},
	} {
		var w wasm
		w.memory(1, 1)
		w.tables = append(w.tables, op(0x70, 0, 4))
		w.elems = append(w.elems, cat(op(1, 0), vec([][]byte{u32(0)})))
		w.dataCount = true
		w.datas = append(w.datas, cat(op(1), name("abc")))
		w.fn(none, none, none, test.body)
		m, err := core.Rewrite(w.bytes(), &core.Options{State: true})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if m.State.Hidden != test.want {
			t.Errorf("%s: hidden is %q, want %q", test.name, m.State.Hidden, test.want)
		}
		if _, err := newEngine(t).link(t.Context(), m, unresolved); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	for _, test := range []struct {
		name, want string
		module     func(w *wasm)
	}{
		{"v128", "global of type v128", func(w *wasm) {
			w.globals = append(w.globals, cat(op(0x7b, 1, 0xfd, 0x0c), make([]byte, 16), op(0x0b)))
		}},
		{"funcref", "global of type funcref", func(w *wasm) {
			w.globals = append(w.globals, op(0x70, 1, 0xd0, 0x70, 0x0b))
		}},
		{"data", "data that is copied into memory when it is instantiated", func(w *wasm) {
			w.imports = append(w.imports, cat(name("env"), name("m"), op(2, 0, 1)))
			w.datas = append(w.datas, cat(op(0), i32Const(0), op(0x0b), name("de")))
		}},
	} {
		var w wasm
		test.module(&w)
		m, err := core.Rewrite(w.bytes(), &core.Options{State: true, Image: true})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		} else if m.State.Hidden != test.want {
			t.Errorf("%s: hidden is %q, want %q", test.name, m.State.Hidden, test.want)
		}
	}
}

// TestStartType demands that a start function with parameters is refused, which
// the engine does not see any more.
func TestStartType(t *testing.T) {
	var w wasm
	w.start = u32(w.fn(i32, none, none))
	if _, err := core.Rewrite(w.bytes(), &core.Options{State: true}); err == nil {
		t.Error("a start function with a parameter was accepted")
	}
}
