package wit

import (
	"fmt"
	"unicode/utf8"
)

// Value is a component value in Go, for callers that learn types at run time:
//
//	bool s8 u8 s16 u16 s32 u32 s64 u64  bool int8 uint8 … uint64
//	f32 f64 char string                 float32 float64 CharValue string
//	list, map                           ListValue (of TupleValue for map), Bytes for list<u8>
//	record, tuple                       RecordValue, TupleValue, in order
//	variant, enum, option, result       VariantValue, EnumValue, OptionValue, ResultValue
//	flags, own, borrow                  FlagsValue, HandleValue
type Value any

// The Go forms of values without a Go equivalent.
type (
	// CharValue is a Unicode scalar value.
	CharValue uint32
	// Bytes is a list<u8>.
	Bytes []byte
	// ListValue is a list, a fixed-length list or the entries of a map.
	ListValue []Value
	// RecordValue has the fields in the order of the type.
	RecordValue []Value
	// TupleValue has the elements in order.
	TupleValue []Value
	// EnumValue is the index of the case.
	EnumValue uint32
	// FlagsValue has bit i set when flag i is.
	FlagsValue uint32
	// VariantValue is a case and its payload, nil for a case without.
	VariantValue struct {
		Case  uint32
		Value Value
	}
	// OptionValue is some(Value) or none.
	OptionValue struct {
		Some  bool
		Value Value
	}
	// ResultValue is ok(Value) or, when Failed, error(Value).
	ResultValue struct {
		Failed bool
		Value  Value
	}
	// HandleValue is an owned or borrowed resource. Rep belongs to the runtime.
	HandleValue struct {
		Resource *Resource
		Rep      any
	}
)

// CheckValue says whether v is a value of type t.
func CheckValue(t *Type, v Value) error {
	bad := func() error { return fmt.Errorf("value %v (%T) is not of type %s", v, v, t.Signature()) }
	ok := false
	switch t.Kind {
	case Bool:
		_, ok = v.(bool)
	case S8:
		_, ok = v.(int8)
	case U8:
		_, ok = v.(uint8)
	case S16:
		_, ok = v.(int16)
	case U16:
		_, ok = v.(uint16)
	case S32:
		_, ok = v.(int32)
	case U32:
		_, ok = v.(uint32)
	case S64:
		_, ok = v.(int64)
	case U64:
		_, ok = v.(uint64)
	case F32:
		_, ok = v.(float32)
	case F64:
		_, ok = v.(float64)
	case Char:
		var c CharValue
		c, ok = v.(CharValue)
		ok = ok && c < 0x110000 && utf8.ValidRune(rune(c))
	case String:
		_, ok = v.(string)
	case Flags:
		var f FlagsValue
		f, ok = v.(FlagsValue)
		ok = ok && uint64(f)>>len(t.Labels) == 0
	case Enum:
		var e EnumValue
		e, ok = v.(EnumValue)
		ok = ok && int64(e) < int64(len(t.Labels))
	case Own, Borrow:
		var h HandleValue
		h, ok = v.(HandleValue)
		ok = ok && h.Resource == t.Resource
	case List:
		if _, bytes := v.(Bytes); bytes && t.Elem.Kind == U8 {
			return nil
		}
		return checkAll(t, v, func(int) *Type { return t.Elem }, -1)
	case FixedList:
		return checkAll(t, v, func(int) *Type { return t.Elem }, int(t.Len))
	case Map:
		entry := &Type{Kind: Tuple, Types: []*Type{t.Elem, t.Value}}
		return checkAll(t, v, func(int) *Type { return entry }, -1)
	case Record:
		return checkAll(t, v, func(i int) *Type { return t.Fields[i].Type }, len(t.Fields))
	case Tuple:
		return checkAll(t, v, func(i int) *Type { return t.Types[i] }, len(t.Types))
	case Variant:
		x, is := v.(VariantValue)
		if !is || int64(x.Case) >= int64(len(t.Fields)) {
			return bad()
		}
		return checkPayload(t, t.Fields[x.Case].Type, x.Value)
	case Option:
		x, is := v.(OptionValue)
		if !is {
			return bad()
		}
		if !x.Some {
			return checkPayload(t, nil, x.Value)
		}
		return checkPayload(t, t.Elem, x.Value)
	case Result:
		x, is := v.(ResultValue)
		if !is {
			return bad()
		}
		if x.Failed {
			return checkPayload(t, t.Err, x.Value)
		}
		return checkPayload(t, t.Ok, x.Value)
	}
	if !ok {
		return bad()
	}
	return nil
}

func checkPayload(t, payload *Type, v Value) error {
	if payload != nil {
		return CheckValue(payload, v)
	}
	if v != nil {
		return fmt.Errorf("value of type %s has a payload where its case has none", t.Signature())
	}
	return nil
}

// checkAll checks the members of an aggregate of n members, or of any number
// when n is negative.
func checkAll(t *Type, v Value, member func(int) *Type, n int) error {
	var vs []Value
	switch x := v.(type) {
	case ListValue:
		if t.Kind == List || t.Kind == FixedList || t.Kind == Map {
			vs = x
			break
		}
		return fmt.Errorf("a list is not of type %s", t.Signature())
	case RecordValue:
		if t.Kind != Record {
			return fmt.Errorf("a record is not of type %s", t.Signature())
		}
		vs = x
	case TupleValue:
		if t.Kind != Tuple {
			return fmt.Errorf("a tuple is not of type %s", t.Signature())
		}
		vs = x
	default:
		return fmt.Errorf("value %v (%T) is not of type %s", v, v, t.Signature())
	}
	if n >= 0 && len(vs) != n {
		return fmt.Errorf("%d members are not of type %s", len(vs), t.Signature())
	}
	for i, m := range vs {
		if err := CheckValue(member(i), m); err != nil {
			return err
		}
	}
	return nil
}
