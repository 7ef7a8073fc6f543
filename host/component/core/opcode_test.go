package core_test

import (
	"fmt"
	"testing"

	"github.com/wattle-dev/wattle/host/component/core"
)

// opSig is the type of a range of instructions without immediates.
type opSig struct {
	from, to byte
	params   []core.ValType
	result   core.ValType
}

var numericOps = func() []opSig {
	un := func(from, to byte, p, r core.ValType) opSig { return opSig{from, to, ts(p), r} }
	bin := func(from, to byte, p, r core.ValType) opSig { return opSig{from, to, ts(p, p), r} }
	const i32, i64, f32, f64 = core.I32, core.I64, core.F32, core.F64
	return []opSig{
		un(0x45, 0x45, i32, i32), bin(0x46, 0x4f, i32, i32), un(0x50, 0x50, i64, i32), bin(0x51, 0x5a, i64, i32),
		bin(0x5b, 0x60, f32, i32), bin(0x61, 0x66, f64, i32), un(0x67, 0x69, i32, i32), bin(0x6a, 0x78, i32, i32),
		un(0x79, 0x7b, i64, i64), bin(0x7c, 0x8a, i64, i64), un(0x8b, 0x91, f32, f32), bin(0x92, 0x98, f32, f32),
		un(0x99, 0x9f, f64, f64), bin(0xa0, 0xa6, f64, f64), un(0xa7, 0xa7, i64, i32), un(0xa8, 0xa9, f32, i32),
		un(0xaa, 0xab, f64, i32), un(0xac, 0xad, i32, i64), un(0xae, 0xaf, f32, i64), un(0xb0, 0xb1, f64, i64),
		un(0xb2, 0xb3, i32, f32), un(0xb4, 0xb5, i64, f32), un(0xb6, 0xb6, f64, f32), un(0xb7, 0xb8, i32, f64),
		un(0xb9, 0xba, i64, f64), un(0xbb, 0xbb, f32, f64), un(0xbc, 0xbc, f32, i32), un(0xbd, 0xbd, f64, i64),
		un(0xbe, 0xbe, i32, f32), un(0xbf, 0xbf, i64, f64), un(0xc0, 0xc1, i32, i32), un(0xc2, 0xc4, i64, i64),
	}
}()

// caller accumulates exported functions and the operands to call them with.
type caller struct {
	wasm
	calls []struct {
		function string
		params   []core.ValType
	}
}

func (c *caller) add(function string, params, results []core.ValType, code ...[]byte) {
	c.exported(function, params, results, none, code...)
	c.calls = append(c.calls, struct {
		function string
		params   []core.ValType
	}{function, params})
}

// run calls each function with all combinations of interesting operands.
func (c *caller) run(t *testing.T) {
	t.Helper()
	tw := newTwins(t, newEngine(t), c.bytes())
	for _, call := range c.calls {
		args := make([]uint64, len(call.params))
		var each func(i int)
		each = func(i int) {
			if i == len(args) {
				tw.call(t, call.function, args...)
				return
			}
			for _, v := range interesting(call.params[i]) {
				args[i] = v
				each(i + 1)
			}
		}
		each(0)
	}
	tw.sameMemory(t)
	if len(c.calls) == 0 {
		t.Error("no instruction was tested")
	}
}

func gets(n int) []byte {
	var b []byte
	for i := range n {
		b = append(b, localGet(uint32(i))...)
	}
	return b
}

// TestNumeric runs every numeric instruction.
func TestNumeric(t *testing.T) {
	var c caller
	ops := 0
	for _, s := range numericOps {
		for o := int(s.from); o <= int(s.to); o++ {
			ops++
			c.add(fmt.Sprintf("%#x", o), s.params, ts(s.result), gets(len(s.params)), op(byte(o)))
		}
	}
	if ops != 0xc4-0x45+1 {
		t.Errorf("%d numeric instructions, want %d", ops, 0xc4-0x45+1)
	}
	for o, s := range []opSig{
		{params: ts(core.F32), result: core.I32},
		{params: ts(core.F64), result: core.I32},
		{params: ts(core.F32), result: core.I64},
		{params: ts(core.F64), result: core.I64},
	} {
		for _, sub := range []uint32{uint32(2 * o), uint32(2*o + 1)} {
			c.add(fmt.Sprintf("0xfc %#x", sub), s.params, ts(s.result), localGet(0), misc(sub))
		}
	}
	c.add("select", ts(core.I64, core.I64, core.I32), i64, gets(3), op(0x1b))
	c.add("select t", ts(core.F32, core.F32, core.I32), ts(core.F32), gets(3), op(0x1c, 1, 0x7d))
	c.run(t)
}

