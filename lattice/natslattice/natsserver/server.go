package natsserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"

	"github.com/wattle-dev/wattle/lattice"
)

const (
	// lameDuckGrace is how long clients may go by themselves, and lameDuckDuration
	// how long all of it takes at most.
	lameDuckGrace    = 3 * time.Second
	lameDuckDuration = 10 * time.Second
	// writeDeadline bounds a write to a client that does not read.
	writeDeadline = 10 * time.Second
	// readyTimeout bounds the start after JetStream has read what it has.
	readyTimeout = 10 * time.Second
	// lowDisk is how much free disk is worth a warning.
	lowDisk = 1 << 30
)

// Server is a NATS server in this process.
type Server struct {
	ns   *server.Server
	log  *logger
	dir  string
	lock io.Closer
	tcp  bool
	// done is closed when the server has ended.
	done chan struct{}
	end  sync.Once
}

// Start starts a server and returns when clients can connect. It reads all that
// JetStream keeps first, which may take some time: ctx bounds it.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := start(ctx, &o)
	if err != nil {
		return nil, fmt.Errorf("start NATS: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, o *Options) (*Server, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	s := &Server{log: &logger{log: o.Logger, starting: true}, dir: o.StoreDir, tcp: o.Port >= 0, done: make(chan struct{})}
	if o.Logger == nil {
		s.log.log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.StoreDir, 0o700); err != nil {
		return nil, unwritable(o.StoreDir, err)
	}
	lock, err := lockDir(o.StoreDir)
	if err != nil {
		return nil, err
	}
	s.lock = lock
	if err := s.run(ctx, o); err != nil {
		if s.ns != nil {
			s.ns.Shutdown()
			s.ns.WaitForShutdown()
		}
		_ = lock.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) run(ctx context.Context, o *Options) error {
	if err := probe(o.StoreDir); err != nil {
		return err
	}
	settings, err := s.settings(o)
	if err != nil {
		return err
	}
	if err := free(ctx, settings); err != nil {
		return err
	}
	ns, err := server.NewServer(settings)
	if err != nil {
		return fmt.Errorf("%w: %v", lattice.ErrInvalid, err)
	}
	s.ns = ns
	ns.SetLoggerV2(s.log, false, false, false)
	started := make(chan struct{})
	go func() {
		ns.Start()
		close(started)
	}()
	select {
	case <-started:
	case <-ctx.Done():
		<-started // it cannot be stopped halfway
		return fmt.Errorf("%w: it reads what it keeps in %q, which takes longer", context.Cause(ctx), o.StoreDir)
	}
	fatal, damage := s.log.started()
	if fatal != "" {
		return s.fatalError(fatal)
	}
	if len(damage) > 0 {
		return fmt.Errorf("%w: what is kept in %q is damaged, and would be passed over (%s): put back a copy of the directory, or move it away to begin with an empty one",
			lattice.ErrInternal, o.StoreDir, strings.Join(damage, "; "))
	}
	if !ns.ReadyForConnections(readyTimeout) {
		return fmt.Errorf("%w: it is not ready after %v", lattice.ErrUnavailable, readyTimeout)
	}
	if !ns.JetStreamEnabled() {
		return fmt.Errorf("%w: JetStream did not start in %q", lattice.ErrUnavailable, o.StoreDir)
	}
	if left, ok := freeDisk(o.StoreDir); ok && left < lowDisk {
		s.log.log.WarnContext(ctx, "disk is nearly full: jetstream stops when it is", "message", fmt.Sprintf("%d MiB free in %s", left>>20, o.StoreDir))
	}
	return nil
}

// settings returns what nats-server is told.
func (s *Server) settings(o *Options) (*server.Options, error) {
	n := &server.Options{
		ServerName:             o.Name,
		Host:                   orDefault(o.Host, "127.0.0.1"),
		Port:                   o.Port,
		DontListen:             o.Port < 0,
		NoSigs:                 true,
		NoLog:                  true,
		JetStream:              true,
		DisableJetStreamBanner: true,
		StoreDir:               o.StoreDir,
		JetStreamDomain:        o.Domain,
		JetStreamMaxMemory:     orDefault(o.MaxMemory, DefaultMaxMemory),
		JetStreamMaxStore:      o.MaxStore,
		SyncAlways:             o.SyncAlways,
		SyncInterval:           orDefault(o.SyncInterval, DefaultSyncInterval),
		MaxPayload:             int32(orDefault(o.MaxPayload, DefaultMaxPayload)),
		PingInterval:           orDefault(o.PingInterval, DefaultPingInterval),
		MaxPingsOut:            2,
		WriteDeadline:          writeDeadline,
		LameDuckGracePeriod:    lameDuckGrace,
		LameDuckDuration:       lameDuckDuration,
		Authorization:          o.Token,
	}
	if o.Port <= 0 {
		n.Port = server.RANDOM_PORT
	}
	if n.JetStreamMaxStore == 0 {
		n.JetStreamMaxStore = MinStore
		if left, ok := freeDisk(o.StoreDir); ok {
			n.JetStreamMaxStore = max(MinStore, (left+used(o.StoreDir))/4*3)
		}
	}
	if o.Operator != "" {
		if err := setOperator(n, o); err != nil {
			return nil, err
		}
	}
	if o.TLS != nil {
		c, err := o.TLS.config()
		if err != nil {
			return nil, err
		}
		n.TLS, n.TLSConfig, n.TLSTimeout = true, c, 5
		n.TLSVerify = o.TLS.ClientCA != ""
	}
	if o.Cluster != nil {
		if err := o.Cluster.set(n); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// setOperator has the operator's accounts be the ones that exist.
func setOperator(n *server.Options, o *Options) error {
	claims, err := jwt.DecodeOperatorClaims(o.Operator)
	if err != nil {
		return fmt.Errorf("operator JWT: %w: %v", lattice.ErrInvalid, err)
	}
	n.TrustedOperators = []*jwt.OperatorClaims{claims}
	n.SystemAccount = o.SystemAccount
	resolver := &server.MemAccResolver{}
	for key, text := range o.Accounts {
		account, err := jwt.DecodeAccountClaims(text)
		if err != nil {
			return fmt.Errorf("JWT of account %s: %w: %v", key, lattice.ErrInvalid, err)
		}
		if account.Subject != key {
			return fmt.Errorf("JWT of account %s: %w: it is of account %s", key, lattice.ErrInvalid, account.Subject)
		}
		if err := resolver.Store(key, text); err != nil {
			return fmt.Errorf("JWT of account %s: %w: %v", key, lattice.ErrInternal, err)
		}
	}
	n.AccountResolver = resolver
	return nil
}

func (t *TLS) config() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w: %w", lattice.ErrInvalid, err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}
	if t.ClientCA == "" {
		return c, nil
	}
	text, err := os.ReadFile(t.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("TLS authorities: %w: %w", lattice.ErrInvalid, err)
	}
	c.ClientCAs = x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("TLS authorities: %q: %w: no certificate in it", t.ClientCA, lattice.ErrInvalid)
	}
	c.ClientAuth = tls.RequireAndVerifyClientCert
	return c, nil
}

// set has the server be one of a cluster.
func (c *Cluster) set(n *server.Options) error {
	n.Cluster = server.ClusterOpts{Name: c.Name, Host: orDefault(c.Host, "127.0.0.1"), Port: orDefault(c.Port, server.RANDOM_PORT)}
	for _, r := range c.Routes {
		u, err := url.Parse(r)
		if err != nil || u.Host == "" {
			return fmt.Errorf("route to another server: %w: it is no URL", lattice.ErrInvalid)
		}
		n.Routes = append(n.Routes, u)
	}
	if c.TLS != nil {
		config, err := c.TLS.config()
		if err != nil {
			return err
		}
		config.RootCAs = config.ClientCAs
		n.Cluster.TLSConfig, n.Cluster.TLSTimeout = config, 5
	}
	return nil
}

// free checks that nobody listens where the server will.
func free(ctx context.Context, n *server.Options) error {
	if n.DontListen || n.Port <= 0 {
		return nil
	}
	at := net.JoinHostPort(n.Host, strconv.Itoa(n.Port))
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at)
	if err != nil {
		return listenError(at, err)
	}
	return l.Close()
}

func listenError(at string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%w: another program listens on %s: stop it, or use another port", lattice.ErrUnavailable, at)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: this user may not listen on %s: use a port from 1024 on", lattice.ErrDenied, at)
	}
	return fmt.Errorf("%w: listen on %s: %v", lattice.ErrUnavailable, at, err)
}

