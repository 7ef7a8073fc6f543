package scheduler_test

import (
	"errors"
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
		s := scheduler.New(l, name, nil, nil, nil, nil) // it does not run, so that all wait
		s.Open()
		for range scheduler.MaxCalls + 1 {
			s.Receive(&lattice.Message{Subject: wire.Subjects{Lattice: name}.Control("component.stop"), Reply: inbox, Data: data})
		}
		synctest.Wait()
		if len(answers) != 1 || !errors.Is(answers[0], lattice.ErrExhausted) {
			t.Errorf("%d answers %v, want one of %v", len(answers), answers, lattice.ErrExhausted)
		}
	})
}
