package component

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/host/component/abi"
)

// Call is a call from a guest into the host, as the bindings generated from
// WIT see it. It is valid until the host function returns.
//
// Every method that reads or writes guest memory checks its bounds and traps
// the guest when they are broken: it does not return then.
type Call struct {
	in     *Instance
	comp   *componentInstance
	side   abi.Side
	budget abi.Budget
}

var le = binary.LittleEndian

func (in *Instance) pushCall(opts, comp int) *Call {
	if in.nested == len(in.calls) {
		in.calls = append(in.calls, &Call{in: in})
	}
	c := in.calls[in.nested]
	in.nested++
	c.comp = &in.comps[comp]
	in.side(&c.side, opts, nil)
	c.budget.Left = in.limits.Data
	return c
}

func (in *Instance) popCall(*Call) { in.nested-- }

// Context returns the context of the guest's call. It ends when the guest has
// to: a host function that waits must wait for it as well.
func (c *Call) Context() context.Context { return c.in.ctx.Context }

// State returns what the instance was made with.
func (c *Call) State() any { return c.in.state }

// Fail traps the guest with err. It does not return.
func (c *Call) Fail(err error) {
	if exit, ok := errors.AsType[*ExitError](err); ok {
		panic(exit)
	}
	panic(&hostError{err: err})
}

// Check traps unless size bytes at ptr are aligned and in bounds.
func (c *Call) Check(ptr, size, align uint32) {
	c.side.Check(ptr, uint64(size), align, "a pointer names")
}

// at returns n bytes of guest memory.
func (c *Call) at(ptr, n uint32) []byte {
	m := c.side.Memory.Bytes()
	if uint64(ptr)+uint64(n) > uint64(len(m)) {
		c.side.Check(ptr, uint64(n), 1, "a pointer names")
	}
	return m[ptr : uint64(ptr)+uint64(n)]
}

// U8 reads from guest memory.
func (c *Call) U8(ptr uint32) uint8 { return c.at(ptr, 1)[0] }

// U16 reads from guest memory.
func (c *Call) U16(ptr uint32) uint16 { return le.Uint16(c.at(ptr, 2)) }

// U32 reads from guest memory.
func (c *Call) U32(ptr uint32) uint32 { return le.Uint32(c.at(ptr, 4)) }

// U64 reads from guest memory.
func (c *Call) U64(ptr uint32) uint64 { return le.Uint64(c.at(ptr, 8)) }

// PutU8 writes to guest memory.
func (c *Call) PutU8(ptr uint32, v uint8) { c.at(ptr, 1)[0] = v }

// PutU16 writes to guest memory.
func (c *Call) PutU16(ptr uint32, v uint16) { le.PutUint16(c.at(ptr, 2), v) }

// PutU32 writes to guest memory.
func (c *Call) PutU32(ptr, v uint32) { le.PutUint32(c.at(ptr, 4), v) }

// PutU64 writes to guest memory.
func (c *Call) PutU64(ptr uint32, v uint64) { le.PutUint64(c.at(ptr, 8), v) }

// Bytes returns a view of guest memory. It is valid until the guest runs
// again, and Alloc runs the guest.
func (c *Call) Bytes(ptr, n uint32) []byte {
	c.budget.Spend(uint64(n))
	return c.at(ptr, n)
}

// Alloc returns a new block of guest memory from the guest's realloc.
func (c *Call) Alloc(size, align uint32) uint32 { return c.side.Alloc(align, size) }

// String lifts a string with the caller's encoding.
func (c *Call) String(ptr, n uint32) string { return c.side.String(ptr, n, &c.budget) }

// PutString lowers a string with the caller's encoding.
func (c *Call) PutString(s string) (ptr, n uint32) { return c.side.PutString(s) }

// PutBytes lowers a list<u8>.
func (c *Call) PutBytes(b []byte) (ptr, n uint32) {
	if len(b) > abi.MaxByteLength {
		c.Fail(fmt.Errorf("list of %d bytes is larger than 2^28-1 bytes", len(b)))
	}
	ptr = c.side.Alloc(1, uint32(len(b)))
	copy(c.side.Memory.Bytes()[ptr:], b)
	return ptr, uint32(len(b))
}

// ListLen checks a list of n elements at ptr before it is lifted.
func (c *Call) ListLen(ptr, n, elemSize, elemAlign uint32) {
	size := uint64(n) * uint64(elemSize)
	if size > abi.MaxByteLength {
		panic(&abi.Fault{Msg: fmt.Sprintf("list of %d elements is larger than 2^28-1 bytes", n)})
	}
	c.side.Check(ptr, size, elemAlign, "list is at")
	cost := 2 * size // what the elements occupy here
	if elemSize > 1 {
		cost += uint64(n) * 16 // with pointers and padding
	}
	c.budget.Spend(cost)
}

// Char checks a char.
func (c *Call) Char(v uint32) rune {
	if v >= 0x110000 || v >= 0xd800 && v <= 0xdfff {
		panic(&abi.Fault{Msg: fmt.Sprintf("%#x is not a Unicode scalar value", v)})
	}
	return rune(v)
}

// BadDiscriminant traps the guest for a discriminant that is out of range.
func (c *Call) BadDiscriminant(typ string, v uint32) {
	panic(&abi.Fault{Msg: fmt.Sprintf("discriminant %d of %s is out of range", v, typ)})
}

// value returns the host object of a handle as its Go type.
func value[T any](rep abi.Rep, r *HostResource) T {
	v, ok := rep.Obj.(T)
	if !ok {
		panic(&internalError{fmt.Errorf("resource %s.%s holds a %T", r.Interface, r.Name, rep.Obj)})
	}
	return v
}

// Borrowed lifts a borrow<r>.
func Borrowed[T any](c *Call, r *HostResource, i uint32) T {
	return value[T](c.comp.handles.get(r.resource(), i).rep, r)
}

// Taken lifts an own<r>: the guest gives the resource away.
func Taken[T any](c *Call, r *HostResource, i uint32) T {
	return value[T](c.comp.handles.takeOwn(r.resource(), i), r)
}

// Give lowers an own<r>.
func Give[T any](c *Call, r *HostResource, v T) uint32 {
	return c.comp.handles.add(handle{res: r.resource(), rep: abi.Rep{Obj: v}, own: true})
}

// ErrResult is the error of a result without a payload for it.
var ErrResult = errors.New("error without a payload")

// Option is option<T>.
type Option[T any] struct {
	Some  bool
	Value T
}

// Some returns the option that holds v.
func Some[T any](v T) Option[T] { return Option[T]{Some: true, Value: v} }

// Result is result<T, E> where it is not the result of a function.
type Result[T, E any] struct {
	OK     T
	Err    E
	Failed bool
}

// Tuple2 is tuple<A, B>.
type Tuple2[A, B any] struct {
	V0 A
	V1 B
}

// Tuple3 is tuple<A, B, C>.
type Tuple3[A, B, C any] struct {
	V0 A
	V1 B
	V2 C
}

// Tuple4 is tuple<A, B, C, D>.
type Tuple4[A, B, C, D any] struct {
	V0 A
	V1 B
	V2 C
	V3 D
}

// Tuple6 is tuple<A, …, F>, the shape of a hardware address.
type Tuple6[A, B, C, D, E, F any] struct {
	V0 A
	V1 B
	V2 C
	V3 D
	V4 E
	V5 F
}

// Tuple8 is tuple<A, …, H>, the shape of an IPv6 address.
type Tuple8[A, B, C, D, E, F, G, H any] struct {
	V0 A
	V1 B
	V2 C
	V3 D
	V4 E
	V5 F
	V6 G
	V7 H
}
