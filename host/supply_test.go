package host_test

import (
	"context"
	"os"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/config"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// linked returns a target of the guest linked.wat, whose link is served by add.
func linked(t *testing.T, add func() error, opts host.Options) *host.Target {
	t.Helper()
	wasm, err := os.ReadFile("testdata/linked.wasm")
	if err != nil {
		t.Fatal(err)
	}
	l := &component.Linker{}
	if err := wasi.Define(l); err != nil {
		t.Fatal(err)
	}
	err = l.DefineDynamic("test:link/target@1.2.0", func(*wit.Func) (component.DynamicFunc, error) {
		return func(_ *component.Call, args []wit.Value) ([]wit.Value, error) {
			return []wit.Value{args[0]}, add()
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	e, err := component.NewEngine(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	c, err := e.Load(t.Context(), wasm, l)
	if err != nil {
		t.Fatal(err)
	}
	return host.NewTarget(c, &opts)
}

func values(text string) wasi.Options {
	return wasi.Options{Config: config.Options{Values: map[string]string{"key": text}}}
}

// TestSupply replaces what instances are given while a call is under way: it sees what
// it began with to its end, and only then that is given up.
func TestSupply(t *testing.T) {
	inside, goOn := make(chan struct{}), make(chan struct{})
	var wait atomic.Bool
	h := linked(t, func() error {
		if wait.Load() {
			inside <- struct{}{}
			<-goOn
		}
		return nil
	}, host.Options{})
	around := func() wit.Value {
		got, err := h.Call(t.Context(), &lattice.Invocation{Target: "c", Function: "around"}, nil, []wit.Value{"key"})
		if err != nil {
			t.Error(err)
			return nil
		}
		return got[0]
	}
	expect := func(got wit.Value, text string) {
		t.Helper()
		if d := cmp.Diff(wit.Value(wit.TupleValue{text, text}), got); d != "" {
			t.Errorf("the configuration before and after a call of a link (-want +got):\n%s", d)
		}
	}
	expect(around(), "")
	var closed [3]atomic.Bool
	h.Supply(values("first"), func() { closed[0].Store(true) })
	expect(around(), "first")

	wait.Store(true)
	result := make(chan wit.Value)
	go func() { result <- around() }()
	<-inside
	wait.Store(false)
	h.Supply(values("second"), func() { closed[1].Store(true) })
	expect(around(), "second") // beside the other
	if closed[0].Load() {
		t.Error("what a call has was given up while it is under way")
	}
	close(goOn)
	expect(<-result, "first")
	if !closed[0].Load() {
		t.Error("what no call has any more was not given up")
	}
	h.Supply(values("third"), nil) // nobody is inside
	if !closed[1].Load() {
		t.Error("what no call had was not given up when it was replaced")
	}
	h.Supply(wasi.Options{}, nil)
}
