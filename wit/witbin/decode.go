package witbin

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/wit"
)

// maxPrealloc bounds the elements that are allocated on the word of a count.
const maxPrealloc = 256

var (
	errShort  = errors.New("the value ends early")
	errLonger = errors.New("an integer is longer than it has to be, or out of range")
)

// reader reads values from bytes.
type reader struct {
	b  []byte
	at int
}

func (r *reader) end() error {
	if n := len(r.b) - r.at; n > 0 {
		return fmt.Errorf("%d bytes are left over at byte %d", n, r.at)
	}
	return nil
}

// take returns the next n bytes.
func (r *reader) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.b)-r.at) {
		return nil, errShort
	}
	b := r.b[r.at : r.at+int(n)]
	r.at += int(n)
	return b, nil
}

func (r *reader) byte() (byte, error) {
	if r.at == len(r.b) {
		return 0, errShort
	}
	b := r.b[r.at]
	r.at++
	return b, nil
}

// unsigned reads an unsigned LEB128 integer of so many bits.
func (r *reader) unsigned(bits uint) (uint64, error) {
	v, n := binary.Uvarint(r.b[r.at:])
	switch {
	case n == 0:
		return 0, errShort
	case n < 0, bits < 64 && v>>bits != 0, n > 1 && r.b[r.at+n-1] == 0:
		return 0, errLonger
	}
	r.at += n
	return v, nil
}

// signed reads a signed LEB128 integer of so many bits.
func (r *reader) signed(bits uint) (int64, error) {
	var v int64
	from := r.at
	for shift := uint(0); ; shift += 7 {
		b, err := r.byte()
		if err != nil {
			return 0, err
		}
		if shift == 63 && b != 0 && b != 0x7f || shift > 63 {
			return 0, errLonger
		}
		v |= int64(b&0x7f) << shift
		if b&0x80 != 0 {
			continue
		}
		if shift < 57 && b&0x40 != 0 {
			v |= -1 << (shift + 7)
		}
		if n := r.at - from; n > 1 && (b == 0 && r.b[r.at-2]&0x40 == 0 || b == 0x7f && r.b[r.at-2]&0x40 != 0) {
			return 0, errLonger
		}
		if v<<(64-bits)>>(64-bits) != v {
			return 0, errLonger
		}
		return v, nil
	}
}

// count reads the length of something whose elements have a byte or more each.
func (r *reader) count() (uint64, error) {
	n, err := r.unsigned(32)
	if err == nil && n > uint64(len(r.b)-r.at) {
		err = errShort
	}
	return n, err
}

// value reads a value of a type. An error says where.
func (r *reader) value(t *wit.Type) (wit.Value, error) {
	at := r.at
	v, err := r.read(t)
	if err != nil {
		if _, nested := errors.AsType[*Error](err); !nested {
			err = &Error{Offset: at, Type: t.Kind.String(), err: err}
		}
		return nil, err
	}
	return v, nil
}

