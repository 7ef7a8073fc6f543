package sockets

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

// phase is the state of a socket, as tcp.wit names them. What is in progress for
// bind and listen is in TCPSocket.pending.
type phase uint8

const (
	unbound phase = iota
	bound
	listening
	connecting
	connected
	closed
)

// pending is an operation whose start function has done it and whose finish
// function has not been called.
type pending uint8

const (
	nothing pending = iota
	bind
	listen
)

// TCPSocket is the resource wasi:sockets/tcp.tcp-socket. Its fields belong to the
// goroutine of the instance.
type TCPSocket struct {
	state   *State
	family  IPAddressFamily
	opts    options
	phase   phase
	pending pending
	network *Network // that the socket is bound to
	local   netip.AddrPort

	reserved *net.TCPListener // of a bound socket that may listen
	listener *listener
	dial     *dial
	conn     *conn

	watchers wasiio.Watchers
}

func newTCPSocket(s *State, f IPAddressFamily) *TCPSocket {
	return &TCPSocket{state: s, family: f, opts: defaultOptions()}
}

// Drop implements component.Dropper.
func (s *TCPSocket) Drop(context.Context) {
	switch {
	case s.listener != nil:
		s.listener.close()
	case s.reserved != nil:
		_ = s.reserved.Close() // nothing was done with it
	}
	if s.dial != nil {
		s.dial.abandon()
	}
	if s.conn != nil {
		s.conn.release()
	} else {
		s.state.release()
	}
	s.phase = closed
	s.watchers.Wake()
}

// StartBind implements tcp-socket.start-bind.
func (s *TCPSocket) StartBind(_ *component.Call, network *Network, address IPSocketAddress) error {
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
	switch {
	case s.state.allowed(s.state.opts.Listen, addr):
		config := net.ListenConfig{Control: s.opts.control}
		l, err := config.Listen(context.Background(), s.family.network("tcp"), addr.String())
		if err != nil {
			return errorCode(err)
		}
		tcp, ok := l.(*net.TCPListener)
		if !ok {
			_ = l.Close()
			return ErrorCodeNotSupported
		}
		s.reserved, addr = tcp, addrOf(l.Addr())
	case addr.Port() != 0 || len(s.state.opts.Connect) == 0:
		return ErrorCodeAccessDenied
	}
	s.local, s.network, s.pending = addr, network, bind
	return nil
}

// addrOf returns the address of a socket of the host.
func addrOf(a net.Addr) netip.AddrPort {
	if a, ok := a.(interface{ AddrPort() netip.AddrPort }); ok {
		return netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), a.AddrPort().Port())
	}
	return netip.AddrPort{}
}

// FinishBind implements tcp-socket.finish-bind.
func (s *TCPSocket) FinishBind(*component.Call) error { return s.finish(bind, bound) }

// finish ends an operation that its start function has done.
func (s *TCPSocket) finish(what pending, then phase) error {
	if s.pending != what {
		return ErrorCodeNotInProgress
	}
	s.pending, s.phase = nothing, then
	return nil
}

// StartListen implements tcp-socket.start-listen.
func (s *TCPSocket) StartListen(*component.Call) error {
	switch {
	case s.pending != nothing:
		return ErrorCodeConcurrencyConflict
	case s.phase != bound:
		return ErrorCodeInvalidState
	case s.reserved == nil:
		return ErrorCodeAccessDenied
	}
	s.listener = newListener(s.reserved, &s.watchers)
	s.pending = listen
	return nil
}

// FinishListen implements tcp-socket.finish-listen.
func (s *TCPSocket) FinishListen(*component.Call) error { return s.finish(listen, listening) }

// Accept implements tcp-socket.accept.
func (s *TCPSocket) Accept(*component.Call) (component.Tuple3[*TCPSocket, *wasiio.InputStream, *wasiio.OutputStream], error) {
	var result component.Tuple3[*TCPSocket, *wasiio.InputStream, *wasiio.OutputStream]
	if s.phase != listening {
		return result, ErrorCodeInvalidState
	}
	if err := s.state.acquire(); err != nil {
		return result, err
	}
	tcp, err := s.listener.accept()
	if err != nil {
		s.state.release()
		return result, errorCode(err)
	}
	peer := newTCPSocket(s.state, s.family)
	peer.opts, peer.local, peer.network = s.opts, s.local, s.network
	result.V0 = peer
	result.V1, result.V2 = peer.connected(tcp)
	return result, nil
}

// connected makes the socket one of a connection.
func (s *TCPSocket) connected(tcp *net.TCPConn) (*wasiio.InputStream, *wasiio.OutputStream) {
	s.opts.buffers(tcp)
	_ = tcp.SetKeepAliveConfig(s.opts.keepAliveConfig()) // as the guest asked, if the system can
	s.conn = newConn(s.state, tcp)
	s.phase, s.local = connected, addrOf(tcp.LocalAddr())
	return s.conn.streams()
}

// dialTimeout bounds a connection attempt.
const dialTimeout = time.Minute

