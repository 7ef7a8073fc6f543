package component_test

import (
	"runtime"
	"testing"

	"github.com/wattle-dev/wattle/host/component"
)

// A component may call itself, and a destructor may destroy: the host's stack
// must not be what ends it.
func TestNestedCalls(t *testing.T) {
	c := load(t, newEngine(t, nil), "nested.wasm", nil)
	for _, name := range []string{"again", "destroy"} {
		in := instantiate(t, c, nil, component.Limits{})
		_, err := invoke(t, in, name)
		wantTrap(t, err, component.TrapLimit)
		wantDeadFunc(t, in, name)
	}
}

// The stacks on which guest code has run do not pile up.
func TestDeepStacks(t *testing.T) {
	in := instantiate(t, load(t, newEngine(t, nil), "nested.wasm", nil), nil, component.Limits{})
	for i := range 12 {
		name := "deep" + string([]byte{byte('0' + i/10), byte('0' + i%10)})
		if i < 10 {
			name = "deep" + string(byte('0'+i))
		}
		if _, err := invoke(t, in, name, uint32(100_000)); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("heap %d MiB", m.HeapAlloc>>20)
}

func wantDeadFunc(t *testing.T, in *component.Instance, name string) {
	t.Helper()
	if _, err := invoke(t, in, name); err != component.ErrDead {
		t.Errorf("got %v", err)
	}
}
