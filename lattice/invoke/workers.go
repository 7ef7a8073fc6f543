package invoke

import "sync"

// maxIdle is how many goroutines wait for calls.
const maxIdle = 64

// workers are goroutines that carry out calls, and further calls after them.
//
// Of the workers one at most has been woken and has not looked for a call yet; it
// wakes the next one when it leaves calls behind. Handlers that do not block are
// therefore carried out one after the other by as many workers as there are
// processors for, and what they send leaves together. A handler that blocks holds
// nobody up.
type workers struct {
	mu sync.Mutex
	// first to last are calls that wait, in the order in which they came.
	first, last *call
	idle        []chan struct{} // of workers that wait, the last one first
	looking     bool            // a worker has been woken
	closed      bool
	wg          sync.WaitGroup
}

// start has a worker carry out a call. It reports false after close.
func (w *workers) start(c *call) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	if w.last == nil {
		w.first = c
	} else {
		w.last.behind = c
	}
	w.last = c
	w.look()
	return true
}

// look has a worker look for calls. It is called with the lock.
func (w *workers) look() {
	if w.looking {
		return
	}
	w.looking = true
	if n := len(w.idle) - 1; n >= 0 {
		wake := w.idle[n]
		w.idle = w.idle[:n]
		wake <- struct{}{}
		return
	}
	w.wg.Go(w.work)
}

// work carries out calls.
func (w *workers) work() {
	wake := make(chan struct{}, 1)
	w.mu.Lock()
	w.looking = false
	for {
		c := w.first
		if c == nil {
			if w.closed || len(w.idle) == maxIdle {
				break
			}
			w.idle = append(w.idle, wake)
			w.mu.Unlock()
			<-wake
			w.mu.Lock()
			w.looking = false
			continue
		}
		if w.first = c.behind; w.first == nil {
			w.last = nil
		} else {
			w.look()
		}
		c.behind = nil
		w.mu.Unlock()
		c.run()
		w.mu.Lock()
	}
	w.mu.Unlock()
}

// close waits until all calls that were started have been carried out, and ends
// the workers.
func (w *workers) close() {
	w.mu.Lock()
	w.closed = true
	for _, wake := range w.idle {
		wake <- struct{}{}
	}
	w.idle = nil
	w.mu.Unlock()
	w.wg.Wait()
}
