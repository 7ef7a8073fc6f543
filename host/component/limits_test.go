package component_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

// A list may name the same bytes many times. What it amounts to is bounded.
func TestDataBudget(t *testing.T) {
	in := guest(t, component.Limits{Data: 64 << 10})
	for range 3 { // each call has its own budget
		if got, err := invoke(t, in, "amplify", uint32(40)); err != nil || len(got[0].(wit.ListValue)) != 40 {
			t.Fatalf("amplify(40) = %v, %v", got, err)
		}
	}
	_, err := invoke(t, in, "amplify", uint32(80))
	trap := wantTrap(t, err, component.TrapABI)
	if want := "trap: the call moves more data than its budget allows"; trap.Error() != want {
		t.Errorf("got %q, want %q", trap, want)
	}
	wantDead(t, in)
}

func TestMemoryLimitOnGrow(t *testing.T) {
	const page = 64 << 10
	in := guest(t, component.Limits{Memory: 10 * page})
	grow := func(pages uint32) int32 {
		got, err := invoke(t, in, "grow", pages)
		if err != nil {
			t.Fatal(err)
		}
		return got[0].(int32)
	}
	if in.Memory() != page {
		t.Errorf("memory = %d at the start, want %d", in.Memory(), page)
	}
	if got := grow(9); got != 1 {
		t.Errorf("grow to the limit = %d, want 1", got)
	}
	if got := grow(1); got != -1 {
		t.Errorf("grow beyond the limit = %d, want -1", got)
	}
	if in.Memory() != 10*page {
		t.Errorf("memory = %d, want %d", in.Memory(), 10*page)
	}
	// All of it is usable, and nothing beyond.
	if _, err := invoke(t, in, "poke", uint32(10*page-4), uint32(77)); err != nil {
		t.Error(err)
	}
	if got, err := invoke(t, in, "peek", uint32(10*page-4)); err != nil || got[0] != uint32(77) {
		t.Errorf("peek = %v, %v", got, err)
	}
	_, err := invoke(t, in, "peek", uint32(10*page-3))
	wantTrap(t, err, component.TrapWasm)
}

func TestMemoryLimitAtStart(t *testing.T) {
	c := load(t, newEngine(t, nil), "big.wasm", nil)
	for _, limit := range []uint64{127 << 20, 63 << 20, 1} {
		_, err := c.Instantiate(t.Context(), nil, component.Limits{Memory: limit})
		trap := wantTrap(t, err, component.TrapLimit)
		if want := fmt.Sprintf("trap: limit exceeded: at most %d bytes of memory (the component starts with more)", limit); trap.Error() != want {
			t.Errorf("got %q, want %q", trap, want)
		}
	}
	in := instantiate(t, c, nil, component.Limits{Memory: 128 << 20})
	if in.Memory() != 128<<20 {
		t.Errorf("memory = %d, want %d", in.Memory(), 128<<20)
	}
}

// The address space of an instance is given back.
func TestCloseFreesMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	size := func() (pages int) {
		b, err := os.ReadFile("/proc/self/statm")
		if err == nil {
			_, err = fmt.Fscan(bytes.NewReader(b), &pages)
		}
		if err != nil {
			t.Fatal(err)
		}
		return pages
	}
	const gib = (1 << 30) / 4096
	c := load(t, newEngine(t, &component.EngineOptions{MaxIdle: -1}), "guest.wasm", nil)
	before := size()
	var all []*component.Instance
	for range 10 {
		all = append(all, instantiate(t, c, nil, component.Limits{Memory: 2 << 30}))
	}
	if open := size(); open < before+10*gib {
		t.Fatalf("10 instances reserve %d pages, want %d and more: the test measures nothing", open-before, 20*gib)
	}
	for _, in := range all {
		in.Close()
		in.Close() // a second time is fine
		wantDead(t, in)
		if in.Memory() != 0 {
			t.Errorf("memory = %d after Close, want 0", in.Memory())
		}
	}
	if after := size(); after > before+gib {
		t.Errorf("%d pages of %d are left after Close", after-before, before)
	}
}

// A guest stops at its deadline, be it in a loop or in a tree of calls.
func TestDeadline(t *testing.T) {
	cause := errors.New("enough")
	for _, tt := range []struct {
		name string
		args []wit.Value
	}{{"spin", nil}, {"tree", []wit.Value{uint32(60)}}, {"work", []wit.Value{uint32(1<<32 - 1)}}} {
		in := guest(t, component.Limits{})
		ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, cause)
		defer cancel()
		_, err := function(t, in, tt.name).Call(ctx, tt.args...)
		if wantTrap(t, err, component.TrapDeadline); !errors.Is(err, cause) {
			t.Errorf("%s: got %v, want the cause %v", tt.name, err, cause)
		}
		wantDead(t, in)
	}
}

func TestDeadlineIsDemanded(t *testing.T) {
	in := guest(t, component.Limits{})
	if _, err := function(t, in, "id").Call(t.Context(), uint32(1)); err == nil || !strings.Contains(err.Error(), "no deadline") {
		t.Errorf("got %v, want a refusal", err)
	}
	if got, err := invoke(t, in, "id", uint32(1)); err != nil || got[0] != uint32(1) {
		t.Errorf("after the refusal: %v, %v", got, err)
	}
}

