package wasmcloud_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/trust"
)

// stock is a client of NATS as wasmCloud's tools have it: with where to connect and
// credentials, and otherwise as it comes.
type stock struct{ nc *nats.Conn }

func newStock(t *testing.T, s *natsserver.Server, c *trust.Creds) *stock {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tool.creds")
	if err := c.Write(file); err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.UserCredentials(file),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { t.Error(err) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return &stock{nc}
}

func (s *stock) NewInbox() string { return s.nc.NewInbox() }

func (s *stock) Subscribe(subject, _ string, handle func(*lattice.Message)) (lattice.Subscription, error) {
	sub, err := s.nc.Subscribe(subject, func(m *nats.Msg) { handle(&lattice.Message{Subject: m.Subject, Data: m.Data}) })
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	sub.SetClosedHandler(func(string) { close(done) })
	return &subscription{sub, done}, nil
}

// subscription is a subscription that says when it has ended.
type subscription struct {
	*nats.Subscription
	done chan struct{}
}

func (s *subscription) Done() <-chan struct{} { return s.done }

func (s *stock) Publish(m *lattice.Message) error {
	return s.nc.PublishRequest(m.Subject, m.Reply, m.Data)
}

func (s *stock) Flush(context.Context) error { return s.nc.FlushTimeout(patience) }
