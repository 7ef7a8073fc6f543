//go:build unix

package component

import "golang.org/x/sys/unix"

// grow makes the memory size bytes long. The address space up to the most that
// the memory may ever have is reserved at once, so that it never moves; pages
// cost nothing until they are touched.
func (m *linearMemory) grow(size uint64) bool {
	if m.mapped == nil {
		reserve := max(size, min(m.max, m.owner.left))
		b, err := unix.Mmap(-1, 0, int(reserve), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|noReserve)
		if err != nil {
			return false
		}
		m.mapped = b
	}
	if size > uint64(len(m.mapped)) {
		return false
	}
	if err := unix.Mprotect(m.mapped[len(m.buf):size], unix.PROT_READ|unix.PROT_WRITE); err != nil {
		return false
	}
	m.buf = m.mapped[:size]
	return true
}

func (m *linearMemory) release() {
	if m.mapped != nil {
		_ = unix.Munmap(m.mapped)
	}
	m.buf, m.mapped = nil, nil
}
