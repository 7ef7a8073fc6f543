package wasi_test

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/cli"
	"github.com/wattle-dev/wattle/wit"
)

// How realloc of testdata/liar.wat behaves.
const (
	reallocOdd  = 1 // an address that is not aligned
	reallocEnd  = 2 // where memory ends
	reallocLast = 3 // the end of the address space
	reallocTrap = 4
	reallocGrow = 5 // memory grows
)

// step is a call of the guest.
type step struct {
	fn   string
	args []wit.Value
}

func call(fn string, args ...wit.Value) step { return step{fn, args} }

// A guest that hands the host bad pointers, lengths and handles is ended with a
// trap. It costs the host no more than its limits say, and concerns nobody else.
func TestLiar(t *testing.T) {
	const (
		page = 64 << 10
		top  = uint32(1<<32 - 1)
		ok   = component.TrapKind("")
		abi  = component.TrapABI
		host = component.TrapHost
		lim  = component.TrapLimit
		wasm = component.TrapWasm
	)
	u := func(n int) uint32 { return uint32(n) }
	grown := call("grow", u(63)) // to 4 MiB
	values := []step{grown}
	for i := range 50 {
		values = append(values, call("poke", u(1024+16*i+12), u(1<<20)))
	}
	for _, tt := range []struct {
		name  string
		steps []step // the last is the one that is judged
		kind  component.TrapKind
		want  any // part of the message of the trap, or the result
	}{
		// output-stream.write: a view of guest memory is read.
		{"write at the end of memory", []step{call("stdout"), call("write", u(1), u(page-8), u(8), u(16))}, ok, uint32(0)},
		{"write of nothing at the end", []step{call("stdout"), call("write", u(1), u(page), u(0), u(16))}, ok, uint32(0)},
		{"write over the end", []step{call("stdout"), call("write", u(1), u(page-8), u(9), u(16))}, abi, "outside of memory"},
		{"write of nothing beyond the end", []step{call("stdout"), call("write", u(1), u(page+1), u(0), u(16))}, abi, "outside of memory"},
		{"write that wraps", []step{call("stdout"), call("write", u(1), top, u(8), u(16))}, abi, "outside of memory"},
		{"write of 2^32-1 bytes", []step{call("stdout"), call("write", u(1), u(0), top, u(16))}, abi, "2^28-1 bytes"},
		{"write of 2^28-1 bytes", []step{call("stdout"), call("write", u(1), u(0), u(1<<28-1), u(16))}, abi, "outside of memory"},
		{"write with the result on the last byte", []step{call("stdout"), call("write", u(1), u(0), u(1), u(page-1))}, abi, "not aligned"},
		{"write with the result over the end", []step{call("stdout"), call("write", u(1), u(0), u(1), u(page-4))}, abi, "outside of memory"},
		{"write with the result in its own bytes", []step{call("stdout"), call("write", u(1), u(64), u(64), u(64))}, ok, uint32(0)},
		{"write of more than is permitted", []step{call("stdout"), grown, call("write", u(1), u(0), u(2<<20), u(16))}, host, "permit"},
		{"write without asking", []step{call("stdout"), call("write-unasked", u(1), u(0), u(8))}, host, "permit"},
		{"write of 2^64-1 zeroes", []step{call("stdout"), call("check", u(1), u(32)), call("zeroes", u(1), ^uint64(0))}, host, "permit"},
		{"result at an odd address", []step{call("stdout"), call("check", u(1), u(33))}, abi, "not aligned"},
		{"result at the end of addresses", []step{call("stdout"), call("check", u(1), top-7)}, abi, "outside of memory"},

		// Handles.
		{"handle 0", []step{call("check", u(0), u(32))}, abi, "handle 0 does not exist"},
		{"handle that nobody gave", []step{call("check", u(1), u(32))}, abi, "handle 1 does not exist"},
		{"handle 2^32-1", []step{call("check", top, u(32))}, abi, "does not exist"},
		{"handle that was dropped", []step{call("stdout"), call("drop-out", u(1)), call("check", u(1), u(32))}, abi, "handle 1 does not exist"},
		{"handle dropped twice", []step{call("stdout"), call("drop-out", u(1)), call("drop-out", u(1))}, abi, "handle 1 does not exist"},
		{"handle of another type", []step{call("subscribe", uint64(0)), call("check", u(1), u(32))}, abi, "is of type"},
		{"handle dropped as another type", []step{call("subscribe", uint64(0)), call("drop-out", u(1))}, abi, "is of type"},
		{"fields of a stream", []step{call("stdout"), call("entries", u(1))}, abi, "is of type"},

		// poll.
		{"poll of nothing", []step{call("poll", u(1024), u(0))}, host, "empty list"},
		{"poll of 2^28 handles", []step{call("poll", u(1024), u(1<<28))}, abi, "2^28-1 bytes"},
		{"poll of 2^26 handles", []step{call("poll", u(1024), u(1<<26-1))}, abi, "outside of memory"},
		{"poll of handles that do not exist", []step{call("poll", u(1024), u(4))}, abi, "handle 0 does not exist"},
		{"poll at an odd address", []step{call("poll", u(1025), u(1))}, abi, "not aligned"},
		{"poll of a million handles", []step{grown, call("poll", u(1024), u(1<<20-1024))}, abi, "more data than its budget"},
		{"poll where realloc is odd", []step{call("subscribe", uint64(0)), call("poke", u(1024), u(1)), call("set", u(reallocOdd)), call("poll", u(1024), u(1))}, abi, "not aligned"},
		{"poll where realloc traps", []step{call("subscribe", uint64(0)), call("poke", u(1024), u(1)), call("set", u(reallocTrap)), call("poll", u(1024), u(1))}, wasm, "unreachable"},
		{"poll where memory grows", []step{call("subscribe", uint64(0)), call("poke", u(1024), u(1)), call("set", u(reallocGrow)), call("poll", u(1024), u(1))}, ok, uint32(1)},

		// get-random-bytes.
		{"2^63 random bytes", []step{call("random", uint64(1)<<63)}, host, "random bytes at once"},
		{"2^32 random bytes", []step{call("random", uint64(1)<<32)}, host, "random bytes at once"},
		{"random bytes without room", []step{call("random", uint64(page))}, abi, "outside of memory"},
		{"random bytes where realloc returns the end", []step{call("set", u(reallocEnd)), call("random", uint64(8))}, abi, "outside of memory"},
		{"no random bytes where realloc returns the end", []step{call("set", u(reallocEnd)), call("random", uint64(0))}, ok, uint32(0)},
		{"random bytes where realloc returns 2^32-1", []step{call("set", u(reallocLast)), call("random", uint64(8))}, abi, "outside of memory"},
		{"random bytes where memory grows", []step{call("set", u(reallocGrow)), call("random", uint64(page))}, ok, uint32(page)},
		{"random bytes with the result over the end", []step{call("random-at", uint64(8), u(page-4))}, abi, "outside of memory"},

		// fields.from-list and entries.
		{"2^28 fields", []step{call("from-list", u(1024), u(1<<28))}, abi, "2^28-1 bytes"},
		{"2^32-1 fields", []step{call("from-list", u(1024), top)}, abi, "2^28-1 bytes"},
		{"2^24 fields over the end", []step{call("from-list", u(1024), u(1<<24-1))}, abi, "outside of memory"},
		{"fields at an odd address", []step{call("from-list", u(1026), u(1))}, abi, "not aligned"},
		{"field without a name", []step{call("from-list", u(1024), u(1))}, ok, uint32(1)},
		{"field with a name beyond the end", []step{call("poke", u(1024), u(page)), call("poke", u(1028), u(1)), call("from-list", u(1024), u(1))}, abi, "outside of memory"},
		{"field with a name that is not UTF-8", []step{call("poke", u(1024), u(2048)), call("poke", u(1028), u(1)), call("poke", u(2048), u(0xff)), call("from-list", u(1024), u(1))}, abi, "is not valid UTF-8"},
		{"field with a value of 2^32-1 bytes", []step{call("poke", u(1036), top), call("from-list", u(1024), u(1))}, abi, "2^28-1 bytes"},
		// The same mebibyte is the value of each of 50 fields.
		{"fields that amplify", append(slices.Clone(values), call("from-list", u(1024), u(50))), abi, "more data than its budget"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in, end := liar(t, component.Limits{Memory: 4 << 20, Handles: 1000, Data: 16 << 20, Fuel: 10_000_000})
			defer end()
			neighbour, endNeighbour := liar(t, component.Limits{})
			defer endNeighbour()
			last := len(tt.steps) - 1
			for _, s := range tt.steps[:last] {
				if _, err := invoke(t, in, s); err != nil {
					t.Fatalf("%s: %v", s.fn, err)
				}
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got, err := invoke(t, in, tt.steps[last])
			runtime.ReadMemStats(&after)
			trap, trapped := errors.AsType[*component.Trap](err)
			switch {
			case tt.kind == ok:
				if err != nil || got[0] != tt.want {
					t.Errorf("got %v, %v, want %v", got, err, tt.want)
				}
			case !trapped || trap.Kind != tt.kind || !strings.Contains(trap.Error(), tt.want.(string)):
				t.Errorf("got %v, %v, want a trap of the kind %q with %q", got, err, tt.kind, tt.want)
			default:
				if _, err := invoke(t, in, call("id", u(1))); !errors.Is(err, component.ErrDead) {
					t.Errorf("call after the end: %v", err)
				}
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 48<<20 {
				t.Errorf("the call allocates %d bytes", used)
			}
			if got, err := invoke(t, neighbour, call("id", u(7))); err != nil || got[0] != u(7) {
				t.Errorf("a neighbour then returns %v, %v", got, err)
			}
		})
	}
}

// liar returns an instance of testdata/liar.wat, and what ends it.
func liar(t *testing.T, limits component.Limits) (*component.Instance, func()) {
	t.Helper()
	wasm, err := os.ReadFile("testdata/liar.wasm")
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	var linker component.Linker
	if err := wasi.Define(&linker); err != nil {
		t.Fatal(err)
	}
	c, err := e.Load(t.Context(), wasm, &linker)
	if err != nil {
		t.Fatal(err)
	}
	state := wasi.NewState(wasi.Options{CLI: cli.Options{Stdout: io.Discard}})
	in, err := c.Instantiate(t.Context(), state, limits)
	if err != nil {
		t.Fatal(err)
	}
	return in, func() {
		in.Close()
		if err := errors.Join(state.Close(), c.Close(context.WithoutCancel(t.Context()))); err != nil {
			t.Error(err)
		}
	}
}

func invoke(t *testing.T, in *component.Instance, s step) ([]wit.Value, error) {
	t.Helper()
	f, err := in.Func("", s.fn)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return f.Call(ctx, s.args...)
}
