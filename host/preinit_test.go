package host_test

import (
	"context"
	"os"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
)

// With instances that start from a common state each request still has one of
// its own: nothing of a request is seen by another, and output goes where that of
// the request goes.
func TestPreinitialize(t *testing.T) {
	e, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	wasm, err := os.ReadFile(faulty)
	if err != nil {
		t.Fatal(err)
	}
	var l component.Linker
	if err := wasi.Define(&l); err != nil {
		t.Fatal(err)
	}
	c, err := e.Load(t.Context(), wasm, &l) // the other tests share theirs
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	var mu sync.Mutex
	lines := map[host.InstanceID][]string{}
	s, err := host.NewServer(c, &host.Options{Output: func(l host.Line) {
		mu.Lock()
		defer mu.Unlock()
		lines[l.Instance] = append(lines[l.Instance], l.Text)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Preinitialize(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !c.Preinitialized() {
		t.Fatal("the component is not preinitialized")
	}
	srv := expose(t, s)
	want(t, srv, "/ok", 200, "ok 1")
	want(t, srv, "/panic", 502, "the component failed")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				want(t, srv, "/ok", 200, "ok 1")
				want(t, srv, "/lines", 200, "written")
			}
		})
	}
	wg.Wait()
	idle(s)
	mu.Lock()
	defer mu.Unlock()
	with := 0
	for _, got := range lines {
		if len(got) != 4 { // that of the panic has many
			continue
		}
		with++
		if diff := cmp.Diff(map[string]int{"one": 1, "two": 1, "without end": 1, "err": 1}, tally(got)); diff != "" {
			t.Errorf("lines of an instance (-want +got):\n%s", diff)
		}
	}
	if with != 40 {
		t.Errorf("%d instances wrote lines, want 40", with)
	}
}

func tally(lines []string) map[string]int {
	n := map[string]int{}
	for _, l := range lines {
		n[l]++
	}
	return n
}
