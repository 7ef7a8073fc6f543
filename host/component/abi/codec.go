package abi

import (
	"fmt"
	"math"

	"github.com/wattle-dev/wattle/wit"
)

// Codec lifts and lowers the values of one parameter or result list between a
// side and Go. It is immutable.
type Codec struct {
	types []*wit.Type
	tuple *shape
	// Spilled is set when the values are passed in memory.
	Spilled bool
	// Flat is the number of core values, before spilling.
	Flat int
	// Size and Align are those of the values as a tuple in memory.
	Size, Align uint32
}

// Codec returns the codec of values of the given types, which are passed in
// memory when they need more than maxFlat core values.
func (all *Shapes) Codec(types []*wit.Type, maxFlat int) *Codec {
	c := &Codec{types: types, Align: 1, tuple: all.tuple(types)}
	c.Flat = c.tuple.flat
	if c.Flat > maxFlat {
		c.Spilled = true
		c.Size, c.Align = c.tuple.size, c.tuple.align
	}
	return c
}

// Lift returns the values that stand in flat, or in memory at flat[0].
func (c *Codec) Lift(s *Side, flat []uint64, b *Budget) []wit.Value {
	l := lifter{s: s, b: b}
	if c.Spilled {
		ptr := uint32(flat[0])
		s.Check(ptr, uint64(c.Size), c.Align, "values are passed at")
		return []wit.Value(l.mem(c.tuple, ptr).(wit.TupleValue)) //nolint:forcetypeassert // a tuple is lifted to nothing else
	}
	l.in = flat
	vs := make([]wit.Value, len(c.types))
	for i, t := range c.tuple.members {
		vs[i] = l.flat(t)
	}
	return vs
}

// Lower writes the values to flat, or to new memory whose address becomes
// flat[0]. It returns an error when a value is not of its type; nothing of the
// guest is to blame then.
func (c *Codec) Lower(s *Side, vs []wit.Value, flat []uint64) error {
	if err := c.check(vs); err != nil {
		return err
	}
	l := lowerer{s: s, out: flat}
	if c.Spilled {
		ptr := s.Alloc(c.Align, c.Size)
		l.mem(c.tuple, wit.TupleValue(vs), ptr)
		flat[0] = uint64(ptr)
		return nil
	}
	for i, t := range c.tuple.members {
		l.flat(t, vs[i])
	}
	return nil
}

// LowerAt writes the values to memory that the guest has chosen for them: those
// that are too many for flat. The error is as for Lower.
func (c *Codec) LowerAt(s *Side, vs []wit.Value, ptr uint32) error {
	if err := c.check(vs); err != nil {
		return err
	}
	s.Check(ptr, uint64(c.Size), c.Align, "results are wanted at")
	l := lowerer{s: s}
	l.mem(c.tuple, wit.TupleValue(vs), ptr)
	return nil
}

func (c *Codec) check(vs []wit.Value) error {
	if len(vs) != len(c.types) {
		return fmt.Errorf("%d values for %d types", len(vs), len(c.types))
	}
	for i, v := range vs {
		if err := wit.CheckValue(c.types[i], v); err != nil {
			return err
		}
	}
	return nil
}

// boxed is about how many bytes a value inside of another occupies here: an
// interface and what it points to.
const boxed = 32

// lifter makes Go values of guest values.
type lifter struct {
	s  *Side
	b  *Budget
	in []uint64
	at int
}

func (l *lifter) next() uint64 {
	l.at++
	return l.in[l.at-1]
}

func (l *lifter) flat(t *shape) wit.Value {
	switch t.kind {
	case wit.String:
		p := uint32(l.next())
		return l.s.String(p, uint32(l.next()), l.b)
	case wit.List, wit.Map:
		p := uint32(l.next())
		return l.list(t, p, uint32(l.next()))
	case wit.Record, wit.Tuple, wit.FixedList:
		l.b.Spend(uint64(t.count) * boxed)
		vs := make([]wit.Value, t.count)
		for i := range vs {
			f, _ := t.member(i)
			vs[i] = l.flat(f)
		}
		return aggregate(t.kind, vs)
	case wit.Variant, wit.Enum, wit.Option, wit.Result:
		end := l.at + t.flat
		c := t.check(uint32(l.next()))
		var payload wit.Value
		if ct := t.caseOf(c); ct != nil {
			l.b.Spend(boxed)
			payload = l.flat(ct)
		}
		l.at = end
		return choice(t.kind, c, payload)
	default:
		return l.scalar(t, l.next())
	}
}

