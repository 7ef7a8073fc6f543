// Package abi is the Canonical ABI of the Component Model: how component
// values are represented as core WebAssembly values and in linear memory
// (CanonicalABI.md, "Lifting and Lowering Values").
//
// Nothing here interprets a type during a call. Two things are made of a type
// when a component is loaded:
//
//   - A [Transfer] moves values from one component instance to another. It is
//     a flat list of operations with constant offsets, found by
//     [Shapes.Transfer].
//   - A [Codec] moves values between a component instance and Go, for callers
//     that learn types only at run time. It is the one place where values are
//     boxed (as [wit.Value]).
//
// Host functions whose types are known when Wattle is built use neither: their
// bindings are generated from WIT as straight-line code.
//
// The package is pure. It sees an instance as a [Side]: memory, realloc,
// string encoding and handles. A guest that breaks a rule of the specification
// makes an operation panic with a [*Fault]; the caller turns it into a trap.
//
// # Limits
//
// A list or string is at most 2^28-1 bytes (MAX_LIST_BYTE_LENGTH and
// MAX_STRING_BYTE_LENGTH). Lists may overlap in the source memory, so that a
// small memory can describe an enormous value: each call therefore has a
// [Budget] of bytes, and exceeding it is a fault.
package abi

import (
	"fmt"

	"github.com/wattle-dev/wattle/wit"
)

// Limits of CanonicalABI.md.
const (
	// MaxByteLength is MAX_STRING_BYTE_LENGTH and MAX_LIST_BYTE_LENGTH.
	MaxByteLength = 1<<28 - 1
	// DefaultBudget bounds the bytes that one call may move, in either
	// direction, by lists and strings.
	DefaultBudget = 1 << 28
)

// Encoding is a string encoding, with the opcodes of Binary.md.
type Encoding uint8

// The string encodings.
const (
	UTF8 Encoding = iota
	UTF16
	Latin1UTF16
)

// String returns the name in the text format.
func (e Encoding) String() string {
	switch e {
	case UTF8:
		return "utf8"
	case UTF16:
		return "utf16"
	case Latin1UTF16:
		return "latin1+utf16"
	}
	return fmt.Sprintf("encoding(%d)", uint8(e))
}

// Fault is a guest's violation of the Canonical ABI. It is always the fault of
// a guest, never of the host.
type Fault struct{ Msg string }

func (f *Fault) Error() string { return f.Msg }

// fault panics with a Fault.
func fault(format string, args ...any) {
	panic(&Fault{Msg: fmt.Sprintf(format, args...)})
}

// Memory is the linear memory of one side with the functions that go with it.
type Memory interface {
	// Bytes returns the memory as it is now. The view may be invalid after the
	// guest has run, Realloc included.
	Bytes() []byte
	// Realloc calls the guest's realloc with the arguments of the
	// specification. It panics when the guest traps or has none.
	Realloc(old, oldSize, align, newSize uint32) uint32
}

// Rep is what a handle stands for: the representation that the resource's own
// component chose, or an object of the host.
type Rep struct {
	Num uint32
	Obj any
}

// Handles is the handle table of one side. Every method panics with a *Fault
// when the guest has no right to what it asks.
type Handles interface {
	LiftOwn(res *wit.Resource, handle uint32) Rep
	LiftBorrow(res *wit.Resource, handle uint32) Rep
	LowerOwn(res *wit.Resource, rep Rep) uint32
	LowerBorrow(res *wit.Resource, rep Rep) uint32
}

// Side is one party of a call.
type Side struct {
	Memory   Memory
	Handles  Handles
	Encoding Encoding
}

// Budget is what remains of a call's byte budget.
type Budget struct{ Left int64 }

// Spend takes n bytes from the budget and faults when it is used up.
func (b *Budget) Spend(n uint64) {
	b.Left -= int64(n)
	if b.Left < 0 {
		fault("the call moves more data than its budget allows")
	}
}

// Alloc returns a new block of the guest memory, checked.
func (s *Side) Alloc(align, size uint32) uint32 {
	return s.realloc(0, 0, align, size)
}

func (s *Side) realloc(old, oldSize, align, size uint32) uint32 {
	p := s.Memory.Realloc(old, oldSize, align, size)
	s.Check(p, uint64(size), align, "realloc returned")
	return p
}

// Check faults unless size bytes at p are aligned and in bounds. what begins
// the message.
func (s *Side) Check(p uint32, size uint64, align uint32, what string) {
	if p&(align-1) != 0 {
		fault("%s a pointer (%#x) that is not aligned to %d", what, p, align)
	}
	if n := uint64(len(s.Memory.Bytes())); uint64(p)+size > n {
		fault("%s a range (%#x, %d bytes) outside of memory (%d bytes)", what, p, size, n)
	}
}

func load(mem []byte, off, size uint32) uint32 {
	_ = mem[off+size-1]
	switch size {
	case 1:
		return uint32(mem[off])
	case 2:
		return uint32(le.Uint16(mem[off:]))
	default:
		return le.Uint32(mem[off:])
	}
}

func store(mem []byte, off, size, v uint32) {
	switch size {
	case 1:
		mem[off] = byte(v)
	case 2:
		le.PutUint16(mem[off:], uint16(v))
	default:
		le.PutUint32(mem[off:], v)
	}
}

func checkChar(v uint32) {
	if v >= 0x110000 || v >= 0xd800 && v <= 0xdfff {
		panic(&Fault{Msg: BadChar(v)})
	}
}

// BadChar is what is said of a char that is none.
func BadChar(v uint32) string { return fmt.Sprintf("%#x is not a Unicode scalar value", v) }

func flagsMask(n int) uint32 {
	if n >= 32 {
		return ^uint32(0)
	}
	return 1<<n - 1
}
