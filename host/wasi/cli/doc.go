// Package cli implements wasi:cli@0.2: environment, exit, the standard streams
// and the terminals. The interface run is what a command exports; the host calls
// it.
//
// An instance has one [State]. Its standard streams are made when the guest first
// asks for them and live as long as the state: a guest may get a stream any
// number of times, and dropping one does not close what is behind it. All
// streams of the same name share one position and one buffer.
package cli

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component"
)

// Host is what an instance's state (component.Call.State) implements to offer
// wasi:cli.
type Host interface{ CLI() *State }

// Define offers all of wasi:cli to l.
func Define(l *component.Linker) error {
	return errors.Join(
		DefineEnvironment(l, func(c *component.Call) Environment { return state(c) }),
		DefineExit(l, func(*component.Call) Exit { return exit{} }),
		DefineStdin(l, func(c *component.Call) Stdin { return state(c) }),
		DefineStdout(l, func(c *component.Call) Stdout { return state(c) }),
		DefineStderr(l, func(c *component.Call) Stderr { return state(c) }),
		DefineTerminalInput(l),
		DefineTerminalOutput(l),
		DefineTerminalStdin(l, func(c *component.Call) TerminalStdin { return state(c) }),
		DefineTerminalStdout(l, func(c *component.Call) TerminalStdout { return state(c) }),
		DefineTerminalStderr(l, func(c *component.Call) TerminalStderr { return state(c) }),
	)
}

func state(c *component.Call) *State {
	h, ok := c.State().(Host)
	if !ok {
		c.Fail(errors.New("instance has no state for wasi:cli"))
	}
	return h.CLI()
}
