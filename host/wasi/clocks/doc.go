// Package clocks implements wasi:clocks@0.2: monotonic-clock, wall-clock and
// timezone, which is unstable.
//
// Both clocks are those of the host. The monotonic clock does not start when an
// instance does, so that it tells no guest how long it has run compared with
// others: it starts in the second in which the interface is defined. The time zone
// is always UTC.
//
// # Resolution
//
// How finely an instance can tell times apart is [Options].Resolution. Clocks that
// are coarse take from a hostile guest what it needs to see, by how long something
// takes, what others do on the same processor. With a resolution
//
//   - now of both clocks is rounded down to a multiple of it, and resolution
//     answers it. A clock that only goes on still does when it is rounded down.
//   - a timer is ready when the monotonic clock, as the guest reads it, shows its
//     time, and never before the time has passed: it is rounded up. A guest that
//     asks many timers is so told no more than one that asks the clock, and one
//     that sleeps until a time finds that it has come.
//   - both clocks change at the same moments if the resolution divides a second,
//     so that reading both tells no more than one.
//
// Package filesystem rounds the times of files in the same way, which would be a
// clock as well: write, and look. What a guest counts itself, and what somebody
// tells it whom it may reach, is beyond this package.
package clocks

import (
	"errors"
	"time"

	"github.com/wattle-dev/wattle/host/component"
)

// Host is what an instance's state (component.Call.State) implements to offer
// wasi:clocks.
type Host interface{ Clocks() *State }

// Define offers all of wasi:clocks to l.
func Define(l *component.Linker) error {
	start := origin(time.Now())
	return errors.Join(
		DefineMonotonicClock(l, func(c *component.Call) MonotonicClock { return state(c).since(start) }),
		DefineWallClock(l, func(c *component.Call) WallClock { return &state(c).wall }),
		DefineTimezone(l, func(*component.Call) Timezone { return utc{} }),
	)
}

// origin is when a monotonic clock starts that is defined at a time: with a second
// of the wall clock, for both to change at the same moments.
func origin(t time.Time) time.Time { return t.Add(-time.Duration(t.Nanosecond())) }

func state(c *component.Call) *State {
	h, ok := c.State().(Host)
	if !ok {
		c.Fail(errors.New("instance has no state for wasi:clocks"))
	}
	return h.Clocks()
}
