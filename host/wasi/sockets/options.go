package sockets

import (
	"math"
	"net"
	"syscall"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi/clocks"
)

// options are the options of a socket. They take effect when the host makes its
// socket: options that are set later are those of sockets accepted later.
type options struct {
	keepAlive     bool
	keepIdle      clocks.Duration
	keepInterval  clocks.Duration
	keepCount     uint32
	hopLimit      uint8
	receive, send buffer
}

// buffer is the size of a buffer of the system.
type buffer struct {
	size  uint64
	asked bool // by the guest
}

func (b *buffer) set(size uint64) error {
	err := positive(&b.size, size, minBuffer, maxBuffer)
	b.asked = b.asked || err == nil
	return err
}

// defaultOptions are what usual systems have.
func defaultOptions() options {
	return options{
		keepIdle: uint64(2 * time.Hour), keepInterval: uint64(75 * time.Second), keepCount: 9,
		hopLimit: 64, receive: buffer{size: 128 << 10}, send: buffer{size: 128 << 10},
	}
}

// The bounds that options are clamped to.
const (
	minKeepAlive = uint64(time.Second)
	maxKeepAlive = uint64(32767 * time.Second)
	maxKeepCount = 127
	minBuffer    = 4 << 10
	maxBuffer    = 1 << 20
)

// positive stores a value, which must not be zero, within bounds.
func positive[T uint8 | uint32 | uint64](to *T, value, low, high T) error {
	if value == 0 {
		return ErrorCodeInvalidArgument
	}
	*to = min(max(value, low), high)
	return nil
}

// keepAliveConfig makes the host's form of the keep-alive options.
func (o *options) keepAliveConfig() net.KeepAliveConfig {
	return net.KeepAliveConfig{
		Enable: o.keepAlive, Idle: time.Duration(o.keepIdle), Interval: time.Duration(o.keepInterval), Count: int(o.keepCount),
	}
}

// control applies the options to a socket of the host before it is used.
func (o *options) control(network, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) { err = setHopLimit(fd, network, int(o.hopLimit)) }); e != nil {
		return e
	}
	return err
}

// buffered is a connection of the net package.
type buffered interface {
	SetReadBuffer(bytes int) error
	SetWriteBuffer(bytes int) error
}

// buffers applies the sizes of buffers that were asked for.
func (o *options) buffers(c buffered) {
	// They are hints: what the system makes of them is its affair.
	if o.receive.asked {
		_ = c.SetReadBuffer(int(o.receive.size))
	}
	if o.send.asked {
		_ = c.SetWriteBuffer(int(o.send.size))
	}
}

// SetListenBacklogSize implements tcp-socket.set-listen-backlog-size. The size is
// the host's.
func (s *TCPSocket) SetListenBacklogSize(_ *component.Call, value uint64) error {
	switch {
	case value == 0:
		return ErrorCodeInvalidArgument
	case s.phase == connecting || s.phase == connected:
		return ErrorCodeInvalidState
	}
	return nil
}

// KeepAliveEnabled implements tcp-socket.keep-alive-enabled.
func (s *TCPSocket) KeepAliveEnabled(*component.Call) (bool, error) { return s.opts.keepAlive, nil }

// SetKeepAliveEnabled implements tcp-socket.set-keep-alive-enabled.
func (s *TCPSocket) SetKeepAliveEnabled(_ *component.Call, value bool) error {
	s.opts.keepAlive = value
	return s.keepAlive(nil)
}

// KeepAliveIdleTime implements tcp-socket.keep-alive-idle-time.
func (s *TCPSocket) KeepAliveIdleTime(*component.Call) (clocks.Duration, error) {
	return s.opts.keepIdle, nil
}

// SetKeepAliveIdleTime implements tcp-socket.set-keep-alive-idle-time.
func (s *TCPSocket) SetKeepAliveIdleTime(_ *component.Call, value clocks.Duration) error {
	return s.keepAlive(positive(&s.opts.keepIdle, value, minKeepAlive, maxKeepAlive))
}

