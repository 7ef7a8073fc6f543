// Package wittest makes types and values of bytes, for tests that fuzz.
package wittest

import (
	"fmt"
	"math"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// Kinds is how many numbers [Source.Type] tells apart: for types without parts,
// and for all others.
const Kinds = 14 + 11

// Source makes decisions of the bytes that a fuzzer has chosen. When they are
// used up it decides for zero.
type Source struct {
	Left []byte
	// Resource is what all handles of the types it makes are handles of, and Rep
	// what stands for the handles of its values.
	Resource *wit.Resource
	Rep      func(n byte) any
}

// Byte decides for a byte.
func (s *Source) Byte() byte {
	if len(s.Left) == 0 {
		return 0
	}
	b := s.Left[0]
	s.Left = s.Left[1:]
	return b
}

// Below decides for a number from 0 to n-1; n is 256 at the most.
func (s *Source) Below(n int) int { return int(s.Byte()) % n }

// Bits decides for a number of so many bytes.
func (s *Source) Bits(bytes int) (v uint64) {
	for range bytes {
		v = v<<8 | uint64(s.Byte())
	}
	return v
}

// leaves are the kinds without parts.
var leaves = [Kinds - 11]wit.Kind{
	wit.U8, wit.Bool, wit.S8, wit.U16, wit.S16, wit.U32, wit.S32, wit.U64, wit.S64, wit.F32, wit.F64, wit.Char,
	wit.String, wit.Own,
}

// Type decides for a type that the Component Model allows, of the given depth at
// the most.
func (s *Source) Type(depth int) *wit.Type {
	n := s.Below(Kinds)
	if n < len(leaves) || depth == 0 {
		t := &wit.Type{Kind: leaves[n%len(leaves)]}
		if t.Kind == wit.Own {
			t.Resource = s.Resource
		}
		return t
	}
	labels := func(most int) (ls []string) {
		for i := range 1 + int(s.Bits(2))%most {
			ls = append(ls, fmt.Sprint("l", i))
		}
		return ls
	}
	fields := func(empty bool) (fs []wit.Field) {
		for i := range 1 + s.Below(4) {
			f := wit.Field{Name: fmt.Sprint("f", i)}
			if !empty || s.Below(3) > 0 {
				f.Type = s.Type(depth - 1)
			}
			fs = append(fs, f)
		}
		return fs
	}
	maybe := func() *wit.Type {
		if s.Below(2) == 0 {
			return nil
		}
		return s.Type(depth - 1)
	}
	switch n - len(leaves) {
	case 0:
		return &wit.Type{Kind: wit.Flags, Labels: labels(wit.MaxFlags)}
	case 1:
		return &wit.Type{Kind: wit.Enum, Labels: labels(300)}
	case 2:
		return &wit.Type{Kind: wit.List, Elem: s.Type(depth - 1)}
	case 3:
		return &wit.Type{Kind: wit.FixedList, Len: 1 + uint32(s.Below(20)), Elem: s.Type(depth - 1)}
	case 4:
		return &wit.Type{Kind: wit.Record, Fields: fields(false)}
	case 5:
		t := &wit.Type{Kind: wit.Tuple}
		for range 1 + s.Below(4) {
			t.Types = append(t.Types, s.Type(depth-1))
		}
		return t
	case 6:
		return &wit.Type{Kind: wit.Variant, Fields: fields(true)}
	case 7:
		return &wit.Type{Kind: wit.Option, Elem: s.Type(depth - 1)}
	case 8:
		return &wit.Type{Kind: wit.Result, Ok: maybe(), Err: maybe()}
	case 9:
		return &wit.Type{Kind: wit.Map, Elem: s.Type(0), Value: s.Type(depth - 1)}
	default:
		return &wit.Type{Kind: wit.Borrow, Resource: s.Resource}
	}
}

// Types decides for the types of a parameter list, none if they are too much.
func (s *Source) Types() []*wit.Type {
	var ts []*wit.Type
	for range 1 + s.Below(3) {
		t := s.Type(4)
		if t.Check() != nil || t.Size() > 16<<10 {
			return nil
		}
		ts = append(ts, t)
	}
	return ts
}

// Value decides for a value of type t.
func (s *Source) Value(t *wit.Type) wit.Value {
	all := func(n int, of func(int) *wit.Type) (vs []wit.Value) {
		vs = []wit.Value{}
		for i := range n {
			vs = append(vs, s.Value(of(i)))
		}
		return vs
	}
	payload := func(t *wit.Type) wit.Value {
		if t == nil {
			return nil
		}
		return s.Value(t)
	}
	length := func() int { return min(s.Below(6), len(s.Left)) }
	switch t.Kind {
	case wit.Bool:
		return s.Below(2) == 1
	case wit.U8:
		return s.Byte()
	case wit.S8:
		return int8(s.Byte())
	case wit.U16:
		return uint16(s.Bits(2))
	case wit.S16:
		return int16(s.Bits(2))
	case wit.U32:
		return uint32(s.Bits(4))
	case wit.S32:
		return int32(s.Bits(4))
	case wit.U64:
		return s.Bits(8)
	case wit.S64:
		return int64(s.Bits(8))
	case wit.F32:
		return math.Float32frombits(uint32(s.Bits(4)))
	case wit.F64:
		return math.Float64frombits(s.Bits(8))
	case wit.Char:
		if c := s.Bits(3) % 0x110000; c < 0xd800 || c > 0xdfff {
			return wit.CharValue(c)
		}
		return wit.CharValue('x')
	case wit.String:
		n := min(s.Below(32), len(s.Left))
		str := string(s.Left[:n])
		s.Left = s.Left[n:]
		return strings.ToValidUTF8(str, "é😀")
	case wit.Flags:
		return wit.FlagsValue(s.Bits(4) & (1<<len(t.Labels) - 1))
	case wit.Enum:
		return wit.EnumValue(int(s.Bits(2)) % len(t.Labels))
	case wit.Own, wit.Borrow:
		return wit.HandleValue{Resource: t.Resource, Rep: s.Rep(s.Byte())}
	case wit.List:
		vs := all(length(), func(int) *wit.Type { return t.Elem })
		if t.Elem.Kind != wit.U8 {
			return wit.ListValue(vs)
		}
		b := wit.Bytes{}
		for _, v := range vs {
			b = append(b, v.(byte)) //nolint:forcetypeassert // made for u8
		}
		return b
	case wit.Map:
		entry := t.Entry()
		return wit.ListValue(all(length(), func(int) *wit.Type { return entry }))
	case wit.FixedList:
		return wit.ListValue(all(int(t.Len), func(int) *wit.Type { return t.Elem }))
	case wit.Record:
		return wit.RecordValue(all(len(t.Fields), func(i int) *wit.Type { return t.Fields[i].Type }))
	case wit.Tuple:
		return wit.TupleValue(all(len(t.Types), func(i int) *wit.Type { return t.Types[i] }))
	case wit.Variant:
		c := s.Below(len(t.Fields))
		return wit.VariantValue{Case: uint32(c), Value: payload(t.Fields[c].Type)}
	case wit.Option:
		if s.Below(2) == 0 {
			return wit.OptionValue{}
		}
		return wit.OptionValue{Some: true, Value: s.Value(t.Elem)}
	case wit.Result:
		if s.Below(2) == 0 {
			return wit.ResultValue{Value: payload(t.Ok)}
		}
		return wit.ResultValue{Failed: true, Value: payload(t.Err)}
	}
	panic("no value of type " + t.Signature())
}

// Dump is a value as text, in which equal bits are equal, those of NaN included.
func Dump(v wit.Value) string {
	switch v := v.(type) {
	case float32:
		return fmt.Sprintf("f32(%#x)", math.Float32bits(v))
	case float64:
		return fmt.Sprintf("f64(%#x)", math.Float64bits(v))
	case wit.ListValue:
		return DumpAll("list", v)
	case wit.RecordValue:
		return DumpAll("record", v)
	case wit.TupleValue:
		return DumpAll("tuple", v)
	case wit.VariantValue:
		return fmt.Sprintf("case %d(%s)", v.Case, Dump(v.Value))
	case wit.OptionValue:
		return fmt.Sprintf("some %t(%s)", v.Some, Dump(v.Value))
	case wit.ResultValue:
		return fmt.Sprintf("failed %t(%s)", v.Failed, Dump(v.Value))
	}
	return fmt.Sprintf("%T(%#v)", v, v)
}

// DumpAll is Dump of several values, which what are.
func DumpAll(what string, vs []wit.Value) string {
	var b strings.Builder
	b.WriteString(what + "(")
	for _, v := range vs {
		b.WriteString(Dump(v) + ",")
	}
	return b.String() + ")"
}
