package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// errReached ends a wait: what was waited for is there.
var errReached = errors.New("reached")

// waitFor watches a kind of thing until f returns true or an error, for limit at
// most.
func (s *session) waitFor(ctx context.Context, limit time.Duration, kind string, f func(inv *inventory.Inventory, now time.Time) (bool, error)) error {
	timed, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it is not so after %v; it may still become so: %w", limit, context.DeadlineExceeded))
	defer cancel()
	err := s.Watch(timed, inventory.KindOf(kind), func(inv *inventory.Inventory) error {
		ok, err := f(inv, time.Now())
		if err == nil && ok {
			return errReached
		}
		return err
	})
	switch {
	case errors.Is(err, errReached):
		return nil
	case ctx.Err() != nil:
		return errInterrupted
	case timed.Err() != nil:
		return context.Cause(timed)
	}
	return err
}

// wait shows, after a second, what a command waits for.
type wait struct {
	w        io.Writer
	what     string
	terminal bool
	began    time.Time
	last     string
}

func newWait(env *Env, what string) *wait {
	return &wait{w: env.Stderr, what: what, terminal: isTerminal(env.Stderr), began: time.Now()}
}

// say says how far it is. On a terminal it is one line that changes.
func (p *wait) say(format string, args ...any) {
	if time.Since(p.began) < worthMentioning {
		return
	}
	text := printable(fmt.Sprintf(format, args...))
	switch {
	case p.terminal:
		fmt.Fprintf(p.w, "\r\x1b[K%s: %s (%.0fs) ", p.what, text, time.Since(p.began).Seconds())
	case text != p.last:
		fmt.Fprintf(p.w, "%s: %s\n", p.what, text)
	}
	p.last = text
}

// end clears the line.
func (p *wait) end() {
	if p.terminal && p.last != "" {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// interrupted returns errInterrupted if that is why err came about.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// done says what a command has done.
func done(env *Env, format string, args ...any) error {
	_, err := fmt.Fprintln(env.Stdout, printable(fmt.Sprintf(format, args...)))
	return err
}

// notes passes on what the scheduler has to say.
func (*session) notes(env *Env, r *control.Result) {
	for _, n := range r.Notes {
		fmt.Fprintf(env.Stderr, "wattle: %s\n", printable(n))
	}
}