// dial is a connection attempt.
type dial struct {
	cancel context.CancelFunc
	done   wasiio.Flag

	mu        sync.Mutex
	abandoned bool
	tcp       net.Conn
	err       error
}

// abandon gives up the attempt and what comes of it.
func (d *dial) abandon() {
	d.cancel()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.abandoned = true
	if d.tcp != nil {
		_ = d.tcp.Close() // never used
		d.tcp = nil
	}
}

func (d *dial) finish(tcp net.Conn, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.abandoned && tcp != nil {
		_ = tcp.Close() // never used
		return
	}
	d.tcp, d.err = tcp, err
}

// take returns the connection.
func (d *dial) take() (*net.TCPConn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	tcp, ok := d.tcp.(*net.TCPConn)
	if d.err == nil && !ok {
		return nil, ErrorCodeNotSupported
	}
	d.tcp = nil
	return tcp, d.err
}

// StartConnect implements tcp-socket.start-connect.
func (s *TCPSocket) StartConnect(_ *component.Call, network *Network, address IPSocketAddress) error {
	switch {
	case s.pending != nothing || s.phase == connecting:
		return ErrorCodeConcurrencyConflict
	case s.phase != unbound && s.phase != bound:
		return ErrorCodeInvalidState
	case s.network != nil && s.network != network:
		return ErrorCodeInvalidArgument
	}
	addr, err := remoteAddr(s.family, address)
	if err != nil {
		return err
	}
	if !s.state.allowed(s.state.opts.Connect, addr) {
		return ErrorCodeAccessDenied
	}
	dialer := net.Dialer{Control: s.opts.control}
	if s.phase == bound {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(s.local)
	}
	if s.reserved != nil {
		_ = s.reserved.Close() // the port is used for the connection instead
		s.reserved = nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	s.dial, s.phase = &dial{cancel: cancel}, connecting
	go func(d *dial, name string) {
		defer cancel()
		d.finish(dialer.DialContext(ctx, name, addr.String()))
		d.done.Set()
		s.watchers.Wake()
	}(s.dial, s.family.network("tcp"))
	return nil
}

// FinishConnect implements tcp-socket.finish-connect.
func (s *TCPSocket) FinishConnect(*component.Call) (component.Tuple2[*wasiio.InputStream, *wasiio.OutputStream], error) {
	var result component.Tuple2[*wasiio.InputStream, *wasiio.OutputStream]
	switch {
	case s.phase != connecting:
		return result, ErrorCodeNotInProgress
	case !s.dial.done.Ready():
		return result, ErrorCodeWouldBlock
	}
	tcp, err := s.dial.take()
	s.dial = nil
	if err != nil {
		s.phase = closed
		return result, errorCode(err)
	}
	result.V0, result.V1 = s.connected(tcp)
	return result, nil
}

// LocalAddress implements tcp-socket.local-address.
func (s *TCPSocket) LocalAddress(*component.Call) (IPSocketAddress, error) {
	if s.phase == unbound || s.phase == closed || s.phase == connecting && !s.local.IsValid() {
		return IPSocketAddress{}, ErrorCodeInvalidState
	}
	return ipSocketAddress(s.local), nil
}

// RemoteAddress implements tcp-socket.remote-address.
func (s *TCPSocket) RemoteAddress(*component.Call) (IPSocketAddress, error) {
	if s.phase != connected {
		return IPSocketAddress{}, ErrorCodeInvalidState
	}
	return ipSocketAddress(addrOf(s.conn.tcp.RemoteAddr())), nil
}

// IsListening implements tcp-socket.is-listening.
func (s *TCPSocket) IsListening(*component.Call) (bool, error) { return s.phase == listening, nil }

// AddressFamily implements tcp-socket.address-family.
func (s *TCPSocket) AddressFamily(*component.Call) (IPAddressFamily, error) { return s.family, nil }

// Shutdown implements tcp-socket.shutdown.
func (s *TCPSocket) Shutdown(_ *component.Call, how ShutdownType) error {
	if s.phase != connected {
		return ErrorCodeInvalidState
	}
	if how != ShutdownTypeSend {
		s.conn.closeRead()
	}
	if how != ShutdownTypeReceive {
		s.conn.closeWrite()
	}
	return nil
}

// Subscribe implements tcp-socket.subscribe.
func (s *TCPSocket) Subscribe(*component.Call) (*wasiio.Pollable, error) {
	return wasiio.NewPollable(tcpEvent{s}), nil
}

// tcpEvent is ready when an operation that would have to wait can go on.
type tcpEvent struct{ s *TCPSocket }

// Ready implements io.Event.
func (e tcpEvent) Ready() bool {
	switch e.s.phase {
	case connecting:
		return e.s.dial.done.Ready()
	case listening:
		return e.s.listener.ready()
	case unbound, bound, connected, closed:
	}
	return true
}

// Watch implements io.Event.
func (e tcpEvent) Watch(wake func()) (stop func()) { return e.s.watchers.Watch(wake) }
