package component

import (
	"fmt"

	"github.com/wattle-dev/wattle/host/component/core"
)

// What one instance of a component may occupy besides the contents of its
// memories, which Limits.Memory bounds. A component instantiates its core modules
// as often as it likes, so that a few bytes of it could take all there is.
const (
	// maxMemories is how many memories an instance may have: each reserves
	// address space and takes up to some thirty mappings of it, of which a
	// process has 65,530 by default on Linux.
	maxMemories = 40
	// maxTableElements is how far all tables of an instance may grow together;
	// an element takes eight bytes.
	maxTableElements = 16 << 20
	// maxInstantiated is the bytes of all core modules that are instantiated,
	// each time they are, without code and data. The engine makes up to ten
	// bytes of each: for globals, segments and what is imported.
	maxInstantiated = 64 << 20
)

// footprint is what has been claimed.
type footprint struct {
	memories        int
	elements, bytes uint64
	initial         uint64 // elements
}

// plainBytes is how many bytes of a rewritten module are neither code nor data, which has
// left it if it has an image.
func plainBytes(m *core.Module) uint64 {
	n := uint64(len(m.Bytes) - m.CodeBytes)
	if m.Image == nil {
		n -= uint64(m.DataBytes)
	}
	return n
}

// add claims what an instance of a module takes.
func (f *footprint) add(code *coreCode) error {
	m := code.info
	tables, memories := m.Tables, len(m.Memories)
	for _, im := range m.Imports {
		switch im.Type.Kind {
		case core.KindTable:
			tables = tables[1:] // imported ones are first
		case core.KindMemory:
			memories--
		}
	}
	f.memories += memories
	for _, t := range tables {
		f.initial += t.Limits.Min
		most := uint64(core.DefaultMaxTableElements)
		if t.Limits.HasMax {
			most = min(most, t.Limits.Max)
		}
		f.elements += most
	}
	f.bytes += code.plain
	switch {
	case f.memories > maxMemories:
		return fmt.Errorf("component has more than %d memories", maxMemories)
	case f.elements > maxTableElements:
		return fmt.Errorf("tables of the component may grow to more than %d elements together", maxTableElements)
	case f.bytes > maxInstantiated:
		return fmt.Errorf("component instantiates core modules of more than %d bytes, code and data not counted", maxInstantiated)
	}
	return nil
}
