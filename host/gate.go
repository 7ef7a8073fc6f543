package host

import (
	"container/list"
	"context"
	"errors"
	"sync"
)

// Reasons why a request is not let in.
var (
	errBusy    = errors.New("the component is busy: try again")
	errClosing = errors.New("the server is shutting down")
)

// gate lets a bounded number of requests run, and a bounded number wait. Those that
// wait are let in in the order in which they came.
type gate struct {
	mu       sync.Mutex
	running  int       // requests that run
	waiters  list.List // of a channel each, which is closed when it is let in
	most     int       // may run
	mostWait int       // may wait
	closed   bool
	empty    chan struct{} // closed when the gate is closed and nobody inside
}

func newGate(running, waiting int) *gate {
	return &gate{most: running, mostWait: max(waiting, 0), empty: make(chan struct{})}
}

// enter waits for a place, until ctx ends. Who was let in calls leave.
func (g *gate) enter(ctx context.Context) error {
	g.mu.Lock()
	switch {
	case g.closed:
		g.mu.Unlock()
		return errClosing
	case g.running < g.most && g.waiters.Len() == 0:
		g.running++
		g.mu.Unlock()
		return nil
	case g.waiters.Len() >= g.mostWait:
		g.mu.Unlock()
		return errBusy
	}
	turn := make(chan struct{})
	place := g.waiters.PushBack(turn)
	g.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-turn: // at the same time
		g.running--
	default:
		g.waiters.Remove(place)
	}
	g.settle()
	return errBusy
}

// leave gives the place back.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	g.settle()
}

// resize changes how many may run and wait. Those that are inside stay.
func (g *gate) resize(running, waiting int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.most, g.mostWait = running, max(waiting, 0)
	g.settle()
}

// settle lets in whom there is a place for. It is called with the lock, after every
// change.
func (g *gate) settle() {
	for g.running < g.most && g.waiters.Len() > 0 {
		turn, _ := g.waiters.Remove(g.waiters.Front()).(chan struct{})
		close(turn)
		g.running++
	}
	if g.closed && g.running == 0 && g.waiters.Len() == 0 {
		select {
		case <-g.empty:
		default:
			close(g.empty)
		}
	}
}

// close lets nobody in any more and waits until nobody is inside.
func (g *gate) close(ctx context.Context) error {
	g.mu.Lock()
	g.closed = true
	g.settle()
	g.mu.Unlock()
	select {
	case <-g.empty:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
