package component_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

// TestPrepared makes components of one binary at once, whose bytes are of no use after
// the first. Each goes on when the others and the binary are closed.
func TestPrepared(t *testing.T) {
	wasm, err := os.ReadFile("testdata/reset.wasm")
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, &component.EngineOptions{CacheDir: filepath.Join(t.TempDir(), "cache")})
	p, err := e.Prepare(wasm)
	if err != nil {
		t.Fatal(err)
	}
	l, _ := newLinker(t)
	load := func() *component.Component {
		c, err := p.Load(t.Context(), l.Clone())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	all := []*component.Component{load()}
	clear(wasm)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			c, err := p.Load(t.Context(), l.Clone())
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, c)
		})
	}
	wg.Wait()
	if len(p.Imports()) == 0 {
		t.Error("it imports nothing")
	}
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var seen []wit.Value
	for _, c := range all {
		in := instantiate(t, c, &things{}, component.Limits{})
		got, err := invoke(t, in, "digest")
		if err != nil {
			t.Fatal(err)
		}
		in.Close()
		if seen == nil {
			seen = got
		}
		if diff := cmp.Diff(seen, got); diff != "" {
			t.Errorf("another component of the binary (-first +another):\n%s", diff)
		}
		if err := c.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if s := e.Stats(); s.Components != 0 || s.CodeBytes != 0 || s.ImageBytes != 0 {
		t.Errorf("all is closed, and the engine holds %+v", s)
	}
}
