//go:build wasip1

package wasi

import (
	"runtime"
	"slices"
	"sync"
	"unsafe"
)

// pollable is an own handle of wasi:io/poll.pollable.
type pollable uint32

//go:wasmimport wasi:io/poll@0.2.12 [method]pollable.ready
func pollableReady(self pollable) bool

//go:wasmimport wasi:io/poll@0.2.12 [resource-drop]pollable
func pollableDrop(self pollable)

//go:wasmimport wasi:io/poll@0.2.12 poll
func poll(in *pollable, n uint32, ret *retArea)

//go:wasmimport wasi:clocks/monotonic-clock@0.2.12 subscribe-duration
func subscribeDuration(nanoseconds uint64) pollable

// The longest single stay in the host's poll. While the guest is in there no
// goroutine runs, so neither does a timer: this is how late one can be. It
// starts short and doubles while nothing happens.
const (
	minStay = 1_000_000  // 1 ms
	maxStay = 20_000_000 // 20 ms
)

// waiter is a goroutine in Wait.
type waiter struct {
	p pollable
	// turn has a value when p is ready, and when it falls to this goroutine to
	// poll for all.
	turn chan struct{}
	// ready says that p is. The waiter is then no longer among the waiters.
	ready bool
}

// poller is all goroutines in Wait. One of them, the leader, polls for the
// others.
var poller struct {
	sync.Mutex
	waiters []*waiter
	led     bool
}

// Wait returns true once p is ready, or false once cancel is closed; a nil
// channel never is. It drops p. Other goroutines run meanwhile.
func Wait(p pollable, cancel <-chan struct{}) bool {
	defer pollableDrop(p)
	// Give the goroutines that can run a turn before anything else: they may
	// produce what the peer is waiting for.
	runtime.Gosched()
	if pollableReady(p) {
		return true
	}
	w := &waiter{p: p, turn: make(chan struct{}, 1)}
	poller.Lock()
	poller.waiters = append(poller.waiters, w)
	follow := poller.led
	poller.led = true
	poller.Unlock()
	if follow {
		select {
		case <-w.turn:
		case <-cancel:
			// The turn may have come at the same moment. It is passed on below.
			select {
			case <-w.turn:
			default:
				w.leave()
				return false
			}
		}
	}
	if !w.ready {
		w.lead(cancel)
	}
	return w.ready
}

// lead polls for all waiters until w is ready or canceled, then passes the
// lead on.
func (w *waiter) lead(cancel <-chan struct{}) {
	for stay := uint64(minStay); !w.ready && !closed(cancel); stay = min(stay*2, maxStay) {
		runtime.Gosched()
		if pollOnce(stay) {
			stay = minStay
		}
	}
	w.leave()
	poller.Lock()
	defer poller.Unlock()
	poller.led = len(poller.waiters) > 0
	if poller.led {
		poller.waiters[0].turn <- struct{}{}
	}
}

// leave takes w off the waiters, if it is still among them.
func (w *waiter) leave() {
	poller.Lock()
	defer poller.Unlock()
	poller.waiters = slices.DeleteFunc(poller.waiters, func(o *waiter) bool { return o == w })
}

// closed reports whether ch is closed.
func closed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// pollOnce polls for all waiters, for at most stay nanoseconds, and wakes the
// ready ones. It reports whether there were any.
func pollOnce(stay uint64) bool {
	poller.Lock()
	defer poller.Unlock()
	timer := subscribeDuration(stay)
	defer pollableDrop(timer)
	set := make([]pollable, 0, len(poller.waiters)+1)
	for _, w := range poller.waiters {
		set = append(set, w.p)
	}
	set = append(set, timer)

	for _, i := range pollSet(set) {
		if int(i) < len(poller.waiters) {
			w := poller.waiters[i]
			w.ready = true
			w.turn <- struct{}{}
		}
	}
	before := len(poller.waiters)
	poller.waiters = slices.DeleteFunc(poller.waiters, func(w *waiter) bool { return w.ready })
	return len(poller.waiters) < before
}

// pollSet blocks until one of set is ready and returns the indexes of those
// that are.
func pollSet(set []pollable) []uint32 {
	lowering.Lock()
	defer lowering.Unlock()
	receive()
	defer received()
	var ret retArea
	poll(unsafe.SliceData(set), uint32(len(set)), &ret)
	list := scratchBytes(ret.u32(0), ret.u32(4)*4)
	ready := make([]uint32, 0, ret.u32(4))
	for ; len(list) > 0; list = list[4:] {
		ready = append(ready, le32(list))
	}
	return ready
}
