package core

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

// costSize is the number of bytes of a cost, of which there are at most
// maxBodyBytes times the cost of a call: it fits into 5*7-1 bits.
const costSize = 5

// prepareCheck makes the code of checks in a function: charge a constant, and
// ask for fuel if none is left.
//
//	global.get $fuel  i64.const cost  i64.sub  local.tee $left  global.set $fuel
//	local.get $left  i64.const 0  i64.lt_s
//	if  local.get $left  call $refill  global.set $fuel  end
func (c *codec) prepareCheck() {
	if !c.writing {
		return
	}
	b := &c.body
	code := b.check[:0]
	code = appendU32(append(code, opGlobalGet), uint32(len(c.globals)))
	code = append(code, opI64Const)
	b.checkCostAt = len(code)
	code = append(code, make([]byte, costSize)...)
	b.check = c.appendSettle(code)
}

// appendSettle appends the code which subtracts a cost from fuel, both on the
// stack, and asks for fuel if none is left.
func (c *codec) appendSettle(code []byte) []byte {
	fuel, left := uint32(len(c.globals)), uint32(c.body.locals)
	code = append(code, opI64Sub)
	code = appendU32(append(code, opLocalTee), left)
	code = appendU32(append(code, opGlobalSet), fuel)
	code = appendU32(append(code, opLocalGet), left)
	code = append(code, opI64Const, 0, opI64LtS, opIf, blockTypeVoid)
	code = appendU32(append(code, opLocalGet), left)
	code = appendU32(append(code, opCall), uint32(c.importedFuncs))
	code = appendU32(append(code, opGlobalSet), fuel)
	return append(code, opEnd)
}

// charge writes a check whose cost setCost fills in.
func (c *codec) charge() {
	if !c.writing {
		return
	}
	c.body.work.branchOff(c.body.locals)
	c.cut(c.pos, c.pos)
	c.body.costAt = len(c.out) + c.body.checkCostAt
	c.out = append(c.out, c.body.check...)
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
