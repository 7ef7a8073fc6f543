package cli

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// parts are what a process consists of that runs until it is told to end. They are
// started one after the other and stopped the other way round.
type parts struct {
	env    *Env
	log    *log
	stops  []func() error // what stops the parts, in the order in which they were started
	failed chan error     // has why a part ended that should not
}

func newParts(env *Env, l *log) parts { return parts{env: env, log: l, failed: make(chan error, 1)} }

// stop stops all parts, the last one first.
func (p *parts) stop() error {
	var errs []error
	for len(p.stops) > 0 {
		last := len(p.stops) - 1
		errs = append(errs, p.stops[last]())
		p.stops = p.stops[:last]
	}
	return errors.Join(errs...)
}

// begin runs a part until it is stopped.
func (p *parts) begin(ctx context.Context, what string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		err := run(ctx)
		if ctx.Err() == nil {
			if err == nil {
				err = errors.New("it ended")
			}
			select {
			case p.failed <- fmt.Errorf("%s: %w", what, err):
			default: // another part has failed before
			}
			err = nil // it is reported
		}
		ended <- err
	}()
	p.stops = append(p.stops, func() error {
		cancel()
		if err := <-ended; err != nil {
			return fmt.Errorf("stop %s: %w", what, err)
		}
		return nil
	})
}

// await waits for a part to be ready.
func (p *parts) await(ctx context.Context, ready <-chan struct{}) error {
	select {
	case <-ready:
		return nil
	case err := <-p.failed:
		return err
	case <-ctx.Done():
		return errInterrupted
	}
}

// slowly notes what is waited for, if it takes long.
func (p *parts) slowly(what string) (done func()) {
	t := time.AfterFunc(worthMentioning, func() { p.log.note("%s …", what) })
	return func() { t.Stop() }
}
