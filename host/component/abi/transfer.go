package abi

import (
	"encoding/binary"
	"errors"

	"github.com/wattle-dev/wattle/wit"
)

var le = binary.LittleEndian

// MaxOps bounds the operations of one compiled function.
const MaxOps = 1 << 16

// ErrTooLarge says that a type has too many parts to be compiled.
var ErrTooLarge = errors.New("type has too many parts (limit 65536)")

// opcode is an operation of a Transfer.
type opcode uint8

const (
	opCopy    opcode = iota // memory: n bytes as they are
	opI32                   // flat: 32 bits
	opI64                   // flat: 64 bits
	opU8                    // flat: truncate to 8 bits
	opU16                   // flat: truncate to 16 bits
	opS8                    // flat: truncate and sign-extend
	opS16                   // flat: truncate and sign-extend
	opBool                  // any nonzero value is 1
	opChar                  // a Unicode scalar value
	opFlags                 // mask; in memory n bytes
	opString                // pointer and length
	opList                  // pointer and length, elem applied to each
	opVariant               // discriminant of n bytes, then the case's ops
	opOwn                   // handle
	opBorrow                // handle
)

// op is one operation. at is an offset from the base address in memory, or a
// slot among the flat values.
type op struct {
	code  opcode
	at    uint32
	n     uint32
	mask  uint32
	size  uint32 // list: element size
	align uint32 // list: element alignment
	body  []op   // list: element operations; nil when elements are copied
	cases [][]op // variant
	res   *wit.Resource
}

// Transfer moves the values of one parameter or result list from a side to
// another. It is immutable.
type Transfer struct {
	ops []op
	// Spilled is set when the values are passed in memory.
	Spilled bool
	// Flat is the number of core values, before spilling.
	Flat int
	// Size and Align are those of the values as a tuple in memory.
	Size, Align uint32
	// Ops is the number of operations that the transfer consists of.
	Ops int
}

// Transfer returns the transfer of values of the given types, which are passed
// in memory when they need more than maxFlat core values.
func (all *Shapes) Transfer(types []*wit.Type, maxFlat int) (*Transfer, error) {
	tuple := all.tuple(types)
	t := &Transfer{Align: 1, Flat: tuple.flat}
	c := compiler{}
	if t.Flat > maxFlat {
		t.Spilled = true
		t.Size, t.Align = tuple.size, tuple.align
		c.mem(&t.ops, tuple, 0)
	} else {
		c.flat(&t.ops, tuple, 0)
	}
	if c.count > MaxOps {
		return nil, ErrTooLarge
	}
	t.Ops = c.count
	return t, nil
}

type compiler struct{ count int }

func (c *compiler) emit(ops *[]op, o op) {
	if c.count++; c.count > MaxOps {
		return // Compile reports it
	}
	*ops = append(*ops, o)
}

// mem appends the operations for a value of type t at offset at.
func (c *compiler) mem(ops *[]op, t *shape, at uint32) {
	if c.count > MaxOps {
		return
	}
	if t.plain {
		n := t.size
		if last := len(*ops) - 1; last >= 0 && (*ops)[last].code == opCopy && (*ops)[last].at+(*ops)[last].n == at {
			(*ops)[last].n += n // adjacent, so that no padding lies between
			return
		}
		c.emit(ops, op{code: opCopy, at: at, n: n})
		return
	}
	switch t.kind {
	case wit.Bool:
		c.emit(ops, op{code: opBool, at: at})
	case wit.Char:
		c.emit(ops, op{code: opChar, at: at})
	case wit.Flags:
		c.emit(ops, op{code: opFlags, at: at, n: t.size, mask: flagsMask(len(t.typ.Labels))})
	case wit.String:
		c.emit(ops, op{code: opString, at: at})
	case wit.List, wit.Map:
		c.emit(ops, c.list(t, at))
	case wit.Own:
		c.emit(ops, op{code: opOwn, at: at, res: t.typ.Resource})
	case wit.Borrow:
		c.emit(ops, op{code: opBorrow, at: at, res: t.typ.Resource})
	case wit.Record, wit.Tuple, wit.FixedList:
		for i := 0; i < t.count && c.count <= MaxOps; i++ {
			m, off := t.member(i)
			c.mem(ops, m, at+off)
		}
	default:
		if c.count += t.count; c.count > MaxOps {
			return
		}
		o := op{code: opVariant, at: at, n: t.disc, cases: make([][]op, t.count)}
		for i, ct := range t.cases {
			if ct != nil {
				c.mem(&o.cases[i], ct, at+t.payload)
			}
		}
		c.emit(ops, o)
	}
}

