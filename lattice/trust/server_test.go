package trust_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// startServer starts a NATS server from the configuration that the keyring gives.
func startServer(t *testing.T, k *trust.Keyring) *server.Server {
	t.Helper()
	text, err := k.ServerConfig()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	opts, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatalf("the server does not take its configuration: %v\n%s", err, text)
	}
	opts.Port = server.RANDOM_PORT
	opts.StoreDir = t.TempDir()
	opts.NoSigs = true
	opts.NoLog = true
	s, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server is not ready")
	}
	return s
}

// client is a connection of a user. It collects what the server refuses.
type client struct {
	t     *testing.T
	creds *trust.Creds
	nc    *nats.Conn
	js    jetstream.JetStream

	refused chan error
}

func connect(t *testing.T, s *server.Server, c *trust.Creds) *client {
	t.Helper()
	cl := &client{t: t, creds: c, refused: make(chan error, 1000)}
	nc, err := nats.Connect(s.ClientURL(),
		nats.UserJWT(func() (string, error) { return c.JWT, nil }, c.Key.SignNonce),
		nats.CustomInboxPrefix(c.InboxPrefix()),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { cl.refused <- err }))
	if err != nil {
		t.Fatalf("connect as %s: %v", c, err)
	}
	t.Cleanup(nc.Close)
	cl.nc = nc
	if cl.js, err = jetstream.New(nc, jetstream.WithDefaultTimeout(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	return cl
}

// violations returns what the server has refused until now, and forgets it.
func (cl *client) violations() []error {
	cl.t.Helper()
	// Refusals are told in their order: the one of a subject that nobody may
	// publish to comes after those of what was sent before.
	if err := cl.nc.Publish("last", nil); err != nil {
		cl.t.Fatal(err)
	}
	var all []error
	for {
		select {
		case err := <-cl.refused:
			if strings.Contains(err.Error(), `"last"`) {
				return all
			}
			all = append(all, err)
		case <-time.After(10 * time.Second):
			cl.t.Fatal("the server does not refuse what it should")
		}
	}
}

// permitted fails if the server refused anything.
func (cl *client) permitted() {
	cl.t.Helper()
	for _, err := range cl.violations() {
		cl.t.Errorf("%s: %v", cl.creds.Role, err)
	}
}

// found makes all buckets of a lattice, as a scheduler does.
func found(t *testing.T, m *member, l lattice.Name) {
	t.Helper()
	b := wire.Buckets{Lattice: l}
	for _, name := range []string{b.Desired(), b.Components(), b.Hosts(), b.Ready(), b.Links(), b.Config(), b.Scheduler(), b.KeyValue(), b.Blobs()} {
		ttl := time.Duration(0)
		if name == b.Hosts() || name == b.Ready() {
			ttl = time.Hour
		}
		if _, err := m.CreateBucket(t.Context(), lattice.BucketConfig{Name: name, TTL: ttl, MaxBytes: 1 << 20}); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.CreateStream(t.Context(), lattice.StreamConfig{
		Name: b.Events(), Subjects: []string{wire.Subjects{Lattice: l}.Events()}, MaxAge: time.Hour, MaxBytes: 1 << 20, MaxMessages: 1000,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Objects(t.Context(), b.Artifacts(), true); err != nil {
		t.Fatal(err)
	}
}
