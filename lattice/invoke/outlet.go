package invoke

import (
	"runtime"
	"sync"

	"github.com/wattle-dev/wattle/lattice"
)

// crowd is how many calls must be under way for those that begin to wait for
// each other.
const crowd = 4

// outlet publishes the frames that begin calls. Answers come in bursts, and so do
// the calls that follow on them: of the callers that are about to call, the first
// one lets the others go ahead and publishes the frames of all, which then leave in
// one write to the connection and not in one each.
type outlet struct {
	mu      sync.Mutex
	waiting []*exchange
	spare   []*exchange // for waiting
	busy    bool        // somebody publishes
}

// send publishes the frame of an exchange, now or in a moment. An error fails the
// exchange.
func (o *outlet) send(x *exchange, alone bool) {
	if alone {
		x.open()
		return
	}
	o.mu.Lock()
	o.waiting = append(o.waiting, x)
	if o.busy {
		o.mu.Unlock()
		return
	}
	o.busy = true
	o.mu.Unlock()
	runtime.Gosched()
	o.mu.Lock()
	for len(o.waiting) > 0 {
		all := o.waiting
		o.waiting = o.spare[:0]
		o.mu.Unlock()
		for i, x := range all {
			x.open()
			all[i] = nil
		}
		o.mu.Lock()
		o.spare = all
	}
	o.busy = false
	o.mu.Unlock()
}

// opening is the frame that begins a call, until it is published.
type opening struct {
	frame  *[]byte
	header lattice.Header
}

// open publishes the frame that begins the call.
func (x *exchange) open() {
	frame := x.opening.frame
	if err := x.publishOpen(*frame, x.opening.header); err != nil {
		x.fail(err)
	}
	x.opening = opening{}
	putScratch(frame)
}
