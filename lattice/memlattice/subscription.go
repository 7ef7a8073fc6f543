package memlattice

import (
	"slices"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// subscription gives messages to f, one after the other.
type subscription struct {
	member  *Member
	number  uint64
	subject string
	queue   string
	f       func(*lattice.Message)
	wake    chan struct{} // has room for one
	done    chan struct{} // closed when f is not called any more

	// These are guarded by the network's mutex.

	// pending are in the order in which they are given to f.
	pending []delivery
	bytes   int
	busy    time.Time // until when what was pushed is being transferred
	ended   bool      // nothing more is taken
	closed  bool      // nothing more is given to f
}

// delivery is a message that arrives at a time.
type delivery struct {
	message *lattice.Message
	size    int
	due     time.Time
}

// push takes a message.
func (s *subscription) push(m *lattice.Message, size int, f fate) {
	if s.bytes+size > s.member.network.options.MaxPending {
		return
	}
	// What is being transferred keeps what follows from being so.
	at := time.Now()
	if f.transfer > 0 {
		if at.Before(s.busy) {
			at = s.busy
		}
		at = at.Add(f.transfer)
		s.busy = at
	}
	d := delivery{message: m, size: size, due: at.Add(f.delay)}
	i := len(s.pending)
	if f.reorder {
		for i > 0 && s.pending[i-1].due.After(d.due) {
			i--
		}
	} else if i > 0 && s.pending[i-1].due.After(d.due) {
		d.due = s.pending[i-1].due
	}
	s.pending = slices.Insert(s.pending, i, d)
	s.bytes += size
	s.poke()
}

func (s *subscription) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// arrived drops what has not arrived yet.
func (s *subscription) arrived() {
	at := time.Now()
	s.pending = slices.DeleteFunc(s.pending, func(d delivery) bool {
		late := d.due.After(at)
		if late {
			s.bytes -= d.size
		}
		return late
	})
}

// run gives messages to f until the subscription has ended.
func (s *subscription) run() {
	defer close(s.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		m, wait, done := s.take()
		switch {
		case done:
			return
		case m != nil:
			s.f(m)
			continue
		case wait > 0:
			timer.Reset(wait)
		default:
			timer.Stop()
		}
		select {
		case <-timer.C:
		case <-s.wake:
		}
	}
}

// take returns the next message, or how long it takes to arrive, zero if there is
// none.
func (s *subscription) take() (m *lattice.Message, wait time.Duration, done bool) {
	n := s.member.network
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case s.closed:
		return nil, 0, true
	case len(s.pending) == 0:
		return nil, 0, s.ended
	}
	d := s.pending[0]
	if wait := time.Until(d.due); wait > 0 {
		return nil, wait, false
	}
	s.pending = s.pending[1:]
	s.bytes -= d.size
	return d.message, 0, false
}

// Done implements lattice.Subscription.
func (s *subscription) Done() <-chan struct{} { return s.done }

// Unsubscribe implements lattice.Subscription.
func (s *subscription) Unsubscribe() error {
	n := s.member.network
	n.mu.Lock()
	defer n.mu.Unlock()
	s.end()
	s.member.subscriptions = slices.DeleteFunc(s.member.subscriptions, func(o *subscription) bool { return o == s })
	return nil
}

// end takes nothing more. What has arrived is still given to f.
func (s *subscription) end() {
	s.ended = true
	s.arrived()
	s.poke()
}