func (l *lifter) mem(t *shape, at uint32) wit.Value {
	m := l.s.Memory.Bytes()
	switch t.kind {
	case wit.String:
		return l.s.String(le.Uint32(m[at:]), le.Uint32(m[at+4:]), l.b)
	case wit.List, wit.Map:
		return l.list(t, le.Uint32(m[at:]), le.Uint32(m[at+4:]))
	case wit.Record, wit.Tuple, wit.FixedList:
		l.b.Spend(uint64(t.count) * boxed)
		vs := make([]wit.Value, t.count)
		for i := range vs {
			f, off := t.member(i)
			vs[i] = l.mem(f, at+off)
		}
		return aggregate(t.kind, vs)
	case wit.Variant, wit.Enum, wit.Option, wit.Result:
		c := t.check(load(m, at, t.disc))
		ct := t.caseOf(c)
		if ct == nil {
			return choice(t.kind, c, nil)
		}
		l.b.Spend(boxed)
		return choice(t.kind, c, l.mem(ct, at+t.payload))
	}
	switch t.size {
	case 1:
		return l.scalar(t, uint64(m[at]))
	case 2:
		return l.scalar(t, uint64(le.Uint16(m[at:])))
	case 4:
		return l.scalar(t, uint64(le.Uint32(m[at:])))
	default:
		return l.scalar(t, le.Uint64(m[at:]))
	}
}

func (l *lifter) list(t *shape, ptr, n uint32) wit.Value {
	e := t.elem
	size := uint64(n) * uint64(e.size)
	if size > MaxByteLength {
		fault("list of %d elements is larger than 2^28-1 bytes", n)
	}
	l.s.Check(ptr, size, e.align, "list is at")
	if e.kind == wit.U8 {
		l.b.Spend(size)
		return append(wit.Bytes{}, l.s.Memory.Bytes()[ptr:uint64(ptr)+size]...)
	}
	l.b.Spend(uint64(n) * boxed)
	vs := make(wit.ListValue, n)
	for i := range vs {
		vs[i] = l.mem(e, ptr+uint32(i)*e.size)
	}
	return vs
}

func (l *lifter) scalar(sh *shape, v uint64) wit.Value {
	t := sh.typ
	switch t.Kind {
	case wit.Bool:
		return uint32(v) != 0
	case wit.U8:
		return uint8(v)
	case wit.S8:
		return int8(v)
	case wit.U16:
		return uint16(v)
	case wit.S16:
		return int16(v)
	case wit.U32:
		return uint32(v)
	case wit.S32:
		return int32(v)
	case wit.U64:
		return v
	case wit.S64:
		return int64(v)
	case wit.F32:
		return math.Float32frombits(uint32(v))
	case wit.F64:
		return math.Float64frombits(v)
	case wit.Char:
		checkChar(uint32(v))
		return wit.CharValue(uint32(v))
	case wit.Flags:
		return wit.FlagsValue(uint32(v) & flagsMask(len(t.Labels)))
	case wit.Own:
		return wit.HandleValue{Resource: t.Resource, Rep: l.s.Handles.LiftOwn(t.Resource, uint32(v))}
	case wit.Borrow:
		return wit.HandleValue{Resource: t.Resource, Rep: l.s.Handles.LiftBorrow(t.Resource, uint32(v))}
	}
	fault("values of type %s cannot be passed here", t.Signature())
	return nil
}

func aggregate(k wit.Kind, vs []wit.Value) wit.Value {
	switch k {
	case wit.Record:
		return wit.RecordValue(vs)
	case wit.Tuple:
		return wit.TupleValue(vs)
	default:
		return wit.ListValue(vs)
	}
}

func choice(k wit.Kind, c uint32, payload wit.Value) wit.Value {
	switch k {
	case wit.Enum:
		return wit.EnumValue(c)
	case wit.Option:
		return wit.OptionValue{Some: c == 1, Value: payload}
	case wit.Result:
		return wit.ResultValue{Failed: c == 1, Value: payload}
	default:
		return wit.VariantValue{Case: c, Value: payload}
	}
}

// caseOf is the inverse of choice.
func caseOf(v wit.Value) (uint32, wit.Value) {
	switch v := v.(type) {
	case wit.EnumValue:
		return uint32(v), nil
	case wit.OptionValue:
		return uint32(b2i(v.Some)), v.Value
	case wit.ResultValue:
		return uint32(b2i(v.Failed)), v.Value
	case wit.VariantValue:
		return v.Case, v.Value
	}
	panic("abi: unchecked value")
}

