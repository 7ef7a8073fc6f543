package abi_test

import (
	"bytes"
	"errors"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/wittest"
)

var encodings = []abi.Encoding{abi.UTF8, abi.UTF16, abi.Latin1UTF16}

// maxFlats are the numbers of core values that are passed flat, of parameters
// and of results, and none, so that everything is in memory.
var maxFlats = []int{wit.MaxFlatParams, wit.MaxFlatResults, 0}

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	before := s[0].Value.Uint64()
	f()
	metrics.Read(s)
	return s[0].Value.Uint64() - before
}

// seeds adds types of each kind, with something like values of them.
func seeds(f *testing.F) {
	f.Helper()
	flat := bytes.Repeat([]byte{8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}, 4)
	text := []byte("\x18\x00\x00\x00\x05\x00\x00\x00\x20\x00\x00\x00\x02\x00\x00\x80caf\xc3\xa9 \xf0\x9f\x98\x80\x00\xd8\x00\xdc\x3d\xd8\x00\xde")
	for kind := range byte(wittest.Kinds) {
		for mode := range byte(9) {
			f.Add([]byte{0, kind, 1, 2, kind + 1, 12, 3, 12, 5}, flat, text, mode)
			f.Add([]byte{1, 16, kind, 12, 12, 12, 5, 1, 2}, flat, text, mode)
		}
	}
}

// FuzzLift lifts types that the fuzzer chooses from memory that it chooses. What
// is lifted is a value of the type; it comes back as it was when it is lowered
// and lifted again, in any encoding; and it is not larger than the budget of the
// call, within a small factor.
func FuzzLift(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, typeBytes, chosen, memory []byte, mode byte) {
		types := source(typeBytes).Types()
		if types == nil || len(memory) > 1<<16 {
			return
		}
		enc, maxFlat := encodings[mode%3], maxFlats[mode/3%3]
		var shapes abi.Shapes
		codec := shapes.Codec(types, maxFlat)
		from, _ := side(memory, enc, nil)
		flat := words(chosen)
		var vs []wit.Value
		const budget = 64 << 10
		var fault error
		lift := func() {
			fault = try(func() { vs = codec.Lift(from, flat, &abi.Budget{Left: budget}) })
		}
		// What a value occupies besides what the budget counts is its type's to say.
		// Others allocate as well, but not each time.
		const most = 3*budget + 64<<10
		used := allocated(lift)
		for range 5 {
			if used > most {
				used = allocated(lift)
			}
		}
		if used > most {
			t.Errorf("lifting with a budget of %d bytes allocates %d", budget, used)
		}
		if fault != nil {
			return
		}
		for i, v := range vs {
			if err := wit.CheckValue(types[i], v); err != nil {
				t.Fatalf("%s: lifted %s: %v", types[i].Signature(), wittest.Dump(v), err)
			}
		}
		for _, enc := range encodings {
			roundtrip(t, codec, vs, enc)
		}
	})
}

// roundtrip lowers values, lifts them and lowers them again.
func roundtrip(t *testing.T, codec *abi.Codec, vs []wit.Value, enc abi.Encoding) {
	t.Helper()
	var (
		flats [2][]uint64
		mems  [2][]byte
		want  = wittest.DumpAll("", vs)
	)
	for i := range flats {
		to, g := side(nil, enc, nil)
		flats[i] = make([]uint64, wit.MaxFlatParams+1)
		if err := codec.Lower(to, vs, flats[i]); err != nil {
			t.Fatal(err)
		}
		vs = codec.Lift(to, flats[i], &abi.Budget{Left: 1 << 30})
		if got := wittest.DumpAll("", vs); got != want {
			t.Fatalf("%v: lowered %s, lifted %s", enc, want, got)
		}
		mems[i] = g.buf
	}
	if !slices.Equal(flats[0], flats[1]) || !bytes.Equal(mems[0], mems[1]) {
		t.Fatalf("%v: lowering %s twice gives %x %x and %x %x", enc, want, flats[0], mems[0], flats[1], mems[1])
	}
}

