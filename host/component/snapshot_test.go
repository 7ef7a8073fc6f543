package component_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

func digest(t *testing.T, in *component.Instance) uint64 {
	t.Helper()
	got, err := invoke(t, in, "digest")
	if err != nil {
		t.Fatal(err)
	}
	return got[0].(uint64)
}

// A component that works when it starts and asks nobody anything does so once,
// and its instances are as if each had.
func TestSnapshot(t *testing.T) {
	c := load(t, newEngine(t, nil), "snapshot.wasm", nil)
	first := instantiate(t, c, nil, component.Limits{})
	if !c.Preinitialized() {
		t.Fatal("no snapshot was taken")
	}
	want, fuel, memory := digest(t, first), first.Fuel(), first.Memory()
	if memory != 3<<16 {
		t.Fatalf("memory has %d bytes, want 3 pages", memory)
	}
	if _, err := invoke(t, first, "spoil"); err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		in := instantiate(t, c, nil, component.Limits{})
		if i > 2 {
			first.Close() // it is used again
			first = in
		}
		if got := digest(t, in); got != want {
			t.Errorf("digest %#x, want %#x", got, want)
		}
		if d := in.Fuel() - fuel; d < -200_000 || d > 200_000 { // a slice
			t.Errorf("fuel %d, want about %d", in.Fuel(), fuel)
		}
		if in.Memory() != memory {
			t.Errorf("memory %d bytes, want %d", in.Memory(), memory)
		}
		if _, err := invoke(t, in, "spoil"); err != nil {
			t.Fatal(err)
		}
	}
	// The state is of three pages. With a limit of one the start has to do
	// without the rest, and traps.
	if in, err := c.Instantiate(t.Context(), nil, component.Limits{Memory: 1 << 16}); err == nil {
		in.Close()
		t.Error("an instance started from a state that its limit does not allow")
	}
}

// What the host has answered is not shared unless somebody says so.
func TestPreinitialize(t *testing.T) {
	l, _ := newLinker(t)
	c := load(t, newEngine(t, nil), "snapshot-host.wasm", l)
	state := &things{onAdd: func() {}}
	sum := func() {
		t.Helper()
		got, err := invoke(t, instantiate(t, c, state, component.Limits{}), "sum")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]wit.Value{uint32(42)}, got); diff != "" {
			t.Errorf("sum (-want +got):\n%s", diff)
		}
	}
	sum()
	sum()
	if state.adds != 2 || c.Preinitialized() {
		t.Fatalf("the host was asked %d times, want 2; preinitialized: %v", state.adds, c.Preinitialized())
	}
	if err := c.Preinitialize(t.Context(), state, component.Limits{}); err != nil {
		t.Fatal(err)
	}
	sum()
	sum()
	if state.adds != 3 || !c.Preinitialized() {
		t.Errorf("the host was asked %d times, want 3; preinitialized: %v", state.adds, c.Preinitialized())
	}
}

// What cannot be shared is said, and instances start as before.
func TestSnapshotError(t *testing.T) {
	for file, want := range map[string]string{
		"snapshot-handle.wasm": "it holds a handle to test:host/things.thing when it has started",
		"snapshot-table.wasm":  "core module 0 has tables that its code changes",
	} {
		l, _ := newLinker(t)
		c := load(t, newEngine(t, nil), file, l)
		err := c.Preinitialize(t.Context(), &things{}, component.Limits{})
		if _, ok := errors.AsType[*component.SnapshotError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want a SnapshotError with %q", file, err, want)
		}
		instantiate(t, c, &things{}, component.Limits{})
		if c.Preinitialized() {
			t.Errorf("%s is preinitialized", file)
		}
	}
}