func (c *compiler) list(t *shape, at uint32) op {
	e := t.elem
	o := op{code: opList, at: at, size: e.size, align: e.align}
	if !e.plain {
		c.mem(&o.body, e, 0)
	}
	return o
}

// flat appends the operations for a value of type t from slot at, and returns
// the slot after it.
func (c *compiler) flat(ops *[]op, t *shape, at uint32) uint32 {
	if c.count > MaxOps {
		return at
	}
	end := at + uint32(t.flat)
	switch t.kind {
	case wit.Bool:
		c.emit(ops, op{code: opBool, at: at})
	case wit.U8:
		c.emit(ops, op{code: opU8, at: at})
	case wit.U16:
		c.emit(ops, op{code: opU16, at: at})
	case wit.S8:
		c.emit(ops, op{code: opS8, at: at})
	case wit.S16:
		c.emit(ops, op{code: opS16, at: at})
	case wit.U32, wit.S32, wit.F32:
		c.emit(ops, op{code: opI32, at: at})
	case wit.U64, wit.S64, wit.F64:
		c.emit(ops, op{code: opI64, at: at})
	case wit.Char:
		c.emit(ops, op{code: opChar, at: at})
	case wit.Flags:
		c.emit(ops, op{code: opFlags, at: at, mask: flagsMask(len(t.typ.Labels))})
	case wit.String:
		c.emit(ops, op{code: opString, at: at})
	case wit.List, wit.Map:
		c.emit(ops, c.list(t, at))
	case wit.Own:
		c.emit(ops, op{code: opOwn, at: at, res: t.typ.Resource})
	case wit.Borrow:
		c.emit(ops, op{code: opBorrow, at: at, res: t.typ.Resource})
	case wit.Record, wit.Tuple, wit.FixedList:
		for i := range t.count {
			m, _ := t.member(i)
			at = c.flat(ops, m, at)
		}
	default:
		if c.count += t.count; c.count > MaxOps {
			return at
		}
		o := op{code: opVariant, at: at, n: end - at, cases: make([][]op, t.count)}
		for i, ct := range t.cases {
			if ct != nil {
				c.flat(&o.cases[i], ct, at+1)
			}
		}
		c.emit(ops, o)
	}
	return end
}

// run is a transfer under way.
type run struct {
	src, dst *Side
	sm, dm   []byte // dm is taken anew after every realloc
	budget   *Budget
}

// FlatTo moves values that are not spilled from the slots in to the slots out.
// The two may be the same.
func (t *Transfer) FlatTo(src, dst *Side, in, out []uint64, b *Budget) {
	r := run{src: src, dst: dst, budget: b}
	if src.Memory != nil {
		r.sm = src.Memory.Bytes()
	}
	if dst.Memory != nil {
		r.dm = dst.Memory.Bytes()
	}
	r.flat(t.ops, in, out)
}

// MemTo moves spilled values from the address from to the address to, or to new
// memory of dst when fresh is set. It returns the destination.
func (t *Transfer) MemTo(src, dst *Side, from, to uint32, fresh bool, b *Budget) uint32 {
	src.Check(from, uint64(t.Size), t.Align, "values are passed at")
	if fresh {
		to = dst.Alloc(t.Align, t.Size)
	} else {
		dst.Check(to, uint64(t.Size), t.Align, "results are wanted at")
	}
	r := run{src: src, dst: dst, budget: b, sm: src.Memory.Bytes(), dm: dst.Memory.Bytes()}
	r.mem(t.ops, from, to)
	return to
}

