// Package secrets implements wasmcloud:secrets, 1.0.0 and 0.1.0-draft, which say the
// same: the secrets that the component was given, by the names that it has for them.
//
// A guest gets a handle by a name and reveals the value with it. There is nothing else
// to be had: no list of names, and for a name that it was not given the same answer as
// for one that nobody has. Values are [Value], which no format, log or encoding shows;
// the text of one leaves this package to the guest alone.
//
// The revisions from 2.0 on, whose functions are async, are not served.
package secrets

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component"
)

// Host is what an instance's state (component.Call.State) implements to offer
// wasmcloud:secrets.
type Host interface{ Secrets() *State }

// Define offers all of wasmcloud:secrets to l.
func Define(l *component.Linker) error {
	err := errors.Join(
		DefineStore(l, func(c *component.Call) Store { return state(c) }),
		DefineReveal(l, func(c *component.Call) Reveal { return state(c) }),
	)
	if err != nil {
		return err
	}
	return errors.Join(
		l.Alias("wasmcloud:secrets/store@1.0.0", "wasmcloud:secrets/store@0.1.0-draft"),
		l.Alias("wasmcloud:secrets/reveal@1.0.0", "wasmcloud:secrets/reveal@0.1.0-draft"),
	)
}

func state(c *component.Call) *State {
	h, ok := c.State().(Host)
	if !ok {
		c.Fail(errors.New("instance has no state for wasmcloud:secrets"))
	}
	return h.Secrets()
}
