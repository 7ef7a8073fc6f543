package witbin_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/witbin"
	"github.com/wattle-dev/wattle/wit/wittest"
)

// remote says whether a type has a binary form.
func remote(t *wit.Type) bool { return witbin.Check(of(t)) == nil }

func of(types ...*wit.Type) *wit.Func {
	f := &wit.Func{Name: "f"}
	for _, t := range types {
		f.Params = append(f.Params, wit.Field{Name: "p", Type: t})
	}
	return f
}

func parse(t testing.TB, signature string) *wit.Func {
	t.Helper()
	fn, err := wit.ParseSignature(signature)
	if err != nil {
		t.Fatal(err)
	}
	fn.Name = "f"
	return fn
}

func TestForm(t *testing.T) {
	for _, c := range []struct {
		sig  string
		args []wit.Value
		want string
	}{
		{"func(a: bool, b: u8, c: s8)", []wit.Value{true, uint8(200), int8(-1)}, "01 c8 ff"},
		{"func(a: u16, b: u32, c: u64)", []wit.Value{uint16(300), uint32(127), uint64(math.MaxUint64)}, "ac02 7f ffffffffffffffffff01"},
		{"func(a: s16, b: s32, c: s64)", []wit.Value{int16(-1), int32(64), int64(math.MinInt64)}, "7f c000 8080808080808080807f"},
		{"func(a: f32, b: f64)", []wit.Value{float32(1), math.NaN()}, "0000803f 000000000000f87f"},
		{"func(a: char, b: string)", []wit.Value{wit.CharValue('é'), "hi"}, "c3a9 02 6869"},
		{"func(a: list<u8>, b: list<u16>)", []wit.Value{wit.Bytes{1, 2}, wit.ListValue{uint16(1)}}, "02 0102 01 01"},
		{"func(a: option<u8>, b: option<u8>)", []wit.Value{wit.OptionValue{}, wit.OptionValue{Some: true, Value: uint8(7)}}, "00 01 07"},
		{"func(a: result<u8, string>, b: result)", []wit.Value{wit.ResultValue{Failed: true, Value: "x"}, wit.ResultValue{}}, "01 01 78 00"},
		{"func(a: variant{x, y(u8)}, b: enum{p, q}, c: flags{k, l, m})", []wit.Value{wit.VariantValue{Case: 1, Value: uint8(9)}, wit.EnumValue(1), wit.FlagsValue(5)}, "01 09 01 05"},
		{"func(a: record{x: u8, y: tuple<u8, bool>})", []wit.Value{wit.RecordValue{uint8(1), wit.TupleValue{uint8(2), false}}}, "01 02 00"},
	} {
		fn := parse(t, c.sig)
		got, err := witbin.AppendParams(nil, fn, c.args)
		if err != nil {
			t.Errorf("%s: %v", c.sig, err)
			continue
		}
		if want, _ := hex.DecodeString(strings.ReplaceAll(c.want, " ", "")); !bytes.Equal(got, want) {
			t.Errorf("%s: got %x, want %x", c.sig, got, want)
		}
		back, err := witbin.DecodeParams(got, fn)
		if again, e := witbin.AppendParams(nil, fn, back); err != nil || e != nil || !bytes.Equal(again, got) {
			t.Errorf("%s: decoded as %v, %v", c.sig, back, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct{ sig, in, want string }{
		{"func(a: u8)", "", "u8 at byte 0: the value ends early"},
		{"func(a: u8)", "0102", "1 bytes are left over at byte 1"},
		{"func()", "00", "left over"},
		{"func(a: bool)", "02", "2 is neither 0 nor 1"},
		{"func(a: u16)", "808004", "longer than it has to be, or out of range"},
		{"func(a: u32)", "8000", "longer than it has to be"},
		{"func(a: u64)", "ffffffffffffffffff02", "longer than it has to be"},
		{"func(a: s16)", "ff00", ""},
		{"func(a: s16)", "ff7f", "longer than it has to be"},
		{"func(a: s16)", "808002", "out of range"},
		{"func(a: s64)", "8080808080808080800100", "out of range"},
		{"func(a: f32)", "0000c1ff", "NaN"},
		{"func(a: f64)", "010000000000f87f", "NaN"},
		{"func(a: char)", "ff", "not UTF-8"},
		{"func(a: char)", "eda080", "not UTF-8"},
		{"func(a: string)", "01ff", "not UTF-8"},
		{"func(a: string)", "ffffffff0f", "ends early"},
		{"func(a: enum{x, y})", "02", "no case 2"},
		{"func(a: variant{x, y(u8)})", "05", "no case 5"},
		{"func(a: flags{x, y})", "04", "beyond the last of 2"},
		{"func(a: list<string>)", "ffffffff0f", "list at byte 0: the value ends early"},
		{"func(a: list<tuple<u8, list<u16>>>)", "010101808080", "u16 at byte 3"},
		{"func(a: result<u8>)", "02", "neither 0 nor 1"},
	} {
		in, err := hex.DecodeString(c.in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := witbin.DecodeParams(in, parse(t, c.sig))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s of %s: %v", c.sig, c.in, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s of %s: got %v, error %v, want an error with %q", c.sig, c.in, got, err, c.want)
		}
	}
}

func TestAppendRefuses(t *testing.T) {
	fn := parse(t, "func(a: u8, b: string) -> u8")
	for _, c := range []struct {
		args []wit.Value
		want string
	}{
		{nil, "takes 2 parameters and not 0"},
		{[]wit.Value{"x", "y"}, `parameter "a": value x (string) is not of type u8`},
		{[]wit.Value{uint8(1), "\xff"}, "not UTF-8"},
	} {
		if _, err := witbin.AppendParams(nil, fn, c.args); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("AppendParams(%v): error %v, want one with %q", c.args, err, c.want)
		}
	}
	if _, err := witbin.AppendResults(nil, fn, nil); err == nil {
		t.Error("AppendResults took no result for one")
	}
	if _, err := witbin.DecodeResults([]byte{1}, fn); err != nil {
		t.Error(err)
	}
}

func TestCheck(t *testing.T) {
	for sig, want := range map[string]string{
		"func(a: list<u8>) -> result<string, u8>":          "",
		"func(a: own<wasi:io/streams.input-stream>)":       `parameter "a" has a handle of "input-stream"`,
		"func() -> result<list<own<wasi:io/error.error>>>": `its result has a handle of "error"`,
		"func(a: variant{x, y(tuple<u8, stream<u8>>)})":    "a stream",
		"async func()":                       "is async",
		"func(a: record{x: option<future>})": "a future",
		"func(a: tuple<u8, list<result<_, own<wasi:io/error.error>>>>)": "handle",
	} {
		err := witbin.Check(parse(t, sig))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("Check(%s) = %v, want %q", sig, err, want)
		}
	}
}

