package lattice

import (
	"context"
	"errors"
	"time"
)

// leaveTimeout bounds Leave: what comes later is that much better off.
const leaveTimeout = time.Second

// Leave ends a subscription to which requests are sent and waits a moment until the
// servers know, so that who asks from then on reaches somebody else, or is told at
// once that nobody is there. It does so even if ctx has ended.
func Leave(ctx context.Context, l Lattice, sub Subscription) error {
	if err := sub.Unsubscribe(); err != nil || !l.Connected() {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	return l.Flush(ctx)
}

// Ended returns why something that runs until ctx ends does end, with err: nothing
// if it was asked to.
func Ended(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		if errors.Is(cause, context.Canceled) {
			return nil
		}
		return cause
	}
	return err
}
