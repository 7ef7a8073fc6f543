// Package sockets implements wasi:sockets@0.2: network, instance-network,
// ip-name-lookup, and TCP and UDP sockets.
//
// # What is allowed
//
// Nothing, unless [Options] name it: not even a socket can be created. TCP and
// UDP have a list of endpoints that may be connected or sent to, and a list of
// local endpoints that may be listened or received at. Every address is checked
// when it is used. An endpoint may be given by a name: then its addresses are
// those that the guest has looked up under that name, and no others. A refusal is
// the error-code access-denied.
//
// A socket that is bound to any port (port 0) without being allowed to listen
// there is a client: it may only connect or send. A TCP client's port is chosen
// when it connects, and until then local-address says 0. A UDP client receives
// only from endpoints that it may send to.
//
// # How it works
//
// The host's sockets belong to Go's net package, whose calls block. So a
// connection attempt, a lookup, the accepting of connections and the receiving
// of datagrams each run in a goroutine that ends with the socket, and hands over
// through a bounded slot or queue. bind and listen do not block and are done by
// their start function. Streams of connections are those of package io.
//
// A connection lives until the socket and both of its streams are dropped.
// Dropping the output-stream, or shutting it down, sends what was written and
// then the end of the stream.
package sockets

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component"
)

// Host is what an instance's state (component.Call.State) implements to offer
// wasi:sockets.
type Host interface{ Sockets() *State }

// Define offers all of wasi:sockets to l.
func Define(l *component.Linker) error {
	return errors.Join(
		DefineNetwork(l, func(c *component.Call) NetworkFuncs { return state(c) }),
		DefineInstanceNetwork(l, func(c *component.Call) InstanceNetwork { return state(c) }),
		DefineIPNameLookup(l, func(c *component.Call) IPNameLookup { return state(c) }),
		DefineTCP(l),
		DefineTCPCreateSocket(l, func(c *component.Call) TCPCreateSocket { return state(c) }),
		DefineUDP(l),
		DefineUDPCreateSocket(l, func(c *component.Call) UDPCreateSocket { return state(c) }),
	)
}

func state(c *component.Call) *State {
	h, ok := c.State().(Host)
	if !ok {
		c.Fail(errors.New("instance has no state for wasi:sockets"))
	}
	return h.Sockets()
}
