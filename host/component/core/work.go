package core

import "math/bits"

// What steps of a compiler cost. A unit is about a nanosecond of an engine that
// keeps values in registers across blocks, on hardware of 2020.
const (
	instrWork  = 200 // an instruction, or a value that crosses a branch
	callWork   = 800 // a value that crosses a call
	blockWork  = 2_000
	liveWork   = 15 // a value that is alive where a block begins
	boundWork  = 30 // an address known to be in bounds where a block begins
	lookupWork = 20 // looking for the value of a local one block further up
	defineWork = 80 // defining it where paths meet, for each path, in lookups
)

// work estimates, in a walk over a function, what compiling it costs, as the
// sum of what is known to be more than linear in the size of a function:
//
//   - Each block holds the list of the values that are alive, which are at most
//     the locals and the operands, and the list of addresses that need no check.
//   - Where paths meet, the locals that may differ become parameters of the block,
//     and each of them is compared on every path with the arguments of all.
//     That is repeated until no parameter falls away, once for each level of
//     nested loops at worst.
//   - The value of a local is looked for along the blocks back to where paths
//     meet, and from there along every path.
//   - Each branch to a label is compared with those before it.
//
// It is an estimate: too high for code that hardly uses its locals, and meant to
// be far from what compilers emit and near to what takes seconds.
type work struct {
	// sum is what does not depend on the number of locals used.
	sum uint64
	// height is the number of operands, or more.
	height int
	// chain is the number of blocks since paths met.
	chain uint64
	// bounds is the number of memory accesses that precede on every path.
	bounds uint64
	// uses and sets count accesses to locals and writes to them, loops the loops.
	uses, sets, loops uint64
	// depth is the number of loops that are open, deepest the greatest so far.
	depth, deepest uint64
	// carried is the number of operands that blocks, branches and calls have.
	carried uint64
	// meets is the number of paths that meet in loops or behind them, merges
	// the comparisons where they meet elsewhere, walks the blocks to look through.
	meets, merges, walks uint64
}

// label is what a branch goes to.
type label struct {
	params, results int
	height          int // below the parameters
	loop            bool
	paths           uint64 // that meet here
	walk            uint64 // the chains of these
	chain, bounds   uint64 // of the first path
	sets, loops     uint64 // when it was opened
	entryBounds     uint64
}

func (w *work) add(n uint64) { w.sum = saturatedAdd(w.sum, n) }

// carry notes that an instruction has n operands by its type, each of which
// costs work.
func (w *work) carry(n int, work uint64) {
	w.carried = saturatedAdd(w.carried, uint64(n))
	w.add(uint64(n) * work)
}

// block notes that a block begins.
func (w *work) block(locals int) {
	w.chain++
	w.add(blockWork + liveWork*uint64(locals+w.height) + boundWork*w.bounds)
}

// branchOff notes a check of fuel, which is a block to go to and one to return to.
func (w *work) branchOff(locals int) {
	w.block(locals)
	w.block(locals)
}

// enterLoop and leaveLoop note what a check puts around a loop or a function: a
// loop, where so many paths meet at its head and to ask for fuel. It counts as no
// deeper: what differs on its paths does so for the sake of the loop within.
func (w *work) enterLoop(paths uint64, locals int) {
	w.loops++
	w.meets += paths
	w.walks = saturatedAdd(w.walks, w.chain+paths*defineWork)
	w.chain = 0
	w.block(locals)
	w.branchOff(locals)
}

func (w *work) leaveLoop(locals int) {
	w.branchOff(locals)
	w.branchOff(locals)
}

// push and pop note operands. Behind a branch there may be fewer than popped.
func (w *work) push(n int) { w.height += n }
func (w *work) pop(n int)  { w.height = max(0, w.height-n) }

