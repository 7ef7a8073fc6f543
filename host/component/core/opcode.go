package core

// Opcodes that the rewrite reads or writes (Core Specification, "Instructions").
const (
	opUnreachable = 0x00
	opBlock       = 0x02
	opLoop        = 0x03
	opIf          = 0x04
	opEnd         = 0x0b
	opBr          = 0x0c
	opBrIf        = 0x0d
	opReturn      = 0x0f
	opCall        = 0x10
	opReturnCall  = 0x12
	opLocalGet    = 0x20
	opLocalSet    = 0x21
	opLocalTee    = 0x22
	opGlobalGet   = 0x23
	opGlobalSet   = 0x24
	opMemorySize  = 0x3f
	opMemoryGrow  = 0x40
	opI32Const    = 0x41
	opI64Const    = 0x42
	opF32Const    = 0x43
	opF64Const    = 0x44
	opI64LtS      = 0x53
	opI32Add      = 0x6a
	opI32Mul      = 0x6c
	opI64Add      = 0x7c
	opI64Sub      = 0x7d
	opI64Mul      = 0x7e
	opI64Or       = 0x84
	opI64Shl      = 0x86
	opI64ShrU     = 0x88
	opI32WrapI64  = 0xa7
	opI64ExtendU  = 0xad
	opTableSet    = 0x26
	opRefNull     = 0xd0
	opRefFunc     = 0xd2
	opMiscPrefix  = 0xfc
	opVecPrefix   = 0xfd
	opV128Const   = 0x0c // after opVecPrefix
	opMemoryInit  = 0x08 // after opMiscPrefix, as are the following
	opDataDrop    = 0x09
	opMemoryCopy  = 0x0a
	opMemoryFill  = 0x0b
	opTableInit   = 0x0c
	opElemDrop    = 0x0d
	opTableCopy   = 0x0e
	opTableGrow   = 0x0f
	opTableSize   = 0x10
	opTableFill   = 0x11
	blockTypeVoid = 0x40
)

// imm says what follows an opcode.
type imm byte

const (
	immInvalid imm = iota // not an instruction
	immNone
	immBlock
	immLoop
	immIf
	immElse
	immEnd
	immTryTable
	immBranch
	immReturn
	immIndex // an index that no check depends on: tables
	immTag
	immBrTable
	immCall
	immCallIndirect
	immSelect
	immLocal
	immGlobal
	immMemArg
	immMemoryIndex
	immI32
	immI64
	immF32
	immF64
	immRefNull
	immRefFunc
	immTyped // typed function references
	immMisc
	immVec
	immAtomic
	immGC
)

// immediates holds what follows each opcode of one byte.
var immediates = func() (t [256]imm) {
	set := func(i imm, from, to int) {
		for op := from; op <= to; op++ {
			t[op] = i
		}
	}
	set(immNone, 0x00, 0x01) // unreachable, nop
	t[0x02], t[opLoop], t[opIf], t[0x05], t[opEnd] = immBlock, immLoop, immIf, immElse, immEnd
	t[0x08], t[0x0a], t[0x1f] = immTag, immTag, immTryTable // throw, throw_ref, try_table
	set(immBranch, 0x0c, opBrIf)                            // br, br_if
	t[0x0e], t[0x0f] = immBrTable, immReturn                // return
	t[opCall], t[opReturnCall] = immCall, immCall
	t[0x11], t[0x13] = immCallIndirect, immCallIndirect
	set(immTyped, 0x14, 0x15)                               // call_ref, return_call_ref
	t[0x1a], t[0x1b], t[0x1c] = immNone, immNone, immSelect // drop, select
	set(immLocal, opLocalGet, opLocalTee)                   //
	set(immGlobal, opGlobalGet, opGlobalSet)                //
	set(immIndex, 0x25, 0x26)                               // table.get, table.set
	set(immMemArg, 0x28, 0x3e)                              // loads, stores
	set(immMemoryIndex, opMemorySize, opMemoryGrow)         //
	t[opI32Const], t[opI64Const] = immI32, immI64           //
	t[opF32Const], t[opF64Const] = immF32, immF64           //
	set(immNone, 0x45, 0xc4)                                // numeric
	t[opRefNull], t[0xd1], t[opRefFunc] = immRefNull, immNone, immRefFunc
	set(immTyped, 0xd3, 0xd6) // ref.eq, ref.as_non_null, br_on_null, br_on_non_null
	t[0xfb], t[opMiscPrefix], t[opVecPrefix], t[0xfe] = immGC, immMisc, immVec, immAtomic
	return t
}()

// vecImm is what follows a vector opcode.
type vecImm byte

const (
	vecInvalid vecImm = iota
	vecNone
	vecMemArg
	vecMemArgLane
	vecLane
	vec16 // sixteen bytes: a constant or the lanes of a shuffle
)

// vecImmediates holds what follows each vector opcode.
var vecImmediates = func() (t [256]vecImm) {
	set := func(i vecImm, from, to int) {
		for op := from; op <= to; op++ {
			t[op] = i
		}
	}
	set(vecNone, 0x0e, 0xff)
	set(vecMemArg, 0x00, 0x0b)     // loads, store
	set(vec16, opV128Const, 0x0d)  // v128.const, i8x16.shuffle
	set(vecLane, 0x15, 0x22)       // extract_lane, replace_lane
	set(vecMemArgLane, 0x54, 0x5b) // load_lane, store_lane
	set(vecMemArg, 0x5c, 0x5d)     // load_zero
	for _, op := range []int{0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2, 0xee} {
		t[op] = vecInvalid
	}
	return t
}()
