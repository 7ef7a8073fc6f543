package component

import (
	"context"
	"os"
	"testing"
)

// TestFused demands that calls of scalars between components are made by a shim,
// and others are not: what they do is the same, and the scripts test that.
func TestFused(t *testing.T) {
	e, err := NewEngine(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	for file, want := range map[string]int{"flat.wasm": 1, "strings.wasm": 0} {
		wasm, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := e.Load(t.Context(), wasm, nil)
		if err != nil {
			t.Fatal(err)
		}
		fused := 0
		for i := range c.plan.tramps {
			if c.plan.tramps[i].fused != nil {
				fused++
			}
		}
		if fused != want {
			t.Errorf("%s: %d calls are fused, want %d", file, fused, want)
		}
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}
