// Package filesystem implements wasi:filesystem@0.2: types and preopens, over
// directory trees of providers/filesystem.
//
// A descriptor is a handle to an open file or directory. What a guest can reach
// is what its preopened directories contain; that no path leaves the directory it
// is relative to is the promise of the provider. This package keeps the rules of
// the WIT text that are about descriptors:
//
//   - Whoever lacks mutate-directory on a directory changes nothing through it
//     and opens nothing through it for writing: error-code read-only. A directory
//     opened from another has mutate-directory if and only if that one has.
//     Asking for it can so not be left out to get less: programs built for
//     preview 1 have no way to ask, and expect to be able to delete what is in a
//     directory that they opened.
//   - A file is read only with the flag read and written only with the flag
//     write: error-code bad-descriptor. Using a directory as a file is
//     is-directory, using a file as a directory not-directory.
//
// Everything is bounded: the objects that an instance has open, the length of
// paths, the bytes of one read. Files are read and written by the goroutine of
// the instance; a stream of a file is always ready, and flushing one does not
// sync it. A stream keeps its file open when the descriptor is dropped.
//
// The guest is told error codes, never the error texts of the host, which name
// paths outside of its view.
package filesystem

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component"
)

// Host is what an instance's state (component.Call.State) implements to offer
// wasi:filesystem.
type Host interface{ Filesystem() *State }

// Define offers all of wasi:filesystem to l.
func Define(l *component.Linker) error {
	return errors.Join(
		DefineTypes(l, func(c *component.Call) Types { return state(c) }),
		DefinePreopens(l, func(c *component.Call) Preopens { return state(c) }),
	)
}

func state(c *component.Call) *State {
	h, ok := c.State().(Host)
	if !ok {
		c.Fail(errors.New("instance has no state for wasi:filesystem"))
	}
	return h.Filesystem()
}
