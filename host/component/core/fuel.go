package core

import "math"

// bytesPerUnitLog2 is how many bytes of memory an instruction may write for one
// unit of fuel: 16. That takes an engine between 0.2 ns (in the cache) and 2 ns;
// an ordinary instruction, 0.3 ns to 1 ns.
const bytesPerUnitLog2 = 4

// growth says how an instruction that grows something is charged.
type growth struct {
	// size is the instruction that returns the present size, as an i32.
	size []byte
	// unitLog2 is the cost of growth by one.
	unitLog2 byte
}

// memoryGrowth charges for a page of 64 KiB as for writing it, which is what it
// takes to provide it.
var memoryGrowth = growth{[]byte{opMemorySize, 0}, 16 - bytesPerUnitLog2}

// tableGrowth charges eight units for an element, which engines allocate anew.
func tableGrowth(table uint32) growth {
	return growth{appendU32([]byte{opMiscPrefix, opTableSize}, table), 3}
}

// TableGrowth reports whether what a module has handed to the function for fuel is a
// question instead: by how many elements it may try to have a table grow. The answer is
// a number of elements, as an unsigned integer of 32 bits.
func TableGrowth(v int64) (n uint32, ok bool) {
	return uint32(v), v < askGrowth+1<<32 //nolint:gosec // the lower half is meant
}

// askGrowth marks such a question. Fuel is never so far below zero.
const askGrowth = math.MinInt64

// askTable asks before the instruction that has a table grow, whose operand is on top
// of the stack:
//
//	i64.extend_i32_u  i64.const askGrowth  i64.or  call $refill  i32.wrap_i64
func (c *codec) askTable(at int) {
	if !c.writing {
		return
	}
	c.body.work.branchOff(c.body.locals)
	c.cut(at, at)
	c.out = append(c.out, opI64ExtendU, opI64Const)
	c.out = append(c.out, askGrowthConst...)
	c.out = appendU32(append(c.out, opI64Or, opCall), uint32(c.importedFuncs))
	c.out = append(c.out, opI32WrapI64)
}

// askGrowthConst is askGrowth as it stands in code.
var askGrowthConst = []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f}

// freeCode is how many instructions a function without loops and calls has at
// most if nothing is charged for it: every cycle that leads through it leads
// through its caller, who is charged.
const freeCode = 16

// costSize is the number of bytes of a cost, of which there are at most
// maxBodyBytes times the cost of a call: it fits into 5*7-1 bits.
const costSize = 5

// enterFunction writes the check and the charge of a function's entry:
//
//	loop
//	  block
//	    (br_if 0 if there is no fuel)  (charge)
//	    block results  (code)  end
//	    return
//	  end
//	  (refill)  br 0
//	end
//	unreachable
//
// The call of refill is behind all code, and no path leads from it into the midst
// of it: if one did, engines would keep in memory, for all of the function, what
// they cannot keep in registers across the call.
func (c *codec) enterFunction() {
	b := &c.body
	b.cycles = false
	if !c.writing {
		return
	}
	c.cut(c.pos, c.pos)
	b.entry = len(c.out)
	results := c.types[c.funcs[c.fn]].Results
	// There may be no type for a block of more results.
	if b.looped = len(results) < 2; b.looped {
		b.work.enterLoop(2, b.locals)
		c.out = append(c.out, opLoop, blockTypeVoid, opBlock, blockTypeVoid)
		c.out = append(c.appendEmpty(c.out), opBrIf, 0)
	} else {
		c.inlineCheck()
	}
	c.charge()
	if b.looped {
		blockType := byte(blockTypeVoid)
		if len(results) > 0 {
			blockType = byte(results[0])
		}
		c.out = append(c.out, opBlock, blockType)
	}
	b.code = len(c.out)
}

