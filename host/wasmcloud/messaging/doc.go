// Package messaging implements wasmcloud:messaging@0.2.0: consumer, with which a
// component sends messages. The interface handler is what a component exports; the host
// calls it with the value that [Incoming] returns.
//
// The interface has no names for links: what one of a component's links allows is
// allowed ([messaging.Grant]), unless the guest has chosen one by wasmcloud:bus. The
// errors of wasmcloud:messaging are texts.
//
// [messaging.Grant]: github.com/wattle-dev/wattle/providers/messaging.Grant
package messaging

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component"
)

// Host is what an instance's state (component.Call.State) implements to offer
// wasmcloud:messaging.
type Host interface{ Consumer() *State }

// Define offers all of wasmcloud:messaging that a component can import to l.
func Define(l *component.Linker) error {
	return errors.Join(
		DefineTypes(l),
		DefineConsumer(l, func(c *component.Call) Consumer { return state(c) }),
	)
}

func state(c *component.Call) *State {
	h, ok := c.State().(Host)
	if !ok {
		c.Fail(errors.New("instance has no state for wasmcloud:messaging"))
	}
	return h.Consumer()
}