// FuzzLower lowers values that the fuzzer chooses into a guest whose realloc
// misbehaves as it chooses. Nothing is written where the guest's memory was
// before it grew. An honest guest has the value.
func FuzzLower(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, typeBytes, valueBytes, badness []byte, mode byte) {
		types := source(typeBytes).Types()
		if types == nil {
			return
		}
		enc, maxFlat := encodings[mode%3], maxFlats[mode/3%3]
		var shapes abi.Shapes
		codec := shapes.Codec(types, maxFlat)
		src := source(valueBytes)
		var vs []wit.Value
		for _, ty := range types {
			vs = append(vs, src.Value(ty))
		}
		roundtrip(t, codec, vs, enc)

		to, g := side(make([]byte, 64), enc, source(badness))
		flat := make([]uint64, wit.MaxFlatParams+1)
		fault := try(func() {
			if err := codec.Lower(to, vs, flat); err != nil {
				t.Error(err)
			}
		})
		if i := slices.IndexFunc(g.stale, func(b byte) bool { return b != poison }); i >= 0 {
			t.Errorf("memory that the guest has no more is written to, at %d", i)
		}
		if fault == nil {
			_ = try(func() { codec.Lift(to, flat, &abi.Budget{Left: 1 << 20}) })
		}
	})
}

// FuzzTransfer moves values between two guests, of types and from memory that the
// fuzzer chooses. It fails where lifting fails, and what arrives is what lifting
// would have seen; a receiver whose realloc misbehaves harms itself only.
func FuzzTransfer(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, typeBytes, chosen, memory []byte, mode byte) {
		src := source(typeBytes)
		types := src.Types()
		if types == nil || len(memory) > 1<<16 {
			return
		}
		srcEnc, dstEnc, maxFlat := encodings[mode%3], encodings[mode/3%3], maxFlats[mode/9%3]
		var shapes abi.Shapes
		codec := shapes.Codec(types, maxFlat)
		transfer, err := shapes.Transfer(types, maxFlat)
		if errors.Is(err, abi.ErrTooLarge) {
			return
		}
		flat := words(chosen)
		const budget = 1 << 20
		from, g := side(memory, srcEnc, nil)
		var vs []wit.Value
		lifted := try(func() { vs = codec.Lift(from, flat, &abi.Budget{Left: budget}) })
		if isBudget(lifted) {
			return // lifting has to pay for boxes as well
		}

		to, got := side(nil, dstEnc, nil)
		out := make([]uint64, len(flat))
		moved := try(func() { move(transfer, from, to, flat, out, &abi.Budget{Left: budget}) })
		switch {
		case isBudget(moved):
			t.Fatalf("moving takes more of the budget than lifting: %v", moved)
		case (lifted == nil) != (moved == nil):
			t.Fatalf("lift: %v; transfer: %v", lifted, moved)
		case !bytes.Equal(g.buf, memory):
			t.Fatal("the source is written to")
		case got.largest > 3*budget:
			t.Fatalf("a block of %d bytes is asked for", got.largest)
		}
		if moved == nil {
			back := codec.Lift(to, out, &abi.Budget{Left: 1 << 30})
			if a, b := wittest.DumpAll("", vs), wittest.DumpAll("", back); a != b {
				t.Fatalf("%v to %v: sent %s, arrived %s", srcEnc, dstEnc, a, b)
			}
			if srcEnc == abi.UTF8 {
				sameAsLower(t, codec, vs, dstEnc, out, got.buf)
			}
		}

		bad, g := side(make([]byte, 64), dstEnc, source(src.Left))
		_ = try(func() { move(transfer, from, bad, flat, out, &abi.Budget{Left: budget}) })
		if i := slices.IndexFunc(g.stale, func(b byte) bool { return b != poison }); i >= 0 {
			t.Errorf("memory that the guest has no more is written to, at %d", i)
		}
	})
}

// sameAsLower checks that a transfer leaves what lowering does: there is no
// garbage between.
func sameAsLower(t *testing.T, codec *abi.Codec, vs []wit.Value, enc abi.Encoding, flat []uint64, mem []byte) {
	t.Helper()
	to, g := side(nil, enc, nil)
	want := make([]uint64, len(flat))
	if err := codec.Lower(to, vs, want); err != nil {
		t.Fatal(err)
	}
	n := codec.Flat
	if codec.Spilled {
		n = 1
	}
	if !slices.Equal(flat[:n], want[:n]) || !bytes.Equal(mem, g.buf) {
		t.Errorf("%s is moved as\n%x %x, lowered as\n%x %x", wittest.DumpAll("", vs), flat[:n], mem, want[:n], g.buf)
	}
}

func move(tr *abi.Transfer, from, to *abi.Side, in, out []uint64, b *abi.Budget) {
	if tr.Spilled {
		out[0] = uint64(tr.MemTo(from, to, uint32(in[0]), 0, true, b))
		return
	}
	tr.FlatTo(from, to, in, out, b)
}

func isBudget(err error) bool { return err != nil && strings.Contains(err.Error(), "budget") }