// TestMemory runs every instruction on memory, in and out of bounds.
func TestMemory(t *testing.T) {
	var c caller
	c.memory(1, 4)
	results := []core.ValType{core.I32, core.I64, core.F32, core.F64}
	for o := byte(0x28); o <= 0x3e; o++ {
		var typ core.ValType
		switch {
		case o <= 0x2b:
			typ = results[o-0x28]
		case o <= 0x2f:
			typ = core.I32
		case o <= 0x35:
			typ = core.I64
		case o <= 0x39:
			typ = results[o-0x36]
		case o <= 0x3b:
			typ = core.I32
		default:
			typ = core.I64
		}
		for _, offset := range []uint32{0, 0x7f, 0xff00} {
			function := fmt.Sprintf("%#x+%#x", o, offset)
			if o <= 0x35 {
				c.add(function, i32, ts(typ), localGet(0), op(o, 0), u32(offset))
			} else {
				c.add(function, ts(core.I32, typ), none, gets(2), op(o, 0), u32(offset))
			}
		}
	}
	c.dataCount = true
	c.datas = append(c.datas, cat(op(1), name("passive data")))
	c.add("size", none, i32, op(0x3f, 0))
	c.add("fill", ts(core.I32, core.I32, core.I32), none, gets(3), misc(11, 0))
	c.add("copy", ts(core.I32, core.I32, core.I32), none, gets(3), misc(10, 0, 0))
	c.add("init", ts(core.I32, core.I32, core.I32), none, gets(3), misc(8, 0, 0))
	c.add("drop", none, none, misc(9, 0))
	c.add("init dropped", ts(core.I32, core.I32, core.I32), none, gets(3), misc(8, 0, 0))
	c.add("grow", i32, i32, localGet(0), op(0x40, 0))
	c.run(t)
}

