package witbin

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/wit"
)

// The NaNs that are written for all (Binary.md, val(f32) and val(f64)).
const (
	nan32 = 0x7fc00000
	nan64 = 0x7ff8000000000000
)

// appendChecked appends a value after it has looked whether it is one of the type.
func appendChecked(dst []byte, t *wit.Type, v wit.Value) ([]byte, error) {
	if k := local(t); k != "" {
		return nil, fmt.Errorf("%s has no binary form", k)
	}
	if err := wit.CheckValue(t, v); err != nil {
		return nil, err
	}
	return appendValue(dst, t, v)
}

// appendValue appends a value that is one of the type.
//
//nolint:forcetypeassert // CheckValue has looked
func appendValue(dst []byte, t *wit.Type, v wit.Value) ([]byte, error) {
	switch t.Kind {
	case wit.Bool:
		return append(dst, bit(v.(bool))), nil
	case wit.S8:
		return append(dst, byte(v.(int8))), nil
	case wit.U8:
		return append(dst, v.(uint8)), nil
	case wit.S16:
		return appendSigned(dst, int64(v.(int16))), nil
	case wit.U16:
		return binary.AppendUvarint(dst, uint64(v.(uint16))), nil
	case wit.S32:
		return appendSigned(dst, int64(v.(int32))), nil
	case wit.U32:
		return binary.AppendUvarint(dst, uint64(v.(uint32))), nil
	case wit.S64:
		return appendSigned(dst, v.(int64)), nil
	case wit.U64:
		return binary.AppendUvarint(dst, v.(uint64)), nil
	case wit.F32:
		f := v.(float32)
		if f != f {
			return binary.LittleEndian.AppendUint32(dst, nan32), nil
		}
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(f)), nil
	case wit.F64:
		f := v.(float64)
		if f != f {
			return binary.LittleEndian.AppendUint64(dst, nan64), nil
		}
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(f)), nil
	case wit.Char:
		return utf8.AppendRune(dst, rune(v.(wit.CharValue))), nil
	case wit.String:
		s := v.(string)
		if !utf8.ValidString(s) {
			return nil, fmt.Errorf("string %.40q is not UTF-8", s)
		}
		return append(binary.AppendUvarint(dst, uint64(len(s))), s...), nil
	case wit.Enum:
		return binary.AppendUvarint(dst, uint64(v.(wit.EnumValue))), nil
	case wit.Flags:
		return binary.LittleEndian.AppendUint64(dst, uint64(v.(wit.FlagsValue)))[:len(dst)+(len(t.Labels)+7)/8], nil
	case wit.List:
		if b, ok := v.(wit.Bytes); ok {
			return append(binary.AppendUvarint(dst, uint64(len(b))), b...), nil
		}
		l := v.(wit.ListValue)
		return appendAll(binary.AppendUvarint(dst, uint64(len(l))), l, func(int) *wit.Type { return t.Elem })
	case wit.FixedList:
		if b, ok := v.(wit.Bytes); ok {
			return append(dst, b...), nil
		}
		return appendAll(dst, v.(wit.ListValue), func(int) *wit.Type { return t.Elem })
	case wit.Map:
		l, entry := v.(wit.ListValue), t.Entry()
		return appendAll(binary.AppendUvarint(dst, uint64(len(l))), l, func(int) *wit.Type { return entry })
	case wit.Record:
		return appendAll(dst, v.(wit.RecordValue), func(i int) *wit.Type { return t.Fields[i].Type })
	case wit.Tuple:
		return appendAll(dst, v.(wit.TupleValue), func(i int) *wit.Type { return t.Types[i] })
	case wit.Variant:
		x := v.(wit.VariantValue)
		return appendPayload(binary.AppendUvarint(dst, uint64(x.Case)), t.Fields[x.Case].Type, x.Value)
	case wit.Option:
		x := v.(wit.OptionValue)
		if !x.Some {
			return append(dst, 0), nil
		}
		return appendValue(append(dst, 1), t.Elem, x.Value)
	case wit.Result:
		x := v.(wit.ResultValue)
		if x.Failed {
			return appendPayload(append(dst, 1), t.Err, x.Value)
		}
		return appendPayload(append(dst, 0), t.Ok, x.Value)
	case wit.Own, wit.Borrow, wit.Stream, wit.Future, wit.ErrorContext:
	}
	return nil, fmt.Errorf("%s has no binary form", t.Kind)
}

// appendAll appends the parts of a value.
func appendAll[S ~[]wit.Value](dst []byte, vs S, of func(int) *wit.Type) ([]byte, error) {
	for i, v := range vs {
		var err error
		if dst, err = appendValue(dst, of(i), v); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// appendPayload appends what a case has, if it has something.
func appendPayload(dst []byte, t *wit.Type, v wit.Value) ([]byte, error) {
	if t == nil {
		return dst, nil
	}
	return appendValue(dst, t, v)
}

// appendSigned appends a signed LEB128 integer.
func appendSigned(dst []byte, v int64) []byte {
	for {
		b := byte(v & 0x7f)
		v >>= 7
		if v == 0 && b&0x40 == 0 || v == -1 && b&0x40 != 0 {
			return append(dst, b)
		}
		dst = append(dst, b|0x80)
	}
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}
