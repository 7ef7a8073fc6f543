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

// Of commands that were decided one upon the other, those are sent again that are surely
// not in the log, or change nothing if they are. Of the others it is said that nobody
// knows.
func TestFailedTogether(t *testing.T) {
	again, back := &control.StopComponent{ID: "c"}, &control.RollbackApp{App: "a"}
	unsure := &lattice.Error{Code: lattice.CodeUnavailable, Message: "the lead was lost"}
	sure := &lattice.Error{Code: lattice.CodeUnavailable, Message: "it did not lead", Undelivered: true}
	for _, test := range []struct {
		name   string
		err    error
		partly bool
		first  control.Command
		want   []bool // whether they are sent again
	}{
		{"the outcome is open", unsure, false, again, []bool{true, false}},
		{"the outcome is open, of one that is not repeatable", unsure, false, back, []bool{false, false}},
		{"surely not there", sure, false, back, []bool{true, true}},
		{"decided on another state", lattice.ErrConflict, false, back, []bool{true, true}},
		{"partly there", sure, true, back, []bool{false, true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := scheduler.New(nil, name, nil, nil, nil, nil)
			for i, err := range s.Failed(test.err, test.partly, test.first, back) {
				if lattice.Undelivered(err) != test.want[i] {
					t.Errorf("command %d: %v, want that it is sent again: %v", i, err, test.want[i])
				}
			}
		})
	}
}
