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

// Client sends commands to the scheduler of a lattice. Its methods may be called at
// the same time. Errors that the scheduler answers with are an *lattice.Error; if no
// scheduler is there the error is of kind ErrUnavailable.
type Client struct {
	Messenger lattice.Messenger
	Lattice   lattice.Name
}

// Do sends any command, and fills result from the answer: a *ComponentResult for
// commands on components, a *Result for all others.
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
	subject := wire.Subjects{Lattice: c.Lattice}.Control(cmd.Name())
	answer, err := c.Messenger.Request(ctx, &lattice.Message{Subject: subject, Data: data})
	switch {
	case errors.Is(err, lattice.ErrUnavailable) && lattice.Undelivered(err):
		return fmt.Errorf("command %s: no scheduler answers in lattice %q: is `wattle up` running there? %w", cmd.Name(), c.Lattice, err)
	case err != nil:
		return fmt.Errorf("command %s: %w", cmd.Name(), err)
	}
	return DecodeReply(answer.Data, result)
}
