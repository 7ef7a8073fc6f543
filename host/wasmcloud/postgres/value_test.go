package postgres

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/postgres"
)

// What no database could take is refused before it is asked.
func TestInvalidValues(t *testing.T) {
	day := func(y int32, m, d uint32) Date {
		return Date{Tag: DateYmd, Ymd: component.Tuple3[int32, uint32, uint32]{V0: y, V1: m, V2: d}}
	}
	for _, v := range []PgValue{
		{PgValueFloat8, HashableF64{V0: 1}},
		{PgValuePoint, Point{V1: HashableF64{V0: 1, V2: 2}}},
		{PgValueBit, sized{V0: 9, V1: []byte{1}}},
		{PgValueBit, sized{V0: math.MaxUint32}},
		{PgValueVarbit, limited{V0: component.Some(uint32(3)), V1: []byte{1, 2}}},
		{PgValueChar, sized{V0: 2, V1: []byte("x")}},
		{PgValueVarchar, limited{V0: component.Some(uint32(1)), V1: []byte("xy")}},
		{PgValueVarchar, limited{V1: []byte("\xff")}},
		{PgValuePath, []Point{}},
		{PgValuePolygonArray, [][]Point{{}}},
		{PgValueDate, day(2026, 13, 1)},
		{PgValueDate, day(2026, 1, 0)},
		{PgValueDate, day(math.MinInt32, 1, 1)},
		{PgValueTime, Time{Hour: 25}},
		{PgValueTime, Time{Micro: 1_000_000}},
		{PgValueTimestampTz, TimestampTz{Timestamp: Timestamp{Date: day(1, 1, 1)}, Offset: Offset{WesternHemisphereSecs: math.MinInt32, Tag: OffsetWesternHemisphereSecs}}},
		{PgValueTsVector, []Lexeme{{Data: "a", Weight: component.Some(LexemeWeightA)}}},
		{PgValueInt8, nil},
	} {
		if p, err := encode(&v); err == nil {
			t.Errorf("%v %v is sent as %q", v.Tag, v.Value, p.Text)
		}
	}
}

// Floats are what the bits of IEEE 754 say, and come back as they were.
func TestFloats(t *testing.T) {
	for _, f := range []float64{0, math.Copysign(0, -1), 1, -1.5, 0.1, math.Pi, math.MaxFloat64, math.SmallestNonzeroFloat64, 0x1p-1022, math.Inf(1), math.Inf(-1)} {
		got, err := compose(decompose(f))
		if err != nil || math.Float64bits(got) != math.Float64bits(f) {
			t.Errorf("%v becomes %v, %v", f, got, err)
		}
	}
	for _, f := range []float32{0, 0.1, -math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.Inf(1))} {
		got, err := compose32(decompose32(f))
		if err != nil || math.Float32bits(got) != math.Float32bits(f) {
			t.Errorf("%v becomes %v, %v", f, got, err)
		}
	}
	a, _ := compose(decompose(math.NaN()))
	b, _ := compose32(decompose32(float32(math.NaN())))
	if a == a || b == b {
		t.Errorf("NaN becomes %v and %v", a, b)
	}
	if got, want := decompose(1.5), (HashableF64{V0: 3 << 51, V1: -52, V2: 1}); got != want {
		t.Errorf("1.5 is %v, want %v", got, want)
	}
}

// Whatever a server sends, as of whatever type, is a value or an error; and what is a
// value can be sent again.
func FuzzDecode(f *testing.F) {
	for oid := range decoders {
		for _, text := range []string{"1", "{1,2}", `{"a\"b",NULL}`, "(1,2),(3,4)", "2026-01-01 00:00:00+00", "[2026-01-01,)", "'a':1A,2 'b'", "1:2:3"} {
			f.Add(oid, text, false)
		}
	}
	f.Add(uint32(99999), `"a"=>"1", "b"=>NULL`, true)
	f.Fuzz(func(t *testing.T, oid uint32, text string, extension bool) {
		c := &postgres.Column{Name: "c", Type: oid}
		if extension {
			c.Extension = postgres.Hstore
		}
		v, err := decode(c, []byte(text))
		if err != nil {
			return
		}
		// These are checked by the database, or not written as they are read.
		lenient := []PgValueTag{PgValueVarchar, PgValueVarcharArray, PgValueChar, PgValueCharArray, PgValuePath, PgValuePathArray, PgValuePolygon, PgValuePolygonArray}
		param, err := encode(&v)
		if err != nil && !slices.Contains(lenient, v.Tag) && len(text) < 200 && !timed(v.Tag) {
			t.Errorf("%v: %q is %v, which is sent as %q, %v", v.Tag, text, v.Value, param.Text, err)
		}
	})
}

// timed reports whether a case has dates or times, which the database checks.
func timed(tag PgValueTag) bool { return tag >= PgValueDate && tag <= PgValueTimestampTzArray }

// judge is a database that has nothing against a statement, and does nothing else.
type judge struct{ postgres.Database }

func (judge) Check(context.Context, string) error { return nil }

// How many statements an instance prepares is bounded, and how long they are.
func TestPrepareBounds(t *testing.T) {
	state := func() *State { return NewState(Options{Databases: map[string]postgres.Database{"default": judge{}}}) }
	s := state()
	for range maxPrepared {
		if _, err := s.prepare(t.Context(), "SELECT 1"); err != nil {
			t.Fatal(err)
		}
	}
	if token, err := s.prepare(t.Context(), "SELECT 1"); !errors.Is(err, lattice.ErrExhausted) {
		t.Errorf("one more: %q, %v", token, err)
	}
	if token, err := state().prepare(t.Context(), strings.Repeat(" ", maxPreparedBytes+1)); !errors.Is(err, lattice.ErrExhausted) {
		t.Errorf("a long one: %q, %v", token, err)
	}
	for _, token := range []string{"", "-1", "256", "x", "99999999999999999999"} {
		var e *PreparedStatementExecError
		if _, err := s.Exec(nil, token, nil); !errors.As(err, &e) || e.Tag != PreparedStatementExecErrorUnknownPreparedQuery {
			t.Errorf("token %q: %v", token, err)
		}
	}
}
