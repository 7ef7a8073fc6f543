package cli

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/wave"
)

// appendJSON appends a value of type t as JSON, in the form that the help of
// `wattle call` describes; t is nil of a function without a result. The form
// depends on the type and not on the value, and each can be read back.
func appendJSON(b []byte, v wit.Value, t *wit.Type) ([]byte, error) {
	switch {
	case len(b) > wave.MaxText:
		return nil, fmt.Errorf("JSON of the value has more than %d bytes", wave.MaxText)
	case t == nil:
		return append(b, "null"...), nil
	}
	switch x := v.(type) {
	case bool:
		return strconv.AppendBool(b, x), nil
	case int8, int16, int32, int64, uint8, uint16, uint32, uint64:
		return fmt.Appendf(b, "%d", x), nil
	case float32:
		return appendFloat(b, float64(x), 32), nil
	case float64:
		return appendFloat(b, x, 64), nil
	case wit.CharValue:
		return appendString(b, string(rune(x))), nil
	case string:
		return appendString(b, x), nil
	case wit.Bytes:
		return appendArray(b, len(x), func(b []byte, i int) ([]byte, error) {
			return strconv.AppendUint(b, uint64(x[i]), 10), nil
		})
	case wit.ListValue:
		elem := t.Elem
		if t.Kind == wit.Map {
			elem = &wit.Type{Kind: wit.Tuple, Types: []*wit.Type{t.Elem, t.Value}}
		}
		return appendArray(b, len(x), func(b []byte, i int) ([]byte, error) { return appendJSON(b, x[i], elem) })
	case wit.TupleValue:
		return appendArray(b, len(x), func(b []byte, i int) ([]byte, error) { return appendJSON(b, x[i], t.Types[i]) })
	case wit.RecordValue:
		return appendRecord(b, x, t)
	case wit.EnumValue:
		return appendString(b, t.Labels[x]), nil
	case wit.FlagsValue:
		var set []string
		for i, label := range t.Labels {
			if x>>i&1 != 0 {
				set = append(set, label)
			}
		}
		return appendArray(b, len(set), func(b []byte, i int) ([]byte, error) { return appendString(b, set[i]), nil })
	case wit.VariantValue:
		if f := t.Fields[x.Case]; f.Type != nil {
			return appendCase(b, f.Name, x.Value, f.Type)
		}
		return appendString(b, t.Fields[x.Case].Name), nil
	case wit.OptionValue:
		switch {
		case !x.Some:
			return append(b, "null"...), nil
		case t.Elem.Kind == wit.Option:
			return appendCase(b, "some", x.Value, t.Elem)
		}
		return appendJSON(b, x.Value, t.Elem)
	case wit.ResultValue:
		if x.Failed {
			return appendCase(b, "err", x.Value, t.Err)
		}
		return appendCase(b, "ok", x.Value, t.Ok)
	case wit.HandleValue:
		return appendCase(b, "handle", t.Resource.Name, &wit.Type{Kind: wit.String})
	}
	return nil, fmt.Errorf("a value of Go type %T is not of type %s", v, typeText(t))
}

// appendCase appends an object with one member.
func appendCase(b []byte, name string, v wit.Value, t *wit.Type) ([]byte, error) {
	b = append(appendString(append(b, '{'), name), ':')
	b, err := appendJSON(b, v, t)
	return append(b, '}'), err
}

func appendRecord(b []byte, x wit.RecordValue, t *wit.Type) ([]byte, error) {
	b = append(b, '{')
	for i, f := range t.Fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, f.Name), ':')
		var err error
		if b, err = appendJSON(b, x[i], f.Type); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendArray(b []byte, n int, each func(b []byte, i int) ([]byte, error)) ([]byte, error) {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = each(b, i); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// appendFloat appends a number with the fewest digits that read back as the same
// one. JSON has none for some.
func appendFloat(b []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"nan"`...)
	case math.IsInf(f, 1):
		return append(b, `"inf"`...)
	case math.IsInf(f, -1):
		return append(b, `"-inf"`...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, bits)
}

// appendString appends a string in which all that is not printable is escaped:
// a terminal obeys more than what JSON demands to escape.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case strconv.IsPrint(c):
			b = utf8.AppendRune(b, c)
		case c > 0xffff:
			hi, lo := utf16.EncodeRune(c)
			b = fmt.Appendf(b, `\u%04x\u%04x`, hi, lo)
		default:
			b = fmt.Appendf(b, `\u%04x`, c)
		}
	}
	return append(b, '"')
}
