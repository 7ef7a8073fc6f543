package trust_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/microservice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// member is a user with the lattice that Wattle's programs have.
type member struct {
	*natslattice.Lattice
	creds *trust.Creds
	log   *lockedBuffer
}

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

func join(t *testing.T, s *server.Server, c *trust.Creds) *member {
	t.Helper()
	m := &member{creds: c, log: &lockedBuffer{}}
	l, err := natslattice.Connect(t.Context(), natslattice.Options{
		URLs: []string{s.ClientURL()}, Credentials: c, Logger: slog.New(slog.NewTextHandler(m.log, nil)),
	})
	if err != nil {
		t.Fatalf("connect as %s: %v", c, err)
	}
	m.Lattice = l
	t.Cleanup(func() {
		_ = l.Close()
		// Whatever the server refused is logged.
		if text := m.log.String(); strings.Contains(text, "permission") {
			t.Errorf("%s: %s", c.Role, text)
		}
	})
	return m
}

// bucket opens a bucket.
func (m *member) bucket(t *testing.T, name string) lattice.Bucket {
	t.Helper()
	b, err := m.Bucket(t.Context(), name)
	if err != nil {
		t.Fatalf("%s: %v", m.creds.Role, err)
	}
	return b
}

var errSeen = errors.New("seen")

// watch waits until a watch of pattern gives key.
func (m *member) watch(t *testing.T, bucket, pattern, key string) {
	t.Helper()
	err := m.bucket(t, bucket).Watch(t.Context(), pattern, func(e lattice.Entry) error {
		if e.Key == key && !e.Deleted {
			return errSeen
		}
		return nil
	})
	if !errors.Is(err, errSeen) {
		t.Errorf("%s: watch %q of %q: %v", m.creds.Role, pattern, bucket, err)
	}
}

// get reads a key.
func (m *member) get(t *testing.T, bucket, key string) {
	t.Helper()
	if _, err := m.bucket(t, bucket).Get(t.Context(), key); err != nil {
		t.Errorf("%s: %v", m.creds.Role, err)
	}
}

// write puts, updates, deletes and puts a key.
func (m *member) write(t *testing.T, bucket, key string) {
	t.Helper()
	b := m.bucket(t, bucket)
	revision, err := b.Put(t.Context(), key, []byte(`{}`))
	if err == nil {
		_, err = b.Update(t.Context(), key, []byte(`{"a":1}`), revision)
	}
	if err == nil {
		err = b.Delete(t.Context(), key)
	}
	if err == nil {
		_, err = b.Put(t.Context(), key, []byte(`{}`))
	}
	if err != nil {
		t.Errorf("%s: %v", m.creds.Role, err)
	}
}

// hear subscribes, has somebody publish, and waits.
func hear(t *testing.T, listener *member, queue string, speaker *member, subject, at string) {
	t.Helper()
	heard := make(chan struct{}, 16)
	sub, err := listener.Subscribe(at, queue, func(*lattice.Message) { heard <- struct{}{} })
	if err != nil {
		t.Errorf("%s: subscribe to %q: %v", listener.creds.Role, at, err)
		return
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := listener.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := speaker.Publish(&lattice.Message{Subject: subject, Data: []byte("{}")}); err != nil {
		t.Errorf("%s: publish to %q: %v", speaker.creds.Role, subject, err)
	}
	if err := speaker.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-heard:
	case <-time.After(10 * time.Second):
		t.Errorf("%s publishes to %q, and %s at %q hears nothing", speaker.creds.Role, subject, listener.creds.Role, at)
	}
}

