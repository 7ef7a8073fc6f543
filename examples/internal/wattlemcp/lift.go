package wattlemcp

import (
	"encoding/binary"
	"reflect"
)

// memory returns n bytes of the guest's memory.
type memory func(at, n uint32) []byte

// lift reads a value that the host has written, into v, which points to one. What it reads is
// copied.
func lift(m memory, at uint32, v any) { m.load(at, reflect.ValueOf(v).Elem()) }

func (m memory) load(at uint32, v reflect.Value) {
	u32 := func(at uint32) uint32 { return binary.LittleEndian.Uint32(m(at, 4)) }
	switch t := v.Type(); t.Kind() {
	case reflect.Bool:
		v.SetBool(m(at, 1)[0] != 0)
	case reflect.Uint8:
		v.SetUint(uint64(m(at, 1)[0]))
	case reflect.Int32:
		v.SetInt(int64(int32(u32(at))))
	case reflect.Uint32:
		v.SetUint(uint64(u32(at)))
	case reflect.Uint64:
		v.SetUint(binary.LittleEndian.Uint64(m(at, 8)))
	case reflect.String:
		v.SetString(string(m(u32(at), u32(at+4))))
	case reflect.Slice:
		from, n := u32(at), int(u32(at+4))
		size, _ := layout(t.Elem())
		v.Set(reflect.MakeSlice(t, n, n))
		for i := range n {
			m.load(from+size*uint32(i), v.Index(i))
		}
	case reflect.Pointer:
		if m(at, 1)[0] != 0 {
			_, align := layout(t.Elem())
			v.Set(reflect.New(t.Elem()))
			m.load(at+aligned(1, align), v.Elem())
		}
	default:
		if t.Implements(variantType) {
			_, align := layout(t)
			f := v.Field(int(m(at, 1)[0]))
			f.Set(reflect.New(f.Type().Elem()))
			m.load(at+aligned(1, align), f.Elem())
			return
		}
		for i := range t.NumField() {
			size, align := layout(t.Field(i).Type)
			at = aligned(at, align)
			m.load(at, v.Field(i))
			at += size
		}
	}
}
