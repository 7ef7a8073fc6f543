package sockets

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

const (
	// maxQueued is how many datagrams wait for the guest at most. While there
	// are so many, the system's own buffer fills, and then it drops.
	maxQueued = 16
	// maxDatagram is the largest payload there is.
	maxDatagram = 65507
	// maxSend is how many datagrams one check-send permits.
	maxSend = 16
)

// datagrams receives for one pair of streams, in a goroutine that starts when
// the guest first looks.
type datagrams struct {
	conn     *net.UDPConn
	accepts  func(netip.AddrPort) bool
	watchers wasiio.Watchers

	mu      sync.Mutex
	room    sync.Cond
	queue   []IncomingDatagram
	err     error
	running bool
	closed  bool
	read    chan struct{} // closed when the goroutine has ended
}

func newDatagrams(c *net.UDPConn, accepts func(netip.AddrPort) bool) *datagrams {
	d := &datagrams{conn: c, accepts: accepts}
	d.room.L = &d.mu
	return d
}

// start has the goroutine run. The caller holds mu.
func (d *datagrams) start() {
	if !d.running && !d.closed {
		d.running, d.read = true, make(chan struct{})
		go d.run(d.read)
	}
}

// run receives until the streams are closed or the socket fails.
func (d *datagrams) run(ended chan<- struct{}) {
	defer close(ended)
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := d.conn.ReadFromUDPAddrPort(buf)
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		more := true
		if err != nil || d.accepts(from) {
			more = d.offer(buf[:n], from, err)
			d.watchers.Wake()
		}
		if !more || !d.wait() {
			return
		}
	}
}

// offer hands over a datagram or an error, and reports whether to go on.
func (d *datagrams) offer(p []byte, from netip.AddrPort, err error) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.err = err
		d.running = false
		return false
	}
	d.queue = append(d.queue, IncomingDatagram{Data: bytes.Clone(p), RemoteAddress: ipSocketAddress(from)})
	return true
}

// wait waits until there is room for more, and reports whether to go on.
func (d *datagrams) wait() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.queue) >= maxQueued && !d.closed {
		d.room.Wait()
	}
	return !d.closed
}

// close ends the receiving. It waits for the goroutine, so that the next pair of
// streams has the socket for itself.
func (d *datagrams) close() {
	d.mu.Lock()
	d.closed, d.queue = true, nil
	d.room.Signal()
	read := d.read
	d.mu.Unlock()
	if read != nil {
		_ = d.conn.SetReadDeadline(time.Unix(1, 0)) // ends the read under way
		<-read
		_ = d.conn.SetReadDeadline(time.Time{})
	}
	d.watchers.Wake()
}

// Ready implements io.Event.
func (d *datagrams) Ready() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.start()
	}
	return d.closed || d.err != nil || len(d.queue) > 0
}

// Watch implements io.Event.
func (d *datagrams) Watch(wake func()) (stop func()) { return d.watchers.Watch(wake) }

// take returns up to n datagrams.
func (d *datagrams) take(n uint64) ([]IncomingDatagram, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, ErrorCodeInvalidState // of a socket that has newer streams
	}
	if len(d.queue) == 0 && d.err != nil {
		err := d.err
		d.err = nil
		return nil, errorCode(err)
	}
	n = min(n, uint64(len(d.queue)))
	got := d.queue[:n:n]
	d.queue = d.queue[n:]
	d.room.Signal()
	if d.err == nil {
		d.start()
	}
	return got, nil
}

// IncomingDatagramStream is the resource
// wasi:sockets/udp.incoming-datagram-stream.
type IncomingDatagramStream struct {
	socket  *UDPSocket
	streams *datagrams
}

// Receive implements incoming-datagram-stream.receive.
func (s *IncomingDatagramStream) Receive(_ *component.Call, n uint64) ([]IncomingDatagram, error) {
	return s.streams.take(n)
}

// Subscribe implements incoming-datagram-stream.subscribe.
func (s *IncomingDatagramStream) Subscribe(*component.Call) (*wasiio.Pollable, error) {
	return wasiio.NewPollable(s.streams), nil
}

// Drop implements component.Dropper.
func (s *IncomingDatagramStream) Drop(context.Context) { s.socket.release() }

// OutgoingDatagramStream is the resource
// wasi:sockets/udp.outgoing-datagram-stream.
type OutgoingDatagramStream struct {
	socket  *UDPSocket
	streams *datagrams
	permit  int
}

// CheckSend implements outgoing-datagram-stream.check-send.
func (s *OutgoingDatagramStream) CheckSend(*component.Call) (uint64, error) {
	if s.streams != s.socket.streams {
		return 0, ErrorCodeInvalidState // of a socket that has newer streams
	}
	s.permit = maxSend
	return maxSend, nil
}

// Send implements outgoing-datagram-stream.send.
func (s *OutgoingDatagramStream) Send(_ *component.Call, list []OutgoingDatagram) (uint64, error) {
	if len(list) > s.permit {
		return 0, fmt.Errorf("send of %d datagrams, but check-send permitted %d", len(list), s.permit)
	}
	s.permit -= len(list)
	for i := range list {
		if err := s.send(&list[i]); err != nil {
			if i > 0 {
				return uint64(i), nil // the next send will meet the error again
			}
			return 0, err
		}
	}
	return uint64(len(list)), nil
}

// sendTimeout bounds how long a datagram waits for room in the system's buffer.
const sendTimeout = time.Second

func (s *OutgoingDatagramStream) send(d *OutgoingDatagram) error {
	to := s.socket.remote
	if d.RemoteAddress.Some {
		addr, err := remoteAddr(s.socket.family, d.RemoteAddress.Value)
		if err != nil {
			return err
		}
		if to.IsValid() && addr != to {
			return ErrorCodeInvalidArgument
		}
		to = addr
	}
	switch {
	case s.streams != s.socket.streams:
		return ErrorCodeInvalidState
	case !to.IsValid():
		return ErrorCodeInvalidArgument
	case !s.socket.maySend(to):
		return ErrorCodeAccessDenied
	case len(d.Data) > maxDatagram:
		return ErrorCodeDatagramTooLarge
	}
	_ = s.socket.conn.SetWriteDeadline(time.Now().Add(sendTimeout)) // if it cannot be set, the write fails as well
	if _, err := s.socket.conn.WriteToUDPAddrPort(d.Data, to); err != nil {
		return errorCode(err)
	}
	return nil
}

// Subscribe implements outgoing-datagram-stream.subscribe.
func (s *OutgoingDatagramStream) Subscribe(*component.Call) (*wasiio.Pollable, error) {
	return wasiio.NewPollable(wasiio.Always), nil
}

// Drop implements component.Dropper.
func (s *OutgoingDatagramStream) Drop(context.Context) { s.socket.release() }
