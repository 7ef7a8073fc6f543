package cli

import (
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/lattice/wire"
)

// resolution is a flag of how finely a guest can tell times apart: 100us, 5ms, 1s. The
// zero value is the host's.
type resolution time.Duration

const resolutionUsage = "how finely a guest can tell times apart, a `DURATION` from 1us to 1s, as in 5ms (default: as the host can)"

func (r *resolution) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q is no duration: write 100us, 5ms, 1s", text)
	}
	if d < time.Microsecond || d > wire.MaxClockResolution*time.Microsecond || d%time.Microsecond != 0 {
		return fmt.Errorf("%s is not from 1us to 1s, in whole microseconds", text)
	}
	*r = resolution(d)
	return nil
}

func (r *resolution) Type() string { return "resolution" }

func (r *resolution) String() string {
	if *r == 0 {
		return ""
	}
	return time.Duration(*r).String()
}
