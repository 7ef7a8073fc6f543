package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/decide"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// turn is what is decided before the log is waited for: one decision upon the other, all
// of them on their way at once.
type turn struct {
	*leading
	steps []*step
	// err is why nothing more can be decided: what was decided may not be in the log.
	err error
	// verified says that this service led in this turn.
	verified bool
}

// step is a decision of a turn.
type step struct {
	call      *call // nil if nobody has asked
	proposal  *lead.Proposal
	submitted []*raftlog.Proposal
	state     *state.State
}

// commands decides on the commands that wait, beginning with first, which may be nil.
func (t *turn) commands(ctx context.Context, first *call) {
	c := first
	for range maxBatch {
		if c == nil {
			select {
			case c = <-t.calls:
			default:
				return
			}
		}
		t.command(ctx, c)
		c = nil
		if t.err != nil {
			return
		}
	}
}

func (t *turn) command(ctx context.Context, c *call) {
	if c.ctx.Err() != nil {
		c.done(nil, fmt.Errorf("%w: the command waited too long and was not carried out", lattice.ErrUnavailable))
		return
	}
	if cluster(c.cmd) {
		t.beside(ctx, c)
		return
	}
	switch cmd := c.cmd.(type) {
	case *control.SecretsKey:
		c.done(t.sealKey())
		return
	case *control.PutSecret:
		if err := t.checkSealed(cmd); err != nil {
			c.done(nil, err)
			return
		}
	}
	if decide.IsQuery(c.cmd) {
		c.done(t.query(ctx, c.cmd))
		return
	}
	p, err := t.lead.Decide(t.now(), wall(), c.cmd)
	if err == nil && len(p.Entries) > 0 {
		err = t.inLattice(c.ctx, p.Decision.Stored)
	}
	if err != nil || len(p.Entries) == 0 {
		// The log will not say whether that is so: another service may lead by now.
		if lost := t.verify(ctx); lost != nil {
			c.done(nil, lost)
			return
		}
	}
	if err != nil {
		t.log.InfoContext(ctx, "command refused", "command", c.cmd.Name(), "error", err)
		c.done(nil, err)
		return
	}
	t.submit(ctx, &step{call: c, proposal: p})
}

// beside carries out a command that may take long, and on which nothing depends that is
// decided.
func (l *leading) beside(ctx context.Context, c *call) {
	select {
	case l.places <- struct{}{}:
	default:
		c.done(nil, fmt.Errorf("%w: %d commands about schedulers are under way: try again", lattice.ErrExhausted, cap(l.places)))
		return
	}
	l.aside.Go(func() {
		defer func() { <-l.places }()
		asked, cancel := context.WithCancel(c.ctx)
		defer cancel()
		defer context.AfterFunc(ctx, cancel)() // when it does not lead any more
		c.done(l.administer(asked, c.cmd))
	})
}

// query answers a question from a state that has every command that was answered before.
func (t *turn) query(ctx context.Context, q control.Command) (any, error) {
	if err := t.verify(ctx); err != nil {
		return nil, err
	}
	return t.lead.View(t.now(), wall(), q)
}

// wall is the time as it is written down, in milliseconds since 1970. A machine that does
// not know the time yet may say that it is before that.
func wall() int64 { return max(time.Now().UnixMilli(), 0) }

// longest is for how many milliseconds the leader does not look at what is to be done
// without cause.
const longest = 10_000

// verify reports that this service does not lead any more, once for all of a turn.
func (t *turn) verify(ctx context.Context) error {
	if t.verified {
		return nil
	}
	_, err := t.node.Verify(ctx)
	t.verified = err == nil
	return err
}

// rounds does what is to be done unasked, and returns when to look again. While nothing can
// be written nothing is done: nobody would hear of it, and the log would grow.
func (t *turn) rounds(ctx context.Context) time.Duration {
	if t.lead.Refused() == nil {
		if err := t.sure(); err != nil {
			return retryAfter
		}
	}
	last := ""
	for range maxRounds {
		if t.err != nil {
			return 0
		}
		now := t.now()
		p, next, err := t.lead.Round(now, wall())
		switch {
		case err != nil && err.Error() == last:
			return retryAfter // it does not go away by itself
		case err != nil:
			last = err.Error()
			if t.news("rounds", err) {
				t.log.ErrorContext(ctx, "something cannot be done that ought to be", "error", err)
			}
		case p == nil:
			return time.Duration(min(max(next-now, 1), longest)) * time.Millisecond
		default:
			t.submit(ctx, &step{proposal: p})
		}
	}
	return 0
}

