package natslattice

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wattle-dev/wattle/lattice"
)

// Lattice is a connection to a lattice over NATS.
type Lattice struct {
	nc      *nats.Conn
	dialer  *dialer
	log     *slog.Logger
	user    string
	inboxes string
	// api begins the subjects of JetStream: "$JS.API." or "$JS.DOMAIN.API.".
	api        string
	calls      *calls
	connected  atomic.Bool
	maxPayload atomic.Int64
	// done is closed by Close.
	done chan struct{}
	// running counts the goroutines of subscriptions and our own.
	running sync.WaitGroup

	mu sync.Mutex
	// ended says that Close was called: running does not grow any more.
	ended bool
	// renewed is closed, and replaced, at each reconnection.
	renewed chan struct{}
}

var _ lattice.Lattice = (*Lattice)(nil)

// Close implements lattice.Lattice.
func (l *Lattice) Close() error {
	l.mu.Lock()
	again := l.ended
	l.ended = true
	l.mu.Unlock()
	if again {
		l.running.Wait()
		return nil
	}
	if l.Connected() {
		// What was published last should still go.
		_ = l.nc.FlushTimeout(closeTimeout)
	}
	close(l.done)
	l.connected.Store(false)
	l.nc.Close()
	l.running.Wait()
	l.dialer.close()
	return nil
}

const closeTimeout = time.Second

func (l *Lattice) closed() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// reconnection returns a channel that is closed at the next reconnection.
func (l *Lattice) reconnection() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.renewed
}

// spawn runs f in a goroutine for which Close waits, unless it was called.
func (l *Lattice) spawn(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.running.Go(f)
}
