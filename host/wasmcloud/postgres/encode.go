package postgres

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/postgres"
)

// Short names of the shapes that several cases of pg-value share.
type (
	sized    = component.Tuple2[uint32, []byte]
	limited  = component.Tuple2[component.Option[uint32], []byte]
	segment  = component.Tuple2[Point, Point]
	circle   = component.Tuple2[Point, HashableF64]
	snapshot = component.Tuple3[Xmin, Xmax, XipList]
	pair     = component.Tuple2[string, component.Option[string]]
)

// encode returns a parameter as PostgreSQL reads it.
func encode(v *PgValue) (postgres.Param, error) {
	if v.Tag == PgValueNull {
		return postgres.Param{Null: true}, nil
	}
	text, err := encodeText(v)
	if err != nil {
		return postgres.Param{}, fmt.Errorf("%s: %w", v.Tag, err)
	}
	return postgres.Param{Text: text}, nil
}

func encodeText(v *PgValue) (string, error) {
	switch x := v.Value.(type) {
	case bool:
		return strconv.FormatBool(x), nil
	case int64, int32, int16, uint32:
		return fmt.Sprint(x), nil
	case uint64:
		return encodeLSN(x)
	case HashableF64:
		return encodeFloat(x, v.Tag)
	case string:
		return x, nil
	case []byte:
		return `\x` + hex.EncodeToString(x), nil
	case sized:
		if v.Tag == PgValueBit {
			return encodeBit(x)
		}
		return encodeChar(x)
	case limited:
		if v.Tag == PgValueVarchar {
			return encodeVarchar(x)
		}
		return encodeVarbit(x)
	case MacAddressEui48:
		return encodeMAC(x.octets())
	case MacAddressEui64:
		return encodeMAC(x.octets())
	case Date:
		return encodeDate(x)
	case Interval:
		return encodeInterval(x)
	case Time:
		return encodeTime(x)
	case TimeTz:
		return encodeTimeTz(x)
	case Timestamp:
		return encodeTimestamp(x)
	case TimestampTz:
		return encodeTimestampTz(x)
	case snapshot:
		return fmt.Sprintf("%d:%d:%s", x.V0, x.V1, strings.Trim(strings.ReplaceAll(fmt.Sprint(x.V2), " ", ","), "[]")), nil
	case []Lexeme:
		return encodeLexemes(x)
	case []pair:
		return encodeHstore(x), nil
	}
	return encodeShape(v)
}

// encodeShape encodes what has a shape, and arrays.
func encodeShape(v *PgValue) (string, error) {
	switch x := v.Value.(type) {
	case Point:
		return encodePoint(x)
	case circle:
		center, err := encodePoint(x.V0)
		if err != nil {
			return "", err
		}
		radius, err := encodeFloat(x.V1, v.Tag)
		return "<" + center + "," + radius + ">", err
	case segment:
		return encodeSegment(x, v.Tag)
	case []Point:
		if v.Tag == PgValuePointArray {
			return array(x, ',', encodePoint)
		}
		return encodePoints(x, v.Tag == PgValuePolygon)
	case [][]Point:
		return array(x, ',', func(p []Point) (string, error) { return encodePoints(p, v.Tag == PgValuePolygonArray) })
	case []segment:
		tag, delimiter := PgValueLseg, byte(',')
		if v.Tag == PgValueBoxArray {
			tag, delimiter = PgValueBox, ';'
		}
		return array(x, delimiter, func(s segment) (string, error) { return encodeSegment(s, tag) })
	case []circle:
		return array(x, ',', func(c circle) (string, error) { return encodeShape(&PgValue{Tag: PgValueCircle, Value: c}) })
	}
	return encodeArray(v)
}

func encodeArray(v *PgValue) (string, error) {
	switch x := v.Value.(type) {
	case []int64:
		return array(x, ',', number)
	case []int32:
		return array(x, ',', number)
	case []int16:
		if v.Tag == PgValueInt2Vector {
			return vector(x)
		}
		return array(x, ',', number)
	case [][]int16:
		return array(x, ',', vector)
	case []uint64:
		return array(x, ',', encodeLSN)
	case []bool:
		return array(x, ',', func(b bool) (string, error) { return strconv.FormatBool(b), nil })
	case []HashableF64:
		return array(x, ',', func(f HashableF64) (string, error) { return encodeFloat(f, v.Tag) })
	case []string:
		return array(x, ',', func(s string) (string, error) { return s, nil })
	case [][]byte:
		return array(x, ',', func(b []byte) (string, error) { return `\x` + hex.EncodeToString(b), nil })
	case []sized:
		if v.Tag == PgValueBitArray {
			return array(x, ',', encodeBit)
		}
		return array(x, ',', encodeChar)
	case []limited:
		if v.Tag == PgValueVarcharArray {
			return array(x, ',', encodeVarchar)
		}
		return array(x, ',', encodeVarbit)
	case []MacAddressEui48:
		return array(x, ',', func(m MacAddressEui48) (string, error) { return encodeMAC(m.octets()) })
	case []MacAddressEui64:
		return array(x, ',', func(m MacAddressEui64) (string, error) { return encodeMAC(m.octets()) })
	case []Date:
		return array(x, ',', encodeDate)
	case []Interval:
		return array(x, ',', encodeInterval)
	case []Time:
		return array(x, ',', encodeTime)
	case []TimeTz:
		return array(x, ',', encodeTimeTz)
	case []Timestamp:
		return array(x, ',', encodeTimestamp)
	case []TimestampTz:
		return array(x, ',', encodeTimestampTz)
	}
	return "", fmt.Errorf("a value of type %T has no text", v.Value)
}