// open returns the label of a block whose parameters are on the stack.
func (w *work) open(params, results int, loop bool) label {
	l := label{
		params: params, results: results, height: max(0, w.height-params), loop: loop,
		chain: w.chain, bounds: w.bounds, sets: w.sets, loops: w.loops, entryBounds: w.bounds,
	}
	if loop {
		w.loops++
		w.depth++
		w.deepest = max(w.deepest, w.depth)
		l.paths, l.walk = 1, w.chain+defineWork
		w.chain = 0
	}
	w.carry(params+results, instrWork)
	return l
}

// branch notes a path to a label.
func (w *work) branch(l *label) {
	values := l.results
	if l.loop {
		values = l.params
	}
	if l.paths == 0 || w.bounds < l.bounds {
		l.bounds = w.bounds
	}
	// The comparison with the paths before takes a nanosecond or two each.
	w.carry(values, instrWork)
	w.add(2*l.paths + boundWork*w.bounds)
	l.paths++
	l.walk += w.chain + defineWork
}

// close ends the block of a label.
func (w *work) close(l *label, locals int) {
	if l.loop {
		w.depth--
		w.meet(l, locals)
	} else {
		w.branch(l)
		if w.bounds = l.bounds; l.paths > 1 {
			w.meet(l, locals)
			w.chain = 0
		}
	}
	w.height = l.height + l.results
	w.block(locals)
}

// meet notes that the paths to a label do.
func (w *work) meet(l *label, locals int) {
	w.walks = saturatedAdd(w.walks, l.walk)
	if l.loop || w.loops > l.loops {
		w.meets += l.paths
		return
	}
	n := min(w.sets-l.sets, uint64(locals)) + uint64(l.results)
	w.merges = saturatedAdd(w.merges, saturatedMul(l.paths, n*n))
}

// local notes an access to a local, or to the base of memory.
func (w *work) local(set bool) {
	w.uses++
	if set {
		w.sets++
		return
	}
	w.add(lookupWork * w.chain)
}

// total returns the estimate for a function that is at its end.
func (w *work) total(locals int) uint64 {
	// Two more hold the base and the size of the memory.
	used := min(w.uses, uint64(locals)) + 2
	compared := saturatedAdd(w.merges, saturatedMul(w.meets, used*used))
	sum := saturatedAdd(w.sum, saturatedMul(lookupWork*used, w.walks))
	return saturatedAdd(sum, saturatedMul(compared, w.deepest+1))
}

func saturatedAdd(a, b uint64) uint64 {
	if sum, carry := bits.Add64(a, b, 0); carry == 0 {
		return sum
	}
	return 1<<64 - 1
}

func saturatedMul(a, b uint64) uint64 {
	if high, low := bits.Mul64(a, b); high == 0 {
		return low
	}
	return 1<<64 - 1
}

// operands holds by how many operands an instruction without labels or types
// raises the stack, at most.
var operands = func() (t [256]int8) {
	set := func(n int8, from, to int) {
		for op := from; op <= to; op++ {
			t[op] = n
		}
	}
	set(-1, 0x1a, 0x1a) // drop
	set(-2, 0x1b, 0x1c) // select
	set(1, opLocalGet, opLocalGet)
	set(-1, opLocalSet, opLocalSet)
	set(1, opGlobalGet, opGlobalGet)
	set(-1, opGlobalSet, opGlobalSet)
	set(-2, 0x26, 0x26) // table.set
	set(-2, 0x36, 0x3e) // stores
	set(1, opMemorySize, opMemorySize)
	set(1, opI32Const, opF64Const)
	for _, binary := range [][2]int{{0x46, 0x4f}, {0x51, 0x66}, {0x6a, 0x78}, {0x7c, 0x8a}, {0x92, 0x98}, {0xa0, 0xa6}} {
		set(-1, binary[0], binary[1])
	}
	set(1, opRefNull, opRefNull)
	set(1, opRefFunc, opRefFunc)
	set(1, opVecPrefix, opVecPrefix) // constants; most lower it
	return t
}()
