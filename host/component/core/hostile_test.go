package core_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/component/core"
)

// TestReach demands that no guest reaches what the rewrite adds: each of these
// modules is invalid, but would be valid if the rewrite did not look.
func TestReach(t *testing.T) {
	f64s := ts(core.F64)
	body := func(params, results, locals []core.ValType, code ...[]byte) func(*wasm) {
		return func(w *wasm) { w.exported("f", params, results, locals, code...) }
	}
	end := op(0x0b)
	for name, build := range map[string]func(*wasm){
		"call":                  body(none, i64, none, i64Const(0), call(1)),
		"return_call":           body(none, i64, none, i64Const(0), op(0x12, 1)),
		"call_indirect":         body(none, i64, none, i64Const(0), i32Const(0), op(0x11, 2, 0)),
		"return_call_indirect":  body(none, i64, none, i64Const(0), i32Const(0), op(0x13, 2, 0)),
		"block type":            body(none, i64, none, i64Const(0), block(0x02, op(2))),
		"loop type":             body(none, i64, none, i64Const(0), block(0x03, op(2))),
		"ref.func":              body(none, none, none, refFunc(1), op(0x1a)),
		"global.get":            body(none, i64, none, globalGet(0)),
		"global.set":            body(none, none, none, i64Const(0), globalSet(0)),
		"local.get":             body(none, i64, none, localGet(0)),
		"local.set":             body(f64s, none, f64s, i64Const(1), localSet(2)),
		"local.tee":             body(f64s, i64, f64s, i64Const(1), localTee(2)),
		"label of function":     body(none, none, none, br(1)),
		"label of loop":         body(none, none, none, loop(br(2))),
		"label of br_if":        body(none, none, none, loop(i32Const(0), brIf(2))),
		"label of br_table":     body(none, none, none, loop(i32Const(0), op(0x0e, 1, 0, 2))),
		"unreachable label":     body(none, none, none, op(0x00), loop(br(5))),
		"unreachable local.get": body(none, none, none, op(0x00), localGet(0), op(0x1a)),
		"function type": func(w *wasm) {
			w.exported("f", none, none, none)
			w.funcs[0] = op(2)
		},
		"import type": func(w *wasm) {
			w.exported("f", none, none, none)
			w.imports = append(w.imports, cat(name("a"), name("b"), op(0, 2)))
		},
		"function export":      func(w *wasm) { w.fn(none, none, none); w.export("x", core.KindFunc, 1) },
		"global export":        func(w *wasm) { w.fn(none, none, none); w.export("x", core.KindGlobal, 0) },
		"reserved fuel export": func(w *wasm) { w.fn(none, none, none); w.export("wattle::fuel", core.KindFunc, 0) },
		"reserved export":      func(w *wasm) { w.export("wattle::", core.KindFunc, w.fn(none, none, none)) },
		"start":                func(w *wasm) { w.fn(none, none, none); w.start = op(1) },
		"element": func(w *wasm) {
			w.fn(none, none, none)
			w.elems = append(w.elems, cat(op(1, 0), vec([][]byte{op(1)})))
		},
		"element expression": func(w *wasm) {
			w.fn(none, none, none)
			w.elems = append(w.elems, cat(op(5, 0x70), vec([][]byte{cat(refFunc(1), end)})))
		},
		"element offset": func(w *wasm) {
			w.fn(none, none, none)
			w.tables = append(w.tables, op(0x70, 0, 1))
			w.elems = append(w.elems, cat(op(0), globalGet(0), end, op(0)))
		},
		"global's value": func(w *wasm) {
			w.fn(none, none, none)
			w.globals = append(w.globals, cat(op(0x7e, 0), globalGet(1), end))
		},
		"function in global": func(w *wasm) {
			w.fn(none, none, none)
			w.globals = append(w.globals, cat(op(0x70, 0), refFunc(1), end))
		},
		"data offset": func(w *wasm) {
			w.fn(none, none, none)
			w.memory(1, 1)
			w.datas = append(w.datas, cat(op(0), globalGet(0), end, op(0)))
		},
		// Engines take 0x8c for i16x8.shr_s and the bytes behind for code.
		"long vector opcode":   body(none, none, none, op(0xfd, 0x8c, 0x00), make([]byte, 16), op(0x1a)),
		"code after the end":   body(none, none, none, end, call(0)),
		"unfinished block":     body(none, none, none, op(0x02, 0x40)),
		"else without if":      body(none, none, none, op(0x02, 0x40, 0x05, 0x0b)),
		"else twice":           body(none, none, none, i32Const(0), op(0x04, 0x40, 0x05, 0x05, 0x0b)),
		"unknown opcode":       body(none, none, none, op(0x27)),
		"unknown misc opcode":  body(none, none, none, misc(18)),
		"i32.const too long":   body(none, none, none, op(0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x1a)),
		"i32.const overflow":   body(none, none, none, op(0x41, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x1a)),
		"index overflow":       body(none, none, none, op(0x10, 0x80, 0x80, 0x80, 0x80, 0x10)),
		"memory index of size": body(none, none, none, op(0x3f, 0x80, 0x00, 0x1a)),
		"custom name":          func(w *wasm) { w.custom("x\xff", nil) },
		"import name":          func(w *wasm) { w.imports = append(w.imports, cat(name("\xff"), name(""), op(3, 0x7f, 0))) },
	} {
		var w wasm
		w.typ(none, none)
		w.typ(none, i64) // the refill function's type would be 2, or 3 with another
		build(&w)
		module := w.bytes()
		_, err := core.Rewrite(module, nil)
		var e *core.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v, want an error of the module", name, err)
			continue
		}
		if e.Offset <= 0 || e.Offset > len(module) {
			t.Errorf("%s: offset %d outside of module of %d bytes", name, e.Offset, len(module))
		}
		if _, err := newEngine(t).CompileModule(t.Context(), module); err == nil && name != "custom name" && !strings.Contains(name, "export") {
			t.Errorf("%s: the original is valid, so this tests nothing", name)
		}
	}
}

