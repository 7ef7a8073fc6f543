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
// say for queries, and a *Result for all others. While no scheduler leads it tries again:
// a command that is carried out twice changes nothing the second time.
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
		answer, err := c.Messenger.Request(ctx, m)
		if err == nil {
			if err = DecodeReply(answer.Data, result); !undecided(err) {
				return err
			}
		} else if !undecided(err) {
			return fmt.Errorf("command %s: %w", cmd.Name(), err)
		}
		if time.Since(began) > patience || !wait(ctx, pause) {
			if _, answered := errors.AsType[*lattice.Error](err); answered && answer != nil {
				return err
			}
			return fmt.Errorf("command %s: no scheduler leads lattice %q: is `wattle up` running there, and most of its schedulers, if there are several? "+
				"`wattle scheduler status` tells: %w", cmd.Name(), c.Lattice, err)
		}
	}
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
