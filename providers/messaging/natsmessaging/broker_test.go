package natsmessaging_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability/subject"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/providers/messaging"
	"github.com/wattle-dev/wattle/providers/messaging/messagingtest"
	"github.com/wattle-dev/wattle/providers/messaging/natsmessaging"
)

func newBroker(l lattice.Messenger, name lattice.Name, component lattice.ComponentID) *natsmessaging.Broker {
	return natsmessaging.New(natsmessaging.Options{Messenger: l, Lattice: name, Component: component})
}

func env(t *testing.T, join func() lattice.Lattice) *messagingtest.Env {
	a := join()
	return &messagingtest.Env{
		Broker: func(component lattice.ComponentID) messaging.Broker {
			return newBroker(a, lattice.DefaultName, component)
		},
		Settle: func() {
			if err := a.Flush(t.Context()); err != nil {
				t.Error(err)
			}
		},
		MaxBody: a.MaxPayload() + 1,
	}
}

func TestInMemory(t *testing.T) {
	messagingtest.Run(t, func(t *testing.T) *messagingtest.Env {
		n := memlattice.New(memlattice.Options{})
		return env(t, func() lattice.Lattice { return member(t, n, "host") })
	})
}

func member(t *testing.T, n *memlattice.Network, user string) lattice.Lattice {
	t.Helper()
	m, err := n.Join(user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func TestNATS(t *testing.T) {
	s := startServer(t, natsserver.Options{Token: "of the test"})
	messagingtest.Run(t, func(t *testing.T) *messagingtest.Env {
		return env(t, func() lattice.Lattice { return connect(t, natslattice.Options{InProcess: s, Token: "of the test"}) })
	})
}

func startServer(t *testing.T, o natsserver.Options) *natsserver.Server {
	t.Helper()
	o.StoreDir, o.Logger = t.TempDir(), slog.New(slog.NewTextHandler(t.Output(), nil))
	s, err := natsserver.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

func connect(t *testing.T, o natslattice.Options) lattice.Lattice {
	t.Helper()
	l, err := natslattice.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func acting() context.Context {
	return lattice.WithInvocation(context.Background(), &lattice.Invocation{Target: "a", Depth: lattice.DefaultDepth})
}

// A message that points elsewhere with its reply is given to the component without it,
// whoever sent it: not to JetStream, not to another lattice, not to what Wattle itself
// listens to.
func TestForeignReply(t *testing.T) {
	n := memlattice.New(memlattice.Options{})
	host, attacker := member(t, n, "host"), member(t, n, "attacker")
	got := make(chan *messaging.Message, 1)
	pattern, err := subject.ParsePattern("a")
	if err != nil {
		t.Fatal(err)
	}
	stop, err := newBroker(host, "l", "b").Subscribe(pattern, "q", func(_ context.Context, m *messaging.Message) { got <- m })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stop() }()
	for reply, want := range map[string]string{
		"$JS.API.STREAM.DELETE.KV_wattle_l_desired": "", "$KV.wattle_l_desired.x": "", "$SYS.REQ.SERVER.PING": "",
		"wattle.other.msg.a": "", "wattle.l.control.app.delete": "", "wattle.l.host.N.invoke": "", "wattle.l.msg.$JS.API.INFO": "", "wattle.l.msg._INBOX.x": "",
		"orders": "", "_INBOX": "", "_INBOX.x.y": "_INBOX.x.y", "wattle.l.msg.b.c": "b.c", "": "",
	} {
		if err := attacker.Publish(&lattice.Message{Subject: "wattle.l.msg.a", Reply: reply}); err != nil {
			t.Fatal(err)
		}
		if m := <-got; m.Reply != want || m.Subject != "a" {
			t.Errorf("reply %q is given as %q, want %q", reply, m.Reply, want)
		}
	}
}

// Components of different lattices do not hear each other on one server, and no subject
// of a component is one of anything else.
func TestLatticesApart(t *testing.T) {
	n := memlattice.New(memlattice.Options{})
	l := member(t, n, "host")
	seen := make(chan string, 10)
	sub, err := l.Subscribe(">", "", func(m *lattice.Message) { seen <- m.Subject })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	var got []string
	for _, name := range []lattice.Name{"a", "a-b"} {
		for _, s := range []string{"x", "msg.x", "b.msg.x"} {
			if err := newBroker(l, name, "c").Publish(acting(), &messaging.Message{Subject: s}); err != nil {
				t.Fatal(err)
			}
			got = append(got, <-seen)
		}
	}
	want := []string{"wattle.a.msg.x", "wattle.a.msg.msg.x", "wattle.a.msg.b.msg.x", "wattle.a-b.msg.x", "wattle.a-b.msg.msg.x", "wattle.a-b.msg.b.msg.x"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("subjects (-want +got):\n%s", diff)
	}
}

// What others put into a header is metadata or nothing, and never too much.
func TestHeader(t *testing.T) {
	n := memlattice.New(memlattice.Options{})
	host, attacker := member(t, n, "host"), member(t, n, "attacker")
	type delivery struct {
		inv *lattice.Invocation
		m   *messaging.Message
	}
	got := make(chan delivery, 16)
	pattern, err := subject.ParsePattern("a")
	if err != nil {
		t.Fatal(err)
	}
	stop, err := newBroker(host, "l", "b").Subscribe(pattern, "q", func(ctx context.Context, m *messaging.Message) {
		got <- delivery{lattice.InvocationOf(ctx), m}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stop() }()
	h := lattice.Header{
		"Content-Type": {"text/plain"}, "x-a": {"1", "2"}, "Nats-Msg-Id": {"1"}, "bad key": {"1"}, "x-line": {"a\r\nb"}, "Status": {"503"},
		"Wattle-Depth": {"1000"}, "Wattle-Callers": {"operator/root"},
	}
	for i := range 200 {
		h["z"+strings.Repeat("z", i)] = []string{"v"}
	}
	if err := attacker.Publish(&lattice.Message{Subject: "wattle.l.msg.a", Header: h, Data: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	d := <-got
	if len(d.m.Metadata) != messaging.MaxFields || d.m.CheckFields() != nil || d.m.ContentType != "text/plain" || d.m.Metadata[0] != (messaging.Field{Key: "x-a", Value: "1"}) {
		t.Errorf("content type %q, %d fields, first %v", d.m.ContentType, len(d.m.Metadata), d.m.Metadata[0])
	}
	if d.inv.Depth != lattice.DefaultDepth || !slices.Equal(d.inv.Callers, []lattice.Caller{"message"}) {
		t.Errorf("a chain that is too deep is taken for %+v", d.inv)
	}
	own := newBroker(host, "l", "a")
	for _, m := range []*messaging.Message{
		{Subject: "a", ContentType: "a\nb"},
		{Subject: "a", Metadata: []messaging.Field{{Key: "traceparent", Value: "x"}}},
		{Subject: "a", Metadata: []messaging.Field{{Key: "Wattle-Callers", Value: "x"}}},
		{Subject: "a", Metadata: []messaging.Field{{Key: "a", Value: "x"}, {Key: "A", Value: "y"}}},
		{Subject: "a", Metadata: []messaging.Field{{Key: "a b", Value: "x"}}},
		{Subject: "a", Metadata: []messaging.Field{{Key: "", Value: "x"}}},
	} {
		if err := own.Publish(acting(), m); err == nil && m.CheckFields() == nil {
			t.Errorf("%+v is sent", m)
		}
	}
	big := make([]messaging.Field, messaging.MaxFields+1)
	if err := (&messaging.Message{Metadata: big}).CheckFields(); err == nil || errors.Is(err, lattice.ErrDenied) {
		t.Errorf("too much metadata: %v", err)
	}
}
