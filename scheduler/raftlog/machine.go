package raftlog

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/raft"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// machine has the state of a node follow the log. It is what raft calls, from one
// goroutine.
type machine struct {
	n *Node
}

// applied is what comes of an entry.
type applied struct {
	state *state.State
	err   error
}

// Apply implements raft.FSM. An entry that cannot be read stops the node: who skipped it
// would have another state than the others from then on.
func (m *machine) Apply(l *raft.Log) any {
	n := m.n
	if err := n.Err(); err != nil {
		return applied{err: err}
	}
	e, err := state.DecodeEntry(l.Data)
	if err != nil {
		n.fail(damaged(n.store.path, "entry %d: %w", l.Index, err))
		return applied{err: n.Err()}
	}
	s, err := n.State().Apply(lattice.Stamp{Term: l.Term, Index: l.Index}, e)
	if err == nil {
		n.learn(s)
		n.watches.publish(s, e.Changes)
	}
	return applied{s, err}
}

// StoreConfiguration implements raft.ConfigurationStore: a state is as new as a change of
// the members, so that a snapshot can be made after one.
func (*machine) StoreConfiguration(uint64, raft.Configuration) {}

// Snapshot implements raft.FSM.
func (m *machine) Snapshot() (raft.FSMSnapshot, error) {
	if err := m.n.Err(); err != nil {
		return nil, err
	}
	return frozen{m.n.State()}, nil
}

// Restore implements raft.FSM.
func (m *machine) Restore(r io.ReadCloser) error {
	b := bufio.NewReaderSize(r, 64<<10)
	s, err := state.Restore(b)
	if err != nil {
		return err
	}
	if _, err := b.ReadByte(); !errors.Is(err, io.EOF) {
		return errors.Join(fmt.Errorf("snapshot: %w: something comes after its end", lattice.ErrInvalid), err)
	}
	if have, want := s.Lattice(), m.n.opts.Lattice; have != want {
		return fmt.Errorf("snapshot: %w: it is of lattice %q, this is a scheduler of lattice %q", lattice.ErrInvalid, have, want)
	}
	m.n.learn(s)
	m.n.watches.publish(s, nil)
	return nil
}

// frozen is a state that is written to a snapshot.
type frozen struct {
	s *state.State
}

// Persist implements raft.FSMSnapshot.
func (f frozen) Persist(sink raft.SnapshotSink) error {
	if err := f.s.Snapshot(sink); err != nil {
		return errors.Join(err, sink.Cancel())
	}
	return sink.Close()
}

// Release implements raft.FSMSnapshot.
func (frozen) Release() {}
