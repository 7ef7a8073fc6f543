package core_test

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/wattle-dev/wattle/host/component/core"
)

// wasm builds core modules for tests.
type wasm struct {
	types   [][]byte
	imports [][]byte
	funcs   [][]byte
	tables  [][]byte
	mems    [][]byte
	globals [][]byte
	exports [][]byte
	start   []byte
	elems   [][]byte
	codes   [][]byte
	datas   [][]byte
	// dataCount adds a data count section.
	dataCount bool
	customs   [][]byte
	imported  int
}

func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

func u32(v uint32) []byte { return binary.AppendUvarint(nil, uint64(v)) }

func s64(v int64) []byte {
	var b []byte
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

func name(s string) []byte { return append(u32(uint32(len(s))), s...) }

func vec(items [][]byte) []byte { return cat(u32(uint32(len(items))), cat(items...)) }

func valTypes(ts []core.ValType) []byte {
	b := u32(uint32(len(ts)))
	for _, t := range ts {
		b = append(b, byte(t))
	}
	return b
}

// typ adds a function type and returns its index.
func (w *wasm) typ(params, results []core.ValType) uint32 {
	t := cat([]byte{0x60}, valTypes(params), valTypes(results))
	if i := slices.IndexFunc(w.types, func(o []byte) bool { return slices.Equal(o, t) }); i >= 0 {
		return uint32(i)
	}
	w.types = append(w.types, t)
	return uint32(len(w.types) - 1)
}

// importFunc adds an imported function and returns its index.
func (w *wasm) importFunc(module, field string, params, results []core.ValType) uint32 {
	w.imports = append(w.imports, cat(name(module), name(field), []byte{0}, u32(w.typ(params, results))))
	w.imported++
	return uint32(w.imported - 1)
}

// fn adds a function and returns its index. The final end is added to code.
func (w *wasm) fn(params, results, locals []core.ValType, code ...[]byte) uint32 {
	w.funcs = append(w.funcs, u32(w.typ(params, results)))
	groups := u32(uint32(len(locals)))
	for _, t := range locals {
		groups = append(groups, 1, byte(t))
	}
	body := cat(groups, cat(code...), []byte{0x0b})
	w.codes = append(w.codes, cat(u32(uint32(len(body))), body))
	return uint32(w.imported + len(w.codes) - 1)
}

func (w *wasm) export(field string, kind core.Kind, index uint32) {
	w.exports = append(w.exports, cat(name(field), []byte{byte(kind)}, u32(index)))
}

// exported adds an exported function.
func (w *wasm) exported(field string, params, results, locals []core.ValType, code ...[]byte) uint32 {
	f := w.fn(params, results, locals, code...)
	w.export(field, core.KindFunc, f)
	return f
}

// memory adds a memory exported as "memory".
func (w *wasm) memory(minPages, maxPages uint32) {
	w.mems = append(w.mems, cat([]byte{1}, u32(minPages), u32(maxPages)))
	w.export("memory", core.KindMemory, 0)
}

func (w *wasm) custom(field string, content []byte) {
	w.customs = append(w.customs, cat(name(field), content))
}

func section(id byte, content []byte) []byte {
	return cat([]byte{id}, u32(uint32(len(content))), content)
}

func (w *wasm) bytes() []byte {
	out := []byte("\x00asm\x01\x00\x00\x00")
	add := func(id byte, items [][]byte) {
		if len(items) > 0 {
			out = append(out, section(id, vec(items))...)
		}
	}
	add(1, w.types)
	add(2, w.imports)
	add(3, w.funcs)
	add(4, w.tables)
	add(5, w.mems)
	add(6, w.globals)
	add(7, w.exports)
	if w.start != nil {
		out = append(out, section(8, w.start)...)
	}
	add(9, w.elems)
	if w.dataCount {
		out = append(out, section(12, u32(uint32(len(w.datas))))...)
	}
	add(10, w.codes)
	add(11, w.datas)
	for _, c := range w.customs {
		out = append(out, section(0, c)...)
	}
	return out
}

// Value type lists.
var (
	none = []core.ValType(nil)
	i32  = []core.ValType{core.I32}
	i64  = []core.ValType{core.I64}
)

func ts(t ...core.ValType) []core.ValType { return t }

// Instructions.
func op(b ...byte) []byte                { return b }
func i32Const(v int32) []byte            { return cat(op(0x41), s64(int64(v))) }
func i64Const(v int64) []byte            { return cat(op(0x42), s64(v)) }
func localGet(i uint32) []byte           { return cat(op(0x20), u32(i)) }
func localSet(i uint32) []byte           { return cat(op(0x21), u32(i)) }
func localTee(i uint32) []byte           { return cat(op(0x22), u32(i)) }
func globalGet(i uint32) []byte          { return cat(op(0x23), u32(i)) }
func globalSet(i uint32) []byte          { return cat(op(0x24), u32(i)) }
func call(f uint32) []byte               { return cat(op(0x10), u32(f)) }
func br(l uint32) []byte                 { return cat(op(0x0c), u32(l)) }
func brIf(l uint32) []byte               { return cat(op(0x0d), u32(l)) }
func refFunc(f uint32) []byte            { return cat(op(0xd2), u32(f)) }
func misc(sub uint32, b ...byte) []byte  { return cat(op(0xfc), u32(sub), b) }
func vecOp(sub uint32, b ...byte) []byte { return cat(op(0xfd), u32(sub), b) }

func block(kind byte, blockType []byte, code ...[]byte) []byte {
	return cat(op(kind), blockType, cat(code...), op(0x0b))
}

var void = []byte{0x40}

func loop(code ...[]byte) []byte { return block(0x03, void, code...) }

// interesting returns operands of a type at which instructions change behaviour.
func interesting(t core.ValType) []uint64 {
	switch t {
	case core.I32:
		return []uint64{0, 1, 7, 31, 32, 0x7f, 0x80, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff}
	case core.I64:
		return []uint64{0, 1, 63, 64, 0x80, 0x7fffffff, 0x80000000, 1 << 32, math.MaxInt64, 1 << 63, math.MaxUint64}
	case core.F32:
		var vs []uint64
		for _, f := range []float32{0, 1, -1.5, 2147483648, -2147483904, 4294967296, 9.3e18, float32(math.Inf(1)), 1e-40} {
			vs = append(vs, uint64(math.Float32bits(f)))
		}
		return append(vs, 0x7fc00000, 0x80000000, 0x7fa00001)
	case core.F64:
		var vs []uint64
		for _, f := range []float64{0, 1, -1.5, 2147483648, -2147483649, 4294967296, 9.3e18, 1.9e19, math.Inf(-1), 5e-320} {
			vs = append(vs, math.Float64bits(f))
		}
		return append(vs, 0x7ff8000000000000, 1<<63, 0x7ff4000000000001)
	}
	return []uint64{0}
}
