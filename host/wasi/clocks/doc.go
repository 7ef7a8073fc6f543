// Package clocks implements wasi:clocks@0.2: monotonic-clock and wall-clock.
//
// Both are the clocks of the host. The monotonic clock starts when the interface
// is defined, not when an instance does, so that it tells no guest how long it
// has run compared with others. The unstable interface timezone is not offered:
// a guest is told UTC, which is what its absence means.
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
	)
}
