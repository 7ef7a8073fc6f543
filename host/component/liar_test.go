package component_test

import (
	"encoding/binary"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

// How realloc and post-return of testdata/liar.wat behave.
const (
	reallocHonest = iota
	reallocOdd    // an address that is not aligned
	reallocEnd    // where memory ends
	reallocLast   // the end of the address space
	reallocZero
	reallocTrap
	reallocSame // always the same block
	reallocGrow // memory grows
	reallocDeep // no end to calls
	reallocNever
)

const (
	postTrap  = 1
	postNever = 2
)

// at is bytes that the guest has in its memory.
type at struct {
	addr  uint32
	bytes string
}

// words are numbers as they lie in memory.
func words(ws ...uint32) string {
	var b []byte
	for _, w := range ws {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return string(b)
}

const (
	anyTrap    = component.TrapKind("")
	page       = 64 << 10
	top        = 1<<32 - 1
	outside    = "outside of memory"
	unaligned  = "not aligned"
	tooLong    = "larger than 2^28-1 bytes"
	badCase    = "out of range"
	badChar    = "is not a Unicode scalar value"
	badUTF8    = "is not valid UTF-8"
	badUTF16   = "is not valid UTF-16"
	overBudget = "moves more data than its budget allows"
	overFuel   = "units of fuel"
)

// A guest that lies to the host about its values is ended with the trap that the
// Canonical ABI has for the lie ("trap_if" throughout CanonicalABI.md), or is
// believed where it has none. Its neighbours are not concerned, and the host does
// not pay for the lie.
func TestLiar(t *testing.T) {
	u32 := func(ns ...uint32) (vs []wit.Value) {
		for _, n := range ns {
			vs = append(vs, n)
		}
		return vs
	}
	type row struct {
		name          string
		mem           []at
		realloc, post uint32
		fn            string
		args          []wit.Value
		kind          component.TrapKind
		want          any // part of the message of the trap, or the result
	}
	abi, limit, wasm := component.TrapABI, component.TrapLimit, component.TrapWasm
	rows := []row{
		// Scalars: bits that do not belong to a value are ignored, discriminants
		// and chars are judged (CanonicalABI.md, "Flat Lifting").
		{"bool of 2", nil, 0, 0, "flat-bool", u32(2), anyTrap, true},
		{"bool of 2^31", nil, 0, 0, "flat-bool", u32(1 << 31), anyTrap, true},
		{"u8 with more bits", nil, 0, 0, "flat-u8", u32(0xfffffe01), anyTrap, uint8(1)},
		{"s8 with more bits", nil, 0, 0, "flat-s8", u32(0x0180), anyTrap, int8(-128)},
		{"u16 with more bits", nil, 0, 0, "flat-u16", u32(0xffff0001), anyTrap, uint16(1)},
		{"s16 with more bits", nil, 0, 0, "flat-s16", u32(0x7fff8000), anyTrap, int16(-32768)},
		{"flags with more bits", nil, 0, 0, "flat-flags", u32(top), anyTrap, wit.FlagsValue(7)},
		{"char of a surrogate", nil, 0, 0, "flat-char", u32(0xd800), abi, badChar},
		{"char of the last surrogate", nil, 0, 0, "flat-char", u32(0xdfff), abi, badChar},
		{"char after the last", nil, 0, 0, "flat-char", u32(0x110000), abi, badChar},
		{"char of 2^32-1", nil, 0, 0, "flat-char", u32(top), abi, badChar},
		{"last char", nil, 0, 0, "flat-char", u32(0x10ffff), anyTrap, wit.CharValue(0x10ffff)},
		{"case after the last", nil, 0, 0, "flat-enum", u32(3), abi, badCase},
		{"case 2^32-1", nil, 0, 0, "flat-enum", u32(top), abi, badCase},
		{"handle 0", nil, 0, 0, "flat-own", u32(0), abi, "handle 0 does not exist"},
		{"handle that nobody made", nil, 0, 0, "flat-own", u32(1), abi, "handle 1 does not exist"},
		{"handle 2^32-1", nil, 0, 0, "flat-own", u32(top), abi, "does not exist"},

		// Where results lie.
		{"results at an odd address", nil, 0, 0, "at-string", u32(1025), abi, unaligned},
		{"results of alignment 8 at 4", nil, 0, 0, "at-record", u32(1028), abi, unaligned},
		{"results on the last byte", nil, 0, 0, "at-string", u32(page - 1), abi, unaligned},
		{"results over the end", nil, 0, 0, "at-string", u32(page - 4), abi, outside},
		{"results at the end", nil, 0, 0, "at-string", u32(page), abi, outside},
		{"results at the end of addresses", nil, 0, 0, "at-record", u32(top - 7), abi, outside},
		{"results on the last bytes", nil, 0, 0, "at-string", u32(page - 8), anyTrap, ""},

		// Lists.
		{"list of 2^32-1 bytes", []at{{1024, words(0, top)}}, 0, 0, "at-list-u8", u32(1024), abi, tooLong},
		{"list of 2^28-1 bytes", []at{{1024, words(0, 1<<28-1)}}, 0, 0, "at-list-u8", u32(1024), abi, outside},
		{"list whose size wraps", []at{{1024, words(0, 1<<29+1)}}, 0, 0, "at-list-u64", u32(1024), abi, tooLong},
		{"list at an odd address", []at{{1024, words(1, 1)}}, 0, 0, "at-list-u32", u32(1024), abi, unaligned},
		{"empty list at an odd address", []at{{1024, words(1, 0)}}, 0, 0, "at-list-u32", u32(1024), abi, unaligned},
		{"empty list beyond the end", []at{{1024, words(page+8, 0)}}, 0, 0, "at-list-u32", u32(1024), abi, outside},
		{"empty list at the end", []at{{1024, words(page, 0)}}, 0, 0, "at-list-u32", u32(1024), anyTrap, wit.ListValue{}},
		{"list over the end", []at{{1024, words(page-4, 2)}}, 0, 0, "at-list-u32", u32(1024), abi, outside},
		{"list at the end of addresses", []at{{1024, words(top, 1)}}, 0, 0, "at-list-u8", u32(1024), abi, outside},
		{"list of bad bools", []at{{1024, words(1032, 4)}, {1032, "\x00\x01\x02\xff"}}, 0, 0, "at-list-bool", u32(1024), anyTrap, wit.ListValue{false, true, true, true}},
		{"list of bad chars", []at{{1024, words(1032, 2)}, {1032, words('a', 0xd801)}}, 0, 0, "at-list-char", u32(1024), abi, badChar},
		{"list of bad cases", []at{{1024, words(1032, 2)}, {1032, "\x02\x03"}}, 0, 0, "at-list-enum", u32(1024), abi, badCase},
		{"list of bad flags", []at{{1024, words(1032, 2)}, {1032, "\xff\xf8"}}, 0, 0, "at-list-flags", u32(1024), anyTrap, wit.ListValue{wit.FlagsValue(7), wit.FlagsValue(0)}},
		{"list of bad handles", []at{{1024, words(1032, 1)}, {1032, words(5)}}, 0, 0, "at-list-own", u32(1024), abi, "handle 5 does not exist"},
		{"list of itself", []at{{1024, words(1024, 1)}}, 0, 0, "at-list-list", u32(1024), anyTrap, wit.ListValue{wit.Bytes("\x00")}},
		{"list of long lists", []at{{1024, words(1032, 1)}, {1032, words(0, 1<<28)}}, 0, 0, "at-list-list", u32(1024), abi, tooLong},
		{"list of records at 4", []at{{1024, words(1028, 1)}}, 0, 0, "at-list-record", u32(1024), abi, unaligned},
		{"list of bad strings", []at{{1024, words(1032, 1)}, {1032, words(1040, 1)}, {1040, "\xff"}}, 0, 0, "at-list-string", u32(1024), abi, badUTF8},
		// Memory is read as lists of lists of itself, so that each level is some
		// thousand times as much as the one inside it.
		{"list that amplifies", []at{{1024, strings.Repeat(words(1024, 4096), 64)}}, 0, 0, "at-deep", u32(1024), abi, overBudget},

		// Variants.
		{"variant of a bad case", []at{{1024, words(3, 0, 0)}}, 0, 0, "at-variant", u32(1024), abi, badCase},
		{"variant of case 255", []at{{1024, words(255, 0, 0)}}, 0, 0, "at-variant", u32(1024), abi, badCase},
		{"variant with padding", []at{{1024, words(0xffffff02, top, top)}}, 0, 0, "at-variant", u32(1024), anyTrap, wit.VariantValue{Case: 2}},
		{"variant of a bad string", []at{{1024, words(1, page, 1)}}, 0, 0, "at-variant", u32(1024), abi, outside},
		{"option of a bad case", []at{{1024, words(2, 0, 0)}}, 0, 0, "at-option-list", u32(1024), abi, badCase},
		{"none with a bad list", []at{{1024, words(0, 1, top)}}, 0, 0, "at-option-list", u32(1024), anyTrap, wit.OptionValue{}},
		{"some of a bad list", []at{{1024, words(1, 4, 0)}}, 0, 0, "at-option-list", u32(1024), abi, unaligned},
		{"result of a bad case", []at{{1024, words(2, 0, 0, 0)}}, 0, 0, "at-result", u32(1024), abi, badCase},
		{"error that is no string", []at{{1024, words(1, 0, top, 1)}}, 0, 0, "at-result", u32(1024), abi, outside},

		// Strings.
		{"string of half a sequence", []at{{1024, "\xf0\x9f\x98"}}, 0, 0, "text-utf8", u32(1024, 3), abi, badUTF8},
		{"string of a surrogate", []at{{1024, "\xed\xa0\x80"}}, 0, 0, "text-utf8", u32(1024, 3), abi, badUTF8},
		{"string that is overlong", []at{{1024, "\xc0\x80"}}, 0, 0, "text-utf8", u32(1024, 2), abi, badUTF8},
		{"string beyond the last char", []at{{1024, "\xf4\x90\x80\x80"}}, 0, 0, "text-utf8", u32(1024, 4), abi, badUTF8},
		{"string of 2^32-1", nil, 0, 0, "text-utf8", u32(0, top), abi, tooLong},
		{"string over the end", nil, 0, 0, "text-utf8", u32(page-1, 2), abi, outside},
		{"string on the last byte", []at{{page - 4, "   !"}}, 0, 0, "text-utf8", u32(page-1, 1), anyTrap, "!"},
		{"utf16 of half a pair", []at{{1024, "\x3d\xd8"}}, 0, 0, "text-utf16", u32(1024, 1), abi, badUTF16},
		{"utf16 of the other half", []at{{1024, "\x00\xde"}}, 0, 0, "text-utf16", u32(1024, 1), abi, badUTF16},
		{"utf16 of a pair cut by the end", []at{{page - 4, "a\x00\x3d\xd8"}}, 0, 0, "text-utf16", u32(page-4, 2), abi, badUTF16},
		{"utf16 at an odd address", nil, 0, 0, "text-utf16", u32(1025, 1), abi, unaligned},
		{"utf16 of 2^27", nil, 0, 0, "text-utf16", u32(0, 1<<27), abi, tooLong},
		{"utf16 whose size wraps", nil, 0, 0, "text-utf16", u32(0, 1<<31+1), abi, tooLong},
		{"tagged utf16 of half a pair", []at{{1024, "\x3d\xd8"}}, 0, 0, "text-latin1-utf16", u32(1024, 1<<31|1), abi, badUTF16},
		{"latin1 of anything", []at{{1024, "\x80\xff"}}, 0, 0, "text-latin1-utf16", u32(1024, 2), anyTrap, "\u0080ÿ"},
		{"latin1 at an odd address", nil, 0, 0, "text-latin1-utf16", u32(1025, 1), abi, unaligned},
		{"tag and nothing else", nil, 0, 0, "text-latin1-utf16", u32(1024, 1<<31), anyTrap, ""},
		{"tagged utf16 of 2^31-1", nil, 0, 0, "text-latin1-utf16", u32(1024, top), abi, tooLong},

		// What comes after the result.
		{"post-return traps", nil, 0, postTrap, "text-utf8", u32(0, 1), wasm, "unreachable"},
		{"post-return does not end", nil, 0, postNever, "text-utf8", u32(0, 1), limit, overFuel},
	}
	text, list := []wit.Value{"aé€😀"}, []wit.Value{wit.ListValue{uint64(1), uint64(2)}}
	lists := []wit.Value{wit.ListValue{wit.Bytes("abc"), wit.Bytes("def"), wit.Bytes("")}}
	for _, r := range []struct {
		name         string
		how          uint32
		kind         component.TrapKind
		bytes, wider any // what comes of a string in UTF-8 and of what has alignment
	}{
		{"an odd address", reallocOdd, abi, uint32(len(text[0].(string))), unaligned},
		{"the end", reallocEnd, abi, outside, outside},
		{"the end of addresses", reallocLast, abi, outside, outside},
		{"nothing", reallocTrap, wasm, "unreachable", "unreachable"},
		{"a stack overflow", reallocDeep, wasm, "stack overflow", "stack overflow"},
		{"never", reallocNever, limit, overFuel, overFuel},
	} {
		for _, fn := range []string{"take-utf8", "take-utf16", "take-latin1-utf16", "take-list", "take-lists"} {
			arg, want, kind := text, r.wider, r.kind
			switch fn {
			case "take-list":
				arg = list
			case "take-lists":
				arg = lists
			case "take-utf8":
				if want = r.bytes; r.how == reallocOdd {
					kind = anyTrap
				}
			}
			rows = append(rows, row{fn + ": realloc returns " + r.name, nil, r.how, 0, fn, arg, kind, want})
		}
	}
	for name, how := range map[string]uint32{"zero": reallocZero, "the same block": reallocSame, "more memory": reallocGrow, "honestly": reallocHonest} {
		for fn, n := range map[string]uint32{"take-utf8": 10, "take-utf16": 5, "take-latin1-utf16": 5 | 1<<31} {
			rows = append(rows, row{fn + ": realloc returns " + name, nil, how, 0, fn, text, anyTrap, n})
		}
		rows = append(rows,
			row{"take-list: realloc returns " + name, nil, how, 0, "take-list", list, anyTrap, uint32(2)},
			row{"take-lists: realloc returns " + name, nil, how, 0, "take-lists", lists, anyTrap, uint32(3)})
	}

	c := load(t, newEngine(t, nil), "liar.wasm", nil)
	limits := component.Limits{Memory: 16 * page, Data: 8 << 20, Fuel: 3_000_000}
	neighbour := instantiate(t, c, nil, component.Limits{})
	for i, r := range rows {
		limits := limits
		if r.realloc == reallocDeep {
			limits.Fuel = 0 // the stack ends first
		}
		in, err := c.Instantiate(t.Context(), nil, limits)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range r.mem {
			for i := 0; i < len(m.bytes); i += 4 {
				var w [4]byte
				copy(w[:], m.bytes[i:])
				if _, err := invoke(t, in, "poke", m.addr+uint32(i), binary.LittleEndian.Uint32(w[:])); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := invoke(t, in, "set", r.realloc, r.post); err != nil {
			t.Fatal(err)
		}
		var got []wit.Value
		used := allocated(func() { got, err = invoke(t, in, r.fn, r.args...) })
		switch trap, _ := err.(*component.Trap); { //nolint:errorlint // calls return traps as they are
		case r.kind == anyTrap:
			if err != nil || !reflect.DeepEqual(got[0], r.want) {
				t.Errorf("%s: got %v, %v, want %v", r.name, got, err, r.want)
			}
		case trap == nil || trap.Kind != r.kind || !strings.Contains(trap.Error(), r.want.(string)):
			t.Errorf("%s: got %v, %v, want a trap of the kind %q with %q", r.name, got, err, r.kind, r.want)
		default:
			wantDead(t, in)
		}
		// A stack overflow costs the stack, which is the engine's.
		if most := uint64(2*limits.Data + 1<<20); used > most && r.realloc != reallocDeep {
			t.Errorf("%s: the call allocates %d bytes, want %d at most", r.name, used, most)
		}
		in.Close()
		if got, err := invoke(t, neighbour, "id", uint32(i)); err != nil || got[0] != uint32(i) {
			t.Fatalf("%s: a neighbour then returns %v, %v", r.name, got, err)
		}
	}
}

// A handle that was given away is gone; so is the guest that gives it twice.
func TestLiarGivesTwice(t *testing.T) {
	in := instantiate(t, load(t, newEngine(t, nil), "liar.wasm", nil), nil, component.Limits{})
	if got, err := invoke(t, in, "new", uint32(77)); err != nil || len(got) != 1 {
		t.Fatalf("new = %v, %v", got, err)
	}
	_, err := invoke(t, in, "flat-own", uint32(1))
	trap := wantTrap(t, err, component.TrapABI)
	if !strings.Contains(trap.Error(), "handle 1 does not exist") {
		t.Errorf("got %v", trap)
	}
}

// Memory that grows in realloc is where the host writes then, however often.
func TestGrowWhileHostWrites(t *testing.T) {
	in := instantiate(t, load(t, newEngine(t, nil), "liar.wasm", nil), nil, component.Limits{Memory: 13 * page})
	if _, err := invoke(t, in, "set", uint32(reallocGrow), uint32(0)); err != nil {
		t.Fatal(err)
	}
	list := wit.ListValue{}
	for range 10 {
		list = append(list, wit.Bytes(strings.Repeat("x", 4000)))
	}
	if got, err := invoke(t, in, "take-lists", list); err != nil || got[0] != uint32(10) {
		t.Fatalf("take-lists = %v, %v", got, err)
	}
	if in.Memory() != 12*page {
		t.Errorf("memory is %d bytes, want %d", in.Memory(), 12*page)
	}
	// What was written is there: the first block is the list itself.
	for at, w := range map[uint32]uint32{1024: 4096, 1028: 10} {
		if _, err := invoke(t, in, "poke", at, w); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := invoke(t, in, "at-list-list", uint32(1024)); err != nil || !reflect.DeepEqual(got[0], list) {
		t.Errorf("the guest has %.100v, %v", got, err)
	}
	// The limit is reached while the host writes.
	for range 5 {
		list = append(list, list...)
	}
	_, err := invoke(t, in, "take-lists", list)
	trap := wantTrap(t, err, component.TrapWasm)
	if !strings.Contains(trap.Error(), "the guest had been refused memory") {
		t.Errorf("got %v", trap)
	}
}

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
