package core_test

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero/api"

	"github.com/wattle-dev/wattle/host/component/core"
)

var errNoFuel = errors.New("out of fuel")

// spinners returns a module of functions that never end, or not in the time
// the universe has.
func spinners() []byte {
	var w wasm
	w.memory(256, 512)
	w.tables = append(w.tables, op(0x70, 0, 16))
	w.dataCount = true
	w.datas = append(w.datas, cat(op(1), u32(1<<20), make([]byte, 1<<20)))
	w.exported("loop", none, none, none, loop(br(0)))
	w.exported("nested", none, none, none, loop(loop(i32Const(0), brIf(0)), br(0)))
	// A tree of calls without a loop: each function calls the previous one four
	// times, the first one does nothing.
	f := w.fn(none, none, none)
	for range 40 {
		f = w.fn(none, none, none, call(f), call(f), call(f), call(f))
	}
	w.export("tree", core.KindFunc, f)
	bulk := func(size int32, op []byte) []byte {
		return loop(i32Const(0), i32Const(0), i32Const(size), op, br(0))
	}
	w.exported("fill", none, none, none, bulk(1<<24, misc(11, 0)))
	w.exported("copy", none, none, none, bulk(1<<24, misc(10, 0, 0)))
	w.exported("init", none, none, none, bulk(1<<20, misc(8, 0, 0)))
	w.exported("grow", none, none, none, loop(i32Const(1), op(0x40, 0), op(0x1a), br(0)))
	w.exported("tableGrow", none, none, none, loop(op(0xd0, 0x70), i32Const(1), misc(15, 0), op(0x1a), br(0)))
	self := uint32(w.imported + len(w.codes))
	w.exported("tail", none, none, none, op(0x12), u32(self))
	typ := w.typ(none, none)
	w.exported("tailIndirect", none, none, none, i32Const(0), op(0x13), u32(typ), op(0))
	w.elems = append(w.elems, cat(op(0), i32Const(0), op(0x0b), vec([][]byte{u32(self + 1)})))
	return w.bytes()
}

var spinnerNames = []string{
	"loop", "nested", "tree", "fill", "copy", "init", "grow", "tableGrow", "tail", "tailIndirect",
}

// TestStop runs guests that never end, on a budget.
func TestStop(t *testing.T) {
	e := newEngine(t)
	for _, name := range spinnerNames {
		t.Run(name, func(t *testing.T) {
			m, err := e.rewritten(t.Context(), spinners(), unresolved)
			if err != nil {
				t.Fatal(err)
			}
			const slice, budget = 1_000_000, 20_000_000
			spent, refills := int64(0), 0
			e.refill = func(fuel int64) int64 {
				if refills > 0 {
					spent += slice - fuel
				}
				refills++
				if fuel > 0 {
					t.Errorf("refill with fuel %d, want at most 0", fuel)
				}
				if spent >= budget {
					panic(errNoFuel)
				}
				return slice
			}
			if _, err = m.ExportedFunction(name).Call(t.Context()); !errors.Is(err, errNoFuel) {
				t.Fatalf("guest ended with %v, want %v", err, errNoFuel)
			}
			if refills < 2 || spent < budget {
				t.Errorf("spent %d in %d refills, want at least %d", spent, refills, budget)
			}
		})
	}
}

