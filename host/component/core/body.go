package core

// body is the state of the walk over one function body.
type body struct {
	locals int // declared and parameters
	// frames holds the blocks that are open.
	frames []frame
	// cost counts the instructions of the innermost loop, or of the body outside
	// of loops. It belongs into out at costAt.
	cost   uint32
	costAt int
	// entry and code are where in out the check of the function's entry begins
	// and where it ends; looped says that it is a loop around the code.
	entry, code int
	looped      bool
	// cycles reports whether the function has loops or calls.
	cycles bool
	work   work
	// function is what a return goes to.
	function label
}

// frame is an open block.
type frame struct {
	kind imm // immBlock, immLoop, immIf, immElse or immTryTable
	// added is how many labels the rewrite has put around it and around all that
	// it is in.
	added uint32
	// The cost outside, if this is a loop.
	cost   uint32
	costAt int
	label  label
	// checked reports whether this is a loop with labels of the rewrite around it.
	checked bool
}

func (c *codec) codeSection() {
	n := c.open(secCode, 0)
	for i := uint32(0); i < n && c.err == nil; i++ {
		c.function(c.importedFuncs + int(i))
	}
}

// function reads and writes one body.
func (c *codec) function(f int) {
	at := c.pos
	size := c.count()
	c.limit(at, "bytes of function body", uint64(size), maxBodyBytes)
	if c.err != nil {
		return
	}
	sectionEnd := c.end
	c.end, c.fn = c.pos+int(size), f
	var sizeAt int
	if c.writing {
		c.cut(at, c.pos)
		sizeAt = len(c.out)
		c.out = append(c.out, paddedU32(0)...)
	}
	t := &c.types[c.funcs[f]]
	c.localDecls(len(t.Params))
	c.body.work = work{}
	c.body.function = c.body.work.open(0, len(t.Results), false)
	c.expr()
	c.addWork(at)
	if c.err == nil && c.pos != c.end {
		c.failf(c.pos, "%d bytes after the end of the function", c.end-c.pos)
	}
	if c.writing && c.err == nil {
		c.cut(c.end, c.end)
		c.setSize(sizeAt)
	}
	if c.err == nil {
		c.end, c.fn = sectionEnd, -1
	}
}

// addWork adds what a function costs to compile, and refuses one in which too
// many operands are carried.
func (c *codec) addWork(at int) {
	if c.err != nil || !c.rewriting {
		return
	}
	c.m.Work = saturatedAdd(c.m.Work, c.body.work.total(c.body.locals))
	c.carried = saturatedAdd(c.carried, c.body.work.carried)
	c.limit(at, "operands of blocks, branches and calls", c.carried, uint64(len(c.buf))*carriedPerByte+spareCarried)
}

// localDecls reads the declared locals, and adds the one that checks use.
func (c *codec) localDecls(params int) {
	at := c.pos
	groups := c.count()
	c.cut(at, c.pos)
	if c.writing {
		c.out = appendU32(c.out, groups+1)
	}
	var sum uint64
	for i := uint32(0); i < groups && c.err == nil; i++ {
		sum += uint64(c.u32())
		c.valType()
		c.limit(at, "locals", sum, maxLocals)
	}
	if c.err != nil {
		return
	}
	c.locals += int(sum)
	c.limit(at, "locals in all functions", uint64(c.locals), uint64(len(c.buf)+spareLocals))
	c.cut(c.pos, c.pos)
	c.write(1, byte(I64))
	c.body.locals = params + int(sum)
}

// expr walks over the instructions of a function.
func (c *codec) expr() {
	b := &c.body
	b.frames = b.frames[:0]
	b.cost = 0
	c.enterFunction()
	w := &b.work
	for c.err == nil {
		at := c.pos
		op := c.byte()
		b.cost++
		w.add(instrWork)
		w.height = max(0, w.height+int(operands[op]))
		switch immediates[op] {
		case immNone:
			// Most are sign-extension's neighbours, so look at those only here.
			if op >= 0xc0 {
				c.noteOp(at, op)
			}
		case immLocal:
			c.index("local", b.locals)
			w.local(op != opLocalGet)
		case immGlobal:
			c.index("global", len(c.globals))
		case immI32:
			c.skipSigned(32)
		case immI64:
			c.skipSigned(64)
		case immF32:
			c.skip(4)
		case immF64:
			c.skip(8)
		case immMemArg:
			c.memArg()
			w.bounds++
			w.local(false)
		case immIndex:
			c.u32()
			if op == opTableSet {
				c.hide(hiddenTables)
			}
		case immBranch:
			if op == opBrIf {
				w.pop(1)
			}
			c.branch()
			w.block(b.locals)
		case immReturn:
			w.branch(&b.function)
		case immBlock, immIf:
			if op == opIf {
				w.pop(1)
			}
			l := c.openBlock(false)
			b.frames = append(b.frames, frame{kind: immediates[op], added: b.added(), label: l})
		case immLoop:
			c.openLoop(at)
		case immElse:
			if top := len(b.frames) - 1; top >= 0 && b.frames[top].kind == immIf {
				b.frames[top].kind = immElse
				c.elseBlock(&b.frames[top].label)
			} else {
				c.failf(at, "else without if")
			}
		case immEnd:
			if len(b.frames) == 0 {
				c.setCost()
				c.leaveFunction()
				return
			}
			c.endBlock()
		case immCall:
			if f := c.funcIndex(); c.err == nil {
				b.cost += c.callCost[c.funcs[f]]
				c.called(c.funcs[f])
			}
			c.noteOp(at, op)
		case immCallIndirect:
			t := c.index("type", len(c.types))
			if c.u32() != 0 {
				c.use(at, ReferenceTypes)
			}
			if c.err == nil {
				b.cost += c.callCost[t]
				c.called(t)
			}
			c.noteOp(at, op)
		case immBrTable:
			w.pop(1)
			for range c.count() {
				c.branch()
				w.add(blockWork)
			}
			c.branch()
		case immMemoryIndex:
			c.memoryIndex()
			if op == opMemoryGrow && c.err == nil {
				c.meterGrow(at, memoryGrowth)
			}
		default:
			c.rare(at, op)
		}
	}
}