// KeepAliveInterval implements tcp-socket.keep-alive-interval.
func (s *TCPSocket) KeepAliveInterval(*component.Call) (clocks.Duration, error) {
	return s.opts.keepInterval, nil
}

// SetKeepAliveInterval implements tcp-socket.set-keep-alive-interval.
func (s *TCPSocket) SetKeepAliveInterval(_ *component.Call, value clocks.Duration) error {
	return s.keepAlive(positive(&s.opts.keepInterval, value, minKeepAlive, maxKeepAlive))
}

// KeepAliveCount implements tcp-socket.keep-alive-count.
func (s *TCPSocket) KeepAliveCount(*component.Call) (uint32, error) { return s.opts.keepCount, nil }

// SetKeepAliveCount implements tcp-socket.set-keep-alive-count.
func (s *TCPSocket) SetKeepAliveCount(_ *component.Call, value uint32) error {
	return s.keepAlive(positive(&s.opts.keepCount, value, 1, maxKeepCount))
}

// keepAlive applies keep-alive options to a connection, unless they are wrong.
func (s *TCPSocket) keepAlive(err error) error {
	if err != nil || s.conn == nil {
		return err
	}
	if err := s.conn.tcp.SetKeepAliveConfig(s.opts.keepAliveConfig()); err != nil {
		return errorCode(err)
	}
	return nil
}

// HopLimit implements tcp-socket.hop-limit.
func (s *TCPSocket) HopLimit(*component.Call) (uint8, error) { return s.opts.hopLimit, nil }

// SetHopLimit implements tcp-socket.set-hop-limit.
func (s *TCPSocket) SetHopLimit(_ *component.Call, value uint8) error {
	return positive(&s.opts.hopLimit, value, 1, math.MaxUint8)
}

// ReceiveBufferSize implements tcp-socket.receive-buffer-size.
func (s *TCPSocket) ReceiveBufferSize(*component.Call) (uint64, error) {
	return s.opts.receive.size, nil
}

// SetReceiveBufferSize implements tcp-socket.set-receive-buffer-size.
func (s *TCPSocket) SetReceiveBufferSize(_ *component.Call, value uint64) error {
	return s.opts.receive.set(value)
}

// SendBufferSize implements tcp-socket.send-buffer-size.
func (s *TCPSocket) SendBufferSize(*component.Call) (uint64, error) { return s.opts.send.size, nil }

// SetSendBufferSize implements tcp-socket.set-send-buffer-size.
func (s *TCPSocket) SetSendBufferSize(_ *component.Call, value uint64) error {
	return s.opts.send.set(value)
}

// UnicastHopLimit implements udp-socket.unicast-hop-limit.
func (s *UDPSocket) UnicastHopLimit(*component.Call) (uint8, error) { return s.opts.hopLimit, nil }

// SetUnicastHopLimit implements udp-socket.set-unicast-hop-limit.
func (s *UDPSocket) SetUnicastHopLimit(_ *component.Call, value uint8) error {
	return positive(&s.opts.hopLimit, value, 1, math.MaxUint8)
}

// ReceiveBufferSize implements udp-socket.receive-buffer-size.
func (s *UDPSocket) ReceiveBufferSize(*component.Call) (uint64, error) {
	return s.opts.receive.size, nil
}

// SetReceiveBufferSize implements udp-socket.set-receive-buffer-size.
func (s *UDPSocket) SetReceiveBufferSize(_ *component.Call, value uint64) error {
	return s.opts.receive.set(value)
}

// SendBufferSize implements udp-socket.send-buffer-size.
func (s *UDPSocket) SendBufferSize(*component.Call) (uint64, error) { return s.opts.send.size, nil }

// SetSendBufferSize implements udp-socket.set-send-buffer-size.
func (s *UDPSocket) SetSendBufferSize(_ *component.Call, value uint64) error {
	return s.opts.send.set(value)
}