// TestBulkCost demands that a fill costs as much as it writes, and that a fill
// which traps and a growth which fails cost nothing.
func TestBulkCost(t *testing.T) {
	var w wasm
	w.memory(16, 32)
	w.tables = append(w.tables, op(0x70, 1, 8, 12))
	w.exported("fill", i32, none, none, i32Const(0), i32Const(0), localGet(0), misc(11, 0))
	w.exported("grow", i32, i32, none, localGet(0), op(0x40, 0))
	w.exported("tableGrow", i32, i32, none, op(0xd0, 0x70), localGet(0), misc(15, 0))
	e := newEngine(t)
	m, err := e.rewritten(t.Context(), w.bytes(), unresolved)
	if err != nil {
		t.Fatal(err)
	}
	fuel := m.ExportedGlobal(core.FuelExport)
	cost := func(function string, arg uint64) int64 {
		if _, err := m.ExportedFunction(function).Call(t.Context(), 0); err != nil {
			t.Fatal(err) // and there is fuel now
		}
		before := int64(fuel.Get())
		_, _ = m.ExportedFunction(function).Call(t.Context(), arg)
		return before - int64(fuel.Get())
	}
	const entry = 10
	for _, test := range []struct {
		function string
		arg      uint64
		min, max int64
	}{
		{"fill", 0, 0, entry},
		{"fill", 1 << 20, 1 << 16, 1<<16 + entry},
		{"fill", 1 << 21, 0, entry}, // out of bounds
		{"grow", 2, 2 << 12, 2<<12 + entry},
		{"grow", 1 << 31, 0, entry},
		{"grow", 1<<32 - 1, 0, entry},
		{"tableGrow", 4, 4 * 8, 4*8 + entry},
		{"tableGrow", 1, 0, entry}, // full
	} {
		if got := cost(test.function, test.arg); got < test.min || got > test.max {
			t.Errorf("%s(%d) costs %d, want %d to %d", test.function, test.arg, got, test.min, test.max)
		}
	}
}

// TestCost demands the documented costs.
func TestCost(t *testing.T) {
	var w wasm
	// Short functions that call none and have no loop are free, the same with a
	// few instructions more are not.
	w.exported("short", none, none, none, bytes.Repeat([]byte{0x01}, 15))
	w.exported("longer", none, none, none, bytes.Repeat([]byte{0x01}, 16))
	// 3 iterations of 6 instructions with the end; and outside of the loop 4:
	// const, set, loop and end.
	w.exported("loop", none, none, i32,
		i32Const(3), localSet(0), loop(localGet(0), i32Const(1), op(0x6b), localTee(0), brIf(0)))
	// The same with a parameter, in a function of two results.
	w.exported("param", none, ts(core.I32, core.I32), i32,
		i32Const(3), block(0x03, s64(int64(w.typ(i32, i32))), i32Const(1), op(0x6b), localTee(0), localGet(0), brIf(0)), i32Const(1))
	wide := w.fn(ts(core.I64, core.I64, core.I64, core.I64), i64, none, i64Const(0))
	w.exported("wide", none, none, none, i64Const(0), i64Const(0), i64Const(0), i64Const(0), call(wide), op(0x1a))
	// 128 at the full price, then 64 for the price of one.
	w.exported("long", none, none, none, bytes.Repeat([]byte{0x01}, 128+640))
	e := newEngine(t)
	e.refill = func(fuel int64) int64 { return plenty + fuel } // what was owed is paid
	got := map[string]int64{}
	for _, name := range []string{"short", "longer", "loop", "param", "wide", "long"} {
		m, err := e.rewritten(t.Context(), w.bytes(), unresolved)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.ExportedFunction(name).Call(t.Context()); err != nil {
			t.Fatal(err)
		}
		if fuel := int64(m.ExportedGlobal(core.FuelExport).Get()); fuel > 0 {
			got[name] = plenty - fuel
		}
	}
	want := map[string]int64{"longer": 17, "loop": 4 + 3*6, "param": 4 + 3*6, "wide": 7 + 2, "long": 128 + 10}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("costs (-want +got):\n%s", diff)
	}
}

// TestDeterministic demands the same refills, with the same fuel, of equal runs.
func TestDeterministic(t *testing.T) {
	e := newEngine(t)
	run := func() []int64 {
		m, err := e.rewritten(t.Context(), kernels(), unresolved)
		if err != nil {
			t.Fatal(err)
		}
		var seen []int64
		e.refill = func(fuel int64) int64 {
			seen = append(seen, fuel)
			return 10_000
		}
		for _, k := range kernelArgs {
			if _, err := m.ExportedFunction(k.name).Call(t.Context(), min(k.arg, 20)); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, int64(m.ExportedGlobal(core.FuelExport).Get()))
		}
		return seen
	}
	first := run()
	if len(first) < 20 {
		t.Errorf("only %d refills", len(first))
	}
	if diff := cmp.Diff(first, run()); diff != "" {
		t.Errorf("runs differ (-first +second):\n%s", diff)
	}
}