// rare reads what follows an opcode that functions of the first version of the
// specification do not have.
func (c *codec) rare(at int, op byte) {
	switch immediates[op] {
	case immSelect:
		c.use(at, ReferenceTypes)
		// Engines read this count as one byte.
		if n := c.byte(); n != 1 {
			c.failf(at, "select with %d types", n)
		}
		c.valType()
	case immRefNull:
		c.use(at, ReferenceTypes)
		c.refType()
	case immRefFunc:
		c.use(at, ReferenceTypes)
		c.funcIndex()
	case immTag:
		c.use(at, Exceptions)
		if op == 0x08 {
			c.index("tag", len(c.tags))
		}
	case immTryTable:
		c.use(at, Exceptions)
		c.tryTable()
	case immMisc:
		c.misc(at)
	case immVec:
		c.vec(at)
	case immAtomic:
		c.atomic(at)
	case immTyped:
		c.fail(at, &UnsupportedError{"function-references"})
	case immGC:
		c.fail(at, &UnsupportedError{"gc"})
	default:
		c.failf(at, "%#x is no instruction", op)
	}
}

// noteOp records the feature of an instruction that its immediates do not tell.
func (c *codec) noteOp(at int, op byte) {
	switch {
	case op >= 0xc0 && op <= 0xc4:
		c.use(at, SignExtension)
	case op == opReturnCall || op == opReturnCall+1:
		c.use(at, TailCall)
	case op == 0xd1: // ref.is_null
		c.use(at, ReferenceTypes)
	}
}

func (c *codec) endBlock() {
	b := &c.body
	top := len(b.frames) - 1
	f := &b.frames[top]
	if f.kind == immIf {
		// The path on which the condition is false.
		f.label.paths++
		f.label.walk += f.label.chain + defineWork
	}
	b.work.close(&f.label, b.locals)
	if f.kind == immLoop {
		c.setCost()
		b.cost, b.costAt = f.cost, f.costAt
		c.closeLoop(f)
	}
	b.frames = b.frames[:top]
}

// added is how many labels the rewrite has put around the instruction being read.
func (b *body) added() uint32 {
	if n := len(b.frames); n > 0 {
		return b.frames[n-1].added
	}
	return 0
}

// openBlock reads a block type and returns the label of the block that begins.
func (c *codec) openBlock(loop bool) label {
	params, results := c.blockType()
	w := &c.body.work
	l := w.open(params, results, loop)
	w.block(c.body.locals)
	return l
}

// branch reads the label that a branch goes to, and writes it as it is among
// those of the rewrite. It must exist: among more labels another one would.
func (c *codec) branch() {
	b := &c.body
	start := c.pos
	n := len(b.frames)
	depth := int(c.index("label", n+1))
	if c.err != nil {
		return
	}
	target, added := &b.function, b.added()
	if depth < n {
		f := &b.frames[n-1-depth]
		target = &f.label
		added -= f.added
	}
	b.work.branch(target)
	if added > 0 {
		c.cut(start, c.pos)
		c.write(appendU32(nil, uint32(depth)+added)...)
	}
}

// elseBlock notes that the second half of an if begins.
func (c *codec) elseBlock(l *label) {
	w := &c.body.work
	bounds := l.entryBounds
	w.branch(l)
	w.chain, w.bounds, w.height = l.chain, bounds, l.height+l.params
	w.block(c.body.locals)
}

// called notes that the function calls one of type t.
func (c *codec) called(t uint32) {
	c.body.cycles = true
	w := &c.body.work
	n, m := len(c.types[t].Params), len(c.types[t].Results)
	w.pop(n)
	w.push(m)
	w.carry(n+m, callWork)
}

