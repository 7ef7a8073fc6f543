package clocks

import "time"

// DefaultResolution is the resolution of clocks of which nothing is said.
const DefaultResolution = time.Nanosecond

// Options say how fine an instance's clocks are.
type Options struct {
	// Resolution is what times are rounded down to. If zero, DefaultResolution.
	Resolution time.Duration
}

// State is what an instance has of wasi:clocks.
type State struct {
	monotonic monotonic
	wall      wall
}

// NewState returns the state of an instance.
func NewState(opts Options) *State {
	r := max(opts.Resolution, 0)
	if r == 0 {
		r = DefaultResolution
	}
	return &State{monotonic: monotonic{resolution: r}, wall: wall{resolution: r}}
}

// since returns the monotonic clock that started at a time, which is the same
// whenever it is asked for.
func (s *State) since(start time.Time) *monotonic {
	s.monotonic.start = start
	return &s.monotonic
}
