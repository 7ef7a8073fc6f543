package sockets

import (
	"context"
	"net"
	"net/netip"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

// UDPSocket is the resource wasi:sockets/udp.udp-socket. Its fields belong to the
// goroutine of the instance.
type UDPSocket struct {
	state   *State
	family  IPAddressFamily
	opts    options
	phase   phase
	pending pending
	network *Network
	local   netip.AddrPort
	remote  netip.AddrPort // that the streams are limited to, or invalid
	server  bool           // receives from everybody
	streams *datagrams     // of the last call of stream
	conn    *net.UDPConn
	refs    int // the socket and its streams
}

func newUDPSocket(s *State, f IPAddressFamily) *UDPSocket {
	return &UDPSocket{state: s, family: f, opts: defaultOptions(), refs: 1}
}

// Drop implements component.Dropper.
func (s *UDPSocket) Drop(context.Context) { s.release() }

// release gives up one use of the socket.
func (s *UDPSocket) release() {
	if s.refs--; s.refs > 0 {
		return
	}
	if s.conn != nil {
		_ = s.conn.Close() // datagrams are sent or lost
	}
	if s.streams != nil {
		s.streams.close()
	}
	s.state.release()
}

// StartBind implements udp-socket.start-bind.
func (s *UDPSocket) StartBind(_ *component.Call, network *Network, address IPSocketAddress) error {
	switch {
	case s.pending != nothing:
		return ErrorCodeConcurrencyConflict
	case s.phase != unbound:
		return ErrorCodeInvalidState
	}
	addr, err := localAddr(s.family, address)
	if err != nil {
		return err
	}
	server := s.state.allowed(s.state.opts.Receive, addr)
	if !server && (addr.Port() != 0 || len(s.state.opts.Send) == 0) {
		return ErrorCodeAccessDenied
	}
	config := net.ListenConfig{Control: s.opts.control}
	c, err := config.ListenPacket(context.Background(), s.family.network("udp"), addr.String())
	if err != nil {
		return errorCode(err)
	}
	udp, ok := c.(*net.UDPConn)
	if !ok {
		_ = c.Close()
		return ErrorCodeNotSupported
	}
	s.opts.buffers(udp)
	s.conn, s.local, s.server = udp, addrOf(udp.LocalAddr()), server
	s.network, s.pending = network, bind
	return nil
}

// FinishBind implements udp-socket.finish-bind.
func (s *UDPSocket) FinishBind(*component.Call) error {
	if s.pending != bind {
		return ErrorCodeNotInProgress
	}
	s.pending, s.phase = nothing, bound
	return nil
}

// Stream implements udp-socket.stream.
func (s *UDPSocket) Stream(_ *component.Call, remote component.Option[IPSocketAddress]) (component.Tuple2[*IncomingDatagramStream, *OutgoingDatagramStream], error) {
	var result component.Tuple2[*IncomingDatagramStream, *OutgoingDatagramStream]
	if s.phase != bound {
		return result, ErrorCodeInvalidState
	}
	var peer netip.AddrPort
	if remote.Some {
		var err error
		if peer, err = remoteAddr(s.family, remote.Value); err != nil {
			return result, err
		}
		if !s.maySend(peer) {
			return result, ErrorCodeAccessDenied
		}
	}
	if s.streams != nil {
		s.streams.close()
	}
	s.remote = peer
	s.streams = newDatagrams(s.conn, s.accepts())
	s.refs += 2
	result.V0 = &IncomingDatagramStream{socket: s, streams: s.streams}
	result.V1 = &OutgoingDatagramStream{socket: s, streams: s.streams}
	return result, nil
}

// maySend reports whether datagrams may be sent to an address. That somebody at
// an address sent to the socket does not allow it: senders can be forged.
func (s *UDPSocket) maySend(to netip.AddrPort) bool { return s.state.allowed(s.state.opts.Send, to) }

// accepts returns the judgement on where datagrams come from.
func (s *UDPSocket) accepts() func(netip.AddrPort) bool {
	remote, server, state := s.remote, s.server, s.state
	return func(from netip.AddrPort) bool {
		if remote.IsValid() && from != remote {
			return false
		}
		return server || state.allowed(state.opts.Send, from)
	}
}

// LocalAddress implements udp-socket.local-address.
func (s *UDPSocket) LocalAddress(*component.Call) (IPSocketAddress, error) {
	if s.phase != bound {
		return IPSocketAddress{}, ErrorCodeInvalidState
	}
	return ipSocketAddress(s.local), nil
}

// RemoteAddress implements udp-socket.remote-address.
func (s *UDPSocket) RemoteAddress(*component.Call) (IPSocketAddress, error) {
	if !s.remote.IsValid() {
		return IPSocketAddress{}, ErrorCodeInvalidState
	}
	return ipSocketAddress(s.remote), nil
}

// AddressFamily implements udp-socket.address-family.
func (s *UDPSocket) AddressFamily(*component.Call) (IPAddressFamily, error) { return s.family, nil }

// Subscribe implements udp-socket.subscribe. No operation of the socket itself
// has to wait.
func (s *UDPSocket) Subscribe(*component.Call) (*wasiio.Pollable, error) {
	return wasiio.NewPollable(wasiio.Always), nil
}
