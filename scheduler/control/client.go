package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Timeout bounds a command whose context has no deadline.
const Timeout = 15 * time.Second

// Client sends commands to the scheduler that leads a lattice. Its methods may be called
// at the same time. Errors that the scheduler answers with are an *lattice.Error; if no
// scheduler leads the error is of kind ErrUnavailable.
type Client struct {
	Messenger lattice.Messenger
	Lattice   lattice.Name
}

// The pauses between attempts while no scheduler leads: one is elected meanwhile.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = time.Second
)

// patience is for how long a command is tried again while no scheduler leads, unless its
// context ends first: an election takes a few seconds at the most.
const patience = 5 * time.Second

// Do sends any command, and fills result from the answer: a *ComponentResult for
// commands on components, an *AppResult for those on applications, what their comments
// say for queries, and a *Result for all others. While no scheduler leads it tries again,
// and so it does if the one that leads is gone before it answers, if the command is
// Repeatable.
func (c *Client) Do(ctx context.Context, cmd Command, result any) error {
	data, err := Encode(cmd)
	if err != nil {
		return err
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, Timeout, fmt.Errorf("the scheduler did not answer within %s: %w", Timeout, context.DeadlineExceeded))
		defer cancel()
	}
	m := &lattice.Message{Subject: wire.Subjects{Lattice: c.Lattice}.Control(cmd.Name()), Data: data}
	began := time.Now()
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		answer, err := c.attempt(ctx, cmd, m)
		if err == nil {
			if err = DecodeReply(answer.Data, result); !undecided(err) {
				return err
			}
		} else if !undecided(err) {
			return fmt.Errorf("command %s: %w", cmd.Name(), err)
		}
		if err != errLate && time.Since(began) > patience || !wait(ctx, pause) { //nolint:errorlint // the very one
			if _, answered := errors.AsType[*lattice.Error](err); answered && answer != nil {
				return err
			}
			return fmt.Errorf("command %s: no scheduler leads lattice %q: is `wattle up` running there, and most of its schedulers, if there are several? "+
				"`wattle scheduler status` tells: %w", cmd.Name(), c.Lattice, err)
		}
	}
}

// attemptTimeout is how long an answer may take before a command that is repeatable is
// sent again: whoever took it may be gone.
const attemptTimeout = 5 * time.Second

// attempt sends a command once.
func (c *Client) attempt(ctx context.Context, cmd Command, m *lattice.Message) (*lattice.Message, error) {
	if !Repeatable(cmd) {
		return c.Messenger.Request(ctx, m)
	}
	bounded, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	answer, err := c.Messenger.Request(bounded, m)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, errLate
	}
	return answer, err
}

// errLate says that no answer came in time for one attempt.
var errLate = &lattice.Error{Code: lattice.CodeUnavailable, Message: fmt.Sprintf("no answer within %s", attemptTimeout), Undelivered: true}

// Repeatable reports whether a command that is carried out twice changes nothing the
// second time.
func Repeatable(cmd Command) bool {
	switch c := cmd.(type) {
	case *RollbackApp:
		return c.Version != ""
	case *StopComponent:
		// Where no other host takes the component it is placed on the same one again.
		return c.Host == ""
	case *AddScheduler, *RemoveScheduler, *TakeSnapshot:
		return false
	}
	return true
}

// undecided reports whether an error says that nobody has begun with a command, and that
// somebody may soon.
func undecided(err error) bool {
	return errors.Is(err, lattice.ErrUnavailable) && lattice.Undelivered(err)
}

// wait waits, and reports whether the context has not ended.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
