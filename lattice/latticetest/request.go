package latticetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// answer has a member answer requests with the subject and data of each.
func answer(tb testing.TB, m lattice.Lattice, subject, queue string) {
	tb.Helper()
	_, err := m.Subscribe(subject, queue, func(q *lattice.Message) {
		err := m.Publish(&lattice.Message{
			Subject: q.Reply, Data: append([]byte(q.Subject+" "), q.Data...), Header: q.Header,
		})
		if err != nil && !errors.Is(err, lattice.ErrUnavailable) {
			tb.Errorf("answer: %v", err)
		}
	})
	if err != nil {
		tb.Fatal(err)
	}
	flush(tb, m)
}

func request(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	answer(tb, b, "ask.*", "")
	got, err := a.Request(within(tb), &lattice.Message{
		Subject: "ask.me", Data: []byte("why"), Header: lattice.Header{"traceparent": {"00-1"}},
	})
	if err != nil {
		tb.Fatal(err)
	}
	if string(got.Data) != "ask.me why" || got.Header.Get("traceparent") != "00-1" {
		tb.Errorf("answer is %q with header %v", got.Data, got.Header)
	}
}

// requestMany has many requests be under way at once: each gets its own answer.
func requestMany(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	answer(tb, a, "ask", "q")
	answer(tb, b, "ask", "q")
	ctx := within(tb)
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			for j := range 10 {
				data := fmt.Sprintf("%d.%d", i, j)
				got, err := a.Request(ctx, &lattice.Message{Subject: "ask", Data: []byte(data)})
				if err != nil {
					tb.Errorf("request %s: %v", data, err)
				} else if string(got.Data) != "ask "+data {
					tb.Errorf("request %s was answered %q", data, got.Data)
				}
			}
		})
	}
	all.Wait()
}

func noResponders(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	nobody := func() {
		tb.Helper()
		start := time.Now()
		_, err := a.Request(within(tb), &lattice.Message{Subject: "nobody.here"})
		if e, ok := errors.AsType[*lattice.Error](err); !ok || e.Code != lattice.CodeUnavailable || !e.Undelivered {
			tb.Fatalf("Request to nobody: %v (%T), want an *Error of CodeUnavailable, Undelivered", err, err)
		}
		if !errors.Is(err, lattice.ErrUnavailable) || !lattice.Undelivered(err) {
			tb.Fatalf("Request to nobody: %v, want ErrUnavailable and Undelivered", err)
		}
		if took := time.Since(start); took > patience/2 {
			tb.Fatalf("Request to nobody took %v", took)
		}
	}
	nobody()
	sub, err := b.Subscribe("nobody.here", "q", func(m *lattice.Message) {
		_ = b.Publish(&lattice.Message{Subject: m.Reply}) // answered or not, what follows shows it
	})
	if err != nil {
		tb.Fatal(err)
	}
	flush(tb, b)
	if _, err := a.Request(within(tb), &lattice.Message{Subject: "nobody.here"}); err != nil {
		tb.Fatalf("Request to somebody: %v", err)
	}
	if err := sub.Unsubscribe(); err != nil {
		tb.Fatal(err)
	}
	flush(tb, b)
	nobody()
	// Publish does not care.
	send(tb, a, "nobody.here", "1")
}

// publishNobody is that who publishes with a Reply is told that nobody subscribes,
// and nobody else is.
func publishNobody(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	inbox := a.NewInbox()
	told, other := subscribe(tb, a, inbox+".>", ""), subscribe(tb, b, "b.inbox", "")
	ask := func(reply string) {
		tb.Helper()
		if err := a.Publish(&lattice.Message{Subject: "nobody.here", Reply: reply, Data: []byte("1")}); err != nil {
			tb.Fatal(err)
		}
	}
	ask(inbox + ".7")
	m := receive(tb, told)
	if !m.NoResponders() || m.Subject != inbox+".7" || len(m.Data) > 0 {
		tb.Errorf("the publisher was told %+v, want NoResponders on %q", m, inbox+".7")
	}
	ask("b.inbox")
	heard := subscribe(tb, b, "nobody.here", "q")
	ask(inbox + ".8")
	wantData(tb, heard, "1")
	if err := b.Publish(&lattice.Message{Subject: inbox + ".8", Header: lattice.Header{"k": {"v"}}}); err != nil {
		tb.Fatal(err)
	}
	if m := receive(tb, told); m.NoResponders() || m.Subject != inbox+".8" {
		tb.Errorf("an empty answer came as %+v", m)
	}
	wantNone(tb, other)
}

// silent has a member take requests and not answer them.
func silent(tb testing.TB, m lattice.Lattice, subject string) <-chan *lattice.Message {
	tb.Helper()
	return subscribe(tb, m, subject, "")
}

func requestDeadline(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	asked := silent(tb, b, "silent")
	ctx, cancel := context.WithTimeout(tb.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := a.Request(ctx, &lattice.Message{Subject: "silent"})
	if !errors.Is(err, context.DeadlineExceeded) || lattice.Undelivered(err) {
		tb.Errorf("Request that was not answered: %v, want DeadlineExceeded, and not Undelivered", err)
	}
	// An answer that comes later goes nowhere, and hurts nobody.
	late := receive(tb, asked)
	send(tb, b, late.Reply, "late")
	flush(tb, b)
	answer(tb, b, "next", "")
	if got, err := a.Request(within(tb), &lattice.Message{Subject: "next"}); err != nil || string(got.Data) != "next " {
		tb.Errorf("the request after it: %v, %v", got, err)
	}
}

func requestWithoutDeadline(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	silent(tb, b, "silent")
	start := time.Now()
	_, err := a.Request(context.WithoutCancel(tb.Context()), &lattice.Message{Subject: "silent"})
	if !errors.Is(err, context.DeadlineExceeded) {
		tb.Errorf("Request that was not answered: %v, want DeadlineExceeded", err)
	}
	if took := time.Since(start); took < lattice.DefaultTimeout/2 || took > 2*lattice.DefaultTimeout {
		tb.Errorf("it took %v, want DefaultTimeout, %v", took, lattice.DefaultTimeout)
	}
}

func requestCanceled(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	asked := silent(tb, b, "silent")
	ctx, cancel := context.WithCancel(within(tb))
	done := make(chan error, 1)
	go func() {
		_, err := a.Request(ctx, &lattice.Message{Subject: "silent"})
		done <- err
	}()
	receive(tb, asked)
	cancel()
	if err := receive(tb, done); !errors.Is(err, context.Canceled) {
		tb.Errorf("Request that was canceled: %v, want Canceled", err)
	}
	if _, err := a.Request(ctx, &lattice.Message{Subject: "silent"}); !errors.Is(err, context.Canceled) {
		tb.Errorf("Request with a context that had ended: %v, want Canceled", err)
	}
}
