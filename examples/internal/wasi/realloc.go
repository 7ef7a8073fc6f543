//go:build wasip1

package wasi

import (
	"encoding/binary"
	"sync"
	"unsafe"
)

const (
	// adapterSize is what cabi_realloc can give outside of import calls. The
	// preview 1 adapter asks for 64 KiB for its state and 64 KiB for its stack.
	adapterSize = 192 << 10

	// scratchSize bounds the header fields, or other strings, that one import
	// call can return. A host that returns more traps the guest.
	scratchSize = 256 << 10
)

// heap is a piece of memory that cabi_realloc hands out from the start up.
type heap struct {
	base uint32
	used uint32
	size uint32
}

var (
	adapterMemory [adapterSize]byte
	scratchMemory [scratchSize]byte

	adapterHeap heap
	// target is where the results of the import call in progress go. Its base
	// is 0 while there is none.
	target heap

	// lowering is held while target is set and until the results are copied
	// out of it.
	lowering sync.Mutex
)

// realloc implements the Canonical ABI's realloc. It must work before the Go
// runtime is ready: it neither allocates nor calls anything that may block.
//
//go:wasmexport cabi_realloc
func realloc(old, oldSize, align, size uint32) uint32 {
	h := &target
	if h.base == 0 {
		h = &adapterHeap
		if h.base == 0 {
			h.base = uint32(uintptr(unsafe.Pointer(&adapterMemory)))
			h.size = adapterSize
		}
	}
	if old != 0 && size <= oldSize {
		return old
	}
	mask := align - 1
	at := (h.base+h.used+mask)&^mask - h.base
	if at > h.size || size > h.size-at {
		panic("wasi: the host returned more than the guest has room for")
	}
	h.used = at + size
	if oldSize > 0 {
		from := old - h.base
		copy(h.bytes()[at:at+size], h.bytes()[from:from+oldSize])
	}
	return h.base + at
}

// bytes is the memory of h. There are only two heaps that can grow a block:
// the adapter's and the scratch memory. A stream's buffer is asked for once.
func (h *heap) bytes() []byte {
	if h == &adapterHeap {
		return adapterMemory[:]
	}
	return scratchMemory[:]
}

// receiveInto makes buf the place where the next import call puts its list.
// The caller holds lowering.
func receiveInto(buf []byte) {
	target = heap{base: address(buf), size: uint32(len(buf))}
}

// receive makes the scratch memory the place where the next import call puts
// its lists and strings. The caller holds lowering.
func receive() { receiveInto(scratchMemory[:]) }

// received ends what receive or receiveInto began.
func received() { target = heap{} }

// address is where buf starts in linear memory.
func address(buf []byte) uint32 {
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(buf))))
}

// scratchBytes is the part of the scratch memory that a lowered list occupies.
func scratchBytes(ptr, n uint32) []byte {
	if n == 0 {
		return nil
	}
	at := ptr - address(scratchMemory[:])
	return scratchMemory[at : at+n]
}

// scratchString copies a lowered string out of the scratch memory.
func scratchString(ptr, n uint32) string { return string(scratchBytes(ptr, n)) }

// retArea receives the result of an import whose result does not fit in one
// flat value. 64 bytes hold the largest result in this package, which is that
// of future-trailers.get with 56 bytes.
type retArea [8]uint64

func (a *retArea) u8(off uint32) uint8 { return uint8(a[off/8] >> (off % 8 * 8)) }

func (a *retArea) u32(off uint32) uint32 { return uint32(a[off/8] >> (off % 8 * 8)) }

func (a *retArea) u64(off uint32) uint64 { return a[off/8] }

// le32 reads a 32-bit value in linear memory's byte order.
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
