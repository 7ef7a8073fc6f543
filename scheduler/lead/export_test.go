package lead

import "github.com/wattle-dev/wattle/scheduler/state"

// SizeOf is how many bytes a change is taken to need in an entry.
func SizeOf(c *state.Change) (int, error) { return sizeOf(c) }
