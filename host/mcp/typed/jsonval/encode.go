package jsonval

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"

	"github.com/wattle-dev/wattle/wit"
)

// Encode writes a value of type t, which has to be one that is supported. The error is that v
// is not of type t, or that its text would have more than MaxJSON bytes.
func (m Mapping) Encode(t *wit.Type, v wit.Value) ([]byte, error) {
	if err := wit.CheckValue(t, v); err != nil {
		return nil, err
	}
	b, err := m.append(nil, t, v)
	if err == nil && len(b) > MaxJSON {
		return nil, errTooLong
	}
	return b, err
}

var errTooLong = fmt.Errorf("it has more than %d bytes as JSON", MaxJSON)

// append writes a value that is of its type.
//
//nolint:forcetypeassert // the value is of its type
func (m Mapping) append(b []byte, t *wit.Type, v wit.Value) ([]byte, error) {
	if len(b) > MaxJSON {
		return nil, errTooLong
	}
	switch t.Kind {
	case wit.Bool:
		return strconv.AppendBool(b, v.(bool)), nil
	case wit.S8:
		return m.appendInt(b, int64(v.(int8))), nil
	case wit.S16:
		return m.appendInt(b, int64(v.(int16))), nil
	case wit.S32:
		return m.appendInt(b, int64(v.(int32))), nil
	case wit.S64:
		return m.appendInt(b, v.(int64)), nil
	case wit.U8:
		return m.appendUint(b, uint64(v.(uint8))), nil
	case wit.U16:
		return m.appendUint(b, uint64(v.(uint16))), nil
	case wit.U32:
		return m.appendUint(b, uint64(v.(uint32))), nil
	case wit.U64:
		return m.appendUint(b, v.(uint64)), nil
	case wit.F32:
		return m.appendFloat(b, float64(v.(float32)), 32), nil
	case wit.F64:
		return m.appendFloat(b, v.(float64), 64), nil
	case wit.Char:
		return appendString(b, string(rune(v.(wit.CharValue)))), nil
	case wit.String:
		return appendString(b, v.(string)), nil
	case wit.Enum:
		return appendString(b, t.Labels[v.(wit.EnumValue)]), nil
	case wit.Flags:
		return appendFlags(b, t, v.(wit.FlagsValue)), nil
	case wit.List, wit.FixedList:
		return m.appendList(b, t, v)
	case wit.Map:
		return m.appendMap(b, t, v.(wit.ListValue))
	case wit.Tuple:
		return m.appendAll(b, v.(wit.TupleValue), func(i int) *wit.Type { return t.Types[i] })
	case wit.Record:
		return m.appendRecord(b, t, v.(wit.RecordValue))
	case wit.Variant:
		return m.appendVariant(b, t, v.(wit.VariantValue))
	case wit.Option:
		x := v.(wit.OptionValue)
		switch {
		case !x.Some:
			return append(b, "null"...), nil
		case m.wrapsSome(t):
			return m.appendMember(append(b, '{'), "some", t.Elem, x.Value, '}')
		default:
			return m.append(b, t.Elem, x.Value)
		}
	case wit.Result:
		if x := v.(wit.ResultValue); x.Failed {
			return m.appendMember(append(b, '{'), "err", t.Err, x.Value, '}')
		} else { //nolint:revive // x is needed here
			return m.appendMember(append(b, '{'), "ok", t.Ok, x.Value, '}')
		}
	default:
		return nil, fmt.Errorf("a %s cannot be JSON", t.Kind)
	}
}

// appendMember writes the name and the value of a member, null if it has no type, and
// what comes after.
func (m Mapping) appendMember(b []byte, name string, t *wit.Type, v wit.Value, after byte) ([]byte, error) {
	b = append(appendString(b, name), ':')
	if t == nil {
		return append(append(b, "null"...), after), nil
	}
	b, err := m.append(b, t, v)
	return append(b, after), err
}

func (m Mapping) appendInt(b []byte, n int64) []byte {
	if m == Strict && (n > maxSafe || n < -maxSafe) {
		return append(strconv.AppendInt(append(b, '"'), n, 10), '"')
	}
	return strconv.AppendInt(b, n, 10)
}

