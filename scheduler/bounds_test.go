package scheduler_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// A command for which there is no room is refused at once, and those that wait are
// not touched.
func TestCommandsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := memlattice.New(memlattice.Options{}).Join("scheduler")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		var answers []error
		inbox := l.NewInbox()
		if _, err := l.Subscribe(inbox, "", func(m *lattice.Message) {
			answers = append(answers, control.DecodeReply(m.Data, new(control.Result)))
		}); err != nil {
			t.Fatal(err)
		}
		data, err := control.Encode(&control.StopComponent{ID: "c"})
		if err != nil {
			t.Fatal(err)
		}
		s := scheduler.New(l, name, nil, nil, nil) // it does not run, so that all wait
		for range scheduler.MaxCalls + 1 {
			s.Receive(&lattice.Message{Subject: wire.Subjects{Lattice: name}.Control("component.stop"), Reply: inbox, Data: data})
		}
		synctest.Wait()
		if len(answers) != 1 || !errors.Is(answers[0], lattice.ErrExhausted) {
			t.Errorf("%d answers %v, want one of %v", len(answers), answers, lattice.ErrExhausted)
		}
	})
}

// The oldest ref that nothing runs from is forgotten for a new one.
func TestRefsAreBounded(t *testing.T) {
	w := newWorld(t, 1)
	w.do(&control.StartComponent{ID: "kept", Ref: "kept.wasm", Digest: digest(1)}) // the oldest of all
	for i := range scheduler.MaxRefs - 1 {
		ref := fmt.Sprintf("%d.wasm", i)
		w.state.Refs[ref] = &scheduler.Ref{Ref: ref, Digest: digest(1), Index: uint64(i + 2)}
	}
	w.do(&control.StartComponent{ID: "next", Ref: "next.wasm", Digest: digest(1)})
	if n := len(w.state.Refs); n != scheduler.MaxRefs {
		t.Errorf("%d refs, want %d", n, scheduler.MaxRefs)
	}
	for ref, want := range map[string]bool{"kept.wasm": true, "next.wasm": true, "0.wasm": false, "1.wasm": true} {
		if _, ok := w.state.Refs[ref]; ok != want {
			t.Errorf("ref %q is known: %v, want %v", ref, ok, want)
		}
	}
}
