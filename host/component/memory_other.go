//go:build !unix

package component

// grow makes the memory size bytes long.
func (m *linearMemory) grow(size uint64) bool {
	b := make([]byte, size)
	copy(b, m.buf)
	m.buf = b
	return true
}

func (m *linearMemory) release() { m.buf = nil }
