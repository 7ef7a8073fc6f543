package wattlemcp

import "unsafe"

const (
	// adapterBlock is what the preview 1 adapter asks for at once, and adapterSize what it may
	// have of it: for its state and its stack.
	adapterBlock = 64 << 10
	adapterSize  = 3 * adapterBlock
	// argumentsSize bounds the arguments of a call. A host that passes more traps the guest.
	argumentsSize = 4 << 20
)

// arena is memory that cabi_realloc hands out.
type arena struct{ used, size uint32 }

var (
	adapterMemory   [adapterSize]byte
	argumentsMemory [argumentsSize]byte

	adapter   = arena{size: adapterSize}
	arguments = arena{size: argumentsSize}
	// kept is the result of the last call, which the host reads when it has returned.
	kept []byte
)

// realloc implements the Canonical ABI's realloc. It must work before the Go runtime is
// ready: it neither allocates nor calls anything that may block.
//
//go:wasmexport cabi_realloc
func realloc(old, oldSize, align, size uint32) uint32 {
	a, base := &arguments, address(argumentsMemory[:])
	if size == adapterBlock && adapter.used+2*size <= adapter.size {
		a, base = &adapter, address(adapterMemory[:])
	}
	at := aligned(base+a.used, align) - base
	if at > a.size || size > a.size-at {
		panic("wattlemcp: the arguments are larger than the guest has room for")
	}
	a.used = at + size
	if oldSize > 0 {
		copy(bytes(base+at, size), bytes(old, oldSize))
	}
	return base + at
}

// bytes is a part of linear memory.
func bytes(at, n uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(uintptr(at))), n)
}

// address is where b starts in linear memory.
func address(b []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

// take lifts the arguments of a call, and gives back their memory.
func take(at uint32, v any) {
	lift(bytes, at, v)
	arguments.used = 0
}

// give lowers the result of a call.
func give(v any) uint32 {
	kept = lower(v, address)
	return address(kept)
}
