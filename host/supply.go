package host

import (
	"sync"

	"github.com/wattle-dev/wattle/host/wasi"
)

// supply hands what instances are given to calls. Each keeps what it began with.
type supply struct {
	mu      sync.Mutex
	current *given
}

// given is what the instances of some calls are given.
type given struct {
	wasi wasi.Options
	// The fields below are guarded by supply.mu.
	calls    int
	replaced bool
	done     func() // once replaced, when no call has it any more
}

func newSupply(o wasi.Options) *supply { return &supply{current: &given{wasi: o}} }

// take returns what a call is given, which says leave in the end.
func (s *supply) take() *given {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current.calls++
	return s.current
}

// leave says that a call does not need what it was given any more.
func (s *supply) leave(g *given) {
	s.mu.Lock()
	g.calls--
	last := g.replaced && g.calls == 0
	s.mu.Unlock()
	if last {
		g.done()
	}
}

// isCurrent reports whether calls that begin now are given the same.
func (s *supply) isCurrent(g *given) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current == g
}

// replace has calls from now on be given something else.
func (s *supply) replace(o wasi.Options, done func()) {
	s.mu.Lock()
	was := s.current
	s.current = &given{wasi: o, done: done}
	if was.done == nil {
		was.done = func() {}
	}
	was.replaced = true
	last := was.calls == 0
	s.mu.Unlock()
	if last {
		was.done()
	}
}
