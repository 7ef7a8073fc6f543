package natslattice_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
)

// vacant returns a port on which nothing listens, and its address.
func vacant(t testing.TB) (port int, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := l.Addr().(*net.TCPAddr)
	return at.Port, "nats://127.0.0.1:" + strconv.Itoa(at.Port)
}

// TestBackground connects while nothing listens: what is asked for meanwhile is
// there once there is a server.
func TestBackground(t *testing.T) {
	port, at := vacant(t)
	var log lockedLog
	l := connect(t, natslattice.Options{URLs: []string{at}, Background: true, Logger: slog.New(slog.NewTextHandler(io.MultiWriter(&log, t.Output()), nil))})
	if l.Connected() {
		t.Fatal("connected to nothing")
	}
	if l.MaxPayload() < 64<<10 {
		t.Errorf("a message may have %d bytes", l.MaxPayload())
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	short, stop := context.WithTimeout(ctx, 50*time.Millisecond)
	defer stop()
	if err := l.Established(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("established: %v", err)
	}
	if _, err := l.Bucket(short, "b"); err == nil {
		t.Error("there is a bucket without a server")
	}
	got := make(chan string, 1)
	if _, err := l.Subscribe("s", "", func(m *lattice.Message) { got <- string(m.Data) }); err != nil {
		t.Fatal(err)
	}
	if err := l.Publish(&lattice.Message{Subject: "s", Data: []byte("early")}); err != nil {
		t.Fatal(err)
	}
	startServer(t, natsserver.Options{Port: port})
	if err := l.Established(ctx); err != nil {
		t.Fatal(err)
	}
	if !l.Connected() {
		t.Error("established, and not connected")
	}
	select {
	case text := <-got:
		if text != "early" {
			t.Errorf("received %q", text)
		}
	case <-ctx.Done():
		t.Fatal("what was published before there was a connection is lost")
	}
	b, err := l.CreateBucket(ctx, lattice.BucketConfig{Name: "b"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Create(ctx, "k", []byte("v")); err != nil {
		t.Error(err)
	}
	if text := log.String(); strings.Count(text, "no connection to nats") != 1 || strings.Count(text, "connected to nats") != 1 {
		t.Errorf("it is not said once that the server is away and that it is there:\n%s", text)
	}
}

// lockedLog is a buffer for a log.
type lockedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestBackgroundRefused has a server be of no use: at once if it is there, and as
// soon as it is.
func TestBackgroundRefused(t *testing.T) {
	keys, secured := newKeyring(t)
	_, strange := newKeyring(t)
	creds := trusttest.Creds(t, keys, lattice.DefaultName, trust.RoleHost)
	_, cert, key := certificate(t, "nats.example")
	for _, test := range []struct {
		name   string
		client natslattice.Options
		start  func(t *testing.T, port int)
		kind   error
		text   string
	}{
		{"credentials", natslattice.Options{Credentials: creds}, func(t *testing.T, port int) {
			o := strange
			o.Port = port
			startServer(t, o)
		}, lattice.ErrDenied, "does not accept the credentials"},
		{"certificate", natslattice.Options{Credentials: creds}, func(t *testing.T, port int) {
			o := secured
			o.Port, o.TLS = port, &natsserver.TLS{Cert: cert, Key: key}
			startServer(t, o)
		}, lattice.ErrDenied, "server name"},
		{"no JetStream", natslattice.Options{}, func(t *testing.T, port int) {
			s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true})
			if err != nil {
				t.Fatal(err)
			}
			s.Start()
			t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		}, lattice.ErrUnavailable, "JetStream is not enabled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			port, at := vacant(t)
			o := test.client
			o.URLs, o.Background = []string{at}, true
			l, err := natslattice.Connect(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			test.start(t, port)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := l.Established(ctx); !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("established: %v, want %v that says %q", err, test.kind, test.text)
			}
			if l.Connected() {
				t.Error("it counts as connected")
			}
			wantConnectError(t, o, test.kind, test.text)
		})
	}
}

// TestBackgroundClose ends a lattice that has never had a connection.
func TestBackgroundClose(t *testing.T) {
	_, at := vacant(t)
	l, err := natslattice.Connect(t.Context(), natslattice.Options{URLs: []string{at, says(t, "")}, Background: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Subscribe("s", "", func(*lattice.Message) {}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Established(t.Context()); !errors.Is(err, lattice.ErrUnavailable) {
		t.Errorf("established: %v", err)
	}
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errTest)
	if _, err := natslattice.Connect(ended, natslattice.Options{URLs: []string{at}, Background: true}); !errors.Is(err, errTest) {
		t.Errorf("error %v, want the end of the context", err)
	}
}
