package host_test

import (
	"context"
	"encoding/binary"
	"errors"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// greedy is a guest that takes all it can get, and vast one that starts with it.
const (
	greedy = "testdata/greedy.wasm"
	vast   = "testdata/vast.wasm"
)

func greedyTarget(t testing.TB, file string, opts host.Options) *host.Target {
	t.Helper()
	return host.NewTarget(load(t, file), &opts)
}

// mapped is the memory that the process has from the system.
func mapped() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

// TestGreedyGuests has guests take all there is of something. Each is told no, or is
// ended with an error that names the limit; the host's memory is bounded, and the next
// call finds nothing of it.
func TestGreedyGuests(t *testing.T) {
	limits := component.Limits{Memory: 16 << 20, Tables: 5000, HostCalls: 20_000}
	for _, c := range []struct {
		name, file, function string
		args                 []wit.Value
		want                 wit.Value // what the guest sees, or
		code                 lattice.Code
		limit                string // that is counted
		says                 string
	}{
		{name: "endless loop", function: "spin", code: lattice.CodeDeadline, limit: host.LimitTime, says: "took too long"},
		{name: "endless recursion", function: "recurse", code: lattice.CodeTrapped, says: "stack overflow"},
		{name: "memory, by pages", function: "memory", want: uint32(16 << 20 / 65536)},
		{name: "memory, all of it", function: "all", want: int32(-1)},
		{name: "memory, and fails without", function: "demand", code: lattice.CodeExhausted, limit: component.LimitMemory, says: "at most 16777216 bytes of memory"},
		{name: "memory, from the start", file: vast, function: "quick", code: lattice.CodeExhausted, limit: component.LimitMemory, says: "starts with more"},
		{name: "table, by steps", function: "table", want: uint32(4010)},
		{name: "table, all of it", function: "tables", want: int32(-1)},
		{name: "table, and fails without", function: "demand-table", code: lattice.CodeExhausted, limit: component.LimitTables, says: "at most 5000 elements of tables"},
		{name: "calls of the clock", function: "clock", code: lattice.CodeExhausted, limit: component.LimitHostCalls, says: "at most 20000 calls of the host"},
		{name: "calls for random numbers", function: "random", code: lattice.CodeExhausted, limit: component.LimitHostCalls, says: "at most 20000 calls of the host"},
		{name: "calls of the log", function: "log", code: lattice.CodeExhausted, limit: component.LimitHostCalls, says: "at most 20000 calls of the host"},
		{name: "as many calls as there may be", function: "times", args: []wit.Value{uint32(20_000)}, want: uint32(20_000)},
		{name: "one more", function: "times", args: []wit.Value{uint32(20_001)}, code: lattice.CodeExhausted, limit: component.LimitHostCalls, says: "at most 20000 calls of the host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := greedyTarget(t, greedy, host.Options{Limits: limits, Timeout: 5 * time.Second})
			timed := h
			if c.limit == host.LimitTime {
				timed = greedyTarget(t, greedy, host.Options{Limits: limits, Timeout: 50 * time.Millisecond})
			} else if c.file != "" {
				timed = greedyTarget(t, c.file, host.Options{Limits: limits, Timeout: 5 * time.Second})
			}
			before := mapped()
			got, err := invoke(t.Context(), timed, "", c.function, c.args...)
			if c.code == "" {
				if d := cmp.Diff([]wit.Value{c.want}, got); err != nil || d != "" {
					t.Errorf("%s: %v (-want +got):\n%s", c.function, err, d)
				}
			} else if err == nil || lattice.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s = %v, %v, want code %q with %q", c.function, got, err, c.code, c.says)
			}
			want := map[string]int64{}
			if c.limit != "" {
				want[c.limit] = 1
			}
			if d := cmp.Diff(want, timed.Metrics().Exceeded.Counts()); d != "" {
				t.Errorf("limits that were exceeded (-want +got):\n%s", d)
			}
			if after := mapped(); after > before+256<<20 {
				t.Errorf("the host has %d MiB more than before", (after-before)>>20)
			}
			if got, err := invoke(t.Context(), h, "", "quick"); err != nil || got[0] != uint32(7) {
				t.Errorf("the next call: %v, %v", got, err)
			}
		})
	}
}

