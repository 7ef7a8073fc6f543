//go:build unix

package component

import (
	"golang.org/x/sys/unix"
)

// grow makes the memory size bytes long. The address space up to the most that
// the memory may ever have is reserved at once, so that it never moves; pages
// cost nothing until they are touched.
func (m *linearMemory) grow(size uint64) bool {
	if m.buf == nil {
		reserve := max(size, min(m.max, uint64(len(m.buf))+m.owner.left))
		b, err := unix.Mmap(-1, 0, int(reserve), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|noReserve)
		if err != nil {
			return false
		}
		m.buf = b[:size]
		return true
	}
	if size > uint64(cap(m.buf)) {
		return false
	}
	m.buf = m.buf[:size]
	return true
}

func (m *linearMemory) release() {
	if m.buf != nil {
		_ = unix.Munmap(m.buf[:cap(m.buf)])
		m.buf = nil
	}
}
