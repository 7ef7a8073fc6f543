package natslattice

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wattle-dev/wattle/lattice"
)

const (
	// defaultMaxPayload is what servers allow unless they are told otherwise.
	defaultMaxPayload = 1 << 20
	// saidAgain is the time after which it is said again that servers are away.
	saidAgain = time.Minute
)

// errUnfit is a server that is there, and will not do however long one waits. It
// reads as the kind of error that it is.
var errUnfit = fmt.Errorf("%w", lattice.ErrUnavailable)

// away reports whether err, of a first connection, may end by itself.
func away(err error) bool {
	for _, forGood := range []error{errUnfit, lattice.ErrDenied, lattice.ErrInvalid} {
		if errors.Is(err, forGood) {
			return false
		}
	}
	return errors.Is(err, lattice.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
}

// gate lets no connection be made before it is open.
type gate struct {
	dialer *dialer
	open   atomic.Bool
}

// Dial implements nats.CustomDialer.
func (g *gate) Dial(network, address string) (net.Conn, error) {
	if !g.open.Load() {
		return nil, errDialing
	}
	return g.dialer.Dial(network, address)
}

// connectLater returns a lattice without a connection, and makes it in the
// background. why is what went wrong so far.
//
// nats.go would go on by itself, and would not tell why it does: it has no word on a
// user or a certificate that is refused while there was no connection yet. So it is
// held back until a connection that was made for the purpose has shown that all is
// well.
func connectLater(o *Options, why error) (*Lattice, error) {
	t, err := o.prepare()
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	l, s := t.lattice, t.settings
	l.dialer = newDialer(context.Background())
	l.dialer.connected()
	g := &gate{dialer: l.dialer}
	s.Servers, s.CustomDialer, s.SkipHostLookup, s.Timeout = t.urls, g, true, greetTimeout
	s.RetryOnFailedConnect = true
	s.ConnectedCB = func(nc *nats.Conn) {
		l.renew(nc)
		l.settle(nil)
		l.log.Info("connected to nats", "server", nc.ConnectedUrlRedacted())
	}
	l.maxPayload.Store(defaultMaxPayload)
	if l.nc, err = s.Connect(); err != nil {
		return nil, fmt.Errorf("connect to NATS: %w: %v", lattice.ErrInvalid, err)
	}
	l.log.Warn("no connection to nats yet: it is tried again until there is one", "error", why)
	l.spawn(func() { l.explore(*o, g) })
	return l, nil
}

// explore makes connections until one shows that all is well, or that it will not
// be.
func (l *Lattice) explore(o Options, g *gate) {
	ctx, cancel := context.WithCancel(context.Background())
	var closing sync.WaitGroup
	defer closing.Wait()
	defer cancel()
	closing.Go(func() {
		select {
		case <-l.done:
			cancel()
		case <-ctx.Done():
		}
	})
	begun := time.Now()
	said := begun
	o.Logger = nil // what is worth saying is said here
	for n := 1; ; n++ {
		pause := time.NewTimer(reconnectDelay(n))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return
		}
		first, err := connect(ctx, &o)
		switch {
		case err == nil:
			_ = first.Close()
			g.open.Store(true)
			_ = l.nc.ForceReconnect() // an error says that it is closed
			return
		case ctx.Err() != nil:
			return
		case !away(err):
			l.settle(err)
			return
		case time.Since(said) > saidAgain:
			said = time.Now()
			l.log.Warn("still no connection to nats", "took", time.Since(begun).Round(time.Second), "error", err)
		}
	}
}

// settle says whether the first connection is of use.
func (l *Lattice) settle(err error) {
	l.once.Do(func() {
		l.refusal = err
		close(l.settled)
	})
}

// Established waits until the first connection was made. The error says why it never
// will be. It is of interest with Options.Background.
func (l *Lattice) Established(ctx context.Context) error {
	select {
	case <-l.settled:
		return l.refusal
	case <-l.done:
		return errClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
