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
	// behind is how many nanoseconds the clock of the servers is behind ours.
	behind atomic.Int64
	// settled is closed when it is known whether the first connection is of use;
	// refusal is why not.
	settled chan struct{}
	refusal error
	once    sync.Once
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
		l.drain()
	}
	close(l.done)
	l.connected.Store(false)
	l.nc.Close()
	l.running.Wait()
	l.dialer.close()
	return nil
}

const closeTimeout = time.Second

// drain ends all subscriptions, has what has arrived be given to those who
// subscribed, and what they and others publish meanwhile be sent.
func (l *Lattice) drain() {
	drained := l.nc.StatusChanged(nats.CLOSED)
	if l.nc.Drain() != nil {
		return
	}
	timer := time.NewTimer(closeTimeout)
	defer timer.Stop()
	select {
	case <-drained:
	case <-timer.C:
	}
}

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
