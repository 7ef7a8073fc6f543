package component_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

// newEngine returns an engine that lives as long as the test.
func newEngine(t testing.TB, opts *component.EngineOptions) *component.Engine {
	t.Helper()
	e, err := component.NewEngine(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

// load loads a component of testdata, which lives as long as the test.
func load(t testing.TB, e *component.Engine, file string, l *component.Linker) *component.Component {
	t.Helper()
	wasm, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := e.Load(t.Context(), wasm, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return c
}

// instantiate makes an instance that lives as long as the test.
func instantiate(t testing.TB, c *component.Component, state any, l component.Limits) *component.Instance {
	t.Helper()
	in, err := c.Instantiate(t.Context(), state, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Close)
	return in
}

// function returns a function of the world of an instance.
func function(t testing.TB, in *component.Instance, name string) *component.Func {
	t.Helper()
	f, err := in.Func("", name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// invoke calls a function with a time limit that only a fault can reach.
func invoke(t testing.TB, in *component.Instance, name string, args ...wit.Value) ([]wit.Value, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return function(t, in, name).Call(ctx, args...)
}

// guest returns an instance of testdata/guest.wat.
func guest(t *testing.T, l component.Limits) *component.Instance {
	t.Helper()
	return instantiate(t, load(t, newEngine(t, nil), "guest.wasm", nil), nil, l)
}

// wantTrap checks that err is a trap of a kind.
func wantTrap(t *testing.T, err error, kind component.TrapKind) *component.Trap {
	t.Helper()
	var trap *component.Trap
	if !errors.As(err, &trap) || trap.Kind != kind {
		t.Fatalf("got %v, want a trap of the kind %q", err, kind)
	}
	return trap
}

// wantDead checks that an instance cannot be called any more.
func wantDead(t *testing.T, in *component.Instance) {
	t.Helper()
	if _, err := invoke(t, in, "id", uint32(1)); !errors.Is(err, component.ErrDead) {
		t.Errorf("call after the end: got %v, want %v", err, component.ErrDead)
	}
}
