package core_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/wattle-dev/wattle/host/component/core"
)

// program writes random programs that end: loops count down, and functions
// call only functions written before.
type program struct {
	wasm
	rand *rand.Rand
	// callable functions take and return two i32.
	callable []uint32
	depth    int
}

const (
	progLocals   = 6 // of type i32; the first two are parameters
	progCounters = 4 // locals behind them that count down loops, one per depth
)

func (p *program) n(n int) int { return p.rand.IntN(n) }

func (p *program) local() uint32 { return uint32(p.n(progLocals)) }

// expr returns code that pushes an i32.
func (p *program) expr() []byte {
	if p.depth > 5 {
		return localGet(p.local())
	}
	p.depth++
	defer func() { p.depth-- }()
	switch p.n(10) {
	case 0:
		return i32Const(p.rand.Int32() >> p.n(32))
	case 1, 2:
		return localGet(p.local())
	case 3: // a load, in bounds
		return cat(p.expr(), i32Const(0xfff8), op(0x71), op(byte(0x2c+p.n(4)), 0), u32(uint32(p.n(8))))
	case 4:
		return globalGet(0)
	case 5: // a block of two operands and one result
		return cat(p.expr(), p.expr(), block(0x02, u32(p.typ(ts(core.I32, core.I32), i32)), op(byte(0x6a+p.n(3)))))
	case 6:
		return cat(p.expr(), block(0x04, op(0x7f), p.stmts(0), p.expr(), op(0x05), p.stmts(0), p.expr()))
	case 7:
		if len(p.callable) > 0 {
			f := p.callable[p.n(len(p.callable))]
			args := cat(p.expr(), p.expr())
			sum := op(0x6a) // of the two results
			if p.n(2) == 0 {
				return cat(args, call(f), sum)
			}
			return cat(args, p.expr(), i32Const(3), op(0x71), op(0x11), u32(p.pairType()), op(0), sum)
		}
	case 8: // a loop with a parameter and a result
		return cat(p.expr(), p.countdown(u32(p.typ(i32, i32)), i32Const(1), op(0x6a)))
	}
	if p.n(80) == 0 { // a division, which may trap
		return cat(p.expr(), p.expr(), op(byte(0x6d+p.n(4))))
	}
	binary := []byte{0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x46, 0x48, 0x4f}
	return cat(p.expr(), p.expr(), op(binary[p.n(len(binary))]))
}

func (p *program) pairType() uint32 { return p.typ(ts(core.I32, core.I32), ts(core.I32, core.I32)) }

// countdown returns a loop that runs a few times and must not be nested deeper
// than there are counters.
func (p *program) countdown(blockType []byte, body ...[]byte) []byte {
	if p.depth > progCounters {
		return nil
	}
	counter := progLocals + uint32(p.depth%progCounters)
	return cat(i32Const(int32(1+p.n(4))), localSet(counter),
		block(0x03, blockType, cat(body...), localGet(counter), i32Const(1), op(0x6b), localTee(counter), i32Const(0), op(0x4a), brIf(0)))
}

// stmts returns code that pushes nothing, labels blocks being open around it.
func (p *program) stmts(labels int) []byte {
	if p.depth > 4 {
		return nil
	}
	p.depth++
	defer func() { p.depth-- }()
	var code []byte
	for range 1 + p.n(3) {
		switch p.n(9) {
		case 0, 1:
			code = cat(code, p.expr(), localSet(p.local()))
		case 2:
			code = cat(code, p.expr(), globalSet(0))
		case 3:
			code = cat(code, p.expr(), i32Const(0xfff8), op(0x71), p.expr(), op(byte(0x3a+p.n(2)), 0), u32(uint32(p.n(8))))
		case 4:
			code = cat(code, p.countdown(void, p.stmts(0)))
		case 5:
			code = cat(code, block(0x02, void, p.stmts(labels+1), p.expr(), brIf(0), p.stmts(labels+1)))
		case 6: // a br_table over nested blocks
			code = cat(code, block(0x02, void, block(0x02, void, block(0x02, void,
				p.expr(), op(0x0e, 2, 0, 1, 2)), p.stmts(0)), p.stmts(0)))
		case 7: // memory.fill and memory.copy, in bounds
			size := cat(p.expr(), i32Const(0xff), op(0x71))
			at := func() []byte { return cat(p.expr(), i32Const(0x7fff), op(0x71)) }
			if p.n(2) == 0 {
				code = cat(code, at(), p.expr(), size, misc(11, 0))
			} else {
				code = cat(code, at(), at(), size, misc(10, 0, 0))
			}
		case 8: // dead code, with a loop in it
			code = cat(code, block(0x02, void, br(0), p.expr(), op(0x1a), loop(p.stmts(0), br(0))))
		}
	}
	return code
}

// newProgram returns a module that exports run and a memory.
func newProgram(seed uint64) []byte { return writeProgram(seed).bytes() }

func writeProgram(seed uint64) *program {
	p := &program{rand: rand.New(rand.NewPCG(seed, 1))}
	p.memory(1, 2)
	p.globals = append(p.globals, cat(op(0x7f, 1), i32Const(int32(seed)), op(0x0b)))
	p.tables = append(p.tables, op(0x70, 0, 4))
	two := ts(core.I32, core.I32)
	var locals []core.ValType
	for range progLocals + progCounters - len(two) {
		locals = append(locals, core.I32)
	}
	for i := range 6 {
		f := p.fn(two, two, locals, p.stmts(0), p.expr(), localGet(p.local()))
		// The table holds the first function only, which calls none.
		if i == 0 {
			p.elems = append(p.elems, cat(op(0), i32Const(0), op(0x0b), vec([][]byte{u32(f), u32(f), u32(f), u32(f)})))
		}
		p.callable = append(p.callable, f)
	}
	p.exported("run", two, two, locals, p.stmts(0), p.expr(), p.expr())
	return p
}

// TestPrograms runs random programs both ways, and demands the same results,
// traps, memories and, when run again, fuel.
func TestPrograms(t *testing.T) {
	count := uint64(300)
	if testing.Short() {
		count = 30
	}
	ok := 0
	for seed := range count {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			e := newEngine(t)
			refills := int64(0)
			e.refill = func(int64) int64 { // often
				refills++
				return 1 + refills%50
			}
			tw := newTwins(t, e, newProgram(seed))
			if _, err := tw.plain.ExportedFunction("run").Call(t.Context(), 3, 4); err == nil {
				ok++
			}
			_, _ = tw.rewritten.ExportedFunction("run").Call(t.Context(), 3, 4)
			for _, args := range [][]uint64{{0, 1}, {7, 0xffffffff}, {0x80000000, 5}} {
				tw.call(t, "run", args...)
			}
			tw.sameMemory(t)
		})
	}
	if ok < int(count)/3 {
		t.Errorf("only %d of %d programs ran to their end", ok, count)
	}
}
