package io

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Event is something that one can wait for.
type Event interface {
	// Ready reports whether it has happened. It does not block. Events of
	// streams can become unready again.
	Ready() bool
	// Watch has wake called, at least once, after each moment at which the
	// event becomes ready, until stop is called. wake may be called from any
	// goroutine, any number of times, also for nothing, also shortly after
	// stop; it does not block. One that is ready already need not call wake.
	Watch(wake func()) (stop func())
}

// Wait blocks until at least one of the events is ready, or ctx ends. Then it
// returns its cause. Without events it waits for ctx.
func Wait(ctx context.Context, events ...Event) error {
	ready := func() bool { return slices.ContainsFunc(events, Event.Ready) }
	if ready() {
		return nil
	}
	woken := make(chan struct{}, 1)
	wake := func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	}
	for _, e := range events {
		defer e.Watch(wake)()
	}
	for !ready() {
		select {
		case <-woken:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Watchers are the wake functions of an event, for events to be built with. The
// zero value has none.
type Watchers struct {
	mu    sync.Mutex
	first *watcher
}

// watcher is an element of a list, so that a guest that polls one event very
// often at once does not make removing them slow.
type watcher struct {
	wake       func()
	prev, next *watcher
}

// Watch adds a wake function until stop is called.
func (w *Watchers) Watch(wake func()) (stop func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := &watcher{wake: wake, next: w.first}
	if e.next != nil {
		e.next.prev = e
	}
	w.first = e
	return sync.OnceFunc(func() { w.remove(e) })
}

func (w *Watchers) remove(e *watcher) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.next != nil {
		e.next.prev = e.prev
	}
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		w.first = e.next
	}
}

// Wake calls all wake functions. The caller must not hold a lock that Ready of
// the event takes.
func (w *Watchers) Wake() {
	var wakes []func()
	w.mu.Lock()
	for e := w.first; e != nil; e = e.next {
		wakes = append(wakes, e.wake)
	}
	w.mu.Unlock()
	for _, wake := range wakes {
		wake()
	}
}

// Flag is an event that happens once, when it is set. The zero value has not
// happened.
type Flag struct {
	watchers Watchers

	mu  sync.Mutex
	set bool
}

// Set makes the event happen. It may be called more than once.
func (f *Flag) Set() {
	f.mu.Lock()
	f.set = true
	f.mu.Unlock()
	f.watchers.Wake()
}

// Ready implements Event.
func (f *Flag) Ready() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.set
}

// Watch implements Event.
func (f *Flag) Watch(wake func()) (stop func()) { return f.watchers.Watch(wake) }

// Always is the event that has happened.
var Always Event = always{}

type always struct{}

func (always) Ready() bool         { return true }
func (always) Watch(func()) func() { return func() {} }

// Timer returns the event that happens at the given time, which should have a
// monotonic clock reading. It costs nothing while nobody watches it.
func Timer(at time.Time) Event { return timer{at} }

type timer struct{ at time.Time }

func (t timer) Ready() bool { return !time.Now().Before(t.at) }

func (t timer) Watch(wake func()) func() {
	timer := time.AfterFunc(time.Until(t.at), wake)
	return func() { timer.Stop() }
}
