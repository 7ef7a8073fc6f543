package raftlog

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/wattle-dev/wattle/lattice"
)

// maxMembers bounds a cluster. Each member more is one more to wait for.
const maxMembers = 7

const (
	// pollTime is how often a node that is being added is asked how far it is.
	pollTime = 50 * time.Millisecond
	// beginTime bounds how long a node that begins waits for the others' word.
	beginTime = 2 * time.Second
	// lastWord bounds how long raft is waited for when the node has ended.
	lastWord = time.Second
)

// Member is a node of the cluster.
type Member struct {
	ID      string `json:"id"`
	Address string `json:"address"`
	// Voter says that it counts for a majority. One that is being added does not yet.
	Voter  bool `json:"voter"`
	Leader bool `json:"leader"`
}

// Members returns the nodes of the cluster, by ID. A node that waits to be added has
// none.
func (n *Node) Members() []Member {
	leader := n.Leader().ID
	var all []Member
	for _, s := range n.raft.Load().GetConfiguration().Configuration().Servers {
		all = append(all, Member{string(s.ID), string(s.Address), s.Suffrage == raft.Voter, string(s.ID) == leader})
	}
	slices.SortFunc(all, func(a, b Member) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// othersHaveBegun asks the other peers whether they have a cluster already, of which
// this node is a member. Then it waits for their leader. Those that do not answer have
// not begun, or not without this one.
func (n *Node) othersHaveBegun(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, beginTime)
	defer cancel()
	answers := make([]*Answer, len(n.opts.Peers))
	var wg sync.WaitGroup
	for i, p := range n.opts.Peers {
		if p == n.opts.Advertise {
			continue
		}
		wg.Go(func() {
			// One that is not there yet is no error.
			if a, err := ask(ctx, n.stream, p); err == nil {
				answers[i] = a
			}
		})
	}
	wg.Wait()
	begun := false
	for i, a := range answers {
		switch {
		case a == nil:
		case a.Lattice != n.opts.Lattice:
			return false, fmt.Errorf("peer %q: %w: it is of lattice %q", n.opts.Peers[i], lattice.ErrInvalid, a.Lattice)
		case len(a.Members) == 0:
		case slices.Contains(a.Members, n.id):
			begun = true
		default:
			return false, fmt.Errorf("peer %q: %w: it has a cluster without this scheduler; start this one with --join-cluster, and add it with `wattle scheduler add`", n.opts.Peers[i], lattice.ErrExists)
		}
	}
	return begun, nil
}

// Add adds the node at an address to the cluster: first without a vote, and with one
// when it has all that there is. If that does not come about, it is as before. The node
// must run, and wait to be added.
func (n *Node) Add(ctx context.Context, address string) (*Member, error) {
	if err := checkAddress("address", address); err != nil {
		return nil, err
	}
	if _, err := n.Verify(ctx); err != nil {
		return nil, err
	}
	a, err := n.Ask(ctx, address)
	if err != nil {
		return nil, err
	}
	r := n.raft.Load()
	servers := r.GetConfiguration().Configuration().Servers
	known := slices.IndexFunc(servers, func(s raft.Server) bool { return string(s.ID) == a.ID })
	switch {
	case a.Lattice != n.opts.Lattice:
		return nil, fmt.Errorf("scheduler at %q: %w: it is of lattice %q, not %q", address, lattice.ErrInvalid, a.Lattice, n.opts.Lattice)
	case n.logName().agrees(a.Log) != nil:
		return nil, fmt.Errorf("scheduler %q: %w", a.ID, errOtherLog)
	case known >= 0 && servers[known].Suffrage == raft.Voter:
		return nil, fmt.Errorf("scheduler %q: %w in this cluster", a.ID, lattice.ErrExists)
	case known < 0 && len(a.Members) > 0:
		return nil, fmt.Errorf("scheduler %q: %w: it is one of another cluster, or was one of this; stop it, move its directory away, and start it with --join-cluster", a.ID, lattice.ErrExists)
	case known < 0 && len(servers) >= maxMembers:
		return nil, fmt.Errorf("scheduler %q: %w: there are %d already", a.ID, lattice.ErrExhausted, len(servers))
	}
	id, to := raft.ServerID(a.ID), raft.ServerAddress(address)
	if err := n.change(ctx, r.AddNonvoter(id, to, 0, lattice.DefaultTimeout).Error); err != nil {
		return nil, err
	}
	err = n.caughtUp(ctx, address, r.LastIndex())
	if err == nil {
		err = n.change(ctx, r.AddVoter(id, to, 0, lattice.DefaultTimeout).Error)
	}
	if err != nil {
		if undo := r.RemoveServer(id, 0, lattice.DefaultTimeout).Error(); undo != nil {
			return nil, fmt.Errorf("add scheduler %q: %w; it is left without a vote: %w", a.ID, err, undo)
		}
		return nil, fmt.Errorf("add scheduler %q: %w; it was taken out again", a.ID, err)
	}
	return &Member{ID: a.ID, Address: address, Voter: true}, nil
}

// caughtUp waits until a node has what is in the log up to an index.
func (n *Node) caughtUp(ctx context.Context, address string, index uint64) error {
	tick := time.NewTicker(pollTime)
	defer tick.Stop()
	for {
		a, err := n.Ask(ctx, address)
		if err == nil && a.Applied >= index {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if err == nil {
				err = fmt.Errorf("it has %d of %d entries", a.Applied, index)
			}
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-n.done:
			return n.Err()
		}
	}
}

// Remove removes a node from the cluster. One that leads is removed as well; another one
// is elected then.
func (n *Node) Remove(ctx context.Context, id string) error {
	if _, err := n.Verify(ctx); err != nil {
		return err
	}
	members := n.Members()
	if !slices.ContainsFunc(members, func(m Member) bool { return m.ID == id }) {
		return fmt.Errorf("scheduler %.80q: %w in this cluster", id, lattice.ErrNotFound)
	}
	if len(members) == 1 {
		return fmt.Errorf("scheduler %q: %w: it is the only one", id, lattice.ErrInvalid)
	}
	return n.change(ctx, n.raft.Load().RemoveServer(raft.ServerID(id), 0, lattice.DefaultTimeout).Error)
}

// change waits for raft to change the members. An error that is not lattice.Undelivered
// leaves open whether it has.
func (n *Node) change(ctx context.Context, f func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- f() }()
	said := func(err error) error {
		if err == nil {
			return nil
		}
		return n.refusal(err)
	}
	select {
	case err := <-ended:
		return said(err)
	case <-ctx.Done():
		return unknown("%v", context.Cause(ctx))
	case <-n.done:
	}
	// A leader that was removed ends, and has said before that it was.
	select {
	case err := <-ended:
		return said(err)
	case <-time.After(lastWord):
		return unknown("%v", n.Err())
	}
}

// StepDown has another node lead, if there is one that can.
func (n *Node) StepDown(ctx context.Context) error {
	return n.await(ctx, n.raft.Load().LeadershipTransfer().Error)
}