// TestRoles has each role do all that it is for, with the code that does it.
func TestRoles(t *testing.T) {
	l := lattice.DefaultName
	k := trusttest.Keyring(t)
	srv := startServer(t, k)
	as := func(role trust.Role) *member { return join(t, srv, trusttest.Creds(t, k, l, role)) }
	s, b := wire.Subjects{Lattice: l}, wire.Buckets{Lattice: l}
	ctx := t.Context()

	scheduler := as(trust.RoleScheduler)
	host, another := as(trust.RoleHost), as(trust.RoleHost)
	gateway, operator, viewer := as(trust.RoleGateway), as(trust.RoleOperator), as(trust.RoleViewer)
	id := host.creds.HostID()
	const component = lattice.ComponentID("cart")

	// The scheduler makes everything, and finds it there the second time.
	found(t, scheduler, l)
	found(t, scheduler, l)

	// Documents.
	scheduler.write(t, b.Desired(), string(id))
	scheduler.write(t, b.Components(), string(component))
	scheduler.write(t, b.Links(), "a.b.c.d")
	scheduler.write(t, b.Config(), "c")
	scheduler.write(t, b.Scheduler(), wire.SchedulerLeader)
	host.write(t, b.Hosts(), string(id))
	host.write(t, b.Ready(), wire.ReadyKey(id, component))
	host.watch(t, b.Desired(), string(id), string(id))
	host.get(t, b.Desired(), string(id))
	for _, m := range []*member{scheduler, host, gateway, operator, viewer} {
		m.watch(t, b.Components(), ">", string(component))
		m.get(t, b.Components(), string(component))
		m.watch(t, b.Scheduler(), ">", wire.SchedulerLeader)
		m.get(t, b.Scheduler(), wire.SchedulerLeader)
		m.watch(t, b.Ready(), ">", wire.ReadyKey(id, component))
		m.get(t, b.Ready(), wire.ReadyKey(id, component))
	}
	// What components store, their messages, and secrets.
	for _, bucket := range []string{b.KeyValue(), b.Blobs()} {
		host.write(t, bucket, "own.cart.key")
		operator.write(t, bucket, "own.cart.key")
		for _, m := range []*member{host, another, operator} {
			m.get(t, bucket, "own.cart.key")
			m.watch(t, bucket, ">", "own.cart.key")
		}
	}
	hear(t, another, "orders", host, s.Message("orders.1"), s.Message("orders.>"))
	hear(t, operator, "", host, s.Message("orders.1"), s.Messages())
	hear(t, scheduler, "", host, s.Secrets(id), s.Secrets("*"))

	for _, m := range []*member{scheduler, operator, viewer} {
		for bucket, key := range map[string]string{b.Desired(): string(id), b.Hosts(): string(id), b.Links(): "a.b.c.d", b.Config(): "c"} {
			m.get(t, bucket, key)
			m.watch(t, bucket, ">", key)
			if entries, err := m.bucket(t, bucket).List(ctx, ">"); err != nil || len(entries) != 1 {
				t.Errorf("%s: list %q: %d entries, %v", m.creds.Role, bucket, len(entries), err)
			}
		}
	}

	// Components' binaries.
	binary := bytes.Repeat([]byte("wasm"), 100_000)
	for _, m := range []*member{operator, scheduler} {
		o, err := m.Objects(ctx, b.Artifacts(), false)
		for range 2 {
			if err == nil {
				err = o.Put(ctx, "digest", bytes.NewReader(binary))
			}
		}
		if err == nil {
			err = o.Put(ctx, "old", strings.NewReader("x"))
		}
		if err == nil {
			err = o.Delete(ctx, "old")
		}
		if err != nil {
			t.Errorf("%s: %v", m.creds.Role, err)
		}
	}
	for _, m := range []*member{host, scheduler, operator, viewer} {
		if got, err := read(ctx, m, b.Artifacts(), "digest"); err != nil || !bytes.Equal(got, binary) {
			t.Errorf("%s: %d bytes, %v", m.creds.Role, len(got), err)
		}
	}

	// Calls.
	for _, m := range []*member{another, gateway, operator} {
		hear(t, host, "", m, s.Invoke(id), s.Invoke(id))
		hear(t, m, "", host, s.Caller(m.User()), s.Caller(m.User()))
	}

	// Commands.
	hear(t, scheduler, "scheduler", operator, s.Control("component.put"), s.Control(">"))
	hear(t, scheduler, "", operator, "wasmbus.ctl.v1.default.host.ping", "wasmbus.ctl.v1.default.>")
	answer(t, scheduler, operator, s.Control("component.put"))
	for _, query := range []string{"app.list", "app.get", "app.status", "app.explain", "app.history"} {
		answer(t, scheduler, viewer, s.Control(query))
	}

	// Events and logs.
	for _, m := range []*member{scheduler, operator, viewer} {
		hear(t, m, "", host, s.HostEvent(id, lattice.EventHostStarted), s.Events())
		hear(t, m, "", host, s.Log(id, component), s.Logs(component))
	}
	for _, m := range []*member{operator, viewer} {
		hear(t, m, "", scheduler, s.SchedulerEvent("x"), s.Events())
		hear(t, m, "", scheduler, "wasmbus.evt.default.x", "wasmbus.evt.default.>")
		n := 0
		if err := m.Replay(ctx, b.Events(), s.Events(), time.Time{}, func(*lattice.Message) error { n++; return nil }); err != nil || n < 2 {
			t.Errorf("%s: replay: %d events, %v", m.creds.Role, n, err)
		}
	}

	// Microservices.
	for _, service := range []struct {
		m        *member
		name, id string
	}{{host, "wattle-host", string(id)}, {another, "wattle-host", string(another.creds.HostID())}, {scheduler, "wattle-scheduler", scheduler.User()}} {
		options := microservice.Options{Name: service.name, ID: service.id, Version: "1.0.0"}
		if service.m != scheduler {
			options.Endpoints = []microservice.Endpoint{{
				Name: "report", Subject: s.Endpoint(lattice.HostID(service.id), "report"),
				Handle: func(context.Context, *lattice.Message) (any, error) { return "me", nil },
			}}
		}
		srv, err := microservice.Serve(service.m, options)
		if err != nil {
			t.Errorf("%s: %v", service.m.creds.Role, err)
			continue
		}
		defer func() { _ = srv.Close(context.Background()) }()
		if err := service.m.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range []*member{operator, viewer, scheduler} {
		for _, subject := range []string{"$SRV.PING", "$SRV.INFO.wattle-host", "$SRV.STATS.wattle-host." + string(id), "$SRV.PING.wattle-scheduler", s.Endpoint(id, "report")} {
			if _, err := m.Request(ctx, &lattice.Message{Subject: subject}); err != nil {
				t.Errorf("%s: %q: %v", m.creds.Role, subject, err)
			}
		}
	}
}

func read(ctx context.Context, m *member, store, name string) ([]byte, error) {
	o, err := m.Objects(ctx, store, false)
	if err != nil {
		return nil, err
	}
	r, err := o.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return io.ReadAll(r)
}

// answer has one ask and another answer.
func answer(t *testing.T, server, client *member, subject string) {
	t.Helper()
	sub, err := server.Subscribe(subject, "", func(m *lattice.Message) {
		if err := server.Publish(&lattice.Message{Subject: m.Reply, Data: []byte("yes")}); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := server.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m, err := client.Request(t.Context(), &lattice.Message{Subject: subject}); err != nil || string(m.Data) != "yes" {
		t.Errorf("%s asks %s: %v", client.creds.Role, server.creds.Role, err)
	}
}

// TestStockClients has the client library of NATS, which its tools are made with,
// do what operators and viewers look at.
func TestStockClients(t *testing.T) {
	c := newTown(t)
	b := c.buckets
	c.put(t, c.scheduler, b.Components(), "cart", `{}`)
	c.put(t, c.hostile, b.Hosts(), string(c.evil), `{}`)
	c.store(t, c.hostile, c.subjects.HostEvent(c.evil, "host.started"), `{}`)
	for _, creds := range []*trust.Creds{c.operator, c.viewer} {
		t.Run(string(creds.Role), func(t *testing.T) {
			cl := connect(t, c.server, creds)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			var names []string
			for name := range cl.js.KeyValueStoreNames(ctx).Name() {
				names = append(names, name)
			}
			if want := []string{b.Desired(), b.Components(), b.Hosts()}; len(names) < 6 || !slices.Contains(names, want[0]) {
				t.Errorf("buckets %q", names)
			}
			store, err := cl.js.KeyValue(ctx, b.Components())
			if err != nil {
				t.Fatal(err)
			}
			if e, err := store.Get(ctx, "cart"); err != nil || len(e.Value()) == 0 {
				t.Errorf("get: %v", err)
			}
			if keys, err := store.Keys(ctx); err != nil || len(keys) != 1 {
				t.Errorf("keys %q, %v", keys, err)
			}
			w, err := store.WatchAll(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if e := <-w.Updates(); e == nil || e.Key() != "cart" {
				t.Errorf("watch: %v", e)
			}
			_ = w.Stop()
			cons, err := cl.js.OrderedConsumer(ctx, b.Events(), jetstream.OrderedConsumerConfig{FilterSubjects: []string{c.subjects.Events()}})
			if err != nil {
				t.Fatal(err)
			}
			if m, err := cons.Next(); err != nil || len(m.Data()) == 0 {
				t.Errorf("events: %v", err)
			}
			if _, err := cl.nc.RequestWithContext(ctx, "$SRV.PING", nil); err != nil && !strings.Contains(err.Error(), "no responders") {
				t.Errorf("ping: %v", err)
			}
			cl.permitted()
		})
	}
}
