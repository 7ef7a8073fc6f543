package component_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/wattle-dev/wattle/host/component"
)

// A component may call itself, and a destructor may destroy. That is not to be
// paid with the stack of the host, whose overflow ends the whole process.
func TestNestedCalls(t *testing.T) {
	c := load(t, newEngine(t, nil), "nested.wasm", nil)
	for _, name := range []string{"again", "destroy"} {
		in := instantiate(t, c, nil, component.Limits{})
		_, err := invoke(t, in, name)
		trap := wantTrap(t, err, component.TrapLimit)
		if want := "trap: limit exceeded: at most 256 calls within each other"; trap.Error() != want {
			t.Errorf("%s: got %q, want %q", name, trap, want)
		}
		if _, err := invoke(t, in, name); err != component.ErrDead { //nolint:errorlint // it is this very error
			t.Errorf("%s again: got %v, want %v", name, err, component.ErrDead)
		}
	}
}

// The stacks on which guest code has run do not pile up in an instance.
func TestStacksAreGivenBack(t *testing.T) {
	in := instantiate(t, load(t, newEngine(t, nil), "nested.wasm", nil), nil, component.Limits{})
	before := heap()
	for i := range 12 { // each takes 20 MB
		if _, err := invoke(t, in, fmt.Sprintf("deep%d", i), uint32(100_000)); err != nil {
			t.Fatal(err)
		}
	}
	if after := heap(); after > before+32<<20 {
		t.Errorf("the heap is %d MiB after the calls, and was %d MiB", after>>20, before>>20)
	}
	runtime.KeepAlive(in)
}

// heap returns the bytes in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Calls within each other hold a stack each, which may be deep long before they
// are many.
func TestDeepStacks(t *testing.T) {
	in := instantiate(t, load(t, newEngine(t, nil), "stacks.wasm", nil), nil, component.Limits{})
	_, err := invoke(t, in, "run")
	trap := wantTrap(t, err, component.TrapLimit)
	if want := "trap: limit exceeded: at most 134217728 bytes of stack"; trap.Error() != want {
		t.Errorf("got %q, want %q", trap, want)
	}
}
