package natslattice

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wattle-dev/wattle/lattice"
)

const (
	// dialTimeout bounds one attempt to reach a server by TCP.
	dialTimeout = 5 * time.Second
	// greetTimeout bounds what follows until the server has accepted the user.
	// While it lasts, nats.go holds the lock that Publish needs.
	greetTimeout = 2 * time.Second
	// flusherTimeout bounds a write to a server that does not read.
	flusherTimeout = 5 * time.Second
	// reconnectMin and reconnectMax bound the pause between rounds of attempts.
	reconnectMin = 100 * time.Millisecond
	reconnectMax = 2 * time.Second
	// lameDuckWait is how long requests under way may keep a connection to a
	// server that ends.
	lameDuckWait = 5 * time.Second
	// jetStreamWait is how long JetStream may take to answer at first.
	jetStreamWait = 2 * time.Second
	// minMajor and minMinor are the oldest version of a server that will do.
	minMajor, minMinor = 2, 11
)

// Connect connects to a lattice. Its error says what to do about it.
func Connect(ctx context.Context, o Options) (*Lattice, error) {
	l, err := connect(ctx, &o)
	if err != nil && o.Background && o.InProcess == nil && away(err) && ctx.Err() == nil {
		return connectLater(&o, err)
	}
	return l, err
}

// connect makes a connection and sees that it is of use.
func connect(ctx context.Context, o *Options) (*Lattice, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	t, err := o.prepare()
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	l := t.lattice
	if err := l.dial(ctx, t); err != nil {
		return nil, err
	}
	l.connected.Store(true)
	l.maxPayload.Store(l.nc.MaxPayload())
	if err := l.check(ctx); err != nil {
		server := l.server()
		_ = l.Close()
		return nil, fmt.Errorf("connect to NATS at %s: %w", server, err)
	}
	l.settle(nil)
	return l, nil
}

// target is what is connected to, and how.
type target struct {
	lattice  *Lattice
	options  *Options
	id       *identity
	urls     []string
	settings nats.Options
}

