package core_test

import (
	"testing"

	"github.com/wattle-dev/wattle/host/component/core"
)

// TestLeavingLoops leaves loops in every way there is, with fuel that ends at
// every check, and at every few.
func TestLeavingLoops(t *testing.T) {
	var w wasm
	typed := func(params, results []core.ValType) []byte { return s64(int64(w.typ(params, results))) }
	get, set, one := localGet, localSet, i32Const(1)
	add, sub := op(0x6a), op(0x6b)
	step := cat(get(1), one, add, set(1)) // the second local counts iterations
	more := cat(get(0), one, sub, localTee(0))
	result := block(0x02, op(0x7f), i32Const(7), loop(step, get(1), more, op(0x45), brIf(1), op(0x1a), br(0)), op(0x00))
	two := typed(none, ts(core.I32, core.I32))
	for name, code := range map[string][]byte{
		"end":      cat(loop(step, more, brIf(0)), get(1)),
		"value":    block(0x03, op(0x7f), step, get(1), more, brIf(0)),
		"two":      cat(block(0x03, two, step, get(1), get(0), more, brIf(0)), add),
		"param":    cat(i32Const(3), block(0x03, typed(i32, i32), one, add, step, more, brIf(0))),
		"return":   cat(loop(step, more, block(0x04, void, br(1)), get(1), op(0x0f)), op(0x00)),
		"function": cat(loop(step, more, block(0x04, void, br(1)), get(1), br(1)), op(0x00)),
		"br_if":    result,
		"nested": cat(loop(step, loop(step, get(1), i32Const(7), op(0x70), brIf(0)), loop(get(1), one, op(0x71),
			block(0x04, void, step, br(1))), more, brIf(0)), get(1)),
		"continue outer": cat(loop(step, block(0x02, void, loop(more, op(0x45), brIf(1), br(2)))), get(1)),
		"br_table": cat(block(0x02, void, loop(step, block(0x02, void, loop(
			more, i32Const(3), op(0x70), get(0), op(0x45), i32Const(5), op(0x6c), add, op(0x0e, 4, 0, 1, 2, 2, 3))), br(0))), get(1)),
		"br_table of function": cat(loop(step, get(1), more, op(0x0e, 1, 1, 1)), op(0x00)),
		"dead":                 cat(loop(step, more, brIf(0), get(1), op(0x0f), loop(br(1)), br(1)), get(1)),
		"trap":                 cat(loop(step, more, brIf(0), op(0x00)), get(1)),
		"fill":                 cat(loop(step, get(1), get(0), get(1), misc(11, 0), more, brIf(0)), get(1)),
	} {
		w.exported(name, i32, i32, i32, code)
	}
	w.exported("results", i32, ts(core.I32, core.I32), i32, loop(step, more, brIf(0), get(1), get(0), br(1)), op(0x00))
	w.memory(1, 1)
	for _, slice := range []int64{1, 2, 7, 30, plenty} {
		e := newEngine(t)
		refills := 0
		e.refill = func(fuel int64) int64 {
			if refills++; fuel > 0 {
				t.Errorf("refill with fuel %d, want at most 0", fuel)
			}
			return slice
		}
		tw := newTwins(t, e, w.bytes())
		for name := range tw.plain.ExportedFunctionDefinitions() {
			for _, n := range []uint64{1, 2, 3, 4, 9, 40} {
				tw.call(t, name, n)
			}
		}
		tw.sameMemory(t)
		if slice == 1 && refills < 500 {
			t.Errorf("only %d refills", refills)
		}
	}
}
