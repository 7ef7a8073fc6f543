//go:build !linux

package component

// reset makes the memory as its image has it. It has not grown.
func (m *linearMemory) reset() bool {
	clear(m.buf)
	return m.image.load(m.buf) == nil
}