// TestVector runs every vector instruction: on operands made of two integers
// each, with results taken apart again.
func TestVector(t *testing.T) {
	const i32, i64, f32, f64, v128 = core.I32, core.I64, core.F32, core.F64, core.V128
	type group struct {
		from, to uint32
		params   []core.ValType
		result   core.ValType // zero for none
		imm      []byte
	}
	mem, lane := op(0, 8), op(1)
	memLane := cat(mem, lane)
	shuffle := op(0, 17, 2, 19, 4, 21, 6, 23, 31, 9, 29, 11, 12, 12, 14, 16)
	v, vv := ts(v128), ts(v128, v128)
	groups := []group{
		{0x00, 0x0a, ts(i32), v128, mem},
		{0x0b, 0x0b, ts(i32, v128), 0, mem},
		{0x0c, 0x0c, nil, v128, shuffle},
		{0x0d, 0x0d, vv, v128, shuffle},
		{0x0e, 0x0e, vv, v128, nil},
		{0x0f, 0x11, ts(i32), v128, nil},
		{0x12, 0x12, ts(i64), v128, nil},
		{0x13, 0x13, ts(f32), v128, nil},
		{0x14, 0x14, ts(f64), v128, nil},
		{0x15, 0x16, v, i32, lane},
		{0x17, 0x17, ts(v128, i32), v128, lane},
		{0x18, 0x19, v, i32, lane},
		{0x1a, 0x1a, ts(v128, i32), v128, lane},
		{0x1b, 0x1b, v, i32, lane},
		{0x1c, 0x1c, ts(v128, i32), v128, lane},
		{0x1d, 0x1d, v, i64, lane},
		{0x1e, 0x1e, ts(v128, i64), v128, lane},
		{0x1f, 0x1f, v, f32, lane},
		{0x20, 0x20, ts(v128, f32), v128, lane},
		{0x21, 0x21, v, f64, lane},
		{0x22, 0x22, ts(v128, f64), v128, lane},
		{0x23, 0x4c, vv, v128, nil},
		{0x4d, 0x4d, v, v128, nil},
		{0x4e, 0x51, vv, v128, nil},
		{0x52, 0x52, ts(v128, v128, v128), v128, nil},
		{0x53, 0x53, v, i32, nil},
		{0x54, 0x57, ts(i32, v128), v128, memLane},
		{0x58, 0x5b, ts(i32, v128), 0, memLane},
		{0x5c, 0x5d, ts(i32), v128, mem},
		{0x5e, 0x62, v, v128, nil},
		{0x63, 0x64, v, i32, nil},
		{0x65, 0x66, vv, v128, nil},
		{0x67, 0x6a, v, v128, nil},
		{0x6b, 0x6d, ts(v128, i32), v128, nil},
		{0x6e, 0x73, vv, v128, nil},
		{0x74, 0x75, v, v128, nil},
		{0x76, 0x79, vv, v128, nil},
		{0x7a, 0x7a, v, v128, nil},
		{0x7b, 0x7b, vv, v128, nil},
		{0x7c, 0x81, v, v128, nil},
		{0x82, 0x82, vv, v128, nil},
		{0x83, 0x84, v, i32, nil},
		{0x85, 0x86, vv, v128, nil},
		{0x87, 0x8a, v, v128, nil},
		{0x8b, 0x8d, ts(v128, i32), v128, nil},
		{0x8e, 0x93, vv, v128, nil},
		{0x94, 0x94, v, v128, nil},
		{0x95, 0x99, vv, v128, nil},
		{0x9b, 0x9f, vv, v128, nil},
		{0xa0, 0xa1, v, v128, nil},
		{0xa3, 0xa4, v, i32, nil},
		{0xa7, 0xaa, v, v128, nil},
		{0xab, 0xad, ts(v128, i32), v128, nil},
		{0xae, 0xae, vv, v128, nil},
		{0xb1, 0xb1, vv, v128, nil},
		{0xb5, 0xba, vv, v128, nil},
		{0xbc, 0xbf, vv, v128, nil},
		{0xc0, 0xc1, v, v128, nil},
		{0xc3, 0xc4, v, i32, nil},
		{0xc7, 0xca, v, v128, nil},
		{0xcb, 0xcd, ts(v128, i32), v128, nil},
		{0xce, 0xce, vv, v128, nil},
		{0xd1, 0xd1, vv, v128, nil},
		{0xd5, 0xdf, vv, v128, nil},
		{0xe0, 0xe1, v, v128, nil},
		{0xe3, 0xe3, v, v128, nil},
		{0xe4, 0xeb, vv, v128, nil},
		{0xec, 0xed, v, v128, nil},
		{0xef, 0xef, v, v128, nil},
		{0xf0, 0xf7, vv, v128, nil},
		{0xf8, 0xff, v, v128, nil},
	}
	w := wasm{}
	w.memory(1, 1)
	var sb [16]byte
	for i := range sb {
		sb[i] = byte(37 * i)
	}
	w.datas = append(w.datas, cat(op(0), i32Const(0), op(0x0b), u32(16), sb[:]))
	var calls [][]core.ValType
	var names []string
	for _, g := range groups {
		for sub := g.from; sub <= g.to; sub++ {
			var flat []core.ValType
			var code []byte
			for _, p := range g.params {
				if p == v128 { // an i64 in each lane, the other negated
					at := uint32(len(flat))
					flat = append(flat, i64)
					code = cat(code, localGet(at), vecOp(0x12), localGet(at), op(0x42, 0x7f, 0x85), vecOp(0x1e, 1))
				} else {
					code = cat(code, localGet(uint32(len(flat))))
					flat = append(flat, p)
				}
			}
			code = cat(code, vecOp(sub, g.imm...))
			results := none
			var locals []core.ValType
			if g.result == v128 {
				locals, results = v, ts(i64, i64)
				l := uint32(len(flat))
				code = cat(code, localTee(l), vecOp(0x1d, 0), localGet(l), vecOp(0x1d, 1))
			} else if g.result != 0 {
				results = ts(g.result)
			}
			function := fmt.Sprintf("0xfd %#x", sub)
			w.exported(function, flat, results, locals, code)
			calls, names = append(calls, flat), append(names, function)
		}
	}
	const want = 236
	if len(names) != want {
		t.Errorf("%d vector instructions, want %d", len(names), want)
	}
	tw := newTwins(t, newEngine(t), w.bytes())
	for i, params := range calls {
		for k := range interesting(i64) {
			args := make([]uint64, len(params))
			for a, p := range params {
				vs := interesting(p)
				args[a] = vs[(k+3*a)%len(vs)]
			}
			tw.call(t, names[i], args...)
		}
	}
	tw.sameMemory(t)
}