func TestHash(t *testing.T) {
	a, b := parse(t, "func(a: u8) -> string"), parse(t, "func(a: u16) -> string")
	if witbin.Hash(a) == witbin.Hash(b) {
		t.Error("two types have one hash")
	}
	const pinned = 0x03663452401f47ce // hosts of other versions have it too
	if got := witbin.Hash(a); got != pinned {
		t.Errorf("Hash = %#x, want %#x", got, uint64(pinned))
	}
}

// TestCountsAreNotBelieved has lists in lists claim all that is left.
func TestCountsAreNotBelieved(t *testing.T) {
	typ := &wit.Type{Kind: wit.String}
	for range 50 {
		typ = &wit.Type{Kind: wit.List, Elem: typ}
	}
	in := bytes.Repeat([]byte{0xff, 0xff, 0x03}, 1<<15)
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = witbin.DecodeParams(in, of(typ))
		}
	}).AllocedBytesPerOp()
	if most := int64(64 * len(in)); allocated > most {
		t.Errorf("%d bytes have %d allocated, want %d at the most", len(in), allocated, most)
	}
}

func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	n := 0
	for range 4000 {
		seed := make([]byte, 96)
		for i := range seed {
			seed[i] = byte(rng.Uint32())
		}
		n += roundTrip(t, seed)
	}
	if n < 1000 {
		t.Errorf("only %d types had a binary form", n)
	}
}

// roundTrip writes and reads a value of a type that the seed chooses.
func roundTrip(t *testing.T, seed []byte) int {
	s := &wittest.Source{Left: seed, Resource: &wit.Resource{Name: "r"}, Rep: func(n byte) any { return n }}
	typ := s.Type(4)
	if !remote(typ) {
		return 0
	}
	v, fn := s.Value(typ), of(typ)
	b, err := witbin.AppendParams(nil, fn, []wit.Value{v})
	if err != nil {
		t.Fatalf("%s: %s: %v", typ.Signature(), wittest.Dump(v), err)
	}
	back, err := witbin.DecodeParams(b, fn)
	if err != nil {
		t.Fatalf("%s: %s: %x: %v", typ.Signature(), wittest.Dump(v), b, err)
	}
	if err := wit.CheckValue(typ, back[0]); err != nil {
		t.Fatal(err)
	}
	again, err := witbin.AppendParams(nil, fn, back)
	if err != nil || !bytes.Equal(again, b) {
		t.Fatalf("%s: %x is %x when it is written again (%v)", typ.Signature(), b, again, err)
	}
	return 1
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("\x10\x20\x30\x40"))
	f.Fuzz(func(t *testing.T, seed []byte) { roundTrip(t, seed) })
}

// FuzzDecode reads any bytes as values of any type: what is read has those bytes.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("\x01\x02\x03"), []byte("\x01\x02"))
	f.Fuzz(func(t *testing.T, seed, in []byte) {
		s := &wittest.Source{Left: seed, Resource: &wit.Resource{Name: "r"}, Rep: func(n byte) any { return n }}
		typ := s.Type(4)
		if !remote(typ) {
			return
		}
		vs, err := witbin.DecodeParams(in, of(typ))
		if err != nil {
			return
		}
		if b, err := witbin.AppendParams(nil, of(typ), vs); err != nil || !bytes.Equal(b, in) {
			t.Fatalf("%s: %x was read as %s, which is %x (%v)", typ.Signature(), in, wittest.DumpAll("", vs), b, err)
		}
	})
}

func BenchmarkParams(b *testing.B) {
	fn, err := wit.ParseSignature("func(a: string, b: list<u32>, c: option<record{x: u8, y: f64}>)")
	if err != nil {
		b.Fatal(err)
	}
	args := []wit.Value{"hello, world", wit.ListValue{uint32(1), uint32(2)}, wit.OptionValue{Some: true, Value: wit.RecordValue{uint8(1), 2.5}}}
	buf, err := witbin.AppendParams(nil, fn, args)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if buf, err = witbin.AppendParams(buf[:0], fn, args); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := witbin.DecodeParams(buf, fn); err != nil {
				b.Fatal(err)
			}
		}
	})
}
