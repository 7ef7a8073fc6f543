package invoke

import (
	"context"
	"errors"
	"time"
)

const (
	// absentFor is how long calls wait for a host that is not connected, if there is
	// no other: it may have lost its NATS server, and be back with another in a
	// moment.
	absentFor = 3 * time.Second
	// firstAbsent and maxAbsent bound the pauses between attempts.
	firstAbsent = 10 * time.Millisecond
	maxAbsent   = 320 * time.Millisecond
)

// away takes the word that a host is not connected, and returns since when it is
// not. now is since Router.start.
func (l *load) away(now time.Duration) time.Duration {
	l.absent.CompareAndSwap(0, int64(max(now, 1)))
	return time.Duration(l.absent.Load())
}

// answered takes the word that a host has answered.
func (l *load) answered() {
	if l.silence.Load() != nil {
		l.silence.Store(nil)
	}
	if l.absent.Load() != 0 {
		l.absent.Store(0)
	}
}

// await waits for hosts that were not connected a moment ago, and reports whether
// the call is offered to them again. Calls do not wait for a host that has been
// away for longer.
func (r *Router) await(ctx context.Context, t *tries) bool {
	if time.Since(r.start) >= t.until || len(t.hosts) >= maxTries {
		return false
	}
	t.pause = min(max(2*t.pause, firstAbsent), maxAbsent)
	timer := time.NewTimer(t.pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	n := 0
	for i, err := range t.errors {
		if !errors.Is(err, errAbsent) {
			t.hosts[n], t.errors[n] = t.hosts[i], err
			n++
		}
	}
	t.hosts, t.errors = t.hosts[:n], t.errors[:n]
	return true
}
