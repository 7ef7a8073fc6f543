package main

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/wit"
)

// generator makes cases.
type generator struct {
	rng       *rand.Rand
	resources []*wit.Resource
}

func (g *generator) n(n int) int { return g.rng.IntN(n) }

func pick[T any](g *generator, of ...T) T { return of[g.n(len(of))] }

// maxDepth bounds the nesting of types.
const maxDepth = 4

// typ returns a type by chance.
func (g *generator) typ(depth int) *wit.Type {
	if depth >= maxDepth || g.n(3) == 0 {
		return g.leaf()
	}
	sub := func() *wit.Type { return g.typ(depth + 1) }
	maybe := func() *wit.Type {
		if g.n(3) == 0 {
			return nil
		}
		return sub()
	}
	t := &wit.Type{Kind: pick(g, wit.List, wit.List, wit.FixedList, wit.Record, wit.Tuple, wit.Variant, wit.Variant, wit.Option, wit.Result, wit.Map)}
	switch t.Kind {
	case wit.List, wit.Option:
		t.Elem = sub()
	case wit.FixedList:
		t.Elem, t.Len = sub(), uint32(1+g.n(5))
	case wit.Map:
		t.Elem = &wit.Type{Kind: pick(g, wit.Bool, wit.S8, wit.U16, wit.U32, wit.S64, wit.Char, wit.String)}
		t.Value = sub()
	case wit.Record:
		for range 1 + g.n(5) {
			t.Fields = append(t.Fields, wit.Field{Name: "f", Type: sub()})
		}
	case wit.Tuple:
		for range 1 + g.n(4) {
			t.Types = append(t.Types, sub())
		}
	case wit.Variant:
		for range pick(g, 1, 2, 3, 4, 5) {
			t.Fields = append(t.Fields, wit.Field{Name: "c", Type: maybe()})
		}
		if g.n(20) == 0 { // a discriminant of two bytes
			t.Fields = append(t.Fields, make([]wit.Field, 256)...)
		}
	case wit.Result:
		t.Ok, t.Err = maybe(), maybe()
	}
	return t
}

func (g *generator) leaf() *wit.Type {
	switch g.n(12) {
	case 0:
		return &wit.Type{Kind: wit.Flags, Labels: make([]string, pick(g, 1, 7, 8, 9, 15, 16, 17, 31, 32))}
	case 1:
		n := pick(g, 1, 2, 255, 256, 257)
		if g.n(1000) == 0 {
			n = pick(g, 1<<16, 1<<16+1)
		}
		return &wit.Type{Kind: wit.Enum, Labels: make([]string, n)}
	case 2:
		return &wit.Type{Kind: pick(g, wit.Own, wit.Borrow), Resource: pick(g, g.resources...)}
	case 3, 4:
		return &wit.Type{Kind: wit.String}
	}
	return &wit.Type{Kind: pick(g, wit.Bool, wit.S8, wit.U8, wit.S16, wit.U16, wit.S32, wit.U32, wit.S64, wit.U64, wit.F32, wit.F64, wit.Char)}
}

// types returns the types of a parameter or result list, one at least.
func (g *generator) types() []*wit.Type {
	var ts []*wit.Type
	switch g.n(6) {
	case 0: // about as many as are passed flat
		for range 14 + g.n(5) {
			ts = append(ts, g.leaf())
		}
	default:
		for range 1 + g.n(3) {
			ts = append(ts, g.typ(0))
		}
	}
	return ts
}

// text returns a string by chance.
func (g *generator) text() string {
	var out []rune
	most := pick(g, 0x7f, 0x7f, 0xff, 0x7ff, 0xffff, 0x10ffff)
	for range pick(g, 0, 1, 2, 3, 7, 16, 33) {
		c := rune(g.n(most + 1))
		if c >= 0xd800 && c <= 0xdfff {
			c = 0xfffd
		}
		if g.n(3) == 0 {
			c &= 0x7f
		}
		out = append(out, c)
	}
	return string(out)
}

// bits returns a number, often one at an edge.
func (g *generator) bits() uint64 {
	return pick(g, 0, 1, g.rng.Uint64(), g.rng.Uint64(), 0x7f, 0x80, 0xff, 0x8000, 0xffff, math.MaxInt32, 1<<31, math.MaxUint32, 1<<63, math.MaxUint64)
}

func (g *generator) f32() float32 {
	return math.Float32frombits(pick(g, 0, 1<<31, 0x7fc00000, 0x7f800001, 0xffffffff, 0x7f800000, 0xff800000, 1, 0x3f800000, g.rng.Uint32()))
}

func (g *generator) f64() float64 {
	return math.Float64frombits(pick(g, 0, 1<<63, 0x7ff8<<48, 0x7ff0<<48|1, math.MaxUint64, 0x7ff0<<48, 0xfff0<<48, 1, 0x3ff0<<48, g.rng.Uint64()))
}