func (r *run) mem(ops []op, s, d uint32) {
	for i := range ops {
		o := &ops[i]
		from, to := s+o.at, d+o.at
		switch o.code {
		case opCopy:
			copy(r.dm[to:to+o.n], r.sm[from:from+o.n])
		case opBool:
			r.dm[to] = b2i(r.sm[from] != 0)
		case opChar:
			v := le.Uint32(r.sm[from:])
			checkChar(v)
			le.PutUint32(r.dm[to:], v)
		case opFlags:
			store(r.dm, to, o.n, load(r.sm, from, o.n)&o.mask)
		case opString:
			p, n := r.string(le.Uint32(r.sm[from:]), le.Uint32(r.sm[from+4:]))
			le.PutUint32(r.dm[to:], p)
			le.PutUint32(r.dm[to+4:], n)
		case opList:
			n := le.Uint32(r.sm[from+4:])
			p := r.list(o, le.Uint32(r.sm[from:]), n)
			le.PutUint32(r.dm[to:], p)
			le.PutUint32(r.dm[to+4:], n)
		case opVariant:
			c := load(r.sm, from, o.n)
			if c >= uint32(len(o.cases)) {
				fault("discriminant %d is out of range (%d cases)", c, len(o.cases))
			}
			store(r.dm, to, o.n, c)
			r.mem(o.cases[c], s, d)
		case opOwn:
			le.PutUint32(r.dm[to:], r.dst.Handles.LowerOwn(o.res, r.src.Handles.LiftOwn(o.res, le.Uint32(r.sm[from:]))))
		case opBorrow:
			le.PutUint32(r.dm[to:], r.dst.Handles.LowerBorrow(o.res, r.src.Handles.LiftBorrow(o.res, le.Uint32(r.sm[from:]))))
		default:
			panic("abi: flat operation in a memory transfer")
		}
	}
}

func (r *run) flat(ops []op, in, out []uint64) {
	for i := range ops {
		o := &ops[i]
		v := in[o.at]
		switch o.code {
		case opI32:
			out[o.at] = uint64(uint32(v))
		case opI64:
			out[o.at] = v
		case opU8:
			out[o.at] = uint64(uint8(v))
		case opU16:
			out[o.at] = uint64(uint16(v))
		case opS8:
			out[o.at] = uint64(uint32(int32(int8(v))))
		case opS16:
			out[o.at] = uint64(uint32(int32(int16(v))))
		case opBool:
			out[o.at] = uint64(b2i(uint32(v) != 0))
		case opChar:
			checkChar(uint32(v))
			out[o.at] = uint64(uint32(v))
		case opFlags:
			out[o.at] = uint64(uint32(v) & o.mask)
		case opString:
			p, n := r.string(uint32(v), uint32(in[o.at+1]))
			out[o.at], out[o.at+1] = uint64(p), uint64(n)
		case opList:
			n := uint32(in[o.at+1])
			out[o.at], out[o.at+1] = uint64(r.list(o, uint32(v), n)), uint64(n)
		case opVariant:
			c := uint32(v)
			if c >= uint32(len(o.cases)) {
				fault("discriminant %d is out of range (%d cases)", c, len(o.cases))
			}
			// Slots that the case does not use are zero. A case's values stand
			// in the same slots on both sides, so in and out may be one slice.
			body := o.cases[c]
			used := o.at + 1
			out[o.at] = uint64(c)
			r.flat(body, in, out)
			for i := range body {
				used = max(used, body[i].at+body[i].width())
			}
			clear(out[used : o.at+o.n])
		case opOwn:
			out[o.at] = uint64(r.dst.Handles.LowerOwn(o.res, r.src.Handles.LiftOwn(o.res, uint32(v))))
		case opBorrow:
			out[o.at] = uint64(r.dst.Handles.LowerBorrow(o.res, r.src.Handles.LiftBorrow(o.res, uint32(v))))
		default:
			panic("abi: memory operation in a flat transfer")
		}
	}
}

// width is the number of slots of a flat operation.
func (o *op) width() uint32 {
	switch o.code {
	case opString, opList:
		return 2
	case opVariant:
		return o.n
	default:
		return 1
	}
}

// list moves a list and returns its new address.
func (r *run) list(o *op, ptr, n uint32) uint32 {
	size := uint64(n) * uint64(o.size)
	if size > MaxByteLength {
		fault("list of %d elements is larger than 2^28-1 bytes", n)
	}
	r.src.Check(ptr, size, o.align, "list is at")
	r.budget.Spend(size)
	to := r.dst.Alloc(o.align, uint32(size))
	r.dm = r.dst.Memory.Bytes()
	if o.body == nil {
		copy(r.dm[to:uint64(to)+size], r.sm[ptr:uint64(ptr)+size])
		return to
	}
	for i := range n {
		r.mem(o.body, ptr+i*o.size, to+i*o.size)
	}
	return to
}

func b2i(b bool) byte {
	if b {
		return 1
	}
	return 0
}
