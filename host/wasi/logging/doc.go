// Package logging implements wasi:logging, as 0.1.0-draft and as the same without a
// version, which older toolchains import. What a guest logs goes where [Options] say,
// with its level and context; how much of it is taken is for whoever takes it to say.
//
// Entries have one line: a message of several becomes as many entries, each with the
// level and context. Control characters, and those that change the direction of text,
// are replaced, so that no entry looks like another's, or moves the cursor of who reads
// it.
package logging

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component"
)

// Host is what an instance's state (component.Call.State) implements to offer
// wasi:logging.
type Host interface{ Logging() *State }

// Define offers all of wasi:logging to l.
func Define(l *component.Linker) error {
	if err := DefineLogging(l, func(c *component.Call) Logging { return state(c) }); err != nil {
		return err
	}
	return l.Alias("wasi:logging/logging@0.1.0-draft", "wasi:logging/logging")
}

func state(c *component.Call) *State {
	h, ok := c.State().(Host)
	if !ok {
		c.Fail(errors.New("instance has no state for wasi:logging"))
	}
	return h.Logging()
}
