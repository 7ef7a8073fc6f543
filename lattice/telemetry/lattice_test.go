package telemetry_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.opentelemetry.io/otel/trace"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/telemetry/telemetrytest"
	"github.com/wattle-dev/wattle/lattice/tracecontext"
)

// TestLattice measures a lattice on a NATS server: each operation counts, is part
// of the trace it belongs to, and begins none.
func TestLattice(t *testing.T) {
	s, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer func() {
		s.Shutdown()
		s.WaitForShutdown()
	}()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server does not start")
	}
	plain, err := natslattice.Connect(t.Context(), natslattice.Options{InProcess: s})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plain.Close() }()
	c, tel := collector(t, nil)
	l := tel.Lattice(plain)

	var asked *lattice.Message
	if _, err := l.Subscribe("ask", "", func(m *lattice.Message) {
		asked = m
		_ = l.Publish(&lattice.Message{Subject: m.Reply})
	}); err != nil {
		t.Fatal(err)
	}
	b, err := l.CreateBucket(t.Context(), lattice.BucketConfig{Name: "b", Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := tel.TracerProvider().Tracer("test").Start(t.Context(), "test")
	all := func(ctx context.Context) {
		t.Helper()
		first, err1 := b.Create(ctx, "key", []byte("secret"))
		_, err2 := b.Update(ctx, "key", []byte("secret"), first)
		_, err3 := b.Put(ctx, "key", []byte("secret"))
		_, err4 := b.Get(ctx, "key")
		_, err5 := b.List(ctx, ">")
		err6 := b.Delete(ctx, "key")
		_, err7 := l.Request(ctx, &lattice.Message{Subject: "ask"})
		if err := errors.Join(err1, err2, err3, err4, err5, err6, err7); err != nil {
			t.Fatal(err)
		}
	}
	all(ctx)
	if got := trace.SpanContextFromContext(tracecontext.Extract(t.Context(), asked.Header)); got.TraceID() != span.SpanContext().TraceID() {
		t.Errorf("the request has the trace %v, want %v", got.TraceID(), span.SpanContext().TraceID())
	}
	all(t.Context())
	if asked.Header != nil {
		t.Errorf("a request without a trace has the header %v", asked.Header)
	}
	if _, err := b.Get(ctx, "none"); !errors.Is(err, lattice.ErrNotFound) {
		t.Errorf("Get = %v, want ErrNotFound", err)
	}
	if _, err := l.Request(ctx, &lattice.Message{Subject: "nobody"}); !errors.Is(err, lattice.ErrUnavailable) {
		t.Errorf("Request = %v, want ErrUnavailable", err)
	}
	span.End()
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}

	spans := map[string]telemetrytest.Span{}
	for _, s := range c.Spans() {
		if s.Trace != span.SpanContext().TraceID().String() {
			t.Errorf("span %q is of a trace that nobody began", s.Name)
		}
		spans[s.Name] = s
	}
	operations := map[string]float64{"create": 2, "update": 2, "put": 2, "get": 3, "list": 2, "delete": 2}
	for op := range operations {
		if s, ok := spans[op+" b"]; !ok || s.Error != "" || s.Attributes["db.collection.name"] != "b" {
			t.Errorf("the span of %s is %+v", op, s)
		}
	}
	if got := spans["request"].Error; got != "unavailable" {
		t.Errorf("the span of the request that failed says %q, want unavailable", got)
	}
	counts := map[string]float64{}
	for _, p := range c.Points() {
		switch p.Name {
		case "db.client.operation.duration":
			counts[p.Attributes["db.operation.name"]] += p.Value
		case "messaging.client.operation.duration", "messaging.client.sent.messages":
			counts[p.Name+p.Attributes["error.type"]] += p.Value
		case "wattle.nats.connected", "wattle.nats.reconnects", "wattle.nats.pending":
			counts[p.Name] = p.Value + 1 // 0 would be as if it were not there
		}
	}
	for op, want := range operations {
		if counts[op] != want {
			t.Errorf("%s was measured %v times, want %v", op, counts[op], want)
		}
	}
	for name, want := range map[string]float64{"messaging.client.operation.duration": 2, "messaging.client.operation.durationunavailable": 1, "messaging.client.sent.messages": 2, "wattle.nats.connected": 2, "wattle.nats.reconnects": 1, "wattle.nats.pending": 1} {
		if counts[name] != want {
			t.Errorf("%s is %v, want %v", name, counts[name], want)
		}
	}
}
