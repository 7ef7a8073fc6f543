package invoke

import (
	"context"
	"sync"
	"time"
)

// callContext is the context of a call that is carried out. It makes no channel and
// no timer before somebody waits for its end.
type callContext struct {
	parent context.Context //nolint:containedctx // it has the values
	until  time.Time       // zero if there is no deadline

	mu sync.Mutex
	// made is the context that others wait for, and err why this one has ended
	// without it.
	made   context.Context //nolint:containedctx // it is this one
	cancel context.CancelFunc
	err    error
}

// Deadline implements context.Context.
func (c *callContext) Deadline() (time.Time, bool) { return c.until, !c.until.IsZero() }

// Done implements context.Context.
func (c *callContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil {
		over := c.over()
		if c.until.IsZero() || over == context.Canceled { //nolint:errorlint // over returns it as it is
			c.made, c.cancel = context.WithCancel(c.parent)
		} else {
			c.made, c.cancel = context.WithDeadline(c.parent, c.until)
		}
		if over != nil {
			c.cancel()
		}
	}
	return c.made.Done()
}

// Err implements context.Context.
func (c *callContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over()
}

// over returns why the context has ended. It is called with the lock.
func (c *callContext) over() error {
	if c.made != nil {
		return c.made.Err()
	}
	if c.err == nil && !c.until.IsZero() && !time.Now().Before(c.until) {
		c.err = context.DeadlineExceeded
	}
	return c.err
}

// Value implements context.Context. Package context asks for the context that has
// the channel that Done has returned.
func (c *callContext) Value(key any) any {
	c.mu.Lock()
	from := c.made
	c.mu.Unlock()
	if from == nil {
		from = c.parent
	}
	return from.Value(key)
}

// end cancels the context. If its deadline has come, it is that which ends it.
func (c *callContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.until.IsZero() && !time.Now().Before(c.until):
	case c.made != nil:
		c.cancel()
	case c.err == nil:
		c.err = context.Canceled
	}
}