// TestLogStorm has a guest log for as long as it may: what is over the rate is dropped
// and counted, and does not end the guest.
func TestLogStorm(t *testing.T) {
	var bytes int
	h := greedyTarget(t, greedy, host.Options{
		Limits: component.Limits{HostCalls: 50_000}, OutputRate: 10_000, Timeout: 5 * time.Second,
		Output: func(l host.Line) { bytes += len(l.Text) + len(l.Context) + 1 },
	})
	begun := time.Now()
	_, err := invoke(t.Context(), h, "", "log")
	if lattice.CodeOf(err) != lattice.CodeExhausted {
		t.Errorf("error %v, want the limit of calls to end it", err)
	}
	if most := 10_000 * (2 + int(time.Since(begun)/time.Second)); bytes > most || bytes == 0 {
		t.Errorf("%d bytes came through, at most %d should", bytes, most)
	}
	n := h.Metrics().Exceeded.Counts()
	if n[host.LimitLog] == 0 || n[component.LimitHostCalls] != 1 {
		t.Errorf("limits that were exceeded: %v", n)
	}
}

// TestFuelPerHostCall has guests with little fuel call the host: that is work.
func TestFuelPerHostCall(t *testing.T) {
	h := greedyTarget(t, greedy, host.Options{Limits: component.Limits{Fuel: 1_000_000}})
	if _, err := invoke(t.Context(), h, "", "times", uint32(1000)); err != nil {
		t.Error(err)
	}
	_, err := invoke(t.Context(), h, "", "times", uint32(10_000))
	if lattice.CodeOf(err) != lattice.CodeExhausted || !strings.Contains(err.Error(), "units of fuel") {
		t.Errorf("10,000 calls on 1,000,000 units: %v", err)
	}
	if n := h.Metrics().Exceeded.Counts()[component.LimitFuel]; n != 1 {
		t.Errorf("fuel was counted %d times", n)
	}
}

// TestValueLimits gives a function more than it may be given, and has it return more.
func TestValueLimits(t *testing.T) {
	h := target(t, host.Options{MaxRequest: 100, MaxResponse: 50})
	const iface = "test:link/target@1.3.0"
	for n, want := range map[int]string{50: "", 51: host.LimitResponse, 100: host.LimitResponse, 101: host.LimitRequest} {
		before := h.Metrics().Exceeded.Counts()[want]
		got, err := invoke(t.Context(), h, iface, "echo", strings.Repeat("x", n))
		if want == "" {
			if err != nil || len(got[0].(string)) != n {
				t.Errorf("%d bytes: %v", n, err)
			}
			continue
		}
		if lattice.CodeOf(err) != lattice.CodeExhausted || lattice.Undelivered(err) != (want == host.LimitRequest) {
			t.Errorf("%d bytes: error %v, undelivered %v", n, err, lattice.Undelivered(err))
		}
		if after := h.Metrics().Exceeded.Counts()[want]; after != before+1 {
			t.Errorf("%d bytes: %s was counted %d times", n, want, after-before)
		}
	}
}

// TestCompileBomb loads modules that would take a compiler for ever: they are refused
// before one sees them.
func TestCompileBomb(t *testing.T) {
	leb := func(n int) string { return string(binary.AppendUvarint(nil, uint64(n))) }
	section := func(id byte, content string) string { return string(id) + leb(len(content)) + content }
	bomb := func(functions int, body string) []byte {
		code := leb(len(body)) + body
		module := "\x00asm\x01\x00\x00\x00" + section(1, "\x01\x60\x00\x00") + section(3, leb(functions)+strings.Repeat("\x00", functions)) +
			section(10, leb(functions)+strings.Repeat(code, functions))
		return []byte("\x00asm\x0d\x00\x01\x00" + section(1, module) + section(2, "\x01\x00\x00\x00"))
	}
	e, err := component.NewEngine(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close(context.Background()) }()
	for name, wasm := range map[string][]byte{
		"a million functions and one": bomb(1_000_001, "\x00\x0b"),
		"a function of 8 MB":          bomb(1, "\x00"+strings.Repeat("\x10\x00", 4<<20)+"\x0b"),
	} {
		c, err := e.Load(t.Context(), wasm, nil)
		if err == nil {
			t.Errorf("%s, %d bytes: it was compiled", name, len(wasm))
			_ = c.Close(t.Context())
			continue
		}
		if _, ok := errors.AsType[*core.LimitError](err); !ok {
			t.Errorf("%s: error %v, want a limit", name, err)
		}
	}
	if _, err := e.Load(t.Context(), bomb(1, strings.Repeat("\x00", 1)+"\x0b"), nil); err != nil {
		t.Errorf("one function: %v", err)
	}
}