// value returns a value of a type, whose handles are put into a side.
func (g *generator) value(t *wit.Type, s *side) wit.Value {
	switch t.Kind {
	case wit.Bool:
		return g.n(2) == 0
	case wit.U8:
		return uint8(g.bits())
	case wit.S8:
		return int8(g.bits())
	case wit.U16:
		return uint16(g.bits())
	case wit.S16:
		return int16(g.bits())
	case wit.U32:
		return uint32(g.bits())
	case wit.S32:
		return int32(g.bits())
	case wit.U64:
		return g.bits()
	case wit.S64:
		return int64(g.bits())
	case wit.F32:
		return g.f32()
	case wit.F64:
		return g.f64()
	case wit.Char:
		return pick[wit.CharValue](g, 0, 'a', 0xff, 0xd7ff, 0xe000, 0x10ffff)
	case wit.String:
		return g.text()
	case wit.Flags:
		return wit.FlagsValue(g.rng.Uint32() & uint32(1<<len(t.Labels)-1))
	case wit.Enum:
		return wit.EnumValue(g.n(len(t.Labels)))
	case wit.Own, wit.Borrow:
		return wit.HandleValue{Resource: t.Resource, Rep: abi.Rep{Num: uint32(g.n(1000))}}
	case wit.List:
		return g.list(t.Elem, g.n(4), s)
	case wit.Map:
		return g.list(t.Entry(), g.n(4), s)
	case wit.FixedList:
		return g.list(t.Elem, int(t.Len), s)
	case wit.Tuple:
		var vs wit.TupleValue
		for _, e := range t.Types {
			vs = append(vs, g.value(e, s))
		}
		return vs
	case wit.Record:
		var vs wit.RecordValue
		for _, f := range t.Fields {
			vs = append(vs, g.value(f.Type, s))
		}
		return vs
	}
	cases := t.Cases()
	i := g.n(len(cases))
	var payload wit.Value
	if p := cases[i].Type; p != nil {
		payload = g.value(p, s)
	}
	switch t.Kind {
	case wit.Option:
		return wit.OptionValue{Some: i == 1, Value: payload}
	case wit.Result:
		return wit.ResultValue{Failed: i == 1, Value: payload}
	default:
		return wit.VariantValue{Case: uint32(i), Value: payload}
	}
}

func (g *generator) list(e *wit.Type, n int, s *side) wit.ListValue {
	vs := make(wit.ListValue, n)
	for i := range vs {
		vs[i] = g.value(e, s)
	}
	return vs
}

// corrupt changes some bytes of memory and some core values.
func (g *generator) corrupt(memory []byte, flat []uint64, core []wit.Core) {
	for range 1 + g.n(3) {
		if len(flat) > 0 && g.n(3) == 0 {
			i := g.n(len(flat))
			flat[i] = pick(g, g.bits(), flat[i]+1, flat[i]^1<<g.n(32))
			if core[i] == wit.CoreI32 || core[i] == wit.CoreF32 {
				flat[i] &= math.MaxUint32
			}
			continue
		}
		if len(memory) < 8 {
			continue
		}
		i := g.n(len(memory) - 7)
		switch g.n(4) {
		case 0:
			memory[i] ^= 1 << g.n(8)
		case 1:
			memory[i] = byte(g.bits())
		case 2:
			binary.LittleEndian.PutUint32(memory[i&^3:], uint32(g.bits()))
		case 3: // a pointer or length into memory
			binary.LittleEndian.PutUint32(memory[i&^3:], uint32(g.n(len(memory)+2)))
		}
	}
}

// anything returns a small memory and core values that look a little like
// something.
func (g *generator) anything(core []wit.Core) ([]byte, []uint64) {
	memory := make([]byte, 64+g.n(128))
	for i := 0; i+4 <= len(memory); i += 4 {
		switch g.n(4) {
		case 0:
			binary.LittleEndian.PutUint32(memory[i:], uint32(g.bits()))
		case 1:
			copy(memory[i:], g.text())
		default:
			binary.LittleEndian.PutUint32(memory[i:], uint32(g.n(len(memory)+4)))
		}
	}
	flat := make([]uint64, len(core))
	for i := range flat {
		flat[i] = pick(g, g.bits(), uint64(g.n(4)), uint64(g.n(len(memory)+4)), uint64(g.n(len(memory)))&^7)
		if core[i] == wit.CoreI32 || core[i] == wit.CoreF32 {
			flat[i] &= math.MaxUint32
		}
	}
	return memory, flat
}

// texts returns a memory of text in some encoding, or what is left of it, and
// the pointer and tagged length of a part.
func (g *generator) texts() ([]byte, []uint64) {
	var memory []byte
	for range 1 + g.n(3) {
		s := g.text()
		if g.n(2) == 0 {
			memory = append(memory, s...)
			continue
		}
		for _, r := range s {
			if r >= 0x10000 {
				r -= 0x10000
				memory = binary.LittleEndian.AppendUint16(memory, uint16(0xd800+r>>10))
				r = 0xdc00 + r&0x3ff
			}
			memory = binary.LittleEndian.AppendUint16(memory, uint16(r))
		}
	}
	if len(memory) > 0 && g.n(4) == 0 {
		memory[g.n(len(memory))] = byte(pick(g, 0xd8, 0xdc, 0xff, 0xc0, 0xed, 0xf4, 0x80, 0))
	}
	ptr := g.n(len(memory)+1) &^ pick(g, 0, 1, 1, 1)
	n := g.n(len(memory) - ptr + 1)
	if g.n(2) == 0 {
		n /= 2
	}
	length := uint64(n)
	if g.n(3) == 0 {
		length |= 1 << 31
	}
	if g.n(30) == 0 {
		length = g.bits() & math.MaxUint32
	}
	return memory, []uint64{uint64(ptr), length}
}
