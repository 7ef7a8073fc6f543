package postgres

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/postgres"
)

// decoder reads values of a type of PostgreSQL, which become a case of pg-value.
type decoder struct {
	tag PgValueTag
	f   func(s string) (any, error)
}

// of returns a decoder of single values.
func of[T any](tag PgValueTag, f func(string) (T, error)) decoder {
	return decoder{tag, func(s string) (any, error) { return f(s) }}
}

// arrayOf returns a decoder of arrays.
func arrayOf[T any](tag PgValueTag, f func(string) (T, error)) decoder {
	return decoder{tag, func(s string) (any, error) { return list(s, ',', f) }}
}

func same(s string) (string, error) { return s, nil }

func decodeBool(s string) (bool, error) {
	if s != "t" && s != "f" {
		return false, errText
	}
	return s == "t", nil
}

// integer returns what reads integers of a type.
func integer[T int16 | int32 | int64](bits int) func(string) (T, error) {
	return func(s string) (T, error) {
		n, err := strconv.ParseInt(s, 10, bits)
		return T(n), err
	}
}

func decodeBytea(s string) ([]byte, error) {
	digits, ok := strings.CutPrefix(s, `\x`)
	if !ok {
		return nil, errText
	}
	return hex.DecodeString(digits)
}

// packed returns the bytes of bits, the first of them the highest of its byte.
func packed(s string) ([]byte, error) {
	b := make([]byte, (len(s)+7)/8)
	for i := range len(s) {
		switch s[i] {
		case '1':
			b[i/8] |= 0x80 >> (i % 8)
		case '0':
		default:
			return nil, errText
		}
	}
	return b, nil
}

func decodeBit(s string) (sized, error) {
	b, err := packed(s)
	return sized{V0: uint32(len(s)), V1: b}, err //nolint:gosec // results are bounded
}

func decodeVarbit(s string) (limited, error) {
	b, err := packed(s)
	return limited{V0: component.Some(uint32(len(s))), V1: b}, err //nolint:gosec // results are bounded
}

func decodeChar(s string) (sized, error) {
	return sized{V0: uint32(len(s)), V1: []byte(s)}, nil //nolint:gosec // results are bounded
}

// decodeVarchar reads a text whose bound, if it has one, the result does not say.
func decodeVarchar(s string) (limited, error) { return limited{V1: []byte(s)}, nil }

func decodeVector(s string) ([]int16, error) {
	all := []int16{}
	for field := range strings.FieldsSeq(s) {
		n, err := strconv.ParseInt(field, 10, 16)
		if err != nil {
			return nil, err
		}
		all = append(all, int16(n))
	}
	return all, nil
}

// octets reads the bytes of a hardware address.
func octets(s string, n int) ([]byte, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, ":", ""))
	if err == nil && len(b) != n {
		err = errText
	}
	return b, err
}

func decodeMAC(s string) (m MacAddressEui48, err error) {
	b, err := octets(s, 6)
	if err == nil {
		m.Bytes = component.Tuple6[uint8, uint8, uint8, uint8, uint8, uint8]{V0: b[0], V1: b[1], V2: b[2], V3: b[3], V4: b[4], V5: b[5]}
	}
	return m, err
}

func decodeMAC8(s string) (m MacAddressEui64, err error) {
	b, err := octets(s, 8)
	if err == nil {
		m.Bytes = component.Tuple8[uint8, uint8, uint8, uint8, uint8, uint8, uint8, uint8]{
			V0: b[0], V1: b[1], V2: b[2], V3: b[3], V4: b[4], V5: b[5], V6: b[6], V7: b[7],
		}
	}
	return m, err
}

func decodeLSN(s string) (uint64, error) {
	high, low, ok := strings.Cut(s, "/")
	a, err1 := strconv.ParseUint(high, 16, 32)
	b, err2 := strconv.ParseUint(low, 16, 32)
	if !ok {
		return 0, errText
	}
	return a<<32 | b, errors.Join(err1, err2)
}

func decodeSnapshot(s string) (v snapshot, err error) {
	fields := strings.Split(s, ":")
	if len(fields) != 3 {
		return v, errText
	}
	read := integer[int64](64)
	var err1, err2 error
	v.V0, err1 = read(fields[0])
	v.V1, err2 = read(fields[1])
	for field := range strings.SplitSeq(fields[2], ",") {
		if fields[2] == "" {
			break
		}
		n, err := read(field)
		if err != nil {
			return v, err
		}
		v.V2 = append(v.V2, n)
	}
	return v, errors.Join(err1, err2)
}

// decodeMoney reads an amount as the locale C has it: $1,234.50, or -$1,234.50.
func decodeMoney(s string) (string, error) {
	n := strings.NewReplacer("$", "", ",", "").Replace(s)
	if _, err := strconv.ParseFloat(n, 64); err != nil {
		return "", errText
	}
	return n, nil
}