// leaveFunction writes the end of what enterFunction began, or takes that back if
// the function needs no check.
func (c *codec) leaveFunction() {
	b := &c.body
	if !c.writing || c.err != nil {
		return
	}
	c.cut(c.pos, c.pos)
	if !b.cycles && b.cost <= freeCode {
		c.out = append(c.out[:b.entry], c.out[b.code:]...)
		return
	}
	if b.looped {
		c.out = append(c.out, opReturn, opEnd)
		c.out = append(c.appendRefill(c.out), opBr, 0, opEnd, opUnreachable, opEnd)
	}
}

// loopLabels is how many labels openLoop puts around a loop.
const loopLabels = 4

// openLoop reads the beginning of a loop and writes its check and its charge:
//
//	block type
//	  loop type
//	    block
//	      (br_if 0 if there is no fuel)
//	      block
//	        loop type  (br_if 1 if there is no fuel)  (charge)  (code)  end
//	        br 3
//	      end
//	    end
//	    (refill)  br 0
//	  end
//	end
//
// The call of refill stands apart for the same reason as at a function's entry.
// The first check makes paths meet
// before the call, so that the values which change in the loop are others there,
// and those in the loop need no place in memory. The innermost block is for the
// branch out of the loop, to give it a target of its own, as engines like it.
func (c *codec) openLoop(at int) {
	b := &c.body
	b.cycles = true
	typeAt := c.pos
	params, results := c.blockType()
	f := frame{kind: immLoop, added: b.added(), cost: b.cost, costAt: b.costAt}
	b.cost = 0
	if c.writing && params == 0 && c.err == nil {
		f.added += loopLabels
		f.checked = true
		c.cut(at, c.pos)
		b.work.enterLoop(4, b.locals)
		blockType := c.buf[typeAt:c.pos]
		c.out = append(append(c.out, opBlock), blockType...)
		c.out = append(append(c.out, opLoop), blockType...)
		c.out = append(c.out, opBlock, blockTypeVoid)
		c.out = c.appendEmpty(c.out)
		c.out = append(c.out, opBrIf, 0, opBlock, blockTypeVoid, opLoop)
		c.out = append(c.out, blockType...)
		c.out = c.appendEmpty(c.out)
		c.out = append(c.out, opBrIf, 1)
	}
	f.label = b.work.open(params, results, true)
	b.work.block(b.locals)
	b.frames = append(b.frames, f)
	if !c.writing || c.err != nil {
		return
	}
	if !f.checked {
		// The labels around it would need types that there may not be.
		c.cut(c.pos, c.pos)
		c.inlineCheck()
	}
	c.charge()
}

// closeLoop writes the end of what openLoop began.
func (c *codec) closeLoop(f *frame) {
	if !f.checked {
		return
	}
	c.body.work.leaveLoop(c.body.locals)
	c.cut(c.pos, c.pos)
	c.out = append(c.out, opBr, loopLabels-1, opEnd, opEnd)
	c.out = c.appendRefill(c.out)
	c.out = append(c.out, opBr, 0, opEnd, opEnd)
}

// inlineCheck writes a check that does not need labels around the code.
func (c *codec) inlineCheck() {
	c.body.work.branchOff(c.body.locals)
	c.out = append(c.appendEmpty(c.out), opIf, blockTypeVoid)
	c.out = append(c.appendRefill(c.out), opEnd)
}

// charge writes a charge that setCost fills in:
//
//	global.get $fuel  i64.const cost  i64.sub  global.set $fuel
func (c *codec) charge() {
	fuel := uint32(len(c.globals))
	c.out = append(appendU32(append(c.out, opGlobalGet), fuel), opI64Const)
	c.body.costAt = len(c.out)
	c.out = append(c.out, make([]byte, costSize)...)
	c.out = append(c.out, opI64Sub)
	c.out = appendU32(append(c.out, opGlobalSet), fuel)
}

