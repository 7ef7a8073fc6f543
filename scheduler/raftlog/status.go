package raftlog

import (
	"time"

	"github.com/hashicorp/raft"

	"github.com/wattle-dev/wattle/lattice"
)

// Status is how a node is.
type Status struct {
	ID      string `json:"id"`
	Address string `json:"address"`
	// Role is leader, follower, candidate, or waiting for one that is to be added.
	Role    string   `json:"role"`
	Leader  string   `json:"leader,omitempty"`
	Members []Member `json:"members"`
	Term    uint64   `json:"term"`
	// Last, Committed and Applied are indices of the log.
	Last      uint64 `json:"last"`
	Committed uint64 `json:"committed"`
	Applied   uint64 `json:"applied"`
	// Seq and Stamp are those of the state.
	Seq   uint64        `json:"seq"`
	Stamp lattice.Stamp `json:"stamp"`
	// LogBytes is what the entries of the log take.
	LogBytes int64 `json:"log_bytes"`
	// Snapshot is the index up to which there is one, zero if none.
	Snapshot uint64 `json:"snapshot,omitempty"`
	// Contact is how long ago the leader was heard of, zero for itself.
	Contact time.Duration `json:"contact"`
	// Err is why the node has ended, or why it cannot write its log.
	Err string `json:"error,omitempty"`
}

// Status returns how the node is now.
func (n *Node) Status() Status {
	r := n.raft.Load()
	s := n.State()
	st := Status{
		ID: n.id, Address: n.opts.Advertise, Leader: n.Leader().ID, Members: n.Members(), Term: r.CurrentTerm(),
		Last: r.LastIndex(), Committed: r.CommitIndex(), Applied: r.AppliedIndex(),
		Seq: s.Seq, Stamp: s.Stamp, LogBytes: n.store.Size(),
	}
	switch role := r.State(); {
	case len(st.Members) == 0:
		st.Role = "waiting"
	case role == raft.Leader:
		st.Role = "leader"
	case role == raft.Candidate:
		st.Role = "candidate"
	case role == raft.Shutdown:
		st.Role = "stopped"
	default:
		st.Role = "follower"
	}
	if at := r.LastContact(); st.Role == "follower" && !at.IsZero() {
		st.Contact = time.Since(at)
	}
	if metas, err := n.snaps.List(); err == nil && len(metas) > 0 {
		st.Snapshot = metas[0].Index
	}
	if err := n.Err(); err != nil {
		st.Err = err.Error()
	} else if err := n.store.trouble.Load(); err != nil {
		st.Err = (*err).Error()
	}
	return st
}
