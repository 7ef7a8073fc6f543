package wave_test

import (
	"fmt"
	"math"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// source makes choices out of bytes: those of a fuzzer or random ones. When they
// are used up every choice is the first one.
type source struct{ bytes []byte }

func (s *source) byte() byte {
	if len(s.bytes) == 0 {
		return 0
	}
	b := s.bytes[0]
	s.bytes = s.bytes[1:]
	return b
}

// n chooses one of n numbers, from zero.
func (s *source) n(n int) int { return int(s.byte()) % n }

func (s *source) bits() (v uint64) {
	// Often the values at the ends of a range.
	switch s.n(4) {
	case 0:
		return uint64(s.byte())
	case 1:
		return math.MaxUint64 << s.n(64)
	}
	for range 8 {
		v = v<<8 | uint64(s.byte())
	}
	return v
}

// labels are those of keywords, of several words and of acronyms too.
func (s *source) labels(n int) []string {
	words := strings.Fields("a true false some none ok err inf nan two-words HTTP x-Y9-z q b c d e f g")
	start := s.n(len(words))
	out := make([]string, n)
	for i := range out {
		out[i] = words[(start+i)%len(words)]
	}
	return out
}

func (s *source) fields(n, depth int, absent bool) []wit.Field {
	out := make([]wit.Field, n)
	for i, name := range s.labels(n) {
		out[i].Name = name
		if !absent || s.n(2) == 0 {
			out[i].Type = s.typ(depth - 1)
		}
	}
	return out
}

func (s *source) maybe(depth int) *wit.Type {
	if s.n(3) == 0 {
		return nil
	}
	return s.typ(depth - 1)
}

// typ returns a type whose values have a text.
func (s *source) typ(depth int) *wit.Type {
	leaves := []wit.Kind{wit.U8, wit.String, wit.Bool, wit.S8, wit.S16, wit.U16, wit.S32, wit.U32, wit.S64, wit.U64, wit.F32, wit.F64, wit.Char, wit.Enum, wit.Flags}
	k := s.n(2 * len(leaves))
	if depth == 0 || k < len(leaves) {
		t := &wit.Type{Kind: leaves[k%len(leaves)]}
		if t.Kind == wit.Enum || t.Kind == wit.Flags {
			t.Labels = s.labels(1 + s.n(9))
		}
		return t
	}
	switch []wit.Kind{wit.List, wit.FixedList, wit.Map, wit.Tuple, wit.Record, wit.Variant, wit.Option, wit.Result}[s.n(8)] {
	case wit.List:
		return &wit.Type{Kind: wit.List, Elem: s.typ(depth - 1)}
	case wit.FixedList:
		return &wit.Type{Kind: wit.FixedList, Elem: s.typ(depth - 1), Len: uint32(1 + s.n(3))}
	case wit.Map:
		return &wit.Type{Kind: wit.Map, Elem: &wit.Type{Kind: []wit.Kind{wit.String, wit.U8, wit.Char, wit.Bool}[s.n(4)]}, Value: s.typ(depth - 1)}
	case wit.Tuple:
		t := &wit.Type{Kind: wit.Tuple}
		for range 1 + s.n(3) {
			t.Types = append(t.Types, s.typ(depth-1))
		}
		return t
	case wit.Record:
		return &wit.Type{Kind: wit.Record, Fields: s.fields(1+s.n(4), depth, false)}
	case wit.Variant:
		return &wit.Type{Kind: wit.Variant, Fields: s.fields(1+s.n(9), depth, true)}
	case wit.Option:
		return &wit.Type{Kind: wit.Option, Elem: s.typ(depth - 1)}
	default:
		return &wit.Type{Kind: wit.Result, Ok: s.maybe(depth), Err: s.maybe(depth)}
	}
}

func (s *source) char() rune {
	return []rune{'a', '"', '\'', '\\', '\n', '\r', '\t', 0, 0x1b, ' ', 0xa0, 0x202e, 0x2603, 0xfffd, 0x1f30a, 0x10ffff, '/', '%', '{', ','}[s.n(20)]
}

func (s *source) list(n int, elem *wit.Type) wit.ListValue {
	l := make(wit.ListValue, n)
	for i := range l {
		l[i] = s.value(elem)
	}
	return l
}

// value returns a value of a type.
func (s *source) value(t *wit.Type) wit.Value {
	if t == nil {
		return nil
	}
	switch t.Kind {
	case wit.Bool:
		return s.n(2) == 0
	case wit.S8:
		return int8(s.bits())
	case wit.U8:
		return uint8(s.bits())
	case wit.S16:
		return int16(s.bits())
	case wit.U16:
		return uint16(s.bits())
	case wit.S32:
		return int32(s.bits())
	case wit.U32:
		return uint32(s.bits())
	case wit.S64:
		return int64(s.bits())
	case wit.U64:
		return s.bits()
	case wit.F32:
		return math.Float32frombits(uint32(s.bits()))
	case wit.F64:
		return math.Float64frombits(s.bits())
	case wit.Char:
		return wit.CharValue(s.char())
	case wit.String:
		var b strings.Builder
		for range s.n(6) {
			b.WriteRune(s.char())
		}
		return b.String()
	case wit.List:
		if t.Elem.Kind == wit.U8 {
			b := make(wit.Bytes, s.n(4))
			for i := range b {
				b[i] = s.byte()
			}
			return b
		}
		return s.list(s.n(4), t.Elem)
	case wit.FixedList:
		return s.list(int(t.Len), t.Elem)
	case wit.Map:
		return s.list(s.n(3), &wit.Type{Kind: wit.Tuple, Types: []*wit.Type{t.Elem, t.Value}})
	case wit.Tuple:
		x := make(wit.TupleValue, len(t.Types))
		for i := range x {
			x[i] = s.value(t.Types[i])
		}
		return x
	case wit.Record:
		x := make(wit.RecordValue, len(t.Fields))
		for i := range x {
			x[i] = s.value(t.Fields[i].Type)
		}
		return x
	case wit.Variant:
		i := s.n(len(t.Fields))
		return wit.VariantValue{Case: uint32(i), Value: s.value(t.Fields[i].Type)}
	case wit.Enum:
		return wit.EnumValue(s.n(len(t.Labels)))
	case wit.Flags:
		return wit.FlagsValue(s.bits() & (1<<len(t.Labels) - 1))
	case wit.Option:
		if s.n(2) == 0 {
			return wit.OptionValue{}
		}
		return wit.OptionValue{Some: true, Value: s.value(t.Elem)}
	case wit.Result:
		if s.n(2) == 0 {
			return wit.ResultValue{Value: s.value(t.Ok)}
		}
		return wit.ResultValue{Failed: true, Value: s.value(t.Err)}
	}
	panic(fmt.Sprintf("no value of %v", t.Kind))
}
