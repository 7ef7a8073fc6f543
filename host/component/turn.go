package component

import (
	fifo "container/list"
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// Guests that run for long take turns: fewer of them run at a time than Go has
// processors, so that one is free for all the rest, guests that run shortly among it.
//
// To yield ([runtime.Gosched]) is not enough. While there is anything that can run,
// Go's scheduler looks at the network every ten milliseconds only: guests that spin
// would delay every request by that, as few as there may be of them. With a processor
// that they never occupy, a request that arrives is seen at once.

// turns are those of guests that run for long.
type turns struct {
	queued atomic.Int32 // len of waiting

	mu      sync.Mutex
	running int
	waiting fifo.List // of a channel each, which is closed when it has a turn
}

// longRuns are the turns of the process, as processors are.
var longRuns turns

const (
	// longSlices is how many slices of fuel a call may use before it takes turns: a
	// millisecond or so.
	longSlices = 8
	// turnSlices is how many a turn lasts while others wait.
	turnSlices = 4
)

// take waits for a turn, and reports whether it came before ctx ended.
func (t *turns) take(ctx context.Context) bool {
	most := max(runtime.GOMAXPROCS(0)-1, 1)
	t.mu.Lock()
	if t.running < most && t.waiting.Len() == 0 {
		t.running++
		t.mu.Unlock()
		return true
	}
	turn := make(chan struct{})
	place := t.waiting.PushBack(turn)
	t.queued.Add(1)
	t.mu.Unlock()
	select {
	case <-turn:
		return true
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-turn: // at the same time
		t.next()
	default:
		t.waiting.Remove(place)
		t.queued.Add(-1)
	}
	return false
}

// give ends a turn.
func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next()
}

// next has the one who waits longest take over a turn. It is called with the lock.
func (t *turns) next() {
	first := t.waiting.Front()
	if first == nil {
		t.running--
		return
	}
	turn, _ := t.waiting.Remove(first).(chan struct{})
	t.queued.Add(-1)
	close(turn)
}

// pause lets others run after a slice of a guest's work, and has it take turns if it
// runs for long.
func (in *Instance) pause() {
	in.slices++
	switch {
	case in.slices < longSlices:
		// Go's scheduler would let it run for ten milliseconds, while others wait.
		runtime.Gosched()
		return
	case in.turn && (in.slices%turnSlices != 0 || longRuns.queued.Load() == 0):
		runtime.Gosched()
		return
	case in.turn:
		in.giveTurn()
	}
	in.turn = longRuns.take(in.ctx.Context)
	if !in.turn {
		panic(&stopError{cause: context.Cause(in.ctx.Context)})
	}
}

// giveTurn ends the guest's turn, if it has one: what follows may wait.
func (in *Instance) giveTurn() {
	if in.turn {
		in.turn = false
		longRuns.give()
	}
}

// SpareProcessor has Go use one processor more than it otherwise would, for a process
// that does nothing but run guests: that one is free for all the rest, and guests can
// run for long on as many as there are. Without it they have one less. More than the
// first call does nothing.
func SpareProcessor() { spareProcessor() }

var spareProcessor = sync.OnceFunc(func() { runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1) })
