package clocks

import (
	"math"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi/io"
)

// monotonic implements MonotonicClock.
type monotonic struct{ start time.Time }

func newMonotonic() *monotonic { return &monotonic{start: time.Now()} }

// span makes a duration of nanoseconds. What is longer than a duration can be,
// 292 years, is that long.
func span(ns uint64) time.Duration { return time.Duration(min(ns, math.MaxInt64)) }

// Now implements monotonic-clock.now.
func (m *monotonic) Now(*component.Call) (Instant, error) {
	return uint64(time.Since(m.start)), nil
}

// Resolution implements monotonic-clock.resolution.
func (m *monotonic) Resolution(*component.Call) (Duration, error) { return 1, nil }

// SubscribeInstant implements monotonic-clock.subscribe-instant.
func (m *monotonic) SubscribeInstant(_ *component.Call, when Instant) (*io.Pollable, error) {
	return io.NewPollable(io.Timer(m.start.Add(span(when)))), nil
}

// SubscribeDuration implements monotonic-clock.subscribe-duration.
func (m *monotonic) SubscribeDuration(_ *component.Call, when Duration) (*io.Pollable, error) {
	return io.NewPollable(io.Timer(time.Now().Add(span(when)))), nil
}
