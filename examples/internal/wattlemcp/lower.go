package wattlemcp

import (
	"encoding/binary"
	"reflect"
)

// lowering is a value on its way to the host: bytes, and where in them addresses of others stand.
type lowering struct {
	b        []byte
	pointers []uint32
}

// lower returns a value as the host reads it, if it comes to lie where address says.
func lower(v any, address func([]byte) uint32) []byte {
	l := &lowering{}
	r := reflect.ValueOf(v)
	size, align := layout(r.Type())
	l.store(l.alloc(size, align), r)
	base := address(l.b)
	for _, at := range l.pointers {
		p := l.b[at:]
		binary.LittleEndian.PutUint32(p, binary.LittleEndian.Uint32(p)+base)
	}
	return l.b
}

// alloc returns the offset of new bytes. Everything is aligned to 8 bytes at least, as what
// Go allocates is.
func (l *lowering) alloc(size, align uint32) uint32 {
	at := aligned(uint32(len(l.b)), max(align, 8))
	l.b = append(l.b, make([]byte, at+size-uint32(len(l.b)))...)
	return at
}

// point stores the address and the length of a list.
func (l *lowering) point(at, to uint32, n int) {
	binary.LittleEndian.PutUint32(l.b[at:], to)
	binary.LittleEndian.PutUint32(l.b[at+4:], uint32(n))
	l.pointers = append(l.pointers, at)
}

func (l *lowering) store(at uint32, v reflect.Value) {
	switch t := v.Type(); t.Kind() {
	case reflect.Bool:
		if v.Bool() {
			l.b[at] = 1
		}
	case reflect.Uint8:
		l.b[at] = byte(v.Uint())
	case reflect.Int32:
		binary.LittleEndian.PutUint32(l.b[at:], uint32(v.Int()))
	case reflect.Uint32:
		binary.LittleEndian.PutUint32(l.b[at:], uint32(v.Uint()))
	case reflect.Uint64:
		binary.LittleEndian.PutUint64(l.b[at:], v.Uint())
	case reflect.String:
		to := l.alloc(uint32(v.Len()), 1)
		copy(l.b[to:], v.String())
		l.point(at, to, v.Len())
	case reflect.Slice:
		size, align := layout(t.Elem())
		to := l.alloc(size*uint32(v.Len()), align)
		if t.Elem().Kind() == reflect.Uint8 {
			copy(l.b[to:], v.Bytes())
		} else {
			for i := range v.Len() {
				l.store(to+size*uint32(i), v.Index(i))
			}
		}
		l.point(at, to, v.Len())
	case reflect.Pointer:
		if !v.IsNil() {
			l.b[at] = 1
			_, align := layout(t.Elem())
			l.store(at+aligned(1, align), v.Elem())
		}
	default:
		if t.Implements(variantType) {
			l.variant(at, v)
			return
		}
		for i := range t.NumField() {
			size, align := layout(t.Field(i).Type)
			at = aligned(at, align)
			l.store(at, v.Field(i))
			at += size
		}
	}
}

// variant stores the case that is not nil.
func (l *lowering) variant(at uint32, v reflect.Value) {
	_, align := layout(v.Type())
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsNil() {
			l.b[at] = byte(i)
			l.store(at+aligned(1, align), f.Elem())
			return
		}
	}
	panic("wattlemcp: a " + v.Type().Name() + " has no case")
}