// probe checks that the directory can be written to.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, "probe-")
	if err != nil {
		return unwritable(dir, err)
	}
	_, err = f.Write(make([]byte, 4096))
	if err == nil {
		err = f.Sync()
	}
	_ = f.Close()
	_ = os.Remove(f.Name())
	if err != nil {
		return unwritable(dir, err)
	}
	return nil
}

// unwritable says why a directory cannot be used.
func unwritable(dir string, err error) error {
	switch {
	case full(err):
		return fmt.Errorf("%w: the disk of %q is full: free some space, nothing that is kept there was lost", lattice.ErrExhausted, dir)
	case readOnly(err):
		return fmt.Errorf("%w: the disk of %q is read-only: make it writable, or use another directory", lattice.ErrDenied, dir)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: this user may not write to %q: change its owner, or use another directory", lattice.ErrDenied, dir)
	}
	return fmt.Errorf("%w: directory %q: %w", lattice.ErrUnavailable, dir, err)
}

// used returns how many bytes the files below a directory have.
func used(dir string) int64 {
	var n int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // what cannot be read does not count
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	return n
}

// fatalError is the error of a server that cannot go on.
func (s *Server) fatalError(text string) error {
	switch {
	case strings.Contains(text, "address already in use"):
		return fmt.Errorf("%w: another program listens there (%s): stop it, or use another port", lattice.ErrUnavailable, text)
	case strings.Contains(text, "no space left"):
		return fmt.Errorf("%w: the disk of %q is full: free some space, nothing that is kept there was lost (%s)", lattice.ErrExhausted, s.dir, text)
	}
	return fmt.Errorf("%w: %s", lattice.ErrUnavailable, text)
}

