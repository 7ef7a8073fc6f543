package wattlemcp

import "reflect"

// variant is implemented by structs that are variants: a pointer for each case.
type variant interface{ isVariant() }

var variantType = reflect.TypeFor[variant]()

// result is a result with an error.
type result[T any] struct {
	OK  *T
	Err *Error
}

func (result[T]) isVariant() {}

// layout returns the size and the alignment of a type in memory (CanonicalABI.md, "Element
// Size" and "Alignment").
func layout(t reflect.Type) (size, align uint32) {
	switch t.Kind() {
	case reflect.Bool, reflect.Uint8:
		return 1, 1
	case reflect.Int32, reflect.Uint32:
		return 4, 4
	case reflect.Uint64:
		return 8, 8
	case reflect.String, reflect.Slice:
		return 8, 4
	case reflect.Pointer: // an option
		return payload(layout(t.Elem()))
	case reflect.Struct:
		if t.Implements(variantType) {
			for f := range t.Fields() {
				s, a := layout(f.Type.Elem())
				size, align = max(size, s), max(align, a)
			}
			return payload(size, align)
		}
		align = 1
		for f := range t.Fields() {
			s, a := layout(f.Type)
			size, align = aligned(size, a)+s, max(align, a)
		}
		return aligned(size, align), align
	default:
		panic("wattlemcp: no layout for " + t.String())
	}
}

// payload returns the layout of a variant of less than 256 cases, with the largest payload.
func payload(size, align uint32) (uint32, uint32) {
	return aligned(aligned(1, align)+size, align), align
}

func aligned(n, to uint32) uint32 { return (n + to - 1) &^ (to - 1) }
