package component

import "golang.org/x/sys/unix"

// noReserve keeps the reserved address space out of the overcommit account.
const noReserve = unix.MAP_NORESERVE

// reset makes the memory as its image has it. It has not grown.
func (m *linearMemory) reset() bool {
	if len(m.buf) == 0 {
		return true
	}
	// Pages of the image are there again when they are next touched, others zero.
	if err := unix.Madvise(m.buf, unix.MADV_DONTNEED); err != nil {
		return false
	}
	return m.image.file != nil || m.image.load(m.buf) == nil
}
