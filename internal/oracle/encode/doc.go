// Package encode writes the syntax tree of host/component/binary back into the
// binary format (Component Model, design/mvp/Binary.md). It exists for the
// oracles, which change components in the tree: nothing else writes components.
//
// Whatever the tree says is written, sense or nonsense. What the tree does not
// hold is lost: the division into sections, of which each definition gets its
// own, the order of canonical options and of name attributes, and the custom
// sections.
package encode

import (
	"encoding/binary"
	"slices"

	bin "github.com/wattle-dev/wattle/host/component/binary"
)

// The preamble of a component (Binary.md, "Component Definitions").
const preamble = "\x00asm\x0d\x00\x01\x00"

// Component returns the binary form of a component.
func Component(c *bin.Component) []byte {
	w := &writer{}
	w.component(c)
	return w.out
}

// Wrap returns a component that has the given component, in its binary form,
// inside it and nothing else.
func Wrap(component []byte) []byte {
	w := &writer{out: []byte(preamble)}
	w.section(sectionComponent, func(w *writer) { w.raw(component) })
	return w.out
}

// WithSections returns a binary of the given preamble and sections.
func WithSections(preamble []byte, sections []Section) []byte {
	w := &writer{out: slices.Clone(preamble)}
	for _, s := range sections {
		w.byte(s.ID)
		w.string(string(s.Data))
	}
	return w.out
}

// Section is a section of a binary: its number and its content.
type Section struct {
	ID   byte
	Data []byte
}

// Sections divides a binary, a core module or a component, into its sections,
// and reports whether that can be done.
func Sections(wasm []byte) ([]Section, bool) {
	if len(wasm) < len(preamble) {
		return nil, false
	}
	var out []Section
	for rest := wasm[len(preamble):]; len(rest) > 0; {
		size, n := binary.Uvarint(rest[1:])
		if n <= 0 || size > uint64(len(rest)-1-n) {
			return nil, false
		}
		body := rest[1+n:]
		out = append(out, Section{ID: rest[0], Data: body[:size]})
		rest = body[size:]
	}
	return out, true
}

// writer appends to a binary.
type writer struct{ out []byte }

func (w *writer) byte(b byte)     { w.out = append(w.out, b) }
func (w *writer) raw(b []byte)    { w.out = append(w.out, b...) }
func (w *writer) u32(v uint32)    { w.out = binary.AppendUvarint(w.out, uint64(v)) }
func (w *writer) u64(v uint64)    { w.out = binary.AppendUvarint(w.out, v) }
func (w *writer) string(s string) { w.u32(uint32(len(s))); w.out = append(w.out, s...) }

func (w *writer) flag(b bool) {
	if b {
		w.byte(1)
		return
	}
	w.byte(0)
}

// section writes a section whose content f writes.
func (w *writer) section(id byte, f func(*writer)) {
	body := &writer{}
	f(body)
	w.byte(id)
	w.string(string(body.out))
}

// vec writes a vector.
func vec[T any](w *writer, vs []T, f func(T)) {
	w.u32(uint32(len(vs)))
	for _, v := range vs {
		f(v)
	}
}
