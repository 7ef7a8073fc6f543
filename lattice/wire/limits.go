package wire

import (
	"errors"

	"github.com/wattle-dev/wattle/lattice"
)

// CheckLimits checks the bounds of a component's instances. The error tells of all that are
// wrong.
func CheckLimits(l *lattice.Limits) error {
	var errs []error
	for _, one := range []struct {
		name    string
		n, most uint64
	}{
		{"memory_bytes", l.MemoryBytes, MaxMemoryBytes},
		{"timeout_ms", uint64(l.TimeoutMillis), MaxMillis}, //nolint:gosec // a negative one is too large
		{"queue", uint64(l.Queue), MaxQueue},               //nolint:gosec // the same
		{"table_elements", l.TableElements, MaxTableElements},
		{"request_bytes", uint64(l.RequestBytes), MaxBodyBytes},                      //nolint:gosec // the same
		{"response_bytes", uint64(l.ResponseBytes), MaxBodyBytes},                    //nolint:gosec // the same
		{"host_calls", uint64(l.HostCalls), MaxHostCalls},                            //nolint:gosec // the same
		{"log_bytes_per_second", uint64(l.LogBytesPerSecond), MaxLogRate},            //nolint:gosec // the same
		{"connections", uint64(l.Connections), MaxConnections},                       //nolint:gosec // the same
		{"clock_resolution_us", uint64(l.ClockResolutionMicros), MaxClockResolution}, //nolint:gosec // the same
	} {
		if one.n > one.most {
			errs = append(errs, invalid("limits: %s: want 0 to %d", one.name, one.most))
		}
	}
	return errors.Join(errs...)
}