// decoders are those of built-in types, by their identifiers (pg_type.dat of
// PostgreSQL).
var decoders = map[uint32]decoder{
	16: of(PgValueBool, decodeBool), 1000: arrayOf(PgValueBoolArray, decodeBool),
	17: of(PgValueBytea, decodeBytea), 1001: arrayOf(PgValueByteaArray, decodeBytea),
	18: of(PgValueChar, decodeChar), 1002: arrayOf(PgValueCharArray, decodeChar), // "char"
	1042: of(PgValueChar, decodeChar), 1014: arrayOf(PgValueCharArray, decodeChar),
	19: of(PgValueName, same), 1003: arrayOf(PgValueNameArray, same),
	20: of(PgValueInt8, integer[int64](64)), 1016: arrayOf(PgValueInt8Array, integer[int64](64)),
	21: of(PgValueInt2, integer[int16](16)), 1005: arrayOf(PgValueInt2Array, integer[int16](16)),
	22: of(PgValueInt2Vector, decodeVector), 1006: arrayOf(PgValueInt2VectorArray, decodeVector),
	23: of(PgValueInt4, integer[int32](32)), 1007: arrayOf(PgValueInt4Array, integer[int32](32)),
	25: of(PgValueText, same), 1009: arrayOf(PgValueTextArray, same),
	26: of(PgValueInt8, integer[int64](64)), 1028: arrayOf(PgValueInt8Array, integer[int64](64)), // oid
	114: of(PgValueJSON, same), 199: arrayOf(PgValueJSONArray, same),
	142: of(PgValueXml, same), 143: arrayOf(PgValueXmlArray, same),
	600: of(PgValuePoint, decodePoint), 1017: arrayOf(PgValuePointArray, decodePoint),
	601: of(PgValueLseg, decodeSegment), 1018: arrayOf(PgValueLsegArray, decodeSegment),
	602: of(PgValuePath, decodePoints), 1019: arrayOf(PgValuePathArray, decodePoints),
	603:  of(PgValueBox, decodeBox),
	1020: {PgValueBoxArray, func(s string) (any, error) { return list(s, ';', decodeBox) }},
	604:  of(PgValuePolygon, decodePoints), 1027: arrayOf(PgValuePolygonArray, decodePoints),
	628: of(PgValueLine, decodeLine), 629: arrayOf(PgValueLineArray, decodeLine),
	650: of(PgValueCidr, same), 651: arrayOf(PgValueCidrArray, same),
	700: of(PgValueFloat4, decodeFloat32), 1021: arrayOf(PgValueFloat4Array, decodeFloat32),
	701: of(PgValueFloat8, decodeFloat), 1022: arrayOf(PgValueFloat8Array, decodeFloat),
	718: of(PgValueCircle, decodeCircle), 719: arrayOf(PgValueCircleArray, decodeCircle),
	774: of(PgValueMacaddr8, decodeMAC8), 775: arrayOf(PgValueMacaddr8Array, decodeMAC8),
	790: of(PgValueMoney, decodeMoney), 791: arrayOf(PgValueMoneyArray, decodeMoney),
	829: of(PgValueMacaddr, decodeMAC), 1040: arrayOf(PgValueMacaddrArray, decodeMAC),
	869: of(PgValueInet, same), 1041: arrayOf(PgValueInetArray, same),
	1043: of(PgValueVarchar, decodeVarchar), 1015: arrayOf(PgValueVarcharArray, decodeVarchar),
	1082: of(PgValueDate, decodeDate), 1182: arrayOf(PgValueDateArray, decodeDate),
	1083: of(PgValueTime, decodeTime), 1183: arrayOf(PgValueTimeArray, decodeTime),
	1114: of(PgValueTimestamp, decodeTimestamp), 1115: arrayOf(PgValueTimestampArray, decodeTimestamp),
	1184: of(PgValueTimestampTz, decodeTimestampTz), 1185: arrayOf(PgValueTimestampTzArray, decodeTimestampTz),
	1266: of(PgValueTimeTz, decodeTimeTz), 1270: arrayOf(PgValueTimeTzArray, decodeTimeTz),
	1560: of(PgValueBit, decodeBit), 1561: arrayOf(PgValueBitArray, decodeBit),
	1562: of(PgValueVarbit, decodeVarbit), 1563: arrayOf(PgValueVarbitArray, decodeVarbit),
	1700: of(PgValueNumeric, same), 1231: arrayOf(PgValueNumericArray, same),
	2950: of(PgValueUUID, same), 2951: arrayOf(PgValueUUIDArray, same),
	2970: of(PgValuePgSnapshot, decodeSnapshot), // txid_snapshot
	3220: of(PgValuePgLsn, decodeLSN), 3221: arrayOf(PgValuePgLsnArray, decodeLSN),
	3614: of(PgValueTsVector, decodeLexemes),
	3615: of(PgValueTsQuery, same),
	3802: of(PgValueJsonb, same), 3807: arrayOf(PgValueJsonbArray, same),
	3912: of(PgValueInterval, decodeInterval), 3913: arrayOf(PgValueIntervalArray, decodeInterval), // daterange
	5038: of(PgValuePgSnapshot, decodeSnapshot),
}

var hstore = of(PgValueHstore, decodeHstore)

// decode returns a value of a result, nil for NULL. What has a type that no case is for
// is a text.
func decode(c *postgres.Column, text []byte) (PgValue, error) {
	if text == nil {
		return PgValue{Tag: PgValueNull}, nil
	}
	d, ok := decoders[c.Type]
	switch {
	case c.Extension == postgres.Hstore:
		d = hstore
	case !ok:
		d = decoder{PgValueText, func(s string) (any, error) { return s, nil }}
	}
	v, err := d.f(string(text))
	if err != nil {
		return PgValue{}, fmt.Errorf("%s: %w", d.tag, err)
	}
	return PgValue{Tag: d.tag, Value: v}, nil
}
