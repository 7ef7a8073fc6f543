package clocks

import (
	"time"

	"github.com/wattle-dev/wattle/host/component"
)

// wall implements WallClock.
type wall struct{}

// Now implements wall-clock.now.
func (wall) Now(*component.Call) (Datetime, error) { return FromTime(time.Now()), nil }

// Resolution implements wall-clock.resolution.
func (wall) Resolution(*component.Call) (Datetime, error) { return Datetime{Nanoseconds: 1}, nil }

// FromTime makes a datetime of a time. A datetime cannot be before 1970: what
// is, is 1970.
func FromTime(t time.Time) Datetime {
	if t.Unix() < 0 {
		return Datetime{}
	}
	return Datetime{Seconds: uint64(t.Unix()), Nanoseconds: uint32(t.Nanosecond())}
}
