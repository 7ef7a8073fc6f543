package clocks

import (
	"math"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi/io"
)

// monotonic implements MonotonicClock.
type monotonic struct {
	start      time.Time
	resolution time.Duration
}

// span makes a duration of nanoseconds. What is longer than a duration can be,
// 292 years, is that long.
func span(ns uint64) time.Duration { return time.Duration(min(ns, math.MaxInt64)) }

// Now implements monotonic-clock.now.
func (m *monotonic) Now(*component.Call) (Instant, error) {
	return uint64(time.Since(m.start).Truncate(m.resolution)), nil
}

// Resolution implements monotonic-clock.resolution.
func (m *monotonic) Resolution(*component.Call) (Duration, error) {
	return uint64(m.resolution), nil
}

// SubscribeInstant implements monotonic-clock.subscribe-instant.
func (m *monotonic) SubscribeInstant(_ *component.Call, when Instant) (*io.Pollable, error) {
	return m.timer(span(when)), nil
}

// SubscribeDuration implements monotonic-clock.subscribe-duration. A duration of
// zero has passed.
func (m *monotonic) SubscribeDuration(_ *component.Call, when Duration) (*io.Pollable, error) {
	if when == 0 {
		return m.timer(0), nil
	}
	now := time.Since(m.start)
	return m.timer(now + min(span(when), math.MaxInt64-now)), nil
}

// timer is ready when Now is d or later.
func (m *monotonic) timer(d time.Duration) *io.Pollable {
	if over := d % m.resolution; over > 0 {
		d += min(m.resolution-over, math.MaxInt64-d)
	}
	return io.NewPollable(io.Timer(m.start.Add(d)))
}
