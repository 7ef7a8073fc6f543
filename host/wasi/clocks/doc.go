// Package clocks implements wasi:clocks@0.2: monotonic-clock, wall-clock and
// timezone, which is unstable.
//
// Both clocks are those of the host. The monotonic clock starts when the interface
// is defined, not when an instance does, so that it tells no guest how long it
// has run compared with others. The time zone is always UTC.
package clocks

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component"
)

// Define offers all of wasi:clocks to l.
func Define(l *component.Linker) error {
	clock := newMonotonic()
	return errors.Join(
		DefineMonotonicClock(l, func(*component.Call) MonotonicClock { return clock }),
		DefineWallClock(l, func(*component.Call) WallClock { return wall{} }),
		DefineTimezone(l, func(*component.Call) Timezone { return utc{} }),
	)
}
