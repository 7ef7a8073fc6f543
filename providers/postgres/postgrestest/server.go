// Package postgrestest starts real PostgreSQL servers for tests, and has the contract of
// postgres.Database as tests.
package postgrestest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Server is a PostgreSQL server.
type Server struct {
	// Dir is where its socket is, and Port the port on the loopback address 127.0.0.1 and
	// the number of the socket.
	Dir  string
	Port uint16
	// User and Password are those of its superuser.
	User, Password string
}

// Options configure a Server.
type Options struct {
	// Cert and Key have it speak TLS, in PEM.
	Cert, Key []byte
}

const (
	superuser = "admin"
	password  = "pg-canary-7c1e"
	tries     = 5
)

// Require returns where the programs of PostgreSQL are. It skips the test if there are
// none, unless WATTLE_BACKENDS is "required".
func Require(tb testing.TB) string {
	tb.Helper()
	for _, dir := range []string{getenv("WATTLE_POSTGRES_BIN"), "/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/17/bin"} {
		if _, err := os.Stat(filepath.Join(dir, "postgres")); err == nil && dir != "" {
			return dir
		}
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path)
	}
	const reason = "there is no PostgreSQL server here: install postgresql, or set WATTLE_POSTGRES_BIN"
	if getenv("WATTLE_BACKENDS") == "required" {
		tb.Fatal(reason)
	}
	tb.Skip(reason)
	return ""
}

// getenv returns a variable of the environment that tests are run in.
func getenv(name string) string { return os.Getenv(name) } //nolint:forbidigo // this package is for tests

// Start starts a server that is stopped with the test.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	bin := Require(tb)
	// Not of tb.TempDir: the server may run as another user, who has to get there.
	dir, err := os.MkdirTemp("", "pg") //nolint:usetesting // see above
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Server{Dir: dir, User: superuser, Password: password}
	if err := s.init(tb.Context(), bin, o); err != nil {
		tb.Fatal(err)
	}
	for try := 1; ; try++ {
		stop, err := s.run(tb.Context(), bin, len(o.Cert) > 0)
		if err == nil {
			tb.Cleanup(stop)
			return s
		}
		if try == tries {
			tb.Fatalf("start PostgreSQL: %v", err)
		}
	}
}

// write writes a file that the server can read.
func (s *Server) write(name string, data []byte) error {
	path := filepath.Join(s.Dir, name)
	return errors.Join(os.WriteFile(path, data, 0o600), own(path))
}

// init makes the server's directory.
func (s *Server) init(ctx context.Context, bin string, o Options) error {
	err := errors.Join(own(s.Dir), s.write("password", []byte(password)), s.write("cert.pem", o.Cert), s.write("key.pem", o.Key))
	if err != nil {
		return err
	}
	cmd := command(ctx, filepath.Join(bin, "initdb"), "-D", filepath.Join(s.Dir, "data"), "-U", superuser, "-A", "scram-sha-256",
		"--pwfile", filepath.Join(s.Dir, "password"), "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	cmd.Dir = s.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// run starts the server on a port that is free.
func (s *Server) run(ctx context.Context, bin string, tls bool) (stop func(), err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	n, err := strconv.ParseUint(port, 10, 16)
	if err = errors.Join(err, l.Close()); err != nil {
		return nil, err
	}
	s.Port = uint16(n)
	args := []string{
		"-D", filepath.Join(s.Dir, "data"), "-p", port, "-k", s.Dir, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
		"-c", "full_page_writes=off", "-c", "max_connections=50", "-c", "shared_buffers=16MB",
	}
	if tls {
		args = append(args, "-c", "ssl=on", "-c", "ssl_cert_file="+filepath.Join(s.Dir, "cert.pem"), "-c", "ssl_key_file="+filepath.Join(s.Dir, "key.pem"))
	}
	var out lockedBuffer
	cmd := command(context.WithoutCancel(ctx), filepath.Join(bin, "postgres"), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.Dir, &out, &out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // what it said is in out
		close(ended)
	}()
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt) // fast shutdown
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
	}
	if err := s.await(ctx, bin, ended); err != nil {
		stop()
		return nil, fmt.Errorf("%w\n%s", err, cmp.Or(out.String(), "it said nothing"))
	}
	return stop, nil
}

// await waits until the server takes connections.
func (s *Server) await(ctx context.Context, bin string, ended <-chan struct{}) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for {
		if exec.CommandContext(ctx, filepath.Join(bin, "pg_isready"), "-q", "-h", s.Dir, "-p", strconv.Itoa(int(s.Port))).Run() == nil {
			return nil
		}
		select {
		case <-ended:
			return errors.New("the server has ended")
		case <-deadline:
			return errors.New("the server takes no connections")
		case <-tick.C:
		}
	}
}

// lockedBuffer is a buffer for what a process says.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