func (m Mapping) appendUint(b []byte, n uint64) []byte {
	if m == Strict && n > maxSafe {
		return append(strconv.AppendUint(append(b, '"'), n, 10), '"')
	}
	return strconv.AppendUint(b, n, 10)
}

func (m Mapping) appendFloat(b []byte, f float64, width int) []byte {
	switch {
	case math.IsNaN(f) && m == Strict:
		return appendString(b, nan)
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return appendString(b, inf)
	case math.IsInf(f, -1):
		return appendString(b, negInf)
	case m == Strict:
		return appendFloat(b, f, width)
	default:
		return appendRyu(b, f)
	}
}

func appendFlags(b []byte, t *wit.Type, v wit.FlagsValue) []byte {
	b = append(b, '[')
	first := true
	for i, label := range t.Labels {
		if v&(1<<i) == 0 {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = appendString(b, label)
	}
	return append(b, ']')
}

// appendList writes a list, of bytes perhaps.
//
//nolint:forcetypeassert // the value is of its type
func (m Mapping) appendList(b []byte, t *wit.Type, v wit.Value) ([]byte, error) {
	raw, isRaw := v.(wit.Bytes)
	switch {
	case m.isBytes(t):
		if !isRaw {
			for _, e := range v.(wit.ListValue) {
				raw = append(raw, e.(uint8))
			}
		}
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, raw)
		return append(b, '"'), nil
	case isRaw:
		b = append(b, '[')
		for i, e := range raw {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendUint(b, uint64(e), 10)
		}
		return append(b, ']'), nil
	default:
		return m.appendAll(b, v.(wit.ListValue), func(int) *wit.Type { return t.Elem })
	}
}

func (m Mapping) appendAll(b []byte, vs []wit.Value, of func(i int) *wit.Type) ([]byte, error) {
	b = append(b, '[')
	for i, v := range vs {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = m.append(b, of(i), v); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// appendMap writes the entries. Of entries with one key an object has the last one.
//
//nolint:forcetypeassert // the value is of its type
func (m Mapping) appendMap(b []byte, t *wit.Type, entries wit.ListValue) ([]byte, error) {
	object := m.isObject(t)
	last := map[string]int{}
	for i := range entries {
		if object {
			last[entries[i].(wit.TupleValue)[0].(string)] = i
		}
	}
	opening, closing := byte('['), byte(']')
	if object {
		opening, closing = '{', '}'
	}
	b = append(b, opening)
	first := true
	for i := range entries {
		e := entries[i].(wit.TupleValue)
		if object && last[e[0].(string)] != i {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		var err error
		if object {
			b, err = m.append(append(appendString(b, e[0].(string)), ':'), t.Value, e[1])
		} else {
			b, err = m.appendMember(append(b, '{'), "key", t.Elem, e[0], ',')
			if err == nil {
				b, err = m.appendMember(b, "value", t.Value, e[1], '}')
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return append(b, closing), nil
}

// appendRecord writes the fields in order, by name for Wassette.
func (m Mapping) appendRecord(b []byte, t *wit.Type, vs wit.RecordValue) ([]byte, error) {
	b = append(b, '{')
	for n, i := range m.order(t.Fields) {
		if n > 0 {
			b = append(b, ',')
		}
		f := &t.Fields[i]
		var err error
		if b, err = m.append(append(appendString(b, f.Name), ':'), f.Type, vs[i]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func (m Mapping) appendVariant(b []byte, t *wit.Type, v wit.VariantValue) ([]byte, error) {
	c := &t.Fields[v.Case]
	b = appendString(append(b, `{"tag":`...), c.Name)
	if c.Type == nil {
		return append(b, '}'), nil
	}
	return m.appendMember(append(b, ','), "val", c.Type, v.Value, '}')
}

// appendString writes a string, with the escapes that JSON asks for and no others.
func appendString(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(append(b, s[from:i]...), '\\')
		switch c {
		case '"', '\\':
			b = append(b, c)
		case '\b':
			b = append(b, 'b')
		case '\f':
			b = append(b, 'f')
		case '\n':
			b = append(b, 'n')
		case '\r':
			b = append(b, 'r')
		case '\t':
			b = append(b, 't')
		default:
			b = append(b, 'u', '0', '0', digits[c>>4], digits[c&15])
		}
		from = i + 1
	}
	return append(append(b, s[from:]...), '"')
}