// TestUnsupported demands that features which engines lack are refused by
// name, in the right function, and that Inspect reports what it can.
func TestUnsupported(t *testing.T) {
	for _, test := range []struct {
		feature string
		seen    core.Features // by Inspect; none if it refuses too
		code    []byte
	}{
		{"exception-handling", core.Exceptions, cat(op(0x1f, 0x40, 1, 2, 0), op(0x0b))},
		{"exception-handling", core.Exceptions, op(0x00, 0x0a)},
		{"threads", core.Threads, op(0xfe, 0x03, 0x00)},
		{"threads", core.Threads, op(0x00, 0xfe, 0x10, 2, 0)},
		{"multi-memory", core.MultiMemory, op(0x00, 0x28, 0x42, 1, 0)},
		{"multi-memory", core.MultiMemory, op(0x00, 0x3f, 1)},
		{"function-references", 0, op(0x00, 0x14, 0)},
		{"gc", 0, op(0x00, 0xfb, 0, 0)},
		{"relaxed-simd", 0, op(0x00, 0xfd, 0x80, 0x02)},
	} {
		var w wasm
		w.importFunc("a", "b", none, none)
		w.exported("f", none, none, none, test.code)
		_, err := core.Rewrite(w.bytes(), nil)
		var e *core.Error
		var unsupported *core.UnsupportedError
		if !errors.As(err, &e) || !errors.As(err, &unsupported) || unsupported.Feature != test.feature || e.Func != 1 {
			t.Errorf("%x: %v, want %s refused in function 1", test.code, err, test.feature)
		}
		m, err := core.Inspect(w.bytes())
		if (err == nil) != (test.seen != 0) || m != nil && m.Features != test.seen {
			t.Errorf("Inspect %x: %+v, %v, want features %q", test.code, m, err, test.seen)
		}
	}
}

// TestLimits demands that small modules cannot ask for much memory.
func TestLimits(t *testing.T) {
	params := func(n int) []core.ValType {
		p := make([]core.ValType, n)
		for i := range p {
			p[i] = core.I32
		}
		return p
	}
	withLocals := func(n uint32, functions int) *wasm {
		w := &wasm{}
		for range functions {
			w.fn(none, none, none)
			w.codes[len(w.codes)-1] = cat(u32(uint32(4+len(u32(n))-1)), op(1), u32(n), op(0x7f, 0x0b))
		}
		return w
	}
	wide := &wasm{}
	wide.typ(params(1001), none)
	wideResults := &wasm{}
	wideResults.typ(none, params(1001))
	manyImports := cat([]byte("\x00asm\x01\x00\x00\x00"), section(2, cat(u32(100_001), make([]byte, 200_000))))
	header := []byte("\x00asm\x01\x00\x00\x00")
	wideType := cat(op(0x60), u32(996), bytes.Repeat(op(0x7f), 996), op(0))
	longBody := &wasm{}
	longBody.fn(none, none, none, bytes.Repeat(op(0x01), 7_654_321))
	for what, module := range map[string][]byte{
		"items in section 2":      manyImports,
		"items in section 1":      cat(header, section(1, cat(u32(1_000_001), make([]byte, 1_000_001)))),
		"items in section 7":      cat(header, section(7, cat(u32(100_001), make([]byte, 100_001)))),
		"bytes of function body":  longBody.bytes(),
		"parameters":              wide.bytes(),
		"values in types":         cat(header, section(1, cat(u32(251), bytes.Repeat(wideType, 251)))),
		"results":                 wideResults.bytes(),
		"locals":                  withLocals(50_001, 1).bytes(),
		"locals in all functions": withLocals(50_000, 25).bytes(),
	} {
		var limit *core.LimitError
		if _, err := core.Rewrite(module, nil); !errors.As(err, &limit) || limit.What != what {
			t.Errorf("%v, want a limit on %s", err, what)
		}
	}
	if _, err := core.Rewrite(withLocals(50_000, 20).bytes(), nil); err != nil {
		t.Errorf("a million locals: %v", err)
	}
	// Vectors that claim more items than there are bytes.
	for id := byte(1); id <= 11; id++ {
		if id == 8 {
			continue
		}
		module := cat([]byte("\x00asm\x01\x00\x00\x00"), section(id, u32(1<<31)))
		if _, err := core.Rewrite(module, nil); err == nil {
			t.Errorf("section %d of 2**31 items is accepted", id)
		}
	}
}

// TestTruncated demands an error, not a panic, for every prefix of a module
// that uses much, except where a section ends.
func TestTruncated(t *testing.T) {
	module := kernels()
	for n := range module {
		if m, err := core.Rewrite(module[:n], nil); err == nil && m.Functions != 0 && n < len(module) {
			t.Errorf("prefix of %d bytes is accepted with %d functions", n, m.Functions)
		}
	}
}
