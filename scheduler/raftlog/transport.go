package raftlog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// What a connection is for, as TLS's application protocols (RFC 7301).
const (
	protocolRaft = "wattle-raft/1"
	protocolAsk  = "wattle-scheduler/1"
)

const (
	// maxConnections bounds the connections that others have to a node, and maxStrangers
	// those of which it is not known yet whose they are. Then the oldest of them goes:
	// members need milliseconds to say who they are.
	maxConnections = 64
	maxStrangers   = 64
	// handshakeTime bounds how long one may take to say who it is.
	handshakeTime = 5 * time.Second
	// idleTime is how long one may say nothing. A leader speaks several times a second.
	idleTime = time.Minute
)

// address is a net.Addr by which others know a node.
type address string

// Network implements net.Addr.
func (address) Network() string { return "tcp" }

// String implements net.Addr.
func (a address) String() string { return string(a) }

// stream takes and makes the connections of a node.
type stream struct {
	listener  net.Listener
	advertise address
	dial      func(ctx context.Context, network, address string) (net.Conn, error)
	server    *tls.Config
	client    *tls.Config
	log       *slog.Logger
	// name returns which log is kept here.
	name func() logName
	// answer serves a connection of protocolAsk, and closes it.
	answer func(net.Conn)

	raft  chan net.Conn
	ctx   context.Context //nolint:containedctx // ends with the stream, and its goroutines with it
	close context.CancelFunc
	wg    sync.WaitGroup

	mu sync.Mutex
	// strangers are oldest first.
	strangers []*inbound
	members   map[*inbound]bool
}

func newStream(o *Options, name func() logName, answer func(net.Conn)) *stream {
	config := func(protocols ...string) *tls.Config {
		return &tls.Config{
			MinVersion:   tls.VersionTLS13,
			Certificates: []tls.Certificate{o.Certificate},
			NextProtos:   protocols,
			ClientAuth:   tls.RequireAnyClientCert,
			// There is no authority but the lattice's: VerifyConnection asks it.
			InsecureSkipVerify:     true, //nolint:gosec // see VerifyConnection
			SessionTicketsDisabled: true,
			VerifyConnection: func(s tls.ConnectionState) error {
				if len(s.PeerCertificates) == 0 {
					return errors.New("it has no certificate")
				}
				return o.VerifyPeer(s.PeerCertificates[0])
			},
		}
	}
	s := &stream{
		listener:  o.Listener,
		advertise: address(o.Advertise),
		dial:      o.Dial,
		server:    config(protocolRaft, protocolAsk),
		client:    config(),
		log:       o.Logger,
		name:      name,
		answer:    answer,
		raft:      make(chan net.Conn),
		members:   map[*inbound]bool{},
	}
	s.ctx, s.close = context.WithCancel(context.Background())
	return s
}

// serve takes connections until the stream is closed.
func (s *stream) serve() {
	for {
		conn, err := s.listener.Accept()
		if err == nil {
			c := &inbound{Conn: conn, s: s}
			s.arrive(c)
			s.wg.Go(func() { s.take(c) })
			continue
		}
		if s.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return
		}
		// As when there are too many open files: others may end meanwhile.
		s.log.Warn("connection not taken", "error", err)
		select {
		case <-time.After(100 * time.Millisecond):
		case <-s.ctx.Done():
			return
		}
	}
}

// arrive counts a connection of which it is not known whose it is.
func (s *stream) arrive(c *inbound) {
	s.mu.Lock()
	s.strangers = append(s.strangers, c)
	var oldest *inbound
	if len(s.strangers) > maxStrangers {
		oldest = s.strangers[0]
	}
	s.mu.Unlock()
	if oldest != nil {
		_ = oldest.Close()
	}
}

// known counts a connection as one of a member. It returns false if there are too many.
func (s *stream) known(c *inbound) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.strangers, c)
	if i < 0 || len(s.members) >= maxConnections {
		return false
	}
	s.strangers = slices.Delete(s.strangers, i, i+1)
	s.members[c] = true
	return true
}

// forget no longer counts a connection.
func (s *stream) forget(c *inbound) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.members, c)
	if i := slices.Index(s.strangers, c); i >= 0 {
		s.strangers = slices.Delete(s.strangers, i, i+1)
	}
}

// take finds out who a connection is from, and what it is for.
func (s *stream) take(c *inbound) {
	secured := tls.Server(c, s.server)
	ctx, cancel := context.WithTimeout(s.ctx, handshakeTime)
	defer cancel()
	err := secured.HandshakeContext(ctx)
	if err == nil && !s.known(c) {
		err = fmt.Errorf("there are %d connections already", maxConnections)
	}
	protocol := secured.ConnectionState().NegotiatedProtocol
	if err == nil && protocol == protocolRaft {
		err = greet(ctx, secured, s.name())
	}
	if err != nil {
		s.log.Warn("connection refused", "remote", c.RemoteAddr().String(), "error", err)
		_ = c.Close()
		return
	}
	switch protocol {
	case protocolRaft:
		select {
		case s.raft <- secured:
		case <-s.ctx.Done():
			_ = c.Close()
		}
	case protocolAsk:
		s.answer(secured)
	default:
		_ = c.Close()
	}
}

// Accept implements net.Listener.
func (s *stream) Accept() (net.Conn, error) {
	select {
	case conn := <-s.raft:
		return conn, nil
	case <-s.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Addr implements net.Listener. It is the address by which others know the node.
func (s *stream) Addr() net.Addr { return s.advertise }

// Close implements net.Listener. It ends all connections that others have.
func (s *stream) Close() error {
	s.close()
	err := s.listener.Close()
	s.mu.Lock()
	conns := slices.AppendSeq(slices.Clone(s.strangers), maps.Keys(s.members))
	s.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
	s.wg.Wait()
	return err
}

// Dial implements raft.StreamLayer.
func (s *stream) Dial(to raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(s.ctx, timeout)
	defer cancel()
	conn, err := s.connect(ctx, string(to), protocolRaft)
	if err != nil {
		return nil, err
	}
	if err := greet(ctx, conn, s.name()); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("scheduler at %q: %w", to, err)
	}
	return conn, nil
}

// connect makes a connection to another node.
func (s *stream) connect(ctx context.Context, to, protocol string) (net.Conn, error) {
	conn, err := s.dial(ctx, "tcp", to)
	if err != nil {
		return nil, err
	}
	config := s.client.Clone()
	config.NextProtos = []string{protocol}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// inbound is a connection from another node.
type inbound struct {
	net.Conn
	s    *stream
	once sync.Once
}

// Read implements net.Conn. One that says nothing for too long is an error.
func (c *inbound) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(idleTime)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// Close implements net.Conn.
func (c *inbound) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.s.forget(c) })
	return err
}
