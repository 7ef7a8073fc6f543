package postgres

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/postgres"
	"github.com/wattle-dev/wattle/providers/postgres/pgpool"
	"github.com/wattle-dev/wattle/providers/postgres/postgrestest"
)

// value makes a value.
func value[T any](tag PgValueTag, v T) PgValue { return PgValue{Tag: tag, Value: v} }

func point(x, y float64) Point { return Point{V0: decompose(x), V1: decompose(y)} }

func ymd(y int32, m, d uint32) Date {
	return Date{Tag: DateYmd, Ymd: component.Tuple3[int32, uint32, uint32]{V0: y, V1: m, V2: d}}
}

// roundTrips are values with the type that the database takes them for. What comes back
// is the same value, or that of the last field.
var roundTrips = []struct {
	sql  string
	in   PgValue
	back PgValue
}{
	{"int8", value(PgValueInt8, int64(math.MinInt64)), PgValue{}},
	{"int8", value(PgValueBigInt, int64(7)), value(PgValueInt8, int64(7))},
	{"int8", value(PgValueSerial8, int64(7)), value(PgValueInt8, int64(7))},
	{"int8", value(PgValueBigSerial, int64(7)), value(PgValueInt8, int64(7))},
	{"int8[]", value(PgValueInt8Array, []int64{1, -2, math.MaxInt64}), PgValue{}},
	{"int8[]", value(PgValueInt8Array, []int64{}), PgValue{}},
	{"bool", value(PgValueBool, true), PgValue{}},
	{"bool", value(PgValueBoolean, false), value(PgValueBool, false)},
	{"bool[]", value(PgValueBoolArray, []bool{true, false}), PgValue{}},
	{"float8", value(PgValueFloat8, decompose(0.1)), PgValue{}},
	{"float8", value(PgValueDouble, decompose(-math.SmallestNonzeroFloat64)), value(PgValueFloat8, decompose(-math.SmallestNonzeroFloat64))},
	{"float8[]", value(PgValueFloat8Array, []HashableF64{
		decompose(math.Inf(1)), decompose(math.Inf(-1)), decompose(math.NaN()), decompose(math.Copysign(0, -1)), decompose(math.MaxFloat64),
	}), PgValue{}},
	{"float4", value(PgValueFloat4, decompose32(0.1)), PgValue{}},
	{"float4", value(PgValueReal, decompose32(-2.5)), value(PgValueFloat4, decompose32(-2.5))},
	{"float4[]", value(PgValueFloat4Array, []HashableF32{
		decompose32(float32(math.Inf(1))), decompose32(float32(math.NaN())), decompose32(math.MaxFloat32), decompose32(math.SmallestNonzeroFloat32),
	}), PgValue{}},
	{"int4", value(PgValueInt4, int32(-5)), PgValue{}},
	{"int4", value(PgValueInt, int32(5)), value(PgValueInt4, int32(5))},
	{"int4", value(PgValueInteger, int32(5)), value(PgValueInt4, int32(5))},
	{"int4", value(PgValueSerial, uint32(5)), value(PgValueInt4, int32(5))},
	{"int4", value(PgValueSerial4, uint32(5)), value(PgValueInt4, int32(5))},
	{"int4[]", value(PgValueInt4Array, []int32{1, 2}), PgValue{}},
	{"numeric", value(PgValueNumeric, "123456789012345678901234567890.000100"), PgValue{}},
	{"numeric", value(PgValueDecimal, "NaN"), value(PgValueNumeric, "NaN")},
	{"numeric[]", value(PgValueNumericArray, []string{"1.50", "-2"}), PgValue{}},
	{"int2", value(PgValueInt2, int16(-7)), PgValue{}},
	{"int2", value(PgValueSmallInt, int16(7)), value(PgValueInt2, int16(7))},
	{"int2", value(PgValueSmallSerial, int16(7)), value(PgValueInt2, int16(7))},
	{"int2", value(PgValueSerial2, int16(7)), value(PgValueInt2, int16(7))},
	{"int2[]", value(PgValueInt2Array, []int16{7, -7}), PgValue{}},
	{"int2vector", value(PgValueInt2Vector, []int16{7, -7}), PgValue{}},
	{"int2vector", value(PgValueInt2Vector, []int16{}), PgValue{}},
	{"int2vector[]", value(PgValueInt2VectorArray, [][]int16{{1, 2}, {3}}), PgValue{}},
	{"bit(11)", value(PgValueBit, sized{V0: 11, V1: []byte{0b10100000, 0b01100000}}), PgValue{}},
	{"bit(3)[]", value(PgValueBitArray, []sized{{V0: 3, V1: []byte{0b01100000}}, {V0: 3, V1: []byte{0b10000000}}}), PgValue{}},
	{"varbit", value(PgValueVarbit, limited{V0: component.Some(uint32(11)), V1: []byte{0b10100000, 0b01100000}}), PgValue{}},
	{"varbit", value(PgValueBitVarying, limited{V1: []byte{0xa5}}), value(PgValueVarbit, limited{V0: component.Some(uint32(8)), V1: []byte{0xa5}})},
	{"varbit", value(PgValueVarbit, limited{V0: component.Some(uint32(100)), V1: []byte{0xa5}}), value(PgValueVarbit, limited{V0: component.Some(uint32(8)), V1: []byte{0xa5}})},
	{"varbit[]", value(PgValueVarbitArray, []limited{{V0: component.Some(uint32(1)), V1: []byte{0x80}}}), PgValue{}},
	{"bytea", value(PgValueBytea, []byte{0, 0xff, '\\', '"'}), PgValue{}},
	{"bytea", value(PgValueBytea, []byte{}), PgValue{}},
	{"bytea[]", value(PgValueByteaArray, [][]byte{{0}, {}, {0xff, 1}}), PgValue{}},
	{"char(3)", value(PgValueChar, sized{V0: 3, V1: []byte("a b")}), PgValue{}},
	{"\"char\"", value(PgValueChar, sized{V0: 1, V1: []byte("x")}), PgValue{}},
	{"char(2)[]", value(PgValueCharArray, []sized{{V0: 2, V1: []byte("ab")}, {V0: 2, V1: []byte("\"\\")}}), PgValue{}},
	{"varchar", value(PgValueVarchar, limited{V1: []byte("übel")}), PgValue{}},
	{"varchar(9)", value(PgValueVarchar, limited{V0: component.Some(uint32(9)), V1: []byte("x")}), value(PgValueVarchar, limited{V1: []byte("x")})},
	{"varchar[]", value(PgValueVarcharArray, []limited{{V1: []byte("")}, {V1: []byte("{,}")}}), PgValue{}},
	{"cidr", value(PgValueCidr, "10.0.0.0/8"), PgValue{}},
	{"cidr[]", value(PgValueCidrArray, []string{"10.0.0.0/8", "fd00::/8"}), PgValue{}},
	{"inet", value(PgValueInet, "::1"), PgValue{}},
	{"inet[]", value(PgValueInetArray, []string{"10.0.0.1", "10.0.0.1/24"}), PgValue{}},
	{"macaddr", value(PgValueMacaddr, must(decodeMAC("08:00:2b:01:02:ff"))), PgValue{}},
	{"macaddr[]", value(PgValueMacaddrArray, []MacAddressEui48{must(decodeMAC("08:00:2b:01:02:ff"))}), PgValue{}},
	{"macaddr8", value(PgValueMacaddr8, must(decodeMAC8("08:00:2b:01:02:03:04:ff"))), PgValue{}},
	{"macaddr8[]", value(PgValueMacaddr8Array, []MacAddressEui64{must(decodeMAC8("08:00:2b:01:02:03:04:ff"))}), PgValue{}},
	{"box", value(PgValueBox, segment{V0: point(-1, -2), V1: point(3, 4.5)}), PgValue{}},
	{"box[]", value(PgValueBoxArray, []segment{{V0: point(-1, -2), V1: point(3, 4.5)}, {V0: point(0, 0), V1: point(1, 1)}}), PgValue{}},
	{"circle", value(PgValueCircle, circle{V0: point(1, 2), V1: decompose(3)}), PgValue{}},
	{"circle[]", value(PgValueCircleArray, []circle{{V0: point(1, 2), V1: decompose(3)}}), PgValue{}},
	{"line", value(PgValueLine, segment{V0: point(0, 1), V1: point(1, 3)}), PgValue{}},
	{"line", value(PgValueLine, segment{V0: point(5, 0), V1: point(5, 1)}), PgValue{}},
	{"line[]", value(PgValueLineArray, []segment{{V0: point(0, 1), V1: point(1, 3)}}), PgValue{}},
	{"lseg", value(PgValueLseg, segment{V0: point(9, 1), V1: point(1, 3)}), PgValue{}},
	{"lseg[]", value(PgValueLsegArray, []segment{{V0: point(9, 1), V1: point(1, 3)}}), PgValue{}},
	{"path", value(PgValuePath, []Point{point(1, 2), point(3, 4), point(0, 1e-300)}), PgValue{}},
	{"path[]", value(PgValuePathArray, [][]Point{{point(1, 2)}, {point(3, 4), point(5, 6)}}), PgValue{}},
	{"point", value(PgValuePoint, point(math.Inf(-1), 1)), PgValue{}},
	{"point[]", value(PgValuePointArray, []Point{point(1, 2), point(3, 4)}), PgValue{}},
	{"polygon", value(PgValuePolygon, []Point{point(1, 2), point(3, 4), point(0, 0)}), PgValue{}},
	{"polygon[]", value(PgValuePolygonArray, [][]Point{{point(1, 2)}}), PgValue{}},
	{"date", value(PgValueDate, ymd(2026, 11, 23)), PgValue{}},
	{"date[]", value(PgValueDateArray, []Date{ymd(0, 2, 29), ymd(-43, 3, 15), ymd(12026, 1, 1), {Tag: DatePositiveInfinity}, {Tag: DateNegativeInfinity}}), PgValue{}},
	{"daterange", value(PgValueInterval, Interval{Start: ymd(2026, 1, 1), StartInclusive: true, End: ymd(2027, 1, 1)}), PgValue{}},
	{"daterange[]", value(PgValueIntervalArray, []Interval{{Start: ymd(2026, 1, 1), StartInclusive: true, End: Date{Tag: DatePositiveInfinity}}}), PgValue{}},
	{"time", value(PgValueTime, Time{Hour: 23, Min: 59, Sec: 59, Micro: 999_999}), PgValue{}},
	{"time[]", value(PgValueTimeArray, []Time{{Hour: 24}, {Micro: 1}}), PgValue{}},
	{"timetz", value(PgValueTimeTz, TimeTz{Timesonze: "+02", Time: Time{Hour: 1, Micro: 500_000}}), PgValue{}},
	{"timetz[]", value(PgValueTimeTzArray, []TimeTz{{Timesonze: "-05:30", Time: Time{Hour: 1}}}), PgValue{}},
	{"timestamp", value(PgValueTimestamp, Timestamp{Date: ymd(2026, 2, 28), Time: Time{Hour: 3, Micro: 10}}), PgValue{}},
	{"timestamp[]", value(PgValueTimestampArray, []Timestamp{{Date: ymd(-9, 1, 1)}, {Date: Date{Tag: DatePositiveInfinity}}}), PgValue{}},
	{"timestamptz", value(PgValueTimestampTz, TimestampTz{Timestamp: Timestamp{Date: ymd(2026, 1, 1)}, Offset: Offset{Tag: OffsetEasternHemisphereSecs}}), PgValue{}},
	{
		"timestamptz", value(PgValueTimestampTz, TimestampTz{Timestamp: Timestamp{Date: ymd(2026, 1, 1)}, Offset: Offset{Tag: OffsetWesternHemisphereSecs, WesternHemisphereSecs: 4 * 3600}}),
		value(PgValueTimestampTz, TimestampTz{Timestamp: Timestamp{Date: ymd(2026, 1, 1), Time: Time{Hour: 4}}}),
	},
	{"timestamptz[]", value(PgValueTimestampTzArray, []TimestampTz{{Timestamp: Timestamp{Date: ymd(-9, 1, 1)}}, {Timestamp: Timestamp{Date: Date{Tag: DateNegativeInfinity}}}}), PgValue{}},
	{"json", value(PgValueJSON, `{"a" : [1]}`), PgValue{}},
	{"json[]", value(PgValueJSONArray, []string{`{"a" : "x\"y"}`, "null"}), PgValue{}},
	{"jsonb", value(PgValueJsonb, `{"a": [1]}`), PgValue{}},
	{"jsonb[]", value(PgValueJsonbArray, []string{`{"a": 1}`}), PgValue{}},
	{"money", value(PgValueMoney, "-1234567.89"), PgValue{}},
	{"money[]", value(PgValueMoneyArray, []string{"0.01", "1000.00"}), PgValue{}},
	{"pg_lsn", value(PgValuePgLsn, uint64(0x16_b374d848)), PgValue{}},
	{"pg_lsn[]", value(PgValuePgLsnArray, []uint64{0, math.MaxUint64}), PgValue{}},
	{"pg_snapshot", value(PgValuePgSnapshot, snapshot{V0: 10, V1: 20, V2: XipList{10, 14}}), PgValue{}},
	{"txid_snapshot", value(PgValuePgSnapshot, snapshot{V0: 10, V1: 20}), PgValue{}},
	{"int8", value(PgValueTxidSnapshot, int64(12)), value(PgValueInt8, int64(12))},
	{"name", value(PgValueName, "n"), PgValue{}},
	{"name[]", value(PgValueNameArray, []string{"n", "m"}), PgValue{}},
	{"text", value(PgValueText, "it's \\ \"ü\"\n\t"), PgValue{}},
	{"text", value(PgValueText, ""), PgValue{}},
	{"text[]", value(PgValueTextArray, []string{"", "NULL", "null", `"`, `\`, "{,}", " a ", "\n"}), PgValue{}},
	{"text[]", value(PgValueTextArray, []string{}), PgValue{}},
	{"xml", value(PgValueXml, "<a>b</a>"), PgValue{}},
	{"xml[]", value(PgValueXmlArray, []string{"<a/>"}), PgValue{}},
	{"tsquery", value(PgValueTsQuery, "'a' & !'b'"), PgValue{}},
	{"tsvector", value(PgValueTsVector, []Lexeme{
		{Data: `it's \`, Position: component.Some(uint16(1)), Weight: component.Some(LexemeWeightA)},
		{Data: `it's \`, Position: component.Some(uint16(3)), Weight: component.Some(LexemeWeightD)},
		{Data: "none"},
	}), PgValue{}},
	{"uuid", value(PgValueUUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), PgValue{}},
	{"uuid[]", value(PgValueUUIDArray, []string{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}), PgValue{}},
	{"hstore", value(PgValueHstore, []pair{{V0: "a", V1: component.Some(`"=>\`)}, {V0: "ee", V1: component.Some("")}, {V0: "b, c"}}), PgValue{}},
	{"text", PgValue{}, PgValue{}},
	// What no case is for.
	{"interval", value(PgValueText, "P1DT2H"), PgValue{}},
	{"int4range", value(PgValueText, "[1,3)"), PgValue{}},
	{"mood", value(PgValueText, "happy"), PgValue{}},
	// A parameter is what the database takes it for.
	{"uuid", value(PgValueText, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), value(PgValueUUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")},
	{"int8", value(PgValueInt4, int32(5)), value(PgValueInt8, int64(5))},
	{"numeric", value(PgValueInt4, int32(5)), value(PgValueNumeric, "5")},
	{"interval", value(PgValueText, "3 days"), value(PgValueText, "P3D")},
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Every case of pg-value goes to a real server and comes back as it was.
func TestRoundTrip(t *testing.T) {
	s := postgrestest.Start(t, postgrestest.Options{})
	db, err := pgpool.New(t.Context(), pgpool.Options{
		Host: s.Dir, Port: s.Port, User: s.User, Password: s.Password, Database: "postgres",
		Connections: 1, MaxRows: 10, MaxBytes: 1 << 20, Timeout: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.Batch(t.Context(), "CREATE EXTENSION hstore; CREATE TYPE mood AS ENUM ('sad', 'happy')"); err != nil {
		t.Fatal(err)
	}
	seen := map[PgValueTag]bool{}
	for _, test := range roundTrips {
		seen[test.in.Tag] = true
		param, err := encode(&test.in)
		if err != nil {
			t.Errorf("%s: %v", test.sql, err)
			continue
		}
		want := test.back
		if want == (PgValue{}) {
			want = test.in
		}
		var got PgValue
		err = db.Query(t.Context(), "SELECT $1::"+test.sql, []postgres.Param{param}, func(columns []postgres.Column, row [][]byte) error {
			var err error
			got, err = decode(&columns[0], row[0])
			return err
		})
		if err != nil {
			t.Errorf("%s of %v: %q: %v", test.sql, test.in.Tag, param.Text, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s of %v: %q (-want +got):\n%s", test.sql, test.in.Tag, param.Text, diff)
		}
	}
	for tag := range PgValueHstore + 1 {
		if !seen[tag] {
			t.Errorf("nothing of case %v was tried", tag)
		}
	}
}
