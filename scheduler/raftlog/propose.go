package raftlog

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/raft"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// Leader is who leads the cluster.
type Leader struct {
	// ID and Address are empty if nobody leads, as far as the node knows.
	ID      string
	Address string
	// Self says that it is this node.
	Self bool
	// Term is raft's, of which each has one leader at most.
	Term uint64
}

func leaderOf(r *raft.Raft) Leader {
	term := r.CurrentTerm()
	address, id := r.LeaderWithID()
	return Leader{ID: string(id), Address: string(address), Self: r.State() == raft.Leader, Term: term}
}

// Leader returns who leads. Watch tells when that changes.
func (n *Node) Leader() Leader { return n.watches.led() }

// Proposal is an entry on its way into the log.
type Proposal struct {
	n      *Node
	done   chan struct{}
	result applied
}

// Propose carries an entry into the log, and returns the state that has it. One that
// was decided on another state than it finds is lattice.ErrConflict, one that no state
// may have lattice.ErrInvalid: neither has an effect. If the error is
// lattice.Undelivered, the entry is not in the log and will not be. Any other error
// leaves open whether it is.
func (n *Node) Propose(ctx context.Context, e *state.Entry) (*state.State, error) {
	p, err := n.Submit(ctx, e)
	if err != nil {
		return nil, err
	}
	return p.Wait(ctx)
}

// Submit sends an entry on its way. Entries are in the log in the order of the calls.
// An error is always lattice.Undelivered, or says what is wrong with the entry. The
// entry may be used again when it returns.
func (n *Node) Submit(ctx context.Context, e *state.Entry) (*Proposal, error) {
	data, err := state.EncodeEntry(e)
	if err != nil {
		return nil, err
	}
	select {
	case n.inFlight <- struct{}{}:
	case <-ctx.Done():
		return nil, undelivered("%v: %d proposals are under way", context.Cause(ctx), maxInFlight)
	case <-n.done:
		return nil, undelivered("%v", n.Err())
	}
	p := &Proposal{n: n, done: make(chan struct{})}
	f := n.raft.Load().Apply(data, lattice.DefaultTimeout)
	go func() {
		defer func() { <-n.inFlight }()
		defer close(p.done)
		if err := f.Error(); err != nil {
			p.result.err = n.refusal(err)
			return
		}
		if result, ok := f.Response().(applied); ok {
			p.result = result
		}
	}()
	return p, nil
}

// Wait returns what became of the entry, as Propose does.
func (p *Proposal) Wait(ctx context.Context) (*state.State, error) {
	select {
	case <-p.done:
	case <-ctx.Done():
		return nil, fmt.Errorf("waited for the log: %w: whether it has the entry is not known", context.Cause(ctx))
	case <-p.n.done:
		// What it has said already counts.
		select {
		case <-p.done:
		default:
			return nil, unknown("%v", p.n.Err())
		}
	}
	if p.result.err != nil {
		return nil, p.result.err
	}
	return p.result.state, nil
}

func undelivered(format string, args ...any) error {
	return &lattice.Error{Code: lattice.CodeUnavailable, Message: "the scheduler's log did not take it: " + fmt.Sprintf(format, args...), Undelivered: true}
}

func unknown(format string, args ...any) error {
	return &lattice.Error{Code: lattice.CodeUnavailable, Message: "whether the scheduler's log has it is not known: " + fmt.Sprintf(format, args...)}
}

// refusal says what raft's errors mean.
func (n *Node) refusal(err error) error {
	switch {
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrLeadershipTransferInProgress):
		if l := n.Leader(); l.ID != "" && !l.Self {
			return undelivered("%q leads, and not this scheduler", l.ID)
		}
		return undelivered("no scheduler leads now")
	case errors.Is(err, raft.ErrEnqueueTimeout):
		return undelivered("it was busy for %v", lattice.DefaultTimeout)
	}
	if cause := n.Err(); cause != nil {
		err = cause
	}
	return unknown("%v", err)
}

// Verify returns a state that has all that was ever acknowledged, by any node. The
// error is lattice.Undelivered if this node does not lead.
func (n *Node) Verify(ctx context.Context) (*state.State, error) {
	r := n.raft.Load()
	term := r.CurrentTerm()
	if err := n.await(ctx, r.VerifyLeader().Error); err != nil {
		return nil, err
	}
	n.mu.Lock()
	barred := n.barred == term
	n.mu.Unlock()
	// In another term another one may have led in between.
	barred = barred && r.CurrentTerm() == term
	if !barred {
		// What those before have committed may not be in the state yet.
		if err := n.await(ctx, r.Barrier(lattice.DefaultTimeout).Error); err != nil {
			return nil, err
		}
		n.mu.Lock()
		n.barred = max(n.barred, term)
		n.mu.Unlock()
	}
	return n.State(), nil
}

// await waits for raft. What it is asked then changes nothing, so that an error is
// lattice.Undelivered.
func (n *Node) await(ctx context.Context, f func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- f() }()
	select {
	case err := <-ended:
		if err == nil {
			return nil
		}
		if e, ok := errors.AsType[*lattice.Error](n.refusal(err)); ok && !e.Undelivered {
			return undelivered("%v", err)
		}
		return n.refusal(err)
	case <-ctx.Done():
		return undelivered("%v", context.Cause(ctx))
	case <-n.done:
		return undelivered("%v", n.Err())
	}
}
