package sockets

import (
	"net"
	"sync"

	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

// listener accepts connections, one ahead of the guest.
type listener struct {
	tcp      *net.TCPListener
	watchers *wasiio.Watchers

	mu     sync.Mutex
	taken  sync.Cond
	full   bool
	conn   *net.TCPConn
	err    error
	closed bool
}

func newListener(tcp *net.TCPListener, w *wasiio.Watchers) *listener {
	l := &listener{tcp: tcp, watchers: w}
	l.taken.L = &l.mu
	go l.run()
	return l
}

// run accepts until the listener is closed.
func (l *listener) run() {
	for {
		conn, err := l.tcp.AcceptTCP()
		l.offer(conn, err)
		l.watchers.Wake()
		if !l.wait() {
			return
		}
	}
}

// offer hands over a connection or an error.
func (l *listener) offer(conn *net.TCPConn, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		if conn != nil {
			_ = conn.Close() // never used
		}
		return
	}
	l.full, l.conn, l.err = true, conn, err
}

// wait waits until what was offered is taken, and reports whether to go on.
func (l *listener) wait() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.full && !l.closed {
		l.taken.Wait()
	}
	return !l.closed
}

func (l *listener) ready() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.full || l.closed
}

// accept takes what is there.
func (l *listener) accept() (*net.TCPConn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.full {
		return nil, ErrorCodeWouldBlock
	}
	conn, err := l.conn, l.err
	l.full, l.conn = false, nil
	l.taken.Signal()
	return conn, err
}

func (l *listener) close() {
	_ = l.tcp.Close() // it is not used any more
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.conn != nil {
		_ = l.conn.Close() // never used
		l.conn = nil
	}
	l.taken.Signal()
}
