// Package messagingtest is the contract of messaging.Broker as tests, which every
// implementation has to pass.
package messagingtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability/subject"
	"github.com/wattle-dev/wattle/providers/messaging"
)

// Env is where brokers meet.
type Env struct {
	// Broker returns the broker of a component.
	Broker func(component lattice.ComponentID) messaging.Broker
	// Settle waits until what was subscribed is known to all.
	Settle func()
	// MaxBody is a number of bytes that no message may have.
	MaxBody int
}

// Run runs the contract.
func Run(t *testing.T, env func(t *testing.T) *Env) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *Env)
	}{
		{"Publish", publish},
		{"Queues", queues},
		{"Request", request},
		{"Answers", answers},
		{"Nobody", nobody},
		{"Timeout", timeout},
		{"Bounds", bounds},
		{"Chain", chain},
		{"Stop", stop},
		{"Leave", leave},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, env(t)) })
	}
}

// call returns the context of a call of a component.
func call(t *testing.T, component lattice.ComponentID) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return lattice.WithInvocation(ctx, &lattice.Invocation{Target: component, Callers: []lattice.Caller{"http"}, Depth: lattice.DefaultDepth})
}

func pattern(t *testing.T, s string) subject.Pattern {
	t.Helper()
	p, err := subject.ParsePattern(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// delivery is a message as it came.
type delivery struct {
	ctx context.Context //nolint:containedctx // it is what is looked at
	m   *messaging.Message
}

func subscribe(t *testing.T, e *Env, b messaging.Broker, on, queue string) <-chan delivery {
	t.Helper()
	got := make(chan delivery, 1000)
	stop, err := b.Subscribe(pattern(t, on), queue, func(ctx context.Context, m *messaging.Message) { got <- delivery{ctx, m} })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop() })
	e.Settle()
	return got
}

func next(t *testing.T, got <-chan delivery) delivery {
	t.Helper()
	select {
	case d := <-got:
		return d
	case <-time.After(20 * time.Second):
		t.Fatal("no message came")
		return delivery{}
	}
}

func publish(t *testing.T, e *Env) {
	a, b := e.Broker("a"), e.Broker("b")
	got := subscribe(t, e, b, "orders.*", "q")
	want := &messaging.Message{
		Subject: "orders.created", Reply: "orders-done", ContentType: "text/plain", Body: []byte("x\x00\xff"),
		Metadata: []messaging.Field{{Key: "Key", Value: "ü"}, {Key: "x-empty", Value: ""}},
	}
	if err := errors.Join(
		a.Publish(call(t, "a"), &messaging.Message{Subject: "orders", Body: []byte("not there")}),
		a.Publish(call(t, "a"), &messaging.Message{Subject: "orders.a.b", Body: []byte("not there")}),
		a.Publish(call(t, "a"), want),
	); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, next(t, got).m); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", ">", "a b", "$JS.API.INFO", "wattle.x", "a.*"} {
		if err := a.Publish(call(t, "a"), &messaging.Message{Subject: bad}); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("publish on %q: %v", bad, err)
		}
		if err := a.Publish(call(t, "a"), &messaging.Message{Subject: "a", Reply: bad}); bad != "" && !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("publish with reply %q: %v", bad, err)
		}
	}
}