// blockType reads a block type: one byte for no or one result, or a type index.
// Engines differ on other encodings of the former. It returns the numbers of
// parameters and results.
func (c *codec) blockType() (params, results int) {
	if c.pos < c.end {
		switch b := c.buf[c.pos]; {
		case b == blockTypeVoid:
			c.pos++
			return 0, 0
		case b < 0x80 && b >= 0x40:
			c.valType()
			return 0, 1
		}
	}
	at := c.pos
	i := c.sleb(33)
	if c.err == nil && (i < 0 || i >= int64(len(c.types))) {
		c.failf(at, "block type %d does not exist", i)
	}
	c.use(at, MultiValue)
	if c.err != nil {
		return 0, 0
	}
	return len(c.types[i].Params), len(c.types[i].Results)
}

// tryTable reads a block type and catch clauses (proposal exception-handling).
func (c *codec) tryTable() {
	l := c.openBlock(false)
	for range c.count() {
		at := c.pos
		switch kind := c.byte(); kind {
		case 0, 1: // catch, catch_ref
			c.index("tag", len(c.tags))
		case 2, 3: // catch_all, catch_all_ref
		default:
			c.failf(at, "%#x is no catch clause", kind)
		}
		c.u32()
		if c.err != nil {
			return
		}
	}
	c.body.frames = append(c.body.frames, frame{kind: immTryTable, added: c.body.added(), label: l})
}

// memArg reads alignment and offset.
func (c *codec) memArg() {
	at := c.pos
	// Bit 6 says that the index of a memory follows (proposal multi-memory).
	const hasIndex = 1 << 6
	align := c.u32()
	if align >= hasIndex {
		if align >= 2*hasIndex {
			c.failf(at, "alignment 2**%d is too great", align)
			return
		}
		c.use(at, MultiMemory)
		c.u32()
	}
	if c.m.Features.Has(Memory64) {
		c.u64()
	} else {
		c.u32()
	}
}

// memoryIndex reads the index of a memory in an instruction. Zero must be one
// byte, as it was in the first version of the specification: engines read no more.
func (c *codec) memoryIndex() {
	at := c.pos
	i := c.u32()
	if c.err != nil {
		return
	}
	if i != 0 {
		c.use(at, MultiMemory)
	} else if c.pos != at+1 {
		c.failf(at, "memory index zero takes more than one byte")
	}
}

// misc reads an instruction with prefix 0xfc.
func (c *codec) misc(at int) {
	op := c.u32()
	switch op {
	case 0, 1, 2, 3, 4, 5, 6, 7:
		c.use(at, SaturatingFloatToInt)
		return
	case opMemoryInit:
		c.usesData = true
		c.u32()
		c.memoryIndex()
	case opDataDrop:
		c.usesData = true
		c.u32()
	case opElemDrop:
		c.u32()
	case opMemoryCopy:
		c.memoryIndex()
		c.memoryIndex()
	case opMemoryFill:
		c.memoryIndex()
	case opTableInit, opTableCopy:
		c.u32()
		c.u32()
	case opTableGrow, opTableSize, opTableFill:
		c.use(at, ReferenceTypes)
		table := c.index("table", len(c.m.Tables))
		if op != opTableSize {
			c.hide(hiddenTables)
		}
		if op == opTableGrow && c.err == nil {
			c.askTable(at)
			c.meterGrow(at, tableGrowth(table))
			return
		}
	default:
		if c.err == nil {
			c.failf(at, "%#x %#x is no instruction", opMiscPrefix, op)
		}
		return
	}
	if op < opTableGrow {
		c.use(at, BulkMemory)
	}
	switch op {
	case opTableInit, opTableCopy:
		c.hide(hiddenTables)
	case opDataDrop, opElemDrop:
		c.hide("segments that its code drops")
	}
	if c.err != nil {
		return
	}
	switch op {
	case opMemoryInit, opMemoryCopy, opMemoryFill:
		c.meterBulk(at, bytesPerUnitLog2)
	case opTableInit, opTableCopy, opTableFill:
		c.meterBulk(at, 0)
	}
}

// vec reads a vector instruction.
func (c *codec) vec(at int) {
	c.use(at, SIMD)
	op := c.byte()
	if op >= 0x80 {
		// Engines read the first byte only and take the second for a nop, which
		// is right when it is 1. Anything else is an opcode above 0xff, of
		// relaxed SIMD, or a longer encoding of another one.
		if c.byte() != 1 {
			c.fail(at, &UnsupportedError{"relaxed-simd"})
			return
		}
	}
	switch vecImmediates[op] {
	case vecNone:
	case vecMemArg:
		c.memArg()
	case vecMemArgLane:
		c.memArg()
		c.skip(1)
	case vecLane:
		c.skip(1)
	case vec16:
		c.skip(16)
	default:
		c.failf(at, "%#x %#x is no instruction", opVecPrefix, op)
	}
}

// atomic reads an instruction of the threads proposal.
func (c *codec) atomic(at int) {
	c.use(at, Threads)
	switch op := c.byte(); {
	case op <= 0x02 || op >= 0x10 && op <= 0x4e:
		c.memArg()
	case op == 0x03: // atomic.fence
		c.skip(1)
	default:
		c.failf(at, "0xfe %#x is no instruction", op)
	}
}
