package scheduler_test

import (
	"context"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
)

// What is to be done while a scheduler leads is done by the one that leads the lattice,
// until it stops; not by one whose node leads no more than its own log.
func TestWhileLeading(t *testing.T) {
	l := newLab(t)
	type word struct {
		who  string
		ends bool
	}
	words := make(chan word, 16)
	start := func(who string) *running {
		creds := l.creds()
		return l.run(creds, l.join(trust.RoleScheduler, creds), &raftlog.Options{Dir: t.TempDir()}, &scheduler.Options{
			WhileLeading: func(ctx context.Context) error {
				words <- word{who, false}
				<-ctx.Done()
				words <- word{who, true}
				return nil
			},
		}, true)
	}
	said := func() word {
		t.Helper()
		select {
		case w := <-words:
			return w
		case <-time.After(patience):
			t.Fatal("nothing begins or ends")
			return word{}
		}
	}
	first := start("first")
	if w := said(); w != (word{"first", false}) {
		t.Fatalf("%+v, want that the first one begins", w)
	}
	second := start("second")
	l.problem(second, "with another log")
	if !second.node.Leader().Self {
		t.Error("the other one's node does not lead its log")
	}
	second.stop()
	first.stop()
	if w := said(); w != (word{"first", true}) {
		t.Errorf("%+v, want that the first one ends, and the other one never begins", w)
	}
	select {
	case w := <-words:
		t.Errorf("%+v after all has stopped", w)
	default:
	}
}
