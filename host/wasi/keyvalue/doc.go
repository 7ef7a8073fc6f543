// Package keyvalue implements wasi:keyvalue: stores of values by keys, with counters,
// compare-and-swap and batches. It is 0.2.0-draft2; package v020draft is 0.2.0-draft,
// which has other cursors and counters and no compare-and-swap.
//
// # Which store is opened
//
// What an instance has is what its component is linked to ([Options]), by the names of
// the links. "default" and the empty identifier are the default link, the one that the
// guest chose by wasmcloud:bus, or the only one there is. Every other identifier that is
// not the name of a link is no-such-store, whatever a backend may have by that name: a guest opens
// what it was given and cannot look for more.
//
// # What a guest learns of a failure
//
// The kind of it, in words that name no place: where the store is and what it answered
// is for Options.Failed. Waiting for a store ends with the call of the guest at the
// latest; then the guest ends.
//
// # Bounds
//
// Sizes and times are the store's (providers/keyvalue.Limit). Handles of cas keep a
// value each and are bounded by how many there are and how many bytes they keep.
package keyvalue

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component"
)

// Host is what an instance's state (component.Call.State) implements to offer
// wasi:keyvalue.
type Host interface{ KeyValue() *State }

// Define offers wasi:keyvalue@0.2.0-draft2 to l.
func Define(l *component.Linker) error {
	return errors.Join(
		DefineStore(l, func(c *component.Call) Store { return Of(c) }),
		DefineAtomics(l, func(c *component.Call) Atomics { return Of(c) }),
		DefineBatch(l, func(c *component.Call) Batch { return Of(c) }),
	)
}

// Of returns the state of the instance that calls.
func Of(c *component.Call) *State {
	h, ok := c.State().(Host)
	if !ok {
		c.Fail(errors.New("instance has no state for wasi:keyvalue"))
	}
	return h.KeyValue()
}