// appendEmpty appends the question whether there is no fuel:
//
//	global.get $fuel  i64.const 1  i64.lt_s
func (c *codec) appendEmpty(code []byte) []byte {
	code = appendU32(append(code, opGlobalGet), uint32(len(c.globals)))
	return append(code, opI64Const, 1, opI64LtS)
}

// appendRefill appends the call for more fuel:
//
//	global.get $fuel  call $refill  global.set $fuel
func (c *codec) appendRefill(code []byte) []byte {
	fuel := uint32(len(c.globals))
	code = appendU32(append(code, opGlobalGet), fuel)
	code = appendU32(append(code, opCall), uint32(c.importedFuncs))
	return appendU32(append(code, opGlobalSet), fuel)
}

// appendSettle appends the code which subtracts a cost from fuel, both on the
// stack, and asks for fuel if none is left.
func (c *codec) appendSettle(code []byte) []byte {
	code = append(code, opI64Sub)
	code = appendU32(append(code, opGlobalSet), uint32(len(c.globals)))
	code = append(c.appendEmpty(code), opIf, blockTypeVoid)
	return append(c.appendRefill(code), opEnd)
}

// Beyond fullPrice units, the code between two checks is charged a sixty-fourth:
// it is mostly one large switch, of which a run through it executes one case.
const (
	fullPrice   = 128
	reducedLog2 = 6
)

// price is what is charged for code that costs n in full.
func price(n uint32) uint32 {
	if n <= fullPrice {
		return n
	}
	return fullPrice + (n-fullPrice)>>reducedLog2
}

// setCost fills in the cost of the innermost open check.
func (c *codec) setCost() {
	if !c.writing || c.err != nil {
		return
	}
	copy(c.out[c.body.costAt:], paddedU32(price(c.body.cost)))
}

// meterBulk charges for the instruction at at, just read, by the size on top of
// the stack, once it is done:
//
//	i64.extend_i32_u  local.tee $left  i32.wrap_i64  (instruction)
//	global.get $fuel  local.get $left  i64.const unitLog2  i64.shr_u  (settle)
func (c *codec) meterBulk(at int, unitLog2 byte) {
	if !c.writing {
		return
	}
	fuel, left := uint32(len(c.globals)), uint32(c.body.locals)
	c.body.work.branchOff(c.body.locals)
	c.cut(at, at)
	c.out = append(c.out, opI64ExtendU)
	c.out = appendU32(append(c.out, opLocalTee), left)
	c.out = append(c.out, opI32WrapI64)
	c.cut(c.pos, c.pos)
	c.out = appendU32(append(c.out, opGlobalGet), fuel)
	c.out = appendU32(append(c.out, opLocalGet), left)
	if unitLog2 > 0 {
		c.out = append(c.out, opI64Const, unitLog2, opI64ShrU)
	}
	c.out = c.appendSettle(c.out)
}

// meterGrow charges for the instruction at at, just read, by how much it grew
// its memory or table, once it is done:
//
//	size  i64.extend_i32_u  local.set $left  (instruction)
//	global.get $fuel
//	size  i64.extend_i32_u  local.get $left  i64.sub  i64.const unitLog2  i64.shl
//	(settle)
func (c *codec) meterGrow(at int, g growth) {
	if !c.writing {
		return
	}
	fuel, left := uint32(len(c.globals)), uint32(c.body.locals)
	c.body.work.branchOff(c.body.locals)
	c.cut(at, at)
	c.out = append(append(c.out, g.size...), opI64ExtendU)
	c.out = appendU32(append(c.out, opLocalSet), left)
	c.cut(c.pos, c.pos)
	c.out = appendU32(append(c.out, opGlobalGet), fuel)
	c.out = append(append(c.out, g.size...), opI64ExtendU)
	c.out = appendU32(append(c.out, opLocalGet), left)
	c.out = append(c.out, opI64Sub)
	if g.unitLog2 > 0 {
		c.out = append(c.out, opI64Const, g.unitLog2, opI64Shl)
	}
	c.out = c.appendSettle(c.out)
}
