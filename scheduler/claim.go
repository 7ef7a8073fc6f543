package scheduler

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/state"
)

const (
	// beatEvery is the time between two beats.
	beatEvery = time.Second
	// maxBeat bounds the document, in bytes.
	maxBeat = 4 << 10
	// maxClaims is how often a claim is tried again that something came before.
	maxClaims = 4
)

// claim is a lead.Claim that several goroutines use.
type claim struct {
	mu     sync.Mutex
	claim  *lead.Claim
	synced bool
	// stirred has something when what is known may have changed.
	stirred chan struct{}
}

// use calls f with the claim.
func (c *claim) use(f func(*lead.Claim)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(c.claim)
}

func (c *claim) standing(now int64) (st lead.Standing, err error) {
	c.use(func(k *lead.Claim) { st, err = k.Standing(now), k.Err(now) })
	return st, err
}

func (c *claim) isSynced() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.synced
}

func (c *claim) stir() {
	select {
	case c.stirred <- struct{}{}:
	default:
	}
}

// identify returns the state, whose log says which it is: if it does not, the entry that
// says so is made first.
func (s *Service) identify(ctx context.Context, now *state.State) (*state.State, error) {
	if now.Meta().Cluster != "" {
		return now, nil
	}
	meta := *now.Meta()
	meta.Cluster = rand.Text()
	return s.node.Propose(ctx, &state.Entry{
		Base: now.Seq, At: wall(), Changes: []state.Change{state.Put(state.Record{Meta: &meta})},
	})
}

// newClaim returns the claim of a leader of a term with a state.
func (l *leading) newClaim(now *state.State) *claim {
	self := lead.Beat{Cluster: now.Meta().Cluster, ID: l.node.ID(), Service: l.opts.ID, Address: l.node.Address(), Term: l.term, Beat: l.beats.Load()}
	return &claim{claim: lead.NewClaim(l.name, self), stirred: make(chan struct{}, 1)}
}

// watchClaim takes in who leads the lattice.
func (l *leading) watchClaim(ctx context.Context, b lattice.Bucket) error {
	return b.Watch(ctx, wire.SchedulerLeader, func(e lattice.Entry) error {
		defer l.claim.stir()
		c := &changed{bucket: l.buckets.Scheduler(), of: beat, entry: e, at: time.Now()}
		own := false
		l.claim.use(func(k *lead.Claim) {
			if e.Synced {
				k.Synced(l.at(c.at), l.old)
				l.claim.synced = true
				return
			}
			revision, beat := l.read(e)
			own = k.Saw(l.at(c.at), revision, beat)
			c.live = l.claim.synced
		})
		if own && c.live {
			select {
			case l.changes <- c:
			case <-ctx.Done():
			}
		}
		return nil
	})
}

// read returns the beat that a value is, nil if it is none.
func (l *leading) read(e lattice.Entry) (uint64, *lead.Beat) {
	if e.Deleted {
		return 0, nil
	}
	value, err := l.verifier.Scheduler(l.buckets.Scheduler(), wire.SchedulerLeader, e.Value)
	b := new(lead.Beat)
	if err != nil || wire.DecodeForeign("beat", value, maxBeat, b) != nil {
		return e.Revision, nil
	}
	return e.Revision, b
}

// contend waits until no other scheduler leads the lattice. Who leads it answers commands
// meanwhile.
func (l *leading) contend(ctx context.Context) error {
	for {
		standing, err := l.claim.standing(l.now())
		switch {
		case !l.claim.isSynced():
		case standing == lead.Taken:
			l.holdBack(ctx, err)
			l.serves()
		case standing == lead.Unsure:
			l.status.Store(&acting{problem: err.Error()})
		default:
			return nil
		}
		select {
		case <-l.claim.stirred:
		case <-time.After(beatEvery / 2): // silence says nothing by itself
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// take claims the lattice.
func (l *leading) take(ctx context.Context, bucket lattice.Bucket) error {
	for range maxClaims {
		// What was seen may be the beat of one that leads by now.
		if _, err := l.node.Verify(ctx); err != nil {
			return err
		}
		if _, err := l.claim.standing(l.now()); err != nil {
			return err
		}
		err := l.beat(ctx, bucket)
		if err == nil || !errors.Is(err, lattice.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("claim lattice %q: %w: somebody else writes there", l.name, lattice.ErrConflict)
}

// keepClaim has the beat go on if this service acts, and ends the lead when the lattice is
// another one's.
func (l *leading) keepClaim(ctx context.Context, end context.CancelCauseFunc, bucket lattice.Bucket, acts bool) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for failing := false; ; {
		select {
		case <-tick.C:
			if !acts {
				break
			}
			err := l.beat(ctx, bucket)
			if err != nil && ctx.Err() == nil && !failing {
				l.log.WarnContext(ctx, "beat is not written: while it is not, no host counts as lost, and soon nothing else is written", "error", err)
			}
			failing = err != nil
		case <-l.claim.stirred:
		case <-ctx.Done():
			return
		}
		standing, err := l.claim.standing(l.now())
		if standing == lead.Taken || acts && standing != lead.Held {
			if err == nil {
				err = fmt.Errorf("lattice %q: %w: another scheduler has claimed it", l.name, lattice.ErrConflict)
			}
			end(err)
			return
		}
	}
}

// beat writes a beat, over nothing but what is known to be there. After ErrConflict it is
// known what is there instead.
func (l *leading) beat(ctx context.Context, bucket lattice.Bucket) error {
	ctx, cancel := context.WithTimeout(ctx, beatEvery)
	defer cancel()
	var b lead.Beat
	var revision uint64
	l.claim.use(func(k *lead.Claim) { b, revision = k.Next() })
	l.beats.Store(b.Beat)
	value, err := json.Marshal(&b)
	if err != nil {
		return err
	}
	signed, err := l.signer.Sign(l.buckets.Scheduler(), wire.SchedulerLeader, value)
	if err != nil {
		return err
	}
	sent := l.now()
	written, err := swap(ctx, bucket, wire.SchedulerLeader, signed, revision)
	if err == nil {
		l.claim.use(func(k *lead.Claim) { k.Wrote(sent, written) })
		return nil
	}
	if !errors.Is(err, lattice.ErrConflict) {
		return err
	}
	e, look := bucket.Get(ctx, wire.SchedulerLeader)
	switch {
	case errors.Is(look, lattice.ErrNotFound):
		e = lattice.Entry{Deleted: true}
	case look != nil:
		return look
	}
	l.claim.use(func(k *lead.Claim) {
		at, beat := l.read(e)
		k.Looked(l.now(), at, beat)
	})
	return err
}

// errSilent is why nothing is written for want of a beat.
var errSilent = fmt.Errorf("this scheduler's beat was not written for %d s: %w: another one may lead by now", lead.Silence/1000, lattice.ErrUnavailable)

// sure reports that the lattice may be another one's by now.
func (l *leading) sure() error {
	sure := false
	l.claim.use(func(k *lead.Claim) { sure = k.Sure(l.now()) })
	if !sure {
		return errSilent
	}
	return nil
}
