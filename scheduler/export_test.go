package scheduler

import (
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// Receive takes a command as from its subject.
func (s *Service) Receive(m *lattice.Message) { s.receive(m) }

// Open has commands be taken, as when the service leads.
func (s *Service) Open() { s.open() }

// MaxCalls is a bound that tests go beyond.
const MaxCalls = maxCalls

// Failed returns what commands are told that were sent to the log together, when the first
// one comes back with err. partly says that one of its entries is there.
func (s *Service) Failed(err error, partly bool, commands ...control.Command) []error {
	told := make([]error, len(commands))
	t := &turn{leading: &leading{Service: s}}
	for i, cmd := range commands {
		one := &step{
			call:      &call{cmd: cmd, done: func(_ any, err error) { told[i] = err }},
			proposal:  &lead.Proposal{Entries: []*state.Entry{{}}},
			submitted: []*raftlog.Proposal{nil},
		}
		if i == 0 && partly {
			one.state = state.New(s.name)
		}
		t.steps = append(t.steps, one)
	}
	_ = t.failed(0, err)
	return told
}
