package sockets

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

// streamBuffer is how many bytes each direction of a connection holds between
// guest and host.
const streamBuffer = 64 << 10

// lingering bounds how long a connection that the guest has closed may take to
// send what it was given.
const lingering = 30 * time.Second

// conn is a connection, with the socket and the two streams that use it.
type conn struct {
	state *State
	tcp   *net.TCPConn
	in    wasiio.Source
	out   *wasiio.WriterSink

	readOnce, writeOnce sync.Once

	mu   sync.Mutex
	refs int // of the socket, of the streams, and of the sending of the rest
}

func newConn(s *State, tcp *net.TCPConn) *conn {
	c := &conn{state: s, tcp: tcp, refs: 4}
	c.in = wasiio.FromReader(connReader{c}, streamBuffer)
	c.out = wasiio.FromWriter(connWriter{c}, streamBuffer)
	return c
}

// release gives up one use of the connection.
func (c *conn) release() {
	c.mu.Lock()
	c.refs--
	last := c.refs == 0
	c.mu.Unlock()
	if last {
		_ = c.tcp.Close() // everything was sent, or could not be
		c.state.release()
	}
}

// closeRead ends the direction from the peer.
func (c *conn) closeRead() {
	c.readOnce.Do(func() { _ = c.in.Close() }) // closes connReader
}

// closeWrite ends the direction to the peer, after what was written.
func (c *conn) closeWrite() {
	c.writeOnce.Do(func() {
		_ = c.out.Close()                                     // never fails
		_ = c.tcp.SetWriteDeadline(time.Now().Add(lingering)) // ends the goroutine
		go func() {
			defer c.release()
			if c.out.Drain(context.Background()) == nil {
				_ = c.tcp.CloseWrite() // if the connection is gone, that is as good
			}
		}()
	})
}

func (c *conn) streams() (*wasiio.InputStream, *wasiio.OutputStream) {
	return wasiio.NewInputStream(connSource{c.in, c}), wasiio.NewOutputStream(connSink{c.out, c})
}

// connReader and connWriter give the errors of a connection their codes.
type (
	connReader struct{ c *conn }
	connWriter struct{ c *conn }
)

// Read implements io.Reader.
func (r connReader) Read(p []byte) (int, error) {
	n, err := r.c.tcp.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = errorCode(err)
	}
	return n, err
}

// Close implements io.Closer: it ends a Read under way.
func (r connReader) Close() error {
	return errors.Join(r.c.tcp.SetReadDeadline(time.Unix(1, 0)), r.c.tcp.CloseRead())
}

// Write implements io.Writer.
func (w connWriter) Write(p []byte) (int, error) {
	n, err := w.c.tcp.Write(p)
	if err != nil {
		err = errorCode(err)
	}
	return n, err
}

// connSource and connSink are the uses of the two streams.
type (
	connSource struct {
		wasiio.Source
		c *conn
	}
	connSink struct {
		wasiio.Sink
		c *conn
	}
)

// Close implements io.Source.
func (s connSource) Close() error {
	s.c.closeRead()
	s.c.release()
	return nil
}

// Close implements io.Sink.
func (s connSink) Close() error {
	s.c.closeWrite()
	s.c.release()
	return nil
}
