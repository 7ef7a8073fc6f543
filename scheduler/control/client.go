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

// StartComponent has a component run.
func (c *Client) StartComponent(ctx context.Context, cmd *StartComponent) (*ComponentResult, error) {
	return do[ComponentResult](ctx, c, cmd)
}

// ScaleComponent changes on how many hosts a component runs, or how many calls run
// at once.
func (c *Client) ScaleComponent(ctx context.Context, cmd *ScaleComponent) (*ComponentResult, error) {
	return do[ComponentResult](ctx, c, cmd)
}

// UpdateComponent replaces the binary of a component.
func (c *Client) UpdateComponent(ctx context.Context, cmd *UpdateComponent) (*ComponentResult, error) {
	return do[ComponentResult](ctx, c, cmd)
}

// StopComponent ends a component.
func (c *Client) StopComponent(ctx context.Context, cmd *StopComponent) (*ComponentResult, error) {
	return do[ComponentResult](ctx, c, cmd)
}

// PutLink makes or changes a link.
func (c *Client) PutLink(ctx context.Context, cmd *PutLink) (*Result, error) {
	return do[Result](ctx, c, cmd)
}

// DeleteLink removes a link.
func (c *Client) DeleteLink(ctx context.Context, cmd *DeleteLink) (*Result, error) {
	return do[Result](ctx, c, cmd)
}

// PutConfig makes or replaces a configuration.
func (c *Client) PutConfig(ctx context.Context, cmd *PutConfig) (*Result, error) {
	return do[Result](ctx, c, cmd)
}

// DeleteConfig removes a configuration.
func (c *Client) DeleteConfig(ctx context.Context, cmd *DeleteConfig) (*Result, error) {
	return do[Result](ctx, c, cmd)
}

// SetHostState says what a host ought to do.
func (c *Client) SetHostState(ctx context.Context, cmd *SetHostState) (*Result, error) {
	return do[Result](ctx, c, cmd)
}

// PutLabel gives a host a label.
func (c *Client) PutLabel(ctx context.Context, cmd *PutLabel) (*Result, error) {
	return do[Result](ctx, c, cmd)
}

// DeleteLabel removes a label that PutLabel gave.
func (c *Client) DeleteLabel(ctx context.Context, cmd *DeleteLabel) (*Result, error) {
	return do[Result](ctx, c, cmd)
}

func do[R any](ctx context.Context, c *Client, cmd Command) (*R, error) {
	r := new(R)
	if err := c.Do(ctx, cmd, r); err != nil {
		return nil, err
	}
	return r, nil
}