func TestFuel(t *testing.T) {
	const fuel = 1_000_000
	in := guest(t, component.Limits{Fuel: fuel})
	if _, err := invoke(t, in, "work", uint32(10_000)); err != nil {
		t.Fatal(err)
	}
	// What is left is not enough for this.
	_, err := invoke(t, in, "work", uint32(fuel))
	trap := wantTrap(t, err, component.TrapLimit)
	if want := "trap: limit exceeded: at most 1000000 units of fuel"; trap.Error() != want {
		t.Errorf("got %q, want %q", trap, want)
	}
	if used := in.Fuel(); used < fuel || used > 2*fuel {
		t.Errorf("used %d units of fuel, want about %d", used, fuel)
	}
	wantDead(t, in)
}

// The fuel of an instance is for its whole life.
func TestFuelOfManyCalls(t *testing.T) {
	in := guest(t, component.Limits{Fuel: 1_000_000})
	for range 1000 {
		if _, err := invoke(t, in, "work", uint32(1000)); err != nil {
			wantTrap(t, err, component.TrapLimit)
			return
		}
	}
	t.Errorf("1000 calls of 1000 iterations used only %d units of fuel", in.Fuel())
}

// A refused call leaves the instance as it was.
func TestRefusedArguments(t *testing.T) {
	in := guest(t, component.Limits{})
	for _, args := range [][]wit.Value{{}, {uint32(1), uint32(2)}, {"1"}, {uint8(1)}, {nil}} {
		if _, err := invoke(t, in, "id", args...); err == nil {
			t.Errorf("id(%v) is accepted", args)
		}
	}
	if got, err := invoke(t, in, "id", uint32(3)); err != nil || got[0] != uint32(3) {
		t.Errorf("id(3) = %v, %v", got, err)
	}
	for _, name := range []string{"", "none", "realloc"} {
		if _, err := in.Func("", name); err == nil {
			t.Errorf("function %q exists", name)
		}
	}
	if _, err := in.Func("a:b/c", "id"); err == nil {
		t.Error("interface a:b/c exists")
	}
}

// Any number of instances of a component run at once.
func TestConcurrentInstances(t *testing.T) {
	c := load(t, newEngine(t, nil), "guest.wasm", nil)
	var wg sync.WaitGroup
	for n := range uint32(8) {
		wg.Go(func() {
			for i := range uint32(20) {
				in, err := c.Instantiate(t.Context(), nil, component.Limits{})
				if err != nil {
					t.Error(err)
					return
				}
				v := n<<16 | i
				if _, err := invoke(t, in, "poke", uint32(64), v); err != nil {
					t.Error(err)
				}
				if got, err := invoke(t, in, "peek", uint32(64)); err != nil || got[0] != v {
					t.Errorf("peek = %v, %v, want %d", got, err, v)
				}
				if i%2 == 0 { // some end badly
					_, err := invoke(t, in, "crash", true)
					if _, ok := errors.AsType[*component.Trap](err); !ok {
						t.Errorf("crash: %v", err)
					}
				}
				in.Close()
			}
		})
	}
	wg.Wait()
}

// What one core module is given and does not use is not lost to the others.
func TestFuelOfManyModules(t *testing.T) {
	c := load(t, newEngine(t, nil), "flat.wasm", nil)
	in := instantiate(t, c, nil, component.Limits{Fuel: 150_000})
	if got, err := invoke(t, in, "sum", uint32(2000)); err != nil || got[0] != uint64(2001000) {
		t.Errorf("sum = %v, %v; %d units of fuel used", got, err, in.Fuel())
	}
}

// To move data is work as well, and the time for it is limited.
func TestFuelOfData(t *testing.T) {
	const size = 1 << 20
	c := load(t, newEngine(t, nil), "move.wasm", nil)
	in := instantiate(t, c, nil, component.Limits{Fuel: 1_000_000})
	if _, err := invoke(t, in, "move", uint32(5), uint32(size)); err != nil {
		t.Fatal(err)
	}
	if used := in.Fuel(); used < 5*size/16 {
		t.Errorf("used %d units of fuel to move %d bytes", used, 5*size)
	}
	_, err := invoke(t, in, "move", uint32(100), uint32(size))
	wantTrap(t, err, component.TrapLimit)
}

// Code is not taken away from an instance that may run it.
func TestCloseOrder(t *testing.T) {
	c := load(t, newEngine(t, nil), "guest.wasm", nil)
	in := instantiate(t, c, nil, component.Limits{})
	if err := c.Close(t.Context()); err == nil {
		t.Fatal("a component with an instance is closed")
	}
	if got, err := invoke(t, in, "id", uint32(1)); err != nil || got[0] != uint32(1) {
		t.Errorf("id = %v, %v", got, err)
	}
	in.Close()
	in.Close()
	for range 2 {
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if _, err := c.Instantiate(t.Context(), nil, component.Limits{}); err == nil {
		t.Error("a closed component is instantiated")
	}
}

// A list may name one handle many times; each time is remembered.
func TestLendLimit(t *testing.T) {
	in := instantiate(t, load(t, newEngine(t, nil), "lend.wasm", nil), nil, component.Limits{Handles: 50})
	for range 2 { // the loans of a call end with it
		if _, err := invoke(t, in, "lend", uint32(20)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := invoke(t, in, "lend", uint32(51))
	trap := wantTrap(t, err, component.TrapLimit)
	if want := "trap: limit exceeded: at most 50 handles lent in a call"; trap.Error() != want {
		t.Errorf("got %q, want %q", trap, want)
	}
}
