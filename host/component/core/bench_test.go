package core_test

import (
	"os"
	"testing"

	"github.com/wattle-dev/wattle/host/component/core"
)

// kernels returns a module of small computations, each exported as a function
// of type (i32) -> (i32).
func kernels() []byte {
	var w wasm
	w.memory(16, 16)
	get, set := localGet, localSet
	add, sub, mul, and, xor, shl, shrU, ltU := op(0x6a), op(0x6b), op(0x6c), op(0x71), op(0x73), op(0x74), op(0x76), op(0x49)
	// while runs body for local i from 0 up to local n.
	while := func(i, n uint32, body ...[]byte) []byte {
		return cat(i32Const(0), set(i), loop(cat(body...),
			get(i), i32Const(1), add, localTee(i), get(n), ltU, brIf(0)))
	}
	load, store := op(0x28, 2, 0), op(0x36, 2, 0)

	fib := uint32(0)
	w.exported("fib", i32, i32, none,
		get(0), i32Const(2), ltU,
		block(0x04, op(0x7f), get(0), op(0x05),
			get(0), i32Const(1), sub, call(fib), get(0), i32Const(2), sub, call(fib), add))
	locals := ts(core.I32, core.I32, core.I32, core.I32)
	w.exported("xorshift", i32, i32, locals,
		i32Const(42), set(2),
		while(1, 0,
			get(2), get(2), i32Const(13), shl, xor, localTee(2),
			get(2), i32Const(17), shrU, xor, localTee(2),
			get(2), i32Const(5), shl, xor, set(2)),
		get(2))
	// One addition an iteration: the worst a check can do.
	w.exported("count", i32, i32, locals,
		while(1, 0, get(2), get(1), add, set(2)), get(2))
	w.exported("sum", i32, i32, locals,
		while(1, 0,
			get(1), i32Const(0xffff), and, i32Const(2), shl, localTee(3),
			get(3), load, get(1), xor, get(2), add, localTee(2), store),
		get(2))
	// Three nested loops over 32-bit integers in memory.
	at := func(base int32, row, column uint32) []byte {
		return cat(get(row), get(0), mul, get(column), add, i32Const(2), shl, i32Const(base), add)
	}
	w.exported("matmul", i32, i32, locals,
		while(1, 0, while(2, 0,
			i32Const(0), set(4),
			while(3, 0, get(4), at(0, 1, 3), load, at(1<<18, 3, 2), load, mul, add, set(4)),
			at(1<<19, 1, 2), get(4), store)),
		get(4))
	w.tables = append(w.tables, op(0x70, 0, 2))
	one := w.fn(i32, i32, none, get(0), i32Const(3), mul)
	two := w.fn(i32, i32, none, get(0), i32Const(1), xor)
	w.elems = append(w.elems, cat(op(0), i32Const(0), op(0x0b), vec([][]byte{u32(one), u32(two)})))
	w.exported("indirect", i32, i32, locals,
		while(1, 0, get(2), get(1), i32Const(1), and, op(0x11), u32(w.typ(i32, i32)), u32(0), set(2)),
		get(2))
	return w.bytes()
}

var kernelArgs = []struct {
	name string
	arg  uint64
}{
	{"fib", 30}, {"xorshift", 10_000_000}, {"count", 10_000_000}, {"sum", 10_000_000}, {"matmul", 200}, {"indirect", 5_000_000},
}

// BenchmarkKernels compares computations as they are and rewritten.
func BenchmarkKernels(b *testing.B) {
	tw := newTwins(b, newEngine(b), kernels())
	for _, k := range kernelArgs {
		b.Run(k.name+"/plain", func(b *testing.B) {
			f := tw.plain.ExportedFunction(k.name)
			for b.Loop() {
				if _, err := f.Call(b.Context(), k.arg); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(k.name+"/rewritten", func(b *testing.B) {
			f := tw.rewritten.ExportedFunction(k.name)
			for b.Loop() {
				if _, err := f.Call(b.Context(), k.arg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRewrite rewrites the core module in the file that WATTLE_CORE_MODULE
// names, or else the kernels.
func BenchmarkRewrite(b *testing.B) {
	module := kernels()
	if file := os.Getenv("WATTLE_CORE_MODULE"); file != "" {
		var err error
		if module, err = os.ReadFile(file); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(module)))
	for b.Loop() {
		if _, err := core.Rewrite(module, nil); err != nil {
			b.Fatal(err)
		}
	}
}