// submit sends the entries of a step on their way.
func (t *turn) submit(ctx context.Context, s *step) {
	t.steps = append(t.steps, s)
	if t.err = t.lead.Accept(t.now(), s.proposal); t.err != nil {
		return
	}
	for _, e := range s.proposal.Entries {
		p, err := t.node.Submit(ctx, e)
		if err != nil {
			t.err = err
			return
		}
		s.submitted = append(s.submitted, p)
	}
}

// settle waits for the log. After an error, which is that of the first step that is not
// there, nothing that was decided holds for certain.
func (t *turn) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, opTimeout, fmt.Errorf("the log took more than %s: %w", opTimeout, context.DeadlineExceeded))
	defer cancel()
	var proposals []*lead.Proposal
	last := t.lead.State()
	for i, s := range t.steps {
		for _, p := range s.submitted {
			now, err := p.Wait(ctx)
			if err != nil {
				return t.failed(i, err)
			}
			s.state, last = now, now
		}
		if len(s.submitted) < len(s.proposal.Entries) {
			return t.failed(i, t.err)
		}
		proposals = append(proposals, s.proposal)
	}
	if t.err != nil {
		return t.failed(len(t.steps), t.err)
	}
	t.lead.Applied(t.now(), last, proposals...)
	return nil
}

// failed answers the commands of a turn of which the step i is not in the log, or not
// wholly. Those before it are, and what follows from them the next lead writes. Those
// after it are not if it certainly is not, because they were decided upon it.
func (t *turn) failed(i int, err error) error {
	certain := lattice.Undelivered(err) || errors.Is(err, lattice.ErrConflict) || errors.Is(err, lattice.ErrInvalid)
	for j, s := range t.steps {
		switch {
		case s.call == nil:
		case j < i:
			t.finish(s, "hosts are told by the scheduler that leads from now on")
		case len(s.submitted) > 0 && (!certain || s.state != nil) && !control.Repeatable(s.call.cmd):
			s.call.done(nil, &lattice.Error{Code: lattice.CodeUnavailable, Message: fmt.Sprintf("%v; whether the command was carried out is not known: ask how things are", err)})
		default:
			s.call.done(nil, t.notLeading())
		}
	}
	return err
}

// finish answers the command of a step that is in the log.
func (t *turn) finish(s *step, notes ...string) {
	now := s.state
	if now == nil {
		now = t.lead.State()
	}
	s.proposal.Decision.Done(len(s.proposal.Entries) > 0, now.Stamp, notes...)
	s.call.done(s.proposal.Decision.Result, nil)
}

// answer tells of what has happened. failed is why not all documents are written.
func (t *turn) answer(ctx context.Context, failed error) {
	for _, s := range t.steps {
		if len(s.proposal.Entries) > 0 {
			t.publish(ctx, s.proposal.Events)
		}
		if s.call == nil {
			continue
		}
		if len(s.proposal.Entries) > 0 {
			t.log.InfoContext(ctx, "command carried out", "command", s.call.cmd.Name(), "index", s.state.Stamp.Index)
		}
		if failed != nil && len(s.proposal.Entries) > 0 && !errors.Is(failed, lead.ErrAhead) {
			t.finish(s, "it is written down, and hosts are told as soon as the lattice allows: "+failed.Error())
			continue
		}
		t.finish(s)
	}
}

// inLattice reports binaries that are not in the lattice.
func (l *leading) inLattice(ctx context.Context, digests []string) error {
	for _, digest := range digests {
		if l.stored.has(digest) {
			continue
		}
		name, err := wire.ArtifactName(digest)
		if err != nil {
			return err
		}
		has, err := l.artifacts.Has(ctx, name)
		if err != nil {
			return fmt.Errorf("object store %q: %w", l.buckets.Artifacts(), err)
		}
		if !has {
			return fmt.Errorf("binary %s: %w in the lattice: store it with `wattle component push`", digest, lattice.ErrNotFound)
		}
		l.stored.add(digest)
	}
	return nil
}
