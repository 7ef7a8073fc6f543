package mcp

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/lattice"
)

// errNoSession is the error of a request to a session that is not there, or not the
// caller's: which of the two is nobody else's business.
var errNoSession = &Error{Code: CodeSession, Message: "the session is not there any more: begin another one with initialize"}

// maxSessionCalls is how many requests of a session are under way and wait.
const maxSessionCalls = host.MaxSessionQueue + 1

// pinned are the pinned sessions of a component, each the instance of one caller.
type pinned struct {
	target *host.Target
	opts   *Options

	mu     sync.Mutex
	closed bool
	all    map[string]*pinnedSession
}

// pinnedSession is a session that is used by one request at a time.
type pinnedSession struct {
	Session
	id     string
	caller lattice.Caller
	turn   chan struct{} // holds a token while a request has the session

	// The fields below are guarded by the lock of all sessions.
	calls int         // under way and waiting
	idle  *time.Timer // ends it
}

func newPinned(target *host.Target, opts *Options) *pinned {
	return &pinned{target: target, opts: opts, all: map[string]*pinnedSession{}}
}

// validSession reports whether something can name a session.
func validSession(id string) bool {
	if id == "" || len(id) > MaxSessionID {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// take returns a session when it is the turn of this request, until release is called. If
// it is not there it is made, if it may be.
func (p *pinned) take(ctx context.Context, id string, caller lattice.Caller, create bool) (*Session, func(), error) {
	s, err := p.find(id, caller, create)
	if err != nil {
		return nil, nil, err
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		p.leave(s)
		return nil, nil, context.Cause(ctx)
	}
	release := func() {
		<-s.turn
		p.leave(s)
	}
	if s.Gone() != "" { // meanwhile
		release()
		return nil, nil, errNoSession
	}
	return &s.Session, release, nil
}

// find counts a request to a session.
func (p *pinned) find(id string, caller lattice.Caller, create bool) (*pinnedSession, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.all[id]
	if s != nil && s.Gone() != "" {
		p.drop(s)
		return nil, errNoSession
	}
	switch {
	case s != nil && s.caller != caller, s == nil && !create:
		return nil, errNoSession
	case s == nil:
		if err := p.room(); err != nil {
			return nil, err
		}
		s = &pinnedSession{Session: Session{Session: p.target.NewSession()}, id: id, caller: caller, turn: make(chan struct{}, 1)}
		p.all[id] = s
	case s.calls == maxSessionCalls:
		return nil, &Error{Code: CodeInternal, Message: fmt.Sprintf("the session has %d requests under way, more are not taken", s.calls)}
	}
	s.calls++
	if s.idle != nil {
		s.idle.Stop()
		s.idle = nil
	}
	return s, nil
}

// room makes room for another session, or says why there is none. Those that are alive are
// never given up for it.
func (p *pinned) room() error {
	if p.closed {
		return errClosing
	}
	memory := uint64(0)
	for _, s := range p.all {
		if s.Gone() != "" {
			p.drop(s)
			continue
		}
		memory += s.Memory()
	}
	full := func(format string, args ...any) error {
		return &lattice.Error{Code: lattice.CodeExhausted, Message: fmt.Sprintf(format, args...), Undelivered: true}
	}
	switch {
	case len(p.all) >= p.opts.MaxSessions:
		return full("the component has %d sessions on this host, more are not taken", len(p.all))
	case memory >= p.opts.MaxSessionMemory:
		return full("the sessions of the component have %d bytes of memory on this host, more are not taken", memory)
	}
	return nil
}

// leave counts a request out. A session that is not used for a while ends.
func (p *pinned) leave(s *pinnedSession) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.calls--
	switch {
	case p.all[s.id] != s: // it is closed
	case s.Gone() != "":
		p.drop(s)
	case s.calls == 0:
		var idle *time.Timer
		idle = time.AfterFunc(p.opts.SessionIdle, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			if s.idle == idle && p.all[s.id] == s {
				p.drop(s)
			}
		})
		s.idle = idle
	}
}

// drop ends a session, when the request that is under way is done. It is called with the
// lock.
func (p *pinned) drop(s *pinnedSession) {
	delete(p.all, s.id)
	if s.idle != nil {
		s.idle.Stop()
	}
	s.Close()
}

// end ends a session of a caller, and reports whether there is one.
func (p *pinned) end(id string, caller lattice.Caller) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.all[id]
	if s == nil || s.caller != caller {
		return false
	}
	p.drop(s)
	return true
}

// prune ends the sessions that answer no more requests.
func (p *pinned) prune() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.all {
		if s.Gone() != "" {
			p.drop(s)
		}
	}
}

func (p *pinned) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.all)
}

// close ends all sessions, and has none be made any more.
func (p *pinned) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, s := range p.all {
		p.drop(s)
	}
}