// array returns the text of an array. Every element is quoted.
func array[T any](elements []T, delimiter byte, f func(T) (string, error)) (string, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, e := range elements {
		text, err := f(e)
		if err != nil {
			return "", fmt.Errorf("element %d: %w", i, err)
		}
		if i > 0 {
			b.WriteByte(delimiter)
		}
		quote(&b, text)
	}
	b.WriteByte('}')
	return b.String(), nil
}

// quote writes a text in double quotes, as arrays and hstore have it.
func quote(b *strings.Builder, text string) {
	b.WriteByte('"')
	for i := range len(text) {
		if c := text[i]; c == '"' || c == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
	b.WriteByte('"')
}

func number[T int64 | int32 | int16](n T) (string, error) {
	return strconv.FormatInt(int64(n), 10), nil
}

func vector(ns []int16) (string, error) {
	return strings.Trim(fmt.Sprint(ns), "[]"), nil
}

func encodeLSN(n uint64) (string, error) {
	return fmt.Sprintf("%X/%X", n>>32, n&math.MaxUint32), nil
}

// encodeBit encodes a number of bits and the bytes that have them, the highest bit of a
// byte first.
func encodeBit(v sized) (string, error) {
	if uint64(len(v.V1)) != (uint64(v.V0)+7)/8 {
		return "", fmt.Errorf("%d bits are not those of %d bytes", v.V0, len(v.V1))
	}
	return bits(v.V1, int(v.V0)), nil
}

// encodeVarbit encodes the bytes of bits, of which there are as many as is said, or as
// they have.
func encodeVarbit(v limited) (string, error) {
	n := 8 * len(v.V1)
	switch limit := uint64(v.V0.Value); {
	case !v.V0.Some, limit > uint64(n):
	case (limit+7)/8 == uint64(len(v.V1)):
		n = int(limit) //nolint:gosec // it is not more than n
	default:
		return "", fmt.Errorf("%d bytes have more than %d bits", len(v.V1), limit)
	}
	return bits(v.V1, n), nil
}

func bits(bytes []byte, n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = '0' + bytes[i/8]>>(7-i%8)&1
	}
	return string(text)
}

func encodeChar(v sized) (string, error) {
	if uint64(len(v.V1)) != uint64(v.V0) {
		return "", fmt.Errorf("the length is said to be %d, and is %d bytes", v.V0, len(v.V1))
	}
	return text(v.V1)
}

func encodeVarchar(v limited) (string, error) {
	if v.V0.Some && uint64(len(v.V1)) > uint64(v.V0.Value) {
		return "", fmt.Errorf("%d bytes are more than %d", len(v.V1), v.V0.Value)
	}
	return text(v.V1)
}

func text(bytes []byte) (string, error) {
	if !utf8.Valid(bytes) {
		return "", fmt.Errorf("%d bytes are not UTF-8", len(bytes))
	}
	return string(bytes), nil
}

func (m *MacAddressEui48) octets() []byte {
	b := &m.Bytes
	return []byte{b.V0, b.V1, b.V2, b.V3, b.V4, b.V5}
}

func (m *MacAddressEui64) octets() []byte {
	b := &m.Bytes
	return []byte{b.V0, b.V1, b.V2, b.V3, b.V4, b.V5, b.V6, b.V7}
}

func encodeMAC(octets []byte) (string, error) {
	return strings.ReplaceAll(strings.TrimSpace(fmt.Sprintf("% x", octets)), " ", ":"), nil
}

// encodeLexemes encodes a tsvector: each lexeme with one position, or none.
func encodeLexemes(all []Lexeme) (string, error) {
	var b strings.Builder
	for i := range all {
		l := &all[i]
		b.WriteString(" '" + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(l.Data) + "'")
		switch {
		case l.Position.Some:
			fmt.Fprintf(&b, ":%d", l.Position.Value)
			if l.Weight.Some {
				b.WriteByte("ABCD"[l.Weight.Value])
			}
		case l.Weight.Some:
			return "", fmt.Errorf("lexeme %d has a weight and no position", i)
		}
	}
	return strings.TrimPrefix(b.String(), " "), nil
}

func encodeHstore(all []pair) string {
	var b strings.Builder
	for i, p := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		quote(&b, p.V0)
		b.WriteString("=>")
		if p.V1.Some {
			quote(&b, p.V1.Value)
		} else {
			b.WriteString("NULL")
		}
	}
	return b.String()
}