// TestInitialFuel demands that a module starts with the fuel of its options.
func TestInitialFuel(t *testing.T) {
	var w wasm
	w.exported("f", none, none, none, bytes.Repeat([]byte{0x01}, 19))
	m, err := core.Rewrite(w.bytes(), &core.Options{InitialFuel: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t)
	e.refill = func(int64) int64 { panic("no refill is due") }
	inst, err := e.link(t.Context(), m, unresolved)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inst.ExportedFunction("f").Call(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := inst.ExportedGlobal(core.FuelExport).Get(), uint64(1<<40-20); got != want {
		t.Errorf("fuel after 20 instructions = %d, want %d", got, want)
	}
}

// TestGarbageCollector demands that a guest which never ends does not hold up
// the garbage collector: a collection completes while the guest runs, and only
// then is the guest stopped.
func TestGarbageCollector(t *testing.T) {
	for _, name := range []string{"loop", "tree", "fill"} {
		t.Run(name, func(t *testing.T) {
			e := newEngine(t)
			m, err := e.rewritten(t.Context(), spinners(), unresolved)
			if err != nil {
				t.Fatal(err)
			}
			running := make(chan struct{})
			var collected atomic.Bool
			refills := 0
			e.refill = func(int64) int64 {
				if refills++; refills == 1 {
					close(running)
				}
				if collected.Load() {
					panic(errNoFuel)
				}
				return 1_000_000
			}
			done := make(chan error, 1)
			go func() {
				_, err := m.ExportedFunction(name).Call(t.Context())
				done <- err
			}()
			<-running
			// If the guest could not be interrupted neither call would return.
			runtime.GC()
			runtime.GC()
			collected.Store(true)
			if err := <-done; !errors.Is(err, errNoFuel) {
				t.Errorf("guest ended with %v, want %v", err, errNoFuel)
			}
		})
	}
}

// TestTrapNames demands that a trap names the guest's functions although their
// indices have moved.
func TestTrapNames(t *testing.T) {
	var w wasm
	imported := w.importFunc("env", "f", none, none)
	inner := w.fn(none, none, none, op(0x00))
	outer := w.exported("run", none, none, none, call(inner))
	item := func(i uint32, s string) []byte { return cat(u32(i), name(s)) }
	funcs := vec([][]byte{item(imported, "env.f"), item(inner, "inner"), item(outer, "outer")})
	locals := vec([][]byte{cat(u32(outer), vec([][]byte{item(0, "x")}))})
	labels := vec([][]byte{cat(u32(outer), vec([][]byte{item(0, "l")}))})
	names := func(funcs []byte) []byte {
		return cat(section(0, name("guest")), section(1, funcs), section(2, locals), section(3, labels))
	}
	w.custom("producers", []byte("anything"))
	w.custom("name", names(funcs))
	e := newEngine(t)
	var host wasm
	host.exported("f", none, none, none)
	env, err := e.plain(t.Context(), host.bytes(), unresolved)
	if err != nil {
		t.Fatal(err)
	}
	m, err := core.Rewrite(w.bytes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "guest" {
		t.Errorf("module name = %q, want %q", m.Name, "guest")
	}
	inst, err := e.link(t.Context(), m, func(string) api.Module { return env })
	if err != nil {
		t.Fatal(err)
	}
	_, err = inst.ExportedFunction("run").Call(t.Context())
	for _, want := range []string{"guest.inner()", "guest.outer()"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("trap %v does not name %s", err, want)
		}
	}

	for what, bad := range map[string][]byte{
		"truncated":     names(funcs)[:20],
		"out of range":  names(vec([][]byte{item(99, "x")})),
		"out of order":  names(vec([][]byte{item(1, "x"), item(0, "y")})),
		"not UTF-8":     names(vec([][]byte{item(0, "\xff")})),
		"too many":      cat(section(1, u32(1<<30))),
		"twice":         cat(section(0, name("a")), section(0, name("b"))),
		"length beyond": cat(op(0), u32(200), name("a")),
	} {
		w.customs = nil
		w.custom("name", bad)
		m, err := core.Rewrite(w.bytes(), nil)
		if err != nil || m.Name != "" || strings.Contains(string(m.Bytes), "\x04name") {
			t.Errorf("name section that is %s: %v, want it dropped", what, err)
		}
	}
}
