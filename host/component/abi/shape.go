package abi

import "github.com/wattle-dev/wattle/wit"

// shape is a type with all that the Canonical ABI derives from it. A type
// computes that anew each time it is asked, by walking its tree, which is too
// much for every element of a list.
type shape struct {
	typ         *wit.Type
	kind        wit.Kind
	size, align uint32
	flat        int // number of core values
	// members are those of a record, tuple or fixed-length list. The offsets of
	// the latter are multiples of a member's size.
	members []*shape
	offsets []uint32
	// elem is the element of a list, or of a map seen as one.
	elem *shape
	// cases are the payloads of a variant, option or result, nil for a case
	// without. An enum has a number of cases only.
	cases         []*shape
	count         uint32
	disc, payload uint32 // size of the discriminant, offset of the payload
}

// shapes are the shapes of types that have been seen: types share their parts.
type shapes map[*wit.Type]*shape

func (all shapes) of(t *wit.Type) *shape {
	if t == nil {
		return nil
	}
	if have := all[t]; have != nil {
		return have
	}
	s := &shape{typ: t, kind: t.Kind, size: t.Size(), align: t.Align(), flat: t.FlatCount()}
	all[t] = s
	switch t.Kind {
	case wit.List, wit.Map:
		s.elem = all.of(element(t))
	case wit.FixedList:
		e := all.of(t.Elem)
		s.members = make([]*shape, t.Len)
		for i := range s.members {
			s.members[i] = e
		}
	case wit.Record:
		s.offsets = t.Offsets()
		for _, f := range t.Fields {
			s.members = append(s.members, all.of(f.Type))
		}
	case wit.Tuple:
		s.offsets = t.Offsets()
		for _, e := range t.Types {
			s.members = append(s.members, all.of(e))
		}
	case wit.Enum:
		s.count, s.disc = uint32(len(t.Labels)), t.DiscriminantSize()
	case wit.Variant, wit.Option, wit.Result:
		s.disc, s.payload = t.DiscriminantSize(), t.PayloadOffset()
		for _, c := range t.Cases() {
			s.cases = append(s.cases, all.of(c.Type))
		}
		s.count = uint32(len(s.cases))
	}
	return s
}

// offset returns the offset of member i.
func (s *shape) offset(i int) uint32 {
	if s.offsets == nil {
		return uint32(i) * s.members[i].size
	}
	return s.offsets[i]
}

// check faults unless c is a case, and returns it.
func (s *shape) check(c uint32) uint32 {
	if c >= s.count {
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
