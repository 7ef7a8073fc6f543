package clocks

import "github.com/wattle-dev/wattle/host/component"

// utc implements Timezone for a host that exposes no time zone: where it is, is
// no business of its guests.
type utc struct{}

// Display implements timezone.display.
func (utc) Display(*component.Call, Datetime) (TimezoneDisplay, error) {
	return TimezoneDisplay{Name: "UTC"}, nil
}

// UTCOffset implements timezone.utc-offset.
func (utc) UTCOffset(*component.Call, Datetime) (int32, error) { return 0, nil }
