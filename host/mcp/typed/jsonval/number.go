package jsonval

import (
	"math"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// bits returns the width of a number type.
func bits(k wit.Kind) int {
	switch k {
	case wit.S8, wit.U8:
		return 8
	case wit.S16, wit.U16:
		return 16
	case wit.S32, wit.U32, wit.F32:
		return 32
	default:
		return 64
	}
}

func isSigned(k wit.Kind) bool { return k == wit.S8 || k == wit.S16 || k == wit.S32 || k == wit.S64 }

// bounds returns the least and the greatest integer of a type, as text.
func bounds(k wit.Kind) (low, high string) {
	n := bits(k)
	if isSigned(k) {
		return strconv.FormatInt(math.MinInt64>>(64-n), 10), strconv.FormatInt(math.MaxInt64>>(64-n), 10)
	}
	return "0", strconv.FormatUint(math.MaxUint64>>(64-n), 10)
}

// integer returns the value of an integer type that a text of digits is, or nil.
func integer(k wit.Kind, text string) wit.Value {
	n := bits(k)
	if isSigned(k) {
		v, err := strconv.ParseInt(text, 10, n)
		if err != nil {
			return nil
		}
		switch k {
		case wit.S8:
			return int8(v)
		case wit.S16:
			return int16(v)
		case wit.S32:
			return int32(v)
		default:
			return v
		}
	}
	v, err := strconv.ParseUint(text, 10, n)
	if err != nil {
		return nil
	}
	switch k {
	case wit.U8:
		return uint8(v)
	case wit.U16:
		return uint16(v)
	case wit.U32:
		return uint32(v)
	default:
		return v
	}
}

// whole returns the digits of a JSON number that is an integer however it is written
// (JSON Schema has 1.0 and 1e2 as integers), or "" if it is none or has more digits than
// any integer type.
func whole(text string) string {
	sign := ""
	digits, negative := strings.CutPrefix(text, "-")
	if negative {
		sign = "-"
	}
	exp := 0
	if i := strings.IndexAny(digits, "eE"); i >= 0 {
		var err error
		if exp, err = strconv.Atoi(digits[i+1:]); err != nil || exp > 1<<20 || exp < -1<<20 {
			exp = 1 << 20
			if digits[i+1] == '-' {
				exp = -exp
			}
		}
		digits = digits[:i]
	}
	if i := strings.IndexByte(digits, '.'); i >= 0 {
		exp -= len(digits) - i - 1
		digits = digits[:i] + digits[i+1:]
	}
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return "0"
	}
	trimmed := strings.TrimRight(digits, "0")
	exp += len(digits) - len(trimmed)
	const most = 20
	if exp < 0 || exp > most || len(trimmed)+exp > most {
		return ""
	}
	return sign + trimmed + strings.Repeat("0", exp)
}

// appendFloat writes a finite number as JavaScript does.
func appendFloat(b []byte, f float64, width int) []byte {
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, f, format, -1, width)
}

// appendRyu writes a finite number as Rust's serde_json does.
func appendRyu(b []byte, f float64) []byte {
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], f, 'e', -1, 64) // -d.ddde±dd
	if text[0] == '-' {
		b = append(b, '-')
		text = text[1:]
	}
	mantissa, exponent, _ := strings.Cut(string(text), "e")
	digits := strings.Replace(mantissa, ".", "", 1)
	exp, _ := strconv.Atoi(exponent) // it is a number
	point := exp + 1                 // where the point stands in the digits
	switch {
	case f == 0:
		return append(b, "0.0"...)
	case len(digits) <= point && point <= 16:
		b = append(b, digits...)
		b = append(b, strings.Repeat("0", point-len(digits))...)
		return append(b, ".0"...)
	case 0 < point && point <= 16:
		b = append(b, digits[:point]...)
		b = append(b, '.')
		return append(b, digits[point:]...)
	case -5 < point && point <= 0:
		b = append(b, "0."...)
		b = append(b, strings.Repeat("0", -point)...)
		return append(b, digits...)
	default:
		b = append(b, digits[0])
		if len(digits) > 1 {
			b = append(b, '.')
			b = append(b, digits[1:]...)
		}
		b = append(b, 'e')
		return strconv.AppendInt(b, int64(exp), 10)
	}
}
