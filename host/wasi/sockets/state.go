package sockets

import (
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/wattle-dev/wattle/host/component"
)

// Endpoints are addresses and ports.
type Endpoints struct {
	// Addrs are the addresses. The zero value has none.
	Addrs netip.Prefix
	// FirstPort and LastPort are the ports, both included. If LastPort is zero,
	// FirstPort is the only one.
	FirstPort, LastPort uint16
}

func (e Endpoints) contain(a netip.AddrPort) bool {
	return e.Addrs.Contains(a.Addr().WithZone("")) && a.Port() >= e.FirstPort && a.Port() <= max(e.FirstPort, e.LastPort)
}

func allowed(list []Endpoints, a netip.AddrPort) bool {
	return slices.ContainsFunc(list, func(e Endpoints) bool { return e.contain(a) })
}

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
	// Resolve are the host names that may be looked up, in lower case: a name,
	// or "*." and a suffix for all names below it, or "*" for all.
	Resolve []string
	// MaxSockets bounds the sockets and lookups that an instance has at once. If
	// zero, DefaultMaxSockets.
	MaxSockets int
}

// DefaultMaxSockets is the default of Options.MaxSockets.
const DefaultMaxSockets = 128

// resolvable reports whether a host name may be looked up.
func (o *Options) resolvable(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	return slices.ContainsFunc(o.Resolve, func(pattern string) bool {
		suffix, wild := strings.CutPrefix(pattern, "*")
		return pattern == name || wild && strings.HasSuffix(name, suffix) && len(name) > len(suffix)
	})
}

// State is what an instance has of wasi:sockets. What a guest has open is closed
// with its handles.
type State struct {
	opts Options
	open atomic.Int64
}

// NewState returns the state of an instance.
func NewState(opts Options) *State {
	if opts.MaxSockets == 0 {
		opts.MaxSockets = DefaultMaxSockets
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
