package invoke

import (
	"errors"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// maxSilence is the longest time between questions to a host that is silent.
const maxSilence = 30 * time.Second

// silence is why a router passes by a host that has not answered the first probe of
// a call, or was given up. Whoever called
// the host to see whether it is back would lose the call, so it is asked without
// one, after two seconds, four and so on, until it answers. What else shows that
// it is back ends the silence as well: a call that succeeds, or a newer word of
// the host that it is ready, which it says when its connection is back.
type silence struct {
	since time.Time

	mu     sync.Mutex
	wait   time.Duration // between the last question and the next
	next   time.Time     // of the next question
	asking bool
}

// silent takes the word that a host gives no answers. Of calls that were under way
// together the first one counts.
func (l *load) silent(now time.Time) {
	l.silence.CompareAndSwap(nil, &silence{since: now, wait: shunFor, next: now.Add(shunFor)})
}

// silent reports whether a host is passed by since it gives no answers, and asks
// it if it is time to.
func (r *Router) silent(h lattice.HostID, l *load) bool {
	s := l.silence.Load()
	switch {
	case s == nil:
		return false
	case r.directory.Said(h).After(s.since):
		if l.silence.CompareAndSwap(s, nil) {
			l.shun.Store(0)
		}
		return false
	}
	s.mu.Lock()
	ask := !s.asking && !time.Now().Before(s.next)
	s.asking = s.asking || ask
	s.mu.Unlock()
	if ask {
		r.client.wg.Go(func() { r.ask(h, l, s) })
	}
	return true
}

// ask asks a host whether it is there, and ends its silence if it answers.
func (r *Router) ask(h lattice.HostID, l *load, s *silence) {
	if r.client.answers(h) {
		l.silence.CompareAndSwap(s, nil)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asking = false
	s.wait = min(2*s.wait, maxSilence)
	s.next = time.Now().Add(s.wait)
}

// answers reports whether a host answers to the probe of a call that was never
// made, within the time after which calls are given up.
func (c *Client) answers(h lattice.HostID) bool {
	x := c.newExchange(h, false)
	defer c.forget(x.id)
	_, err := x.next(c.stopped.Done(), nil) // that it is unknown, if it comes
	return !errors.Is(err, errSilent) && !errors.Is(err, errStopped)
}