// Error is a value that cannot be decoded.
type Error struct {
	// Offset is the byte at which the value begins that is at fault.
	Offset int
	// Type is the kind of its type.
	Type string
	err  error
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d: %v", e.Type, e.Offset, e.err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

func (r *reader) read(t *wit.Type) (wit.Value, error) {
	switch t.Kind {
	case wit.Bool:
		b, err := r.flag()
		return b, err
	case wit.S8:
		b, err := r.byte()
		return int8(b), err
	case wit.U8:
		b, err := r.byte()
		return b, err
	case wit.S16:
		v, err := r.signed(16)
		return int16(v), err
	case wit.U16:
		v, err := r.unsigned(16)
		return uint16(v), err
	case wit.S32:
		v, err := r.signed(32)
		return int32(v), err
	case wit.U32:
		v, err := r.unsigned(32)
		return uint32(v), err
	case wit.S64:
		v, err := r.signed(64)
		return v, err
	case wit.U64:
		v, err := r.unsigned(64)
		return v, err
	case wit.F32:
		return r.f32()
	case wit.F64:
		return r.f64()
	case wit.Char:
		c, n := utf8.DecodeRune(r.b[r.at:])
		if c == utf8.RuneError && n <= 1 {
			return nil, errors.New("it is not UTF-8")
		}
		r.at += n
		return wit.CharValue(c), nil
	case wit.String:
		b, err := r.bytes()
		if err == nil && !utf8.Valid(b) {
			err = errors.New("it is not UTF-8")
		}
		return string(b), err
	case wit.Enum:
		c, err := r.discriminant(len(t.Labels))
		return wit.EnumValue(c), err
	case wit.Flags:
		return r.flags(len(t.Labels))
	case wit.List:
		if t.Elem.Kind == wit.U8 {
			b, err := r.bytes()
			return wit.Bytes(append(make([]byte, 0, len(b)), b...)), err
		}
		n, err := r.count()
		if err != nil {
			return nil, err
		}
		l, err := r.all(n, func(int) *wit.Type { return t.Elem })
		return wit.ListValue(l), err
	case wit.FixedList:
		l, err := r.all(uint64(t.Len), func(int) *wit.Type { return t.Elem })
		return wit.ListValue(l), err
	case wit.Map:
		n, err := r.count()
		if err != nil {
			return nil, err
		}
		entry := t.Entry()
		l, err := r.all(n, func(int) *wit.Type { return entry })
		return wit.ListValue(l), err
	case wit.Record:
		l, err := r.all(uint64(len(t.Fields)), func(i int) *wit.Type { return t.Fields[i].Type })
		return wit.RecordValue(l), err
	case wit.Tuple:
		l, err := r.all(uint64(len(t.Types)), func(i int) *wit.Type { return t.Types[i] })
		return wit.TupleValue(l), err
	case wit.Variant:
		c, err := r.discriminant(len(t.Fields))
		if err != nil {
			return nil, err
		}
		v, err := r.payload(t.Fields[c].Type)
		return wit.VariantValue{Case: c, Value: v}, err
	case wit.Option:
		some, err := r.flag()
		if err != nil || !some {
			return wit.OptionValue{}, err
		}
		v, err := r.value(t.Elem)
		return wit.OptionValue{Some: true, Value: v}, err
	case wit.Result:
		failed, err := r.flag()
		if err != nil {
			return nil, err
		}
		of := t.Ok
		if failed {
			of = t.Err
		}
		v, err := r.payload(of)
		return wit.ResultValue{Failed: failed, Value: v}, err
	case wit.Own, wit.Borrow, wit.Stream, wit.Future, wit.ErrorContext:
	}
	return nil, errors.New("it has no binary form")
}

func (r *reader) payload(t *wit.Type) (wit.Value, error) {
	if t == nil {
		return nil, nil //nolint:nilnil // a case without a payload
	}
	return r.value(t)
}

// all reads n values.
func (r *reader) all(n uint64, of func(int) *wit.Type) ([]wit.Value, error) {
	vs := make([]wit.Value, 0, min(n, maxPrealloc))
	for i := range n {
		v, err := r.value(of(int(i)))
		if err != nil {
			return nil, err
		}
		vs = append(vs, v)
	}
	return vs, nil
}

func (r *reader) bytes() ([]byte, error) {
	n, err := r.unsigned(32)
	if err != nil {
		return nil, err
	}
	return r.take(n)
}

func (r *reader) flag() (bool, error) {
	b, err := r.byte()
	if err == nil && b > 1 {
		err = fmt.Errorf("%d is neither 0 nor 1", b)
	}
	return b == 1, err
}

func (r *reader) discriminant(n int) (uint32, error) {
	c, err := r.unsigned(32)
	if err == nil && c >= uint64(n) {
		err = fmt.Errorf("there is no case %d", c)
	}
	return uint32(c), err
}

func (r *reader) flags(n int) (wit.Value, error) {
	b, err := r.take(uint64(n+7) / 8)
	if err != nil {
		return nil, err
	}
	var v uint64
	for i := range b {
		v |= uint64(b[i]) << (8 * i)
	}
	if v>>n != 0 {
		return nil, fmt.Errorf("flags beyond the last of %d are set", n)
	}
	return wit.FlagsValue(v), nil
}

func (r *reader) f32() (wit.Value, error) {
	b, err := r.take(4)
	if err != nil {
		return nil, err
	}
	bits := binary.LittleEndian.Uint32(b)
	f := math.Float32frombits(bits)
	if f != f && bits != nan32 {
		return nil, errors.New("it is a NaN other than the canonical one")
	}
	return f, nil
}

func (r *reader) f64() (wit.Value, error) {
	b, err := r.take(8)
	if err != nil {
		return nil, err
	}
	bits := binary.LittleEndian.Uint64(b)
	f := math.Float64frombits(bits)
	if f != f && bits != nan64 {
		return nil, errors.New("it is a NaN other than the canonical one")
	}
	return f, nil
}
