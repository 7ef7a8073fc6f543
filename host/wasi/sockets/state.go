package sockets

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/wattle-dev/wattle/host/component"
)

// Options say what a guest is given. The zero value is nothing.
type Options struct {
	// Connect is what TCP sockets may connect to.
	Connect []Endpoints
	// Listen is where TCP sockets may listen. Port 0 is any free port.
	Listen []Endpoints
	// Send is what UDP sockets may send to, and receive answers from.
	Send []Endpoints
	// Receive is where UDP sockets may receive from everybody. To answer, they
	// need Send as well.
	Receive []Endpoints
	// Resolve are the host names that may be looked up besides those of
	// Endpoints, in lower case: a name, or "*." and a suffix for all names below
	// it, or "*" for all.
	Resolve []string
	// LookupNetIP resolves names. If nil, the system's resolver.
	LookupNetIP func(ctx context.Context, network, host string) ([]netip.Addr, error)
	// MaxSockets bounds the sockets and lookups that an instance has at once. If
	// zero, DefaultMaxSockets.
	MaxSockets int
}

// DefaultMaxSockets is the default of Options.MaxSockets.
const DefaultMaxSockets = 128

// resolvable reports whether a host name may be looked up.
func (o *Options) resolvable(name string) bool {
	name = canonical(name)
	for _, list := range [][]Endpoints{o.Connect, o.Send} {
		if slices.ContainsFunc(list, func(e Endpoints) bool { return e.Name == name }) {
			return true
		}
	}
	return slices.ContainsFunc(o.Resolve, func(pattern string) bool {
		suffix, wild := strings.CutPrefix(pattern, "*")
		return pattern == name || wild && strings.HasSuffix(name, suffix) && len(name) > len(suffix)
	})
}

// State is what an instance has of wasi:sockets. What a guest has open is closed
// with its handles.
type State struct {
	opts  Options
	open  atomic.Int64
	found found
}

// NewState returns the state of an instance.
func NewState(opts Options) *State {
	if opts.MaxSockets == 0 {
		opts.MaxSockets = DefaultMaxSockets
	}
	if opts.LookupNetIP == nil {
		opts.LookupNetIP = net.DefaultResolver.LookupNetIP
	}
	return &State{opts: opts}
}

// acquire counts a socket that is about to be opened.
func (s *State) acquire() error {
	if s.open.Add(1) > int64(s.opts.MaxSockets) {
		s.open.Add(-1)
		return ErrorCodeNewSocketLimit
	}
	return nil
}

func (s *State) release() { s.open.Add(-1) }

// Network is the resource wasi:sockets/network.network. What may be done with it
// is in the state.
type Network struct{ _ byte }

// InstanceNetwork implements instance-network.instance-network.
func (s *State) InstanceNetwork(*component.Call) (*Network, error) { return &Network{}, nil }

// CreateTCPSocket implements tcp-create-socket.create-tcp-socket.
func (s *State) CreateTCPSocket(_ *component.Call, family IPAddressFamily) (*TCPSocket, error) {
	if len(s.opts.Connect) == 0 && len(s.opts.Listen) == 0 {
		return nil, ErrorCodeAccessDenied
	}
	if err := s.acquire(); err != nil {
		return nil, err
	}
	return newTCPSocket(s, family), nil
}

// CreateUDPSocket implements udp-create-socket.create-udp-socket.
func (s *State) CreateUDPSocket(_ *component.Call, family IPAddressFamily) (*UDPSocket, error) {
	if len(s.opts.Send) == 0 && len(s.opts.Receive) == 0 {
		return nil, ErrorCodeAccessDenied
	}
	if err := s.acquire(); err != nil {
		return nil, err
	}
	return newUDPSocket(s, family), nil
}
