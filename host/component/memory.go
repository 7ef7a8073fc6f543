package component

import (
	"errors"

	"github.com/tetratelabs/wazero/experimental"
)

// allocator hands linear memory to the engine and holds an instance to its
// limit. Memory is freed when the instance ends and not before: the engine
// asks to free a memory as soon as any module that imports it is closed.
type allocator struct {
	left  uint64 // what the instance may still use
	limit uint64
	image *image // of the memory that the module being instantiated defines
	// images are those of a snapshot for all memories in order; image is not used
	// then.
	images []*image
	mems   []*linearMemory
	// refused says that a guest was refused more memory: what it traps of later
	// is likely to be that.
	refused bool
}

// Allocate implements experimental.MemoryAllocator.
func (a *allocator) Allocate(_, maximum uint64) experimental.LinearMemory {
	m := &linearMemory{owner: a, max: maximum, image: a.image}
	if a.images != nil {
		m.image = a.images[len(a.mems)]
	}
	a.mems = append(a.mems, m)
	return m
}

func (a *allocator) release() {
	for _, m := range a.mems {
		m.release()
	}
	a.mems, a.left = nil, a.limit
}

// maxMemory is the most that one memory may have: a page less than 4 GiB, whose
// size the engine gives as 0.
const maxMemory = 4<<30 - 64<<10

// linearMemory is one memory of an instance.
type linearMemory struct {
	owner  *allocator
	max    uint64
	image  *image // what the memory starts with, or nil
	buf    []byte // the memory
	mapped []byte // the address space reserved for it, where the system can do so
	used   bool   // the engine has the memory
}

// Reallocate implements experimental.LinearMemory. A guest that grows a memory
// beyond the limit is told so by memory.grow; one that cannot even start panics
// with a *LimitError, since the engine has no other answer for it.
func (m *linearMemory) Reallocate(size uint64) []byte {
	have := uint64(len(m.buf))
	if m.image != nil && !m.used {
		size = m.image.size // the module declares zero
	}
	if size <= have {
		m.used = true
		return m.buf
	}
	if size-have > m.owner.left || size > maxMemory {
		return m.refuse(&LimitError{Name: LimitMemory, What: "bytes of memory (the component starts with more)", Max: m.owner.limit})
	}
	if !m.grow(size) {
		return m.refuse(&internalError{errors.New("the system has no memory left")})
	}
	if m.image != nil && !m.used {
		if err := m.image.load(m.buf); err != nil {
			return m.refuse(&internalError{err})
		}
	}
	m.used = true
	m.owner.left -= size - have
	return m.buf
}

func (m *linearMemory) refuse(why error) []byte {
	if !m.used {
		panic(why)
	}
	m.owner.refused = true
	return nil
}

// Free implements experimental.LinearMemory.
func (m *linearMemory) Free() {}
