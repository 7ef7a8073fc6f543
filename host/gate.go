package host

import (
	"context"
	"errors"
	"sync"
)

// Reasons why a request is not let in.
var (
	errBusy    = errors.New("the component is busy: try again")
	errClosing = errors.New("the server is shutting down")
)

// gate lets a bounded number of requests run, and a bounded number wait.
type gate struct {
	slots    chan struct{} // holds a token for each request that runs
	capacity int           // how many may run or wait

	mu     sync.Mutex
	inside int // run or wait
	closed bool
	empty  chan struct{} // closed when the gate is closed and nobody inside
}

func newGate(running, waiting int) *gate {
	return &gate{
		slots:    make(chan struct{}, running),
		capacity: running + max(waiting, 0),
		empty:    make(chan struct{}),
	}
}

// enter waits for a slot, until ctx ends. Who was let in calls leave.
func (g *gate) enter(ctx context.Context) error {
	if err := g.queue(); err != nil {
		return err
	}
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		g.unqueue()
		return errBusy
	}
}

// leave gives the slot back.
func (g *gate) leave() {
	<-g.slots
	g.unqueue()
}

func (g *gate) queue() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return errClosing
	case g.inside == g.capacity:
		return errBusy
	}
	g.inside++
	return nil
}

func (g *gate) unqueue() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if g.closed && g.inside == 0 {
		close(g.empty)
	}
}

// close lets nobody in any more and waits until nobody is inside.
func (g *gate) close(ctx context.Context) error {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		if g.inside == 0 {
			close(g.empty)
		}
	}
	g.mu.Unlock()
	select {
	case <-g.empty:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