// prepare judges the options.
func (o *Options) prepare() (*target, error) {
	id, err := o.identity()
	if err != nil {
		return nil, err
	}
	urls, err := o.urls()
	if err != nil {
		return nil, err
	}
	l := &Lattice{
		log:     o.Logger,
		user:    id.user,
		inboxes: "_INBOX." + id.user,
		api:     "$JS.API.",
		calls:   newCalls(),
		done:    make(chan struct{}),
		settled: make(chan struct{}),
		renewed: make(chan struct{}),
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if l.user == "" {
		l.user = rand.Text()
		l.inboxes = "_INBOX." + l.user
	}
	if o.Domain != "" {
		if !validName(o.Domain) {
			return nil, fmt.Errorf("JetStream domain %q: %w: only letters, digits, - and _ may be in it", o.Domain, lattice.ErrInvalid)
		}
		l.api = "$JS." + o.Domain + ".API."
	}

	settings := nats.GetDefaultOptions()
	id.apply(&settings)
	if err := o.TLS.apply(&settings); err != nil {
		return nil, err
	}
	l.configure(&settings, o)
	return &target{l, o, id, urls, settings}, nil
}

// configure sets what does not depend on where and who.
func (l *Lattice) configure(s *nats.Options, o *Options) {
	s.Name = o.Name
	if s.Name == "" {
		s.Name = "wattle"
	}
	s.InboxPrefix = l.inboxes
	s.SkipSubjectValidation = true // checkSubject does it
	s.AllowReconnect = true
	s.MaxReconnect = -1
	s.IgnoreAuthErrorAbort = true
	s.CustomReconnectDelayCB = reconnectDelay
	s.ReconnectBufSize = o.ReconnectBuffer
	if s.ReconnectBufSize == 0 {
		s.ReconnectBufSize = DefaultReconnectBuffer
	}
	s.PingInterval = o.PingInterval
	if s.PingInterval == 0 {
		s.PingInterval = DefaultPingInterval
	}
	s.MaxPingsOut = 2
	s.FlusherTimeout = flusherTimeout
	s.ReconnectOnFlusherError = true
	s.NoCallbacksAfterClientClose = true
	s.DisconnectedErrCB = l.onDisconnect
	s.ReconnectedCB = l.onReconnect
	s.AsyncErrorCB = l.onError
	s.LameDuckModeHandler = l.onLameDuck
}

// reconnectDelay is the pause before round n of attempts, from 1.
func reconnectDelay(n int) time.Duration {
	pause := min(reconnectMin<<min(max(n-1, 0), 10), reconnectMax)
	return pause/2 + mathrand.N(pause/2)
}

// dial makes the first connection, to whichever server answers first in some
// order.
func (l *Lattice) dial(ctx context.Context, t *target) error {
	s, urls, o := t.settings, t.urls, t.options
	d := newDialer(ctx)
	s.CustomDialer = d
	defer d.connected()
	if o.InProcess != nil {
		s.InProcessServer = &inProcess{to: o.InProcess, bound: func(c net.Conn) { d.bound(ctx, c) }}
		urls = []string{"in-process"}
	}
	order := slices.Clone(urls)
	mathrand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	var errs []error
	for i, u := range order {
		s.Servers = nil
		if o.InProcess == nil {
			s.Servers = []string{u}
		}
		s.Timeout = greetTimeout
		if end, ok := ctx.Deadline(); ok {
			// The last one ends with ctx, which says why.
			s.Timeout = max(time.Until(end), time.Millisecond) / time.Duration(len(order)-i)
			if i == len(order)-1 {
				s.Timeout += time.Second
			}
			s.Timeout = min(s.Timeout, greetTimeout)
		}
		nc, err := s.Connect()
		if err == nil {
			l.nc, l.dialer = nc, d
			if len(urls) > 1 {
				if err := nc.SetServerPool(urls); err != nil {
					_ = l.Close()
					return fmt.Errorf("connect to NATS: %w: %v", lattice.ErrInvalid, err)
				}
			}
			return nil
		}
		errs = append(errs, explain(u, d.take(), err, o, t.id))
		if err := context.Cause(ctx); err != nil {
			return fmt.Errorf("connect to NATS: %w: %w", err, errors.Join(errs...))
		}
	}
	return fmt.Errorf("connect to NATS: %w", errors.Join(errs...))
}

// check makes sure that the server can do what is needed.
func (l *Lattice) check(ctx context.Context) error {
	version := l.nc.ConnectedServerVersion()
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil || major < minMajor || major == minMajor && minor < minMinor {
		return fmt.Errorf("%w: the server has version %q: run nats-server %d.%d or newer", errUnfit, version, minMajor, minMinor)
	}
	if !l.nc.HeadersSupported() {
		return fmt.Errorf("%w: the server does not support headers: remove no_header_support from its configuration", errUnfit)
	}
	sub, err := l.subscribe(l.NewInbox(), "", func(*nats.Msg) {}, func() {})
	if err != nil {
		return fmt.Errorf("inboxes: %w: every user needs to subscribe to %s.>", err, l.inboxes)
	}
	_ = sub.Unsubscribe()
	return l.checkJetStream(ctx)
}

func (l *Lattice) checkJetStream(ctx context.Context) error {
	asking, cancel := context.WithTimeout(ctx, jetStreamWait)
	defer cancel()
	err := l.call(asking, "INFO", nil, &struct{}{})
	if err == nil || errors.Is(err, lattice.ErrDenied) {
		return nil
	}
	if api, ok := errors.AsType[*apiError](err); ok && api.disabled() || errors.Is(err, nats.ErrNoResponders) {
		return fmt.Errorf("%w: JetStream is not enabled there: start the server with -js, and allow it in the account (%v)", errUnfit, err)
	}
	if ctx.Err() != nil {
		return err
	}
	// A cluster that lost its majority still carries calls.
	l.log.WarnContext(ctx, "jetstream is not available", "error", err)
	return nil
}

// server names the server without what is secret in its URL.
func (l *Lattice) server() string {
	if addr := l.nc.ConnectedUrlRedacted(); addr != "" {
		return addr
	}
	return "no server"
}

func (l *Lattice) onDisconnect(_ *nats.Conn, err error) {
	if l.closed() {
		return
	}
	l.connected.Store(false)
	l.log.Warn("connection to nats lost", "error", err)
}

func (l *Lattice) onReconnect(nc *nats.Conn) {
	l.renew(nc)
	l.log.Info("connection to nats restored", "server", nc.ConnectedUrlRedacted())
}

// renew notes that there is a connection again, or at last.
func (l *Lattice) renew(nc *nats.Conn) {
	if l.closed() {
		return
	}
	l.maxPayload.Store(nc.MaxPayload())
	l.mu.Lock()
	l.connected.Store(!l.ended)
	close(l.renewed)
	l.renewed = make(chan struct{})
	l.mu.Unlock()
}

func (l *Lattice) onError(_ *nats.Conn, sub *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrPermissionViolation) {
		v, ok := parseViolation(err)
		if !ok {
			v = violation{err: err, subject: err.Error()}
		}
		if l.calls.deny(v) {
			l.log.Warn("permission missing", "subject", v.subject, "error", err)
		}
		return
	}
	if l.closed() {
		return
	}
	if sub != nil {
		l.log.Warn("messages lost", "subject", sub.Subject, "error", err)
		return
	}
	l.log.Warn("error of the nats connection", "error", err)
}

// onLameDuck leaves a server that is about to end, if there is another.
func (l *Lattice) onLameDuck(nc *nats.Conn) {
	if len(nc.Servers())+len(nc.DiscoveredServers()) < 2 {
		l.log.Info("nats server is about to stop, and no other is known", "server", nc.ConnectedUrlRedacted())
		return
	}
	from := nc.ConnectedServerId()
	l.spawn(func() {
		pause := time.NewTimer(mathrand.N(time.Second))
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-l.done:
			return
		}
		limit := time.NewTimer(lameDuckWait)
		defer limit.Stop()
		select {
		case <-l.calls.whenIdle():
		case <-limit.C:
		case <-l.done:
			return
		}
		if nc.ConnectedServerId() == from {
			l.log.Info("leaving nats server that is about to stop", "server", nc.ConnectedUrlRedacted())
			_ = nc.ForceReconnect() // an error says that it is closed
		}
	})
}
