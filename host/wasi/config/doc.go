// Package config implements wasi:config: the configuration of the component itself, a
// flat map of texts. It is wasi:config/store@0.2.0-rc.1, and the same under the names of
// the drafts before it: wasi:config/store and wasi:config/runtime, both 0.2.0-draft.
//
// An instance sees one version of its configuration from beginning to end. Who changes
// it has later instances be made with other [Options]; nothing is copied for each.
//
// There are no errors: what is not configured is none, and what is configured is in
// memory.
package config

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component"
)

// Host is what an instance's state (component.Call.State) implements to offer
// wasi:config.
type Host interface{ Config() *State }

// Define offers all of wasi:config to l.
func Define(l *component.Linker) error {
	const name = "wasi:config/store@0.2.0-rc.1"
	if err := DefineStore(l, func(c *component.Call) Store { return state(c) }); err != nil {
		return err
	}
	return errors.Join(
		l.Alias(name, "wasi:config/store@0.2.0-draft"),
		l.Alias(name, "wasi:config/runtime@0.2.0-draft"),
	)
}

func state(c *component.Call) *State {
	h, ok := c.State().(Host)
	if !ok {
		c.Fail(errors.New("instance has no state for wasi:config"))
	}
	return h.Config()
}
