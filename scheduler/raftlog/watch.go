package raftlog

import (
	"sync"

	"github.com/wattle-dev/wattle/scheduler/state"
)

// maxPending bounds the changes that a Watch keeps for who is slow. Then it has none of
// them, and says so.
const maxPending = 1 << 16

// Update is what happened since the last one.
type Update struct {
	// State is the newest that the node has.
	State *state.State
	// Changes are those since the last Update, in order.
	Changes []state.Change
	// All says that anything may have changed: there were too many, or the state came
	// whole from another node. It is so the first time. Then Changes is empty.
	All bool
	// Leader is who leads now.
	Leader Leader
}

// Watch tells of a node's states and leaders.
type Watch struct {
	// C has something when there is an Update that was not taken.
	C <-chan struct{}

	c       chan struct{}
	all     *watches
	changes []state.Change
	whole   bool
}

// watches are all that watch a node, and its state, so that a Watch never has changes
// of another state than the one it returns.
type watches struct {
	mu      sync.Mutex
	state   *state.State
	leader  Leader
	members map[*Watch]bool
}

func (w *watches) current() *state.State {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

func (w *watches) led() Leader {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.leader
}

// publish sets the state. No changes are any changes.
func (w *watches) publish(s *state.State, changes []state.Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = s
	for m := range w.members {
		if changes == nil || len(m.changes)+len(changes) > maxPending {
			m.changes, m.whole = nil, true
		}
		if !m.whole {
			m.changes = append(m.changes, changes...)
		}
		m.signal()
	}
}

// lead sets the leader.
func (w *watches) lead(l Leader) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if l == w.leader {
		return
	}
	w.leader = l
	for m := range w.members {
		m.signal()
	}
}

// signal is called with the lock held.
func (w *Watch) signal() {
	select {
	case w.c <- struct{}{}:
	default:
	}
}

// Watch begins to tell of what happens from now on. C has something at once.
func (n *Node) Watch() *Watch {
	c := make(chan struct{}, 1)
	w := &Watch{C: c, c: c, all: &n.watches, whole: true}
	n.watches.mu.Lock()
	defer n.watches.mu.Unlock()
	n.watches.members[w] = true
	w.signal()
	return w
}

// Take returns what happened since it was called last.
func (w *Watch) Take() Update {
	w.all.mu.Lock()
	defer w.all.mu.Unlock()
	u := Update{State: w.all.state, Changes: w.changes, All: w.whole, Leader: w.all.leader}
	w.changes, w.whole = nil, false
	return u
}

// Close ends the watch. C has nothing more.
func (w *Watch) Close() {
	w.all.mu.Lock()
	defer w.all.mu.Unlock()
	delete(w.all.members, w)
}
