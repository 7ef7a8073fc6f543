package abi

import "github.com/wattle-dev/wattle/wit"

// Shapes knows what the Canonical ABI derives from types. A [wit.Type] computes
// that anew each time it is asked, by walking its tree, which is too much for
// every element of a list, and for every function of a component whose types
// share their parts. The zero value is ready for use, by one goroutine.
type Shapes struct{ known map[*wit.Type]*shape }

// shape is a type with all that is derived from it. It is immutable.
type shape struct {
	typ         *wit.Type
	kind        wit.Kind
	size, align uint32
	flat        int // number of core values, as wit.Type.FlatCount has it
	// plain says that a value may be copied byte by byte. Types with padding are
	// not: what lies in it is not part of the value and stays with its owner.
	plain bool
	// count is the number of members of a record, tuple or fixed-length list, or
	// of cases.
	count int
	// members are those of a record or tuple. All of a fixed-length list are elem,
	// at multiples of its size.
	members []*shape
	offsets []uint32
	// elem is the element of a list, or of a map seen as one.
	elem *shape
	// cases are the payloads of a variant, option or result, nil for a case
	// without. An enum has a number of cases only.
	cases         []*shape
	disc, payload uint32 // size of the discriminant, offset of the payload
}

// tuple returns the shape of values passed one after the other.
func (all *Shapes) tuple(types []*wit.Type) *shape {
	return all.make(&wit.Type{Kind: wit.Tuple, Types: types})
}

// of returns the shape of a type, nil for an absent one.
func (all *Shapes) of(t *wit.Type) *shape {
	if t == nil {
		return nil
	}
	s := all.known[t]
	if s == nil {
		s = all.make(t)
		if all.known == nil {
			all.known = map[*wit.Type]*shape{}
		}
		all.known[t] = s
	}
	return s
}

func (all *Shapes) make(t *wit.Type) *shape {
	s := &shape{typ: t, kind: t.Kind}
	switch t.Kind {
	case wit.List:
		s.elem = all.of(t.Elem)
	case wit.Map:
		s.elem = all.make(t.Entry())
	case wit.FixedList:
		s.fixed(all.of(t.Elem), t.Len)
		return s
	case wit.Record:
		for _, f := range t.Fields {
			s.members = append(s.members, all.of(f.Type))
		}
		s.record()
		return s
	case wit.Tuple:
		for _, e := range t.Types {
			s.members = append(s.members, all.of(e))
		}
		s.record()
		return s
	case wit.Variant, wit.Option, wit.Result:
		for _, c := range t.Cases() {
			s.cases = append(s.cases, all.of(c.Type))
		}
		s.count, s.disc = len(s.cases), t.DiscriminantSize()
		s.variant()
		return s
	case wit.Enum:
		s.count, s.disc = len(t.Labels), t.DiscriminantSize()
	case wit.U8, wit.S8, wit.U16, wit.S16, wit.U32, wit.S32, wit.U64, wit.S64, wit.F32, wit.F64:
		s.plain = true
	}
	s.size, s.align, s.flat = t.Size(), t.Align(), t.FlatCount() // there is nothing to walk
	return s
}

// maxFlat is where counting core values ends: nothing with more is passed flat.
const maxFlat = wit.MaxFlatParams + 1

// fixed completes the shape of a fixed-length list.
func (s *shape) fixed(e *shape, n uint32) {
	s.elem, s.count = e, int(n)
	s.size, s.align, s.plain = clamp(uint64(n)*uint64(e.size)), e.align, e.plain
	s.flat = int(min(uint64(n)*uint64(e.flat), maxFlat))
}

// record completes the shape of a record or tuple.
func (s *shape) record() {
	end := uint64(0)
	s.count, s.align, s.plain = len(s.members), 1, true
	s.offsets = make([]uint32, len(s.members))
	for i, m := range s.members {
		at := alignTo(end, m.align)
		s.plain = s.plain && m.plain && at == end
		s.offsets[i] = clamp(at)
		end = uint64(clamp(at + uint64(m.size)))
		s.align = max(s.align, m.align)
		s.flat = min(s.flat+m.flat, maxFlat)
	}
	s.size = clamp(alignTo(end, s.align))
	s.plain = s.plain && uint64(s.size) == end
}

// variant completes the shape of a variant, option or result.
func (s *shape) variant() {
	size, align := uint32(0), uint32(1)
	for _, c := range s.cases {
		if c != nil {
			size, align, s.flat = max(size, c.size), max(align, c.align), max(s.flat, c.flat)
		}
	}
	s.flat = min(s.flat+1, maxFlat)
	s.payload = clamp(alignTo(uint64(s.disc), align))
	s.align = max(s.disc, align)
	s.size = clamp(alignTo(uint64(s.payload)+uint64(size), s.align))
}

// Sizes are computed in 64 bits and clamped to 32, so that nothing overflows.
func clamp(n uint64) uint32 { return uint32(min(n, 1<<32-1)) }

func alignTo(n uint64, align uint32) uint64 { return (n + uint64(align) - 1) &^ (uint64(align) - 1) }

// member returns member i with its offset.
func (s *shape) member(i int) (*shape, uint32) {
	if s.members == nil {
		return s.elem, uint32(i) * s.elem.size
	}
	return s.members[i], s.offsets[i]
}

// check faults unless c is a case, and returns it.
func (s *shape) check(c uint32) uint32 {
	if uint64(c) >= uint64(s.count) {
		fault("discriminant %d is out of range (%d cases)", c, s.count)
	}
	return c
}

// caseOf returns the payload of a case, nil if it has none.
func (s *shape) caseOf(c uint32) *shape {
	if s.cases == nil {
		return nil
	}
	return s.cases[c]
}