func membersOf(v wit.Value) []wit.Value {
	switch v := v.(type) {
	case wit.RecordValue:
		return v
	case wit.TupleValue:
		return v
	case wit.ListValue:
		return v
	}
	panic("abi: unchecked value")
}

// lowerer makes guest values of Go values that have been checked.
type lowerer struct {
	s   *Side
	out []uint64
	at  int
}

func (l *lowerer) put(v uint64) {
	l.out[l.at] = v
	l.at++
}

func (l *lowerer) flat(t *shape, v wit.Value) {
	switch t.kind {
	case wit.String:
		p, n := l.s.PutString(v.(string)) //nolint:forcetypeassert // checked by Lower
		l.put(uint64(p))
		l.put(uint64(n))
	case wit.List, wit.Map:
		p, n := l.list(t, v)
		l.put(uint64(p))
		l.put(uint64(n))
	case wit.Record, wit.Tuple, wit.FixedList:
		for i, m := range membersOf(v) {
			f, _ := t.member(i)
			l.flat(f, m)
		}
	case wit.Variant, wit.Enum, wit.Option, wit.Result:
		end := l.at + t.flat
		c, payload := caseOf(v)
		l.put(uint64(c))
		if ct := t.caseOf(c); ct != nil {
			l.flat(ct, payload)
		}
		clear(l.out[l.at:end])
		l.at = end
	default:
		l.put(l.scalar(t, v))
	}
}

func (l *lowerer) mem(t *shape, v wit.Value, at uint32) {
	switch t.kind {
	case wit.String:
		p, n := l.s.PutString(v.(string)) //nolint:forcetypeassert // checked by Lower
		l.pair(at, p, n)
	case wit.List, wit.Map:
		p, n := l.list(t, v)
		l.pair(at, p, n)
	case wit.Record, wit.Tuple, wit.FixedList:
		for i, m := range membersOf(v) {
			f, off := t.member(i)
			l.mem(f, m, at+off)
		}
	case wit.Variant, wit.Enum, wit.Option, wit.Result:
		c, payload := caseOf(v)
		store(l.s.Memory.Bytes(), at, t.disc, c)
		if ct := t.caseOf(c); ct != nil {
			l.mem(ct, payload, at+t.payload)
		}
	default:
		x, m := l.scalar(t, v), l.s.Memory.Bytes()
		if t.size == 8 {
			le.PutUint64(m[at:], x)
			return
		}
		store(m, at, t.size, uint32(x))
	}
}

func (l *lowerer) pair(at, p, n uint32) {
	m := l.s.Memory.Bytes()
	le.PutUint32(m[at:], p)
	le.PutUint32(m[at+4:], n)
}

func (l *lowerer) list(t *shape, v wit.Value) (ptr, n uint32) {
	if b, ok := v.(wit.Bytes); ok {
		if len(b) > MaxByteLength {
			fault("list of %d bytes is larger than 2^28-1 bytes", len(b))
		}
		p := l.s.Alloc(1, uint32(len(b)))
		copy(l.s.Memory.Bytes()[p:], b)
		return p, uint32(len(b))
	}
	e, vs := t.elem, v.(wit.ListValue) //nolint:forcetypeassert // checked by Lower
	size := uint64(len(vs)) * uint64(e.size)
	if size > MaxByteLength {
		fault("list of %d elements is larger than 2^28-1 bytes", len(vs))
	}
	p := l.s.Alloc(e.align, uint32(size))
	for i, ev := range vs {
		l.mem(e, ev, p+uint32(i)*e.size)
	}
	return p, uint32(len(vs))
}

func (l *lowerer) scalar(sh *shape, v wit.Value) uint64 {
	t := sh.typ
	switch v := v.(type) {
	case bool:
		return uint64(b2i(v))
	case uint8:
		return uint64(v)
	case int8:
		return uint64(uint32(int32(v)))
	case uint16:
		return uint64(v)
	case int16:
		return uint64(uint32(int32(v)))
	case uint32:
		return uint64(v)
	case int32:
		return uint64(uint32(v))
	case uint64:
		return v
	case int64:
		return uint64(v)
	case float32:
		return uint64(math.Float32bits(v))
	case float64:
		return math.Float64bits(v)
	case wit.CharValue:
		return uint64(v)
	case wit.FlagsValue:
		return uint64(v)
	case wit.HandleValue:
		rep, _ := v.Rep.(Rep)
		if t.Kind == wit.Own {
			return uint64(l.s.Handles.LowerOwn(t.Resource, rep))
		}
		return uint64(l.s.Handles.LowerBorrow(t.Resource, rep))
	}
	fault("values of type %s cannot be passed here", t.Signature())
	return 0
}
