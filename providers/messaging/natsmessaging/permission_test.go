package natsmessaging_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability/subject"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/providers/messaging"
)

// On a server with the permissions of a lattice, hosts carry messages of its components,
// an operator may take part, and neither hears or sends anything else: not everything,
// not the inboxes of others, not the messages of another lattice.
func TestPermissions(t *testing.T) {
	const other lattice.Name = "other"
	ring := trusttest.Keyring(t, lattice.DefaultName, other)
	o := natsserver.Options{SystemAccount: ring.SystemAccount()}
	var err error
	if o.Operator, err = ring.OperatorJWT(); err != nil {
		t.Fatal(err)
	}
	if o.Accounts, err = ring.Accounts(); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, o)
	join := func(name lattice.Name, role trust.Role) lattice.Lattice {
		return connect(t, natslattice.Options{InProcess: s, Credentials: trusttest.Creds(t, ring, name, role)})
	}
	host, second, operator, stranger := join(lattice.DefaultName, trust.RoleHost), join(lattice.DefaultName, trust.RoleHost),
		join(lattice.DefaultName, trust.RoleOperator), join(other, trust.RoleHost)

	for _, on := range []string{">", "_INBOX.>", "_INBOX." + second.User() + ".>", "wattle.>", "wattle.other.msg.>", "$JS.API.>", "wattle.default.caller." + second.User()} {
		if sub, err := host.Subscribe(on, "", func(*lattice.Message) {}); !errors.Is(err, lattice.ErrDenied) {
			t.Errorf("a host subscribes to %q: %v, %v", on, sub, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, to := range []string{"wattle.other.msg.a", "$JS.API.STREAM.DELETE.KV_wattle_default_desired", "wattle.default.control.app.delete", "msg.a"} {
		if _, err := host.Request(ctx, &lattice.Message{Subject: to}); !errors.Is(err, lattice.ErrDenied) {
			t.Errorf("a host sends to %q: %v", to, err)
		}
	}

	pattern, err := subject.ParsePattern("orders.>")
	if err != nil {
		t.Fatal(err)
	}
	// Both hosts, and a host of the other lattice, subscribe to the same.
	for l, answer := range map[lattice.Lattice]string{host: "ours", second: "ours", stranger: "theirs"} {
		name := lattice.DefaultName
		if l == stranger {
			name = other
		}
		b := newBroker(l, name, "b")
		stop, err := b.Subscribe(pattern, "q", func(ctx context.Context, m *messaging.Message) {
			if err := b.Publish(ctx, &messaging.Message{Subject: m.Reply, Body: []byte(answer)}); err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = stop() }()
	}
	for i := range 10 {
		got, err := newBroker(second, lattice.DefaultName, "a").Request(lattice.WithInvocation(ctx, &lattice.Invocation{Depth: 1}), &messaging.Message{Subject: "orders.new"}, 1)
		if err != nil || string(got[0].Body) != "ours" {
			t.Fatalf("request %d: %v, %v", i, got, err)
		}
	}
	m, err := operator.Request(ctx, &lattice.Message{Subject: "wattle.default.msg.orders.new"})
	if err != nil || string(m.Data) != "ours" {
		t.Errorf("request of an operator: %v, %v", m, err)
	}
}
