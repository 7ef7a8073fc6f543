package wit

import "math"

// The limits of CanonicalABI.md, "Flattening", for synchronous calls: more
// parameters or results than this are passed in memory.
const (
	MaxFlatParams  = 16
	MaxFlatResults = 1
)

// The size of a pointer, and of a length, in a 32-bit memory, which is the only
// one supported.
const ptrSize = 4

// Size returns the size in bytes of a value of the type in memory, as
// CanonicalABI.md, "Element Size", defines it for a 32-bit memory. It is
// math.MaxUint32 for types that Check refuses as too large.
func (t *Type) Size() uint32 {
	size, _ := layout32(t)
	return clamp(size)
}

// Align returns the alignment in bytes of the type in memory, as CanonicalABI.md,
// "Alignment", defines it for a 32-bit memory.
func (t *Type) Align() uint32 {
	_, align := layout32(t)
	return uint32(align)
}

// clamp keeps a size in range. Sizes are computed in 64 bits and clamped to 32
// at every step, so that no sum or product overflows.
func clamp(n uint64) uint32 { return uint32(min(n, math.MaxUint32)) }

func alignTo(n, align uint64) uint64 { return (n + align - 1) / align * align }

// layout32 returns the size and the alignment of t in a 32-bit memory.
func layout32(t *Type) (size, align uint64) { return t.layout(ptrSize, layout32) }

// layout returns the size and the alignment of t in a memory with pointers of
// ptr bytes, given a function that returns those of the types inside t.
func (t *Type) layout(ptr uint64, of func(*Type) (size, align uint64)) (size, align uint64) {
	switch t.Kind {
	case S16, U16:
		return 2, 2
	case S32, U32, F32, Char, ErrorContext, Own, Borrow, Stream, Future:
		return 4, 4
	case S64, U64, F64:
		return 8, 8
	case String, List, Map:
		return 2 * ptr, ptr
	case FixedList:
		size, align = of(t.Elem)
		return uint64(clamp(uint64(t.Len) * size)), align
	case Record, Tuple:
		align = 1
		for e := range t.elems() {
			s, a := of(e)
			align = max(align, a)
			size = uint64(clamp(alignTo(size, a) + s))
		}
		return uint64(clamp(alignTo(size, align))), align
	case Variant, Enum, Option, Result:
		disc, payload := uint64(t.DiscriminantSize()), uint64(1)
		for c := range t.payloads() {
			s, a := of(c)
			size = max(size, s)
			payload = max(payload, a)
		}
		align = max(disc, payload)
		return uint64(clamp(alignTo(alignTo(disc, payload)+size, align))), align
	case Flags:
		size = uint64(flagsSize(len(t.Labels)))
		return size, size
	default: // Bool, S8, U8
		return 1, 1
	}
}

// elems yields the fields of a record or the elements of a tuple.
func (t *Type) elems() func(yield func(*Type) bool) {
	return func(yield func(*Type) bool) {
		for i := range t.Fields {
			if !yield(t.Fields[i].Type) {
				return
			}
		}
		for _, e := range t.Types {
			if !yield(e) {
				return
			}
		}
	}
}

// payloads yields the payloads of the cases that have one, of a variant or what
// stands for one.
func (t *Type) payloads() func(yield func(*Type) bool) {
	return func(yield func(*Type) bool) {
		for i := range t.Fields {
			if p := t.Fields[i].Type; p != nil && !yield(p) {
				return
			}
		}
		for _, p := range [...]*Type{t.Elem, t.Ok, t.Err} {
			if p != nil && !yield(p) {
				return
			}
		}
	}
}

// DiscriminantSize returns the size in bytes of the discriminant of a variant,
// enum, option or result in memory: that of the smallest of u8, u16 and u32
// that can number its cases.
func (t *Type) DiscriminantSize() uint32 {
	n := 2 // option, result
	switch t.Kind {
	case Variant:
		n = len(t.Fields)
	case Enum:
		n = len(t.Labels)
	}
	switch {
	case n <= 1<<8:
		return 1
	case n <= 1<<16:
		return 2
	default:
		return 4
	}
}

// PayloadOffset returns the offset in memory of the payload of a variant,
// option or result, the same for all cases.
func (t *Type) PayloadOffset() uint32 {
	payload := uint64(1)
	for c := range t.payloads() {
		_, a := layout32(c)
		payload = max(payload, a)
	}
	return clamp(alignTo(uint64(t.DiscriminantSize()), payload))
}

// Offsets returns the offset in memory of each field of a record, or of each
// element of a tuple.
func (t *Type) Offsets() []uint32 {
	offsets := make([]uint32, 0, len(t.Fields)+len(t.Types))
	var end uint64
	for e := range t.elems() {
		s, a := layout32(e)
		end = alignTo(end, a)
		offsets = append(offsets, clamp(end))
		end = uint64(clamp(end + s))
	}
	return offsets
}

// Entry returns the type of the elements of the list that a map stands for: the
// tuple of its key and value.
func (t *Type) Entry() *Type { return &Type{Kind: Tuple, Types: []*Type{t.Elem, t.Value}} }

// flagsSize returns the size of flags with n labels. Check refuses more than 32.
func flagsSize(n int) uint32 {
	switch {
	case n <= 8:
		return 1
	case n <= 16:
		return 2
	default:
		return 4
	}
}
