// Package messaging implements wasi:messaging@0.2.0-draft: producer, request-reply and
// their types. The interface incoming-handler is what a component exports; the host
// calls it with a [Message] ([Incoming]).
//
// A client is a link: connect with its name, or with "" or "default" for the default
// one. What may be sent is for the links to say ([messaging.Grant]).
//
// The bytes of an instance's messages are bounded all together, as they are the host's.
// request waits for the time of its options, and for that of the link at most; without
// options for one answer. reply to a message that nobody waits for an answer to does
// nothing.
//
// [messaging.Grant]: github.com/wattle-dev/wattle/providers/messaging.Grant
package messaging

import (
	"context"
	"errors"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/lattice"
)

// Host is what an instance's state (component.Call.State) implements to offer
// wasi:messaging.
type Host interface{ Messaging() *State }

// Define offers all of wasi:messaging that a component can import to l.
func Define(l *component.Linker) error {
	return errors.Join(
		DefineTypes(l, func(c *component.Call) Types { return state(c) }),
		DefineProducer(l, func(c *component.Call) Producer { return state(c) }),
		DefineRequestReply(l, func(c *component.Call) RequestReply { return state(c) }),
	)
}

func state(c *component.Call) *State {
	h, ok := c.State().(Host)
	if !ok {
		c.Fail(errors.New("instance has no state for wasi:messaging"))
	}
	return h.Messaging()
}

// wasiError returns an error as guests have it.
func wasiError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Tag: ErrorTimeout}
	case errors.Is(err, lattice.ErrDenied):
		return &Error{Tag: ErrorPermissionDenied, PermissionDenied: err.Error()}
	case errors.Is(err, lattice.ErrUnavailable):
		return &Error{Tag: ErrorConnection, Connection: err.Error()}
	}
	return &Error{Tag: ErrorOther, Other: err.Error()}
}