// ClientURL returns where clients connect, or nothing if only this process can.
func (s *Server) ClientURL() string {
	if !s.tcp {
		return ""
	}
	return s.ns.ClientURL()
}

// ClusterAddr returns where other servers of the cluster connect, or nothing.
func (s *Server) ClusterAddr() string {
	if a := s.ns.ClusterAddr(); a != nil {
		return a.String()
	}
	return ""
}

// InProcessConn returns a connection to the server that needs no network.
func (s *Server) InProcessConn() (net.Conn, error) { return s.ns.InProcessConn() }

// Healthy returns an error if the server does not run, or does not write.
func (s *Server) Healthy() error {
	fatal, write := s.log.trouble()
	switch {
	case !s.ns.Running() && fatal != "":
		return fmt.Errorf("NATS: %w", s.fatalError(fatal))
	case !s.ns.Running():
		return fmt.Errorf("NATS: %w: it was stopped", lattice.ErrUnavailable)
	case strings.Contains(write, "no space left"):
		return fmt.Errorf("NATS: %w: the disk of %q was full, and JetStream does not write any more (%s): free some space, then start it again; what it acknowledged is kept", lattice.ErrExhausted, s.dir, write)
	case write != "" || !s.ns.JetStreamEnabled():
		return fmt.Errorf("NATS: %w: JetStream could not write to %q, and stopped (%s): see that it can, then start it again; what it acknowledged is kept", lattice.ErrUnavailable, s.dir, write)
	}
	return nil
}

// LameDuck asks clients to go to other servers of the cluster, gives them some
// seconds, and then stops like Shutdown.
func (s *Server) LameDuck(ctx context.Context) error {
	return s.stop(ctx, func() {
		if s.tcp {
			s.ns.LameDuckShutdown()
		}
		s.ns.Shutdown()
	})
}

// Shutdown stops the server. What it keeps is on the disk when it returns without
// an error; ctx bounds the wait for that.
func (s *Server) Shutdown(ctx context.Context) error { return s.stop(ctx, s.ns.Shutdown) }

func (s *Server) stop(ctx context.Context, how func()) error {
	go s.end.Do(func() {
		how()
		s.ns.WaitForShutdown()
		_ = s.lock.Close()
		close(s.done)
	})
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		// LameDuck waits for clients: this does not.
		s.ns.Shutdown()
	}
	select {
	case <-s.done:
		return nil
	case <-time.After(readyTimeout):
		return fmt.Errorf("stop NATS: %w: it does not end", context.Cause(ctx))
	}
}
