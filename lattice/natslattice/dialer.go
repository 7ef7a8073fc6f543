package natslattice

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wattle-dev/wattle/lattice"
)

const (
	// dialWait is how long nats.go is kept waiting for a connection. While it
	// waits, it holds the lock that Publish needs.
	dialWait = 50 * time.Millisecond
	// maxDials bounds the addresses to which connections are being made.
	maxDials = 32
)

var errDialing = errors.New("no connection yet")

// dialer makes the connections of nats.go. The first one is bounded by a context.
// Later ones go on in the background if they take long, as to a server behind a
// broken network, and the next attempt finds them.
type dialer struct {
	net net.Dialer

	// later makes later connections, until stop is called.
	later func(network, address string) (net.Conn, error)
	stop  context.CancelFunc
	// running counts the goroutines that make connections.
	running sync.WaitGroup

	mu sync.Mutex
	// first makes the first connection; nil afterwards.
	first func(network, address string) (net.Conn, error)
	// free takes the first connections from the context of Connect.
	free  []func() bool
	errs  []error
	dials map[string]chan dialed
}

type dialed struct {
	conn net.Conn
	err  error
}

func newDialer(ctx context.Context) *dialer {
	d := &dialer{dials: map[string]chan dialed{}}
	later, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.stop = stop
	d.later = func(network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(later, dialTimeout)
		defer cancel()
		return d.net.DialContext(ctx, network, address)
	}
	d.first = func(network, address string) (net.Conn, error) {
		conn, err := d.net.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		d.bound(ctx, conn)
		return conn, nil
	}
	return d
}

// bound has a connection end with ctx, until connected is called.
func (d *dialer) bound(ctx context.Context, conn net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.first == nil {
		return
	}
	free := context.AfterFunc(ctx, func() { _ = conn.Close() })
	d.free = append(d.free, free)
}

// inProcess makes connections to a server in this process, the first of them
// bounded like others.
type inProcess struct {
	to    InProcess
	bound func(net.Conn)
}

// InProcessConn implements nats.InProcessConnProvider.
func (p *inProcess) InProcessConn() (net.Conn, error) {
	conn, err := p.to.InProcessConn()
	if err == nil {
		p.bound(conn)
	}
	return conn, err
}

// connected says that the first connection was made, or will not be.
func (d *dialer) connected() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.first = nil
	for _, free := range d.free {
		free()
	}
	d.free = nil
}

// close ends what is under way. Dial is not called any more.
func (d *dialer) close() {
	d.stop()
	d.running.Wait()
	for _, result := range d.dials {
		if r := <-result; r.err == nil {
			_ = r.conn.Close()
		}
	}
}

// take returns what went wrong since it was called last.
func (d *dialer) take() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := errors.Join(d.errs...)
	d.errs = nil
	return err
}

// Dial implements nats.CustomDialer.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	d.mu.Lock()
	first := d.first
	d.mu.Unlock()
	if first != nil {
		conn, err := first(network, address)
		if err != nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.errs = append(d.errs, err)
		}
		return conn, err
	}
	return d.redial(network, address)
}

func (d *dialer) redial(network, address string) (net.Conn, error) {
	d.mu.Lock()
	result, ok := d.dials[address]
	if !ok {
		if len(d.dials) >= maxDials {
			d.mu.Unlock()
			return nil, errDialing
		}
		result = make(chan dialed, 1)
		d.dials[address] = result
		d.running.Go(func() {
			conn, err := d.later(network, address)
			result <- dialed{conn, err}
		})
	}
	d.mu.Unlock()
	wait := time.NewTimer(dialWait)
	defer wait.Stop()
	select {
	case r := <-result:
		d.mu.Lock()
		delete(d.dials, address)
		d.mu.Unlock()
		return r.conn, r.err
	case <-wait.C:
		return nil, errDialing
	}
}

// explain turns the error of a first connection into one that says what to do.
// dialing is what went wrong below NATS.
func explain(address string, dialing, err error, o *Options, id *identity) error {
	server := withoutUser(address)
	if dialing != nil && errors.Is(err, nats.ErrNoServers) {
		err = dialing
	}
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var dns *net.DNSError
	text := strings.ToLower(err.Error())
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: %w: nothing listens there: start NATS, or give its address", server, lattice.ErrUnavailable)
	case errors.As(err, &dns):
		return fmt.Errorf("%s: %w: the name %q was not found: give another address", server, lattice.ErrUnavailable, dns.Name)
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked),
		errors.Is(err, nats.ErrAccountAuthExpired), errors.Is(err, nats.ErrNkeysNotSupported):
		return fmt.Errorf("%s: %w: %s", server, lattice.ErrDenied, id.advice())
	case errors.As(err, &unknown):
		return fmt.Errorf("%s: %w: no authority that is trusted vouches for the server: give its CA certificate", server, lattice.ErrDenied)
	case errors.As(err, &name):
		return fmt.Errorf("%s: %w: the server's certificate is for %s: use that name, or set the TLS server name", server, lattice.ErrDenied, strings.Join(name.Certificate.DNSNames, ", "))
	case errors.As(err, &invalid):
		return fmt.Errorf("%s: %w: the server's certificate: %v", server, lattice.ErrDenied, err)
	case errors.Is(err, nats.ErrSecureConnWanted):
		return fmt.Errorf("%s: %w: TLS was asked for, and the server has none: use nats:// and no TLS options, or configure it there", server, errUnfit)
	case (errors.Is(err, nats.ErrTLS) || strings.Contains(text, "remote error: tls")) && (o.TLS == nil || o.TLS.Cert == ""):
		return fmt.Errorf("%s: %w: TLS: %v: if the server wants a client certificate, give one", server, lattice.ErrDenied, err)
	case errors.Is(err, nats.ErrTLS):
		return fmt.Errorf("%s: %w: TLS: %v: check the client certificate", server, lattice.ErrDenied, err)
	case errors.Is(err, nats.ErrNoInfoReceived), strings.Contains(text, "malformed"):
		return fmt.Errorf("%s: %w: what listens there is not a NATS server: give another address", server, errUnfit)
	case errors.Is(err, lattice.ErrInvalid):
		return fmt.Errorf("%s: %w", server, err)
	}
	timeout, ok := errors.AsType[net.Error](err)
	switch {
	case o.InProcess != nil && (ok && timeout.Timeout() || errors.Is(err, io.ErrClosedPipe)):
		// A server that refuses cannot say so while the pipe is written to.
		return fmt.Errorf("%s: %w: no answer in time: either the server is busy, or %s", server, lattice.ErrDenied, id.advice())
	case ok && timeout.Timeout():
		return fmt.Errorf("%s: %w: no answer in time: check the address, firewalls, and whether the server wants TLS first", server, lattice.ErrUnavailable)
	}
	return fmt.Errorf("%s: %w: %v", server, lattice.ErrUnavailable, err)
}

// advice says what to do about credentials that were refused.
func (id *identity) advice() string {
	switch {
	case id.creds != nil && !id.creds.Expires.IsZero() && time.Now().After(id.creds.Expires):
		return fmt.Sprintf("the credentials of %q expired at %s: make new ones with: wattle lattice creds", id.creds.Name, id.creds.Expires.UTC().Format(time.RFC3339))
	case id.creds != nil:
		return fmt.Sprintf("the server does not accept the credentials of %q (account %s): they must be of an account that it knows", id.creds.Name, id.creds.Account)
	case id.user != "":
		return fmt.Sprintf("the server does not know the key %s", id.user)
	}
	return "the server does not accept this user: give credentials, or a user and password"
}
