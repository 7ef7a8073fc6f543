package postgres

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/host/component"
)

// Floats are mantissa, exponent and sign: the value is sign * mantissa * 2^exponent. Of
// what has no value, infinity is the mantissa 1 and zeros with the exponent after the
// largest, and NaN has other bits set in it: as the bits of IEEE 754 have them.
const (
	bits64, bits32 = 52, 23              // of the mantissa
	over64, over32 = 1024 - 52, 128 - 23 // the exponent after the largest
)

// decompose returns the parts of a float.
func decompose(f float64) HashableF64 {
	b := math.Float64bits(f)
	return parts(b&(1<<bits64-1), int(b>>bits64&0x7ff), bits64, 1023, b>>63 != 0)
}

// decompose32 returns the parts of a float of 32 bits.
func decompose32(f float32) HashableF64 {
	b := uint64(math.Float32bits(f))
	return parts(b&(1<<bits32-1), int(b>>bits32&0xff), bits32, 127, b>>31 != 0)
}

func parts(mantissa uint64, exponent, size, bias int, negative bool) HashableF64 {
	if exponent == 0 {
		mantissa <<= 1 // it is subnormal
	} else {
		mantissa |= 1 << size
	}
	v := HashableF64{V0: mantissa, V1: int16(exponent - bias - size), V2: 1} //nolint:gosec // it fits
	if negative {
		v.V2 = -1
	}
	return v
}

var errSign = errors.New("the sign of a float is 1 or -1")

// compose returns the float that has the parts.
func compose(v HashableF64) (float64, error) {
	if v.V2 != 1 && v.V2 != -1 {
		return 0, errSign
	}
	if v.V1 == over64 && v.V0 > 1<<bits64 && v.V0 < 2<<bits64 {
		return math.NaN(), nil
	}
	return math.Copysign(math.Ldexp(float64(v.V0), int(v.V1)), float64(v.V2)), nil
}

// compose32 is compose for one of 32 bits.
func compose32(v HashableF64) (float32, error) {
	if v.V1 == over32 && v.V0 > 1<<bits32 && v.V0 < 2<<bits32 && (v.V2 == 1 || v.V2 == -1) {
		return float32(math.NaN()), nil
	}
	f, err := compose(v)
	return float32(f), err
}

// encodeFloat returns the text of a float of a case.
func encodeFloat(v HashableF64, tag PgValueTag) (string, error) {
	var f float64
	var err error
	size := 64
	switch tag {
	case PgValueReal, PgValueFloat4, PgValueFloat4Array:
		var short float32
		short, err = compose32(v)
		f, size = float64(short), 32
	default:
		f, err = compose(v)
	}
	switch {
	case err != nil:
		return "", err
	case math.IsInf(f, 0):
		return strconv.FormatFloat(f, 'f', -1, 64)[:1] + "Infinity", nil
	}
	return strconv.FormatFloat(f, 'g', -1, size), nil
}

func decodeFloat(s string) (HashableF64, error) {
	f, err := strconv.ParseFloat(s, 64)
	return decompose(f), err
}

func decodeFloat32(s string) (HashableF64, error) {
	f, err := strconv.ParseFloat(s, 32)
	return decompose32(float32(f)), err
}

func encodePoint(p Point) (string, error) {
	x, err := encodeFloat(p.V0, PgValuePoint)
	if err != nil {
		return "", err
	}
	y, err := encodeFloat(p.V1, PgValuePoint)
	return "(" + x + "," + y + ")", err
}

// encodeSegment encodes two points: of a box its corners, of a line two through which it
// goes.
func encodeSegment(s segment, tag PgValueTag) (string, error) {
	a, err := encodePoint(s.V0)
	if err != nil {
		return "", err
	}
	b, err := encodePoint(s.V1)
	if tag == PgValueBox {
		return a + "," + b, err
	}
	return "[" + a + "," + b + "]", err
}

// encodePoints encodes a polygon, or a path that is open.
func encodePoints(points []Point, polygon bool) (string, error) {
	if len(points) == 0 {
		return "", errors.New("there are no points")
	}
	all := make([]string, len(points))
	for i, p := range points {
		var err error
		if all[i], err = encodePoint(p); err != nil {
			return "", err
		}
	}
	text := strings.Join(all, ",")
	if polygon {
		return "(" + text + ")", nil
	}
	return "[" + text + "]", nil
}

// floats returns the numbers in the text of a shape, whatever stands between them.
func floats(s string) ([]float64, error) {
	var all []float64
	for i := 0; i < len(s); {
		n := i
		for n < len(s) && !slices.Contains([]byte("(),<>[]{} "), s[n]) {
			n++
		}
		if n > i {
			f, err := strconv.ParseFloat(s[i:n], 64)
			if err != nil {
				return nil, err
			}
			all = append(all, f)
		}
		i = n + 1
	}
	return all, nil
}

func decodePoints(s string) ([]Point, error) {
	all, err := floats(s)
	if err != nil || len(all)%2 != 0 {
		return nil, fmt.Errorf("%.80q is not points", s)
	}
	points := make([]Point, len(all)/2)
	for i := range points {
		points[i] = Point{V0: decompose(all[2*i]), V1: decompose(all[2*i+1])}
	}
	return points, nil
}

func decodePoint(s string) (Point, error) {
	points, err := decodePoints(s)
	if err != nil || len(points) != 1 {
		return Point{}, fmt.Errorf("%.80q is not a point", s)
	}
	return points[0], nil
}

func decodeSegment(s string) (segment, error) {
	points, err := decodePoints(s)
	if err != nil || len(points) != 2 {
		return segment{}, fmt.Errorf("%.80q is not two points", s)
	}
	return segment{V0: points[0], V1: points[1]}, nil
}

// decodeBox reads a box, which PostgreSQL writes with its upper right corner first.
func decodeBox(s string) (segment, error) {
	b, err := decodeSegment(s)
	return segment{V0: b.V1, V1: b.V0}, err
}

// decodeLine returns two points of the line Ax + By + C = 0.
func decodeLine(s string) (segment, error) {
	all, err := floats(s)
	if err != nil || len(all) != 3 {
		return segment{}, fmt.Errorf("%.80q is not a line", s)
	}
	a, b, c := all[0], all[1], all[2]
	point := func(x, y float64) Point { return Point{V0: decompose(x), V1: decompose(y)} }
	if b == 0 {
		return segment{V0: point(-c/a, 0), V1: point(-c/a, 1)}, nil
	}
	return segment{V0: point(0, -c/b), V1: point(1, -(a+c)/b)}, nil
}

func decodeCircle(s string) (circle, error) {
	all, err := floats(s)
	if err != nil || len(all) != 3 {
		return circle{}, fmt.Errorf("%.80q is not a circle", s)
	}
	return component.Tuple2[Point, HashableF64]{V0: Point{V0: decompose(all[0]), V1: decompose(all[1])}, V1: decompose(all[2])}, nil
}