// Of a queue one is given each message, and of two queues one each.
func queues(t *testing.T, e *Env) {
	const n = 40
	var one, two atomic.Int64
	var all []<-chan delivery
	for _, queue := range []string{"one", "one", "one", "two", "two"} {
		all = append(all, subscribe(t, e, e.Broker("b"), "jobs.>", queue))
	}
	a := e.Broker("a")
	for i := range n {
		if err := a.Publish(call(t, "a"), &messaging.Message{Subject: fmt.Sprintf("jobs.%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	done := time.After(20 * time.Second)
	for one.Load()+two.Load() < 2*n {
		select {
		case <-all[0]:
			one.Add(1)
		case <-all[1]:
			one.Add(1)
		case <-all[2]:
			one.Add(1)
		case <-all[3]:
			two.Add(1)
		case <-all[4]:
			two.Add(1)
		case <-done:
			t.Fatalf("queues were given %d and %d messages, want %d each", one.Load(), two.Load(), n)
		}
	}
	if one.Load() != n || two.Load() != n {
		t.Errorf("queues were given %d and %d messages, want %d each", one.Load(), two.Load(), n)
	}
}

// respond answers every message that comes with so many messages.
func respond(t *testing.T, e *Env, on string, n int) {
	t.Helper()
	b := e.Broker("b")
	stop, err := b.Subscribe(pattern(t, on), "q", func(ctx context.Context, m *messaging.Message) {
		on := *lattice.InvocationOf(ctx)
		ctx = lattice.WithInvocation(ctx, &on)
		for i := range n {
			if err := b.Publish(ctx, &messaging.Message{Subject: m.Reply, Body: fmt.Append(m.Body, i)}); err != nil {
				t.Errorf("answer: %v", err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop() })
	e.Settle()
}

func bodies(all []*messaging.Message) []string {
	var s []string
	for _, m := range all {
		s = append(s, string(m.Body))
	}
	return s
}

func request(t *testing.T, e *Env) {
	respond(t, e, "ask", 1)
	got, err := e.Broker("a").Request(call(t, "a"), &messaging.Message{Subject: "ask", Reply: "nowhere", Body: []byte("m")}, 1)
	if want := []string{"m0"}; err != nil || !slices.Equal(bodies(got), want) {
		t.Errorf("answers %q, %v, want %q", bodies(got), err, want)
	}
}

func answers(t *testing.T, e *Env) {
	respond(t, e, "ask", 3)
	a := e.Broker("a")
	got, err := a.Request(call(t, "a"), &messaging.Message{Subject: "ask", Body: []byte("m")}, 2)
	if want := []string{"m0", "m1"}; err != nil || !slices.Equal(bodies(got), want) {
		t.Errorf("answers %q, %v, want %q", bodies(got), err, want)
	}
	// Fewer than are waited for: those that came by then.
	ctx, cancel := context.WithTimeout(call(t, "a"), 300*time.Millisecond)
	defer cancel()
	got, err = a.Request(ctx, &messaging.Message{Subject: "ask", Body: []byte("m")}, 9)
	if want := []string{"m0", "m1", "m2"}; err != nil || !slices.Equal(bodies(got), want) {
		t.Errorf("answers %q, %v, want %q", bodies(got), err, want)
	}
}

func nobody(t *testing.T, e *Env) {
	for _, n := range []int{1, 2} {
		if _, err := e.Broker("a").Request(call(t, "a"), &messaging.Message{Subject: "deserted"}, n); !errors.Is(err, lattice.ErrUnavailable) {
			t.Errorf("request for %d answers: %v", n, err)
		}
	}
}

func timeout(t *testing.T, e *Env) {
	subscribe(t, e, e.Broker("b"), "silent", "q")
	for _, n := range []int{1, 2} {
		ctx, cancel := context.WithTimeout(call(t, "a"), 100*time.Millisecond)
		if _, err := e.Broker("a").Request(ctx, &messaging.Message{Subject: "silent"}, n); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("request for %d answers: %v", n, err)
		}
		cancel()
	}
}

func bounds(t *testing.T, e *Env) {
	large := &messaging.Message{Subject: "a", Body: make([]byte, e.MaxBody)}
	if err := e.Broker("a").Publish(call(t, "a"), large); !errors.Is(err, lattice.ErrExhausted) {
		t.Errorf("publish of %d bytes: %v", e.MaxBody, err)
	}
	if _, err := e.Broker("a").Request(call(t, "a"), large, 1); !errors.Is(err, lattice.ErrExhausted) {
		t.Errorf("request of %d bytes: %v", e.MaxBody, err)
	}
}

// A message comes on behalf of who sent it, and chains have an end.
func chain(t *testing.T, e *Env) {
	got := subscribe(t, e, e.Broker("b"), "a", "q")
	odd := lattice.Caller("gateway/o, ü%\r\n")
	ctx := lattice.WithInvocation(t.Context(), &lattice.Invocation{Target: "alias", Callers: []lattice.Caller{"http", odd}, Depth: 3})
	a := e.Broker("a")
	if err := a.Publish(ctx, &messaging.Message{Subject: "a"}); err != nil {
		t.Fatal(err)
	}
	inv := lattice.InvocationOf(next(t, got).ctx)
	if want := []lattice.Caller{"http", odd, "component/a"}; inv == nil || !slices.Equal(inv.Callers, want) || inv.Depth != 2 {
		t.Errorf("on behalf of %+v, want %q at depth 2", inv, want)
	}
	over := lattice.WithInvocation(t.Context(), &lattice.Invocation{Target: "a", Depth: 0})
	if err := a.Publish(over, &messaging.Message{Subject: "a"}); !errors.Is(err, lattice.ErrExhausted) {
		t.Errorf("publish at the end of the chain: %v", err)
	}
	if err := a.Publish(t.Context(), &messaging.Message{Subject: "a"}); !errors.Is(err, lattice.ErrUnavailable) {
		t.Errorf("publish on nobody's behalf: %v", err)
	}
}

// Nothing is lost while a subscription of a queue ends and another begins, and nothing is
// given to one that has ended.
func leave(t *testing.T, e *Env) {
	const n, changes = 500, 20
	var got atomic.Int64
	all := make(chan struct{})
	join := func() (leave func()) {
		var left atomic.Bool
		stop, err := e.Broker("b").Subscribe(pattern(t, "a"), "q", func(context.Context, *messaging.Message) {
			if left.Load() {
				t.Error("what has ended is given a message")
			}
			if got.Add(1) == n {
				close(all)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := stop(); err != nil {
				t.Error(err)
			}
			left.Store(true)
		}
	}
	last := join()
	e.Settle()
	a := e.Broker("a")
	for i := range n {
		if err := a.Publish(call(t, "a"), &messaging.Message{Subject: "a"}); err != nil {
			t.Fatal(err)
		}
		if i%(n/changes) == 0 {
			next := join()
			e.Settle()
			last()
			last = next
		}
	}
	select {
	case <-all:
	case <-time.After(time.Minute):
		t.Errorf("%d of %d messages were given", got.Load(), n)
	}
	last()
}

func stop(t *testing.T, e *Env) {
	b := e.Broker("b")
	got := make(chan string, 10)
	stop, err := b.Subscribe(pattern(t, "a"), "q", func(_ context.Context, m *messaging.Message) { got <- string(m.Body) })
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	e.Settle()
	last := subscribe(t, e, b, "a", "q")
	if err := e.Broker("a").Publish(call(t, "a"), &messaging.Message{Subject: "a"}); err != nil {
		t.Fatal(err)
	}
	next(t, last)
	select {
	case text := <-got:
		t.Errorf("what was stopped is given %q", text)
	default:
	}
}
