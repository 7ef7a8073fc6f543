// Package blobstore implements wasi:blobstore@0.2.0-draft: containers of objects, which
// are read and written as streams.
//
// # Which container is meant
//
// What an instance has is what its component is linked to ([Options]), by the names of
// the links. A container of the default link, the one that the guest chose by
// wasmcloud:bus, or the only one there is, has its own name; one of another link is
// LINK/NAME, where LINK is the name of a link. A name that begins with that of no link
// is the default link's as a whole.
//
// # Writing
//
// An outgoing-value may be filled before it is given to a container or after. Before,
// what is written is kept here, within a bound; from then on it goes to the store at the
// pace of the store. The object is there, or what went wrong is said, when finish
// returns. A value that is dropped without that stores nothing.
//
// # Reading
//
// An incoming-value is the object opened. How many an instance has open at once is
// bounded, since each may hold a connection.
//
// # What a guest learns of a failure
//
// What kind it is, in words that name no place: where the store is and what it answered
// is for Options.Failed. Waiting for a store ends with the call of the guest at the
// latest; then the guest ends.
package blobstore

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component"
)

// Host is what an instance's state (component.Call.State) implements to offer
// wasi:blobstore.
type Host interface{ Blobstore() *State }

// Define offers all of wasi:blobstore to l.
func Define(l *component.Linker) error {
	return errors.Join(
		DefineTypes(l, func(c *component.Call) Types { return state(c) }),
		DefineContainer(l),
		DefineBlobstore(l, func(c *component.Call) Blobstore { return state(c) }),
	)
}

func state(c *component.Call) *State {
	h, ok := c.State().(Host)
	if !ok {
		c.Fail(errors.New("instance has no state for wasi:blobstore"))
	}
	return h.Blobstore()
}
