// Package component stands in for the runtime of the same name, with a byte
// slice for the memory of a guest, so that generated glue can be run without a
// guest. Its methods have the signatures of the real ones.
package component

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// Trap is what a Call panics with.
type Trap struct{ Err error }

type HostInterface struct {
	ID, Version string
	Resources   []*HostResource
	Funcs       []HostFunc
}

type HostResource struct{ Interface, Name string }

type HostFunc struct {
	Name, Signature string
	Call            func(c *Call, stack []uint64)
}

// Linker records what is defined.
type Linker struct{ Interfaces []HostInterface }

func (l *Linker) Define(i HostInterface) error {
	l.Interfaces = append(l.Interfaces, i)
	return nil
}

type handle struct {
	resource *HostResource
	value    any
}

// Call is a call with a memory and a handle table of its own.
type Call struct {
	Memory  []byte
	next    uint32
	handles map[uint32]handle
}

// NewCall returns a Call with a memory of size bytes, of which the first half is
// the test's and the second is for Alloc.
func NewCall(size uint32) *Call {
	return &Call{Memory: make([]byte, size), next: size / 2, handles: map[uint32]handle{}}
}

func (c *Call) Context() context.Context { return context.Background() }
func (c *Call) State() any               { return nil }
func (c *Call) Fail(err error)           { panic(Trap{err}) }

func (c *Call) failf(format string, args ...any) { c.Fail(fmt.Errorf(format, args...)) }

func (c *Call) Check(ptr, size, align uint32) {
	if ptr%align != 0 {
		c.failf("pointer %d is not aligned to %d", ptr, align)
	}
	if uint64(ptr)+uint64(size) > uint64(len(c.Memory)) {
		c.failf("%d bytes at %d are out of bounds", size, ptr)
	}
}

func (c *Call) at(ptr, size uint32) []byte {
	c.Check(ptr, size, 1)
	return c.Memory[ptr : ptr+size]
}

// Access to more than a byte must be aligned: the Canonical ABI never has any
// other, and the test shall see it.
func (c *Call) aligned(ptr, size uint32) []byte {
	c.Check(ptr, size, size)
	return c.Memory[ptr : ptr+size]
}

func (c *Call) U8(ptr uint32) uint8         { return c.at(ptr, 1)[0] }
func (c *Call) U16(ptr uint32) uint16       { return binary.LittleEndian.Uint16(c.aligned(ptr, 2)) }
func (c *Call) U32(ptr uint32) uint32       { return binary.LittleEndian.Uint32(c.aligned(ptr, 4)) }
func (c *Call) U64(ptr uint32) uint64       { return binary.LittleEndian.Uint64(c.aligned(ptr, 8)) }
func (c *Call) PutU8(ptr uint32, v uint8)   { c.at(ptr, 1)[0] = v }
func (c *Call) PutU16(ptr uint32, v uint16) { binary.LittleEndian.PutUint16(c.aligned(ptr, 2), v) }
func (c *Call) PutU32(ptr, v uint32)        { binary.LittleEndian.PutUint32(c.aligned(ptr, 4), v) }
func (c *Call) PutU64(ptr uint32, v uint64) { binary.LittleEndian.PutUint64(c.aligned(ptr, 8), v) }
func (c *Call) Bytes(ptr, n uint32) []byte  { return c.at(ptr, n) }
func (c *Call) String(ptr, n uint32) string { return string(c.at(ptr, n)) }

func (c *Call) Alloc(size, align uint32) uint32 {
	ptr := (c.next + align - 1) / align * align
	c.Check(ptr, size, align)
	c.next = ptr + size
	return ptr
}

func (c *Call) PutString(s string) (ptr, n uint32) { return c.PutBytes([]byte(s)) }

func (c *Call) PutBytes(b []byte) (ptr, n uint32) {
	ptr = c.Alloc(uint32(len(b)), 1)
	copy(c.Memory[ptr:], b)
	return ptr, uint32(len(b))
}

func (c *Call) ListLen(ptr, n, elemSize, elemAlign uint32) {
	if uint64(n)*uint64(elemSize) > 1<<28-1 {
		c.failf("list of %d elements is too long", n)
	}
	c.Check(ptr, n*elemSize, elemAlign)
}

func (c *Call) Char(v uint32) rune {
	if v >= 0x110000 || v >= 0xd800 && v < 0xe000 {
		c.failf("%#x is not a char", v)
	}
	return rune(v)
}

func (c *Call) BadDiscriminant(typ string, v uint32) { c.failf("discriminant %d of %s", v, typ) }

func Borrowed[T any](c *Call, r *HostResource, i uint32) T {
	h, ok := c.handles[i]
	if !ok || h.resource != r {
		c.failf("handle %d is no %s", i, r.Name)
	}
	return h.value.(T)
}

func Taken[T any](c *Call, r *HostResource, i uint32) T {
	v := Borrowed[T](c, r, i)
	delete(c.handles, i)
	return v
}

func Give[T any](c *Call, r *HostResource, v T) uint32 {
	i := uint32(len(c.handles) + 1)
	for ; ; i++ {
		if _, taken := c.handles[i]; !taken {
			c.handles[i] = handle{r, v}
			return i
		}
	}
}

// Has reports whether a handle exists.
func (c *Call) Has(i uint32) bool {
	_, ok := c.handles[i]
	return ok
}

var ErrResult = errors.New("error without a payload")

type Option[T any] struct {
	Some  bool
	Value T
}

type Result[T, E any] struct {
	OK     T
	Err    E
	Failed bool
}

type Tuple2[A, B any] struct {
	V0 A
	V1 B
}

type Tuple4[A, B, C, D any] struct {
	V0 A
	V1 B
	V2 C
	V3 D
}

type Tuple5[A, B, C, D, E any] struct {
	V0 A
	V1 B
	V2 C
	V3 D
	V4 E
}
