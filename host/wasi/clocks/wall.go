package clocks

import (
	"time"

	"github.com/wattle-dev/wattle/host/component"
)

// wall implements WallClock.
type wall struct{ resolution time.Duration }

// Now implements wall-clock.now.
func (w *wall) Now(*component.Call) (Datetime, error) {
	return FromTime(time.Now(), w.resolution), nil
}

// Resolution implements wall-clock.resolution.
func (w *wall) Resolution(*component.Call) (Datetime, error) {
	return Datetime{
		Seconds:     uint64(w.resolution / time.Second), //nolint:gosec // positive
		Nanoseconds: uint32(w.resolution % time.Second), //nolint:gosec // less than a second
	}, nil
}

// FromTime makes a datetime of a time, rounded down to a multiple of a resolution
// unless that is zero. A datetime cannot be before 1970: what is, is 1970.
func FromTime(t time.Time, resolution time.Duration) Datetime {
	t = t.Truncate(resolution)
	if t.Unix() < 0 {
		return Datetime{}
	}
	return Datetime{Seconds: uint64(t.Unix()), Nanoseconds: uint32(t.Nanosecond())}
}
