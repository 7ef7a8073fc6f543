package latticetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
)

func publish(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	first, second := subscribe(tb, b, "x.y", ""), subscribe(tb, b, "x.y", "")
	other := subscribe(tb, b, "x.z", "")
	sent := &lattice.Message{
		Subject: "x.y", Reply: "answer.here", Data: []byte("hello"),
		Header: lattice.Header{"traceparent": {"00-1"}, "Mixed-Case": {"a", "b"}, "mixed-case": {"c"}},
	}
	if err := a.Publish(sent); err != nil {
		tb.Fatal(err)
	}
	send(tb, a, "x.z", "last")
	for _, c := range []<-chan *lattice.Message{first, second} {
		if diff := cmp.Diff(sent, receive(tb, c)); diff != "" {
			tb.Errorf("message (-sent +received):\n%s", diff)
		}
	}
	wantData(tb, other, "last")
	send(tb, a, "x.y", "")
	if m := receive(tb, first); len(m.Data) != 0 || len(m.Header) != 0 || m.Reply != "" {
		tb.Errorf("empty message came as %+v", m)
	}
}

func wildcards(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	one, rest := subscribe(tb, b, "s.*.end", ""), subscribe(tb, b, "s.>", "")
	for _, subject := range []string{"s", "s.1.end", "s.1.2.end", "t.1.end", "s.2.end", "s.last"} {
		send(tb, a, subject, subject)
	}
	wantData(tb, rest, "s.1.end", "s.1.2.end", "s.2.end", "s.last")
	wantData(tb, one, "s.1.end", "s.2.end")
	wantNone(tb, one)
}

func order(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	got := subscribe(tb, b, "n.>", "")
	const n = 5000
	for i := range n {
		send(tb, a, fmt.Sprintf("n.%d", i%7), fmt.Sprint(i))
	}
	for i := range n {
		wantData(tb, got, fmt.Sprint(i))
	}
}

func ownMessages(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	got := subscribe(tb, a, "mine", "")
	send(tb, a, "mine", "1")
	wantData(tb, got, "1")
}

func dataIsTheReceivers(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	first, second := subscribe(tb, a, "d", ""), subscribe(tb, a, "d", "")
	data := []byte("before")
	if err := a.Publish(&lattice.Message{Subject: "d", Data: data}); err != nil {
		tb.Fatal(err)
	}
	// The sender may use its buffer again at once, and a receiver its own.
	copy(data, "XXXXXX")
	copy(receive(tb, first).Data, "YYYYYY")
	wantData(tb, second, "before")
}

func queueGroups(tb testing.TB, e *Env) {
	a, b, c := e.Join(tb, "a"), e.Join(tb, "b"), e.Join(tb, "c")
	type got struct{ group, data string }
	all := make(chan got, 1000)
	for _, s := range []struct {
		member lattice.Lattice
		queue  string
	}{{a, "red"}, {b, "red"}, {c, "red"}, {b, "blue"}, {c, ""}} {
		if _, err := s.member.Subscribe("work", s.queue, func(m *lattice.Message) {
			all <- got{s.queue, string(m.Data)}
		}); err != nil {
			tb.Fatal(err)
		}
	}
	flush(tb, a, b, c)
	const n = 100
	for i := range n {
		send(tb, a, "work", fmt.Sprint(i))
	}
	count := map[got]int{}
	for range 3 * n {
		count[receive(tb, all)]++
	}
	for i := range n {
		for _, group := range []string{"red", "blue", ""} {
			if g := (got{group, fmt.Sprint(i)}); count[g] != 1 {
				tb.Errorf("queue %q got message %d %d times, want once", group, i, count[g])
			}
		}
	}
}

func queueGroupLeft(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	got := subscribe(tb, a, "work", "q")
	sub, err := b.Subscribe("work", "q", func(m *lattice.Message) {
		tb.Errorf("the one that left got %q", m.Data)
	})
	if err != nil {
		tb.Fatal(err)
	}
	flush(tb, b)
	if err := sub.Unsubscribe(); err != nil {
		tb.Fatal(err)
	}
	flush(tb, b)
	for i := range 50 {
		send(tb, a, "work", fmt.Sprint(i))
		wantData(tb, got, fmt.Sprint(i))
	}
}

func unsubscribe(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	got := make(chan *lattice.Message, 100)
	sub, err := b.Subscribe("u", "", func(m *lattice.Message) { got <- m })
	if err != nil {
		tb.Fatal(err)
	}
	after := subscribe(tb, b, "after", "")
	send(tb, a, "u", "1")
	wantData(tb, got, "1")
	select {
	case <-sub.Done():
		tb.Error("it has ended already")
	default:
	}
	if err := sub.Unsubscribe(); err != nil {
		tb.Fatal(err)
	}
	select {
	case <-sub.Done():
	case <-time.After(patience):
		tb.Error("it does not end")
	}
	flush(tb, b)
	send(tb, a, "u", "2")
	send(tb, a, "after", "")
	receive(tb, after)
	wantNone(tb, got)
	if err := sub.Unsubscribe(); err != nil {
		tb.Errorf("second Unsubscribe: %v", err)
	}
}

// reentrant calls the lattice from where its messages are received.
func reentrant(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	done := make(chan string, 1)
	if _, err := a.Subscribe("in", "", func(m *lattice.Message) {
		sub, err := a.Subscribe("inner", "", func(m *lattice.Message) { done <- string(m.Data) })
		if err != nil {
			tb.Errorf("Subscribe in a subscription: %v", err)
			return
		}
		_ = sub
		if err := a.Publish(&lattice.Message{Subject: "inner", Data: m.Data}); err != nil {
			tb.Errorf("Publish in a subscription: %v", err)
		}
	}); err != nil {
		tb.Fatal(err)
	}
	flush(tb, a)
	send(tb, a, "in", "through")
	if got := receive(tb, done); got != "through" {
		tb.Errorf("got %q", got)
	}
}

func maxPayload(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	limit := a.MaxPayload()
	if limit < 64<<10 {
		tb.Fatalf("MaxPayload() = %d, want 64 KiB at least", limit)
	}
	got := subscribe(tb, b, "big", "")
	whole := strings.Repeat("x", limit)
	send(tb, a, "big", whole)
	wantData(tb, got, whole)
	err := a.Publish(&lattice.Message{Subject: "big", Data: []byte(whole + "x")})
	if !errors.Is(err, lattice.ErrExhausted) {
		tb.Errorf("Publish of MaxPayload and a byte: %v, want ErrExhausted", err)
	}
	if _, err := a.Request(within(tb), &lattice.Message{Subject: "big", Data: []byte(whole + "x")}); !errors.Is(err, lattice.ErrExhausted) {
		tb.Errorf("Request of MaxPayload and a byte: %v, want ErrExhausted", err)
	}
	err = a.Publish(&lattice.Message{Subject: "big", Data: []byte(whole), Header: lattice.Header{"k": {"v"}}})
	if !errors.Is(err, lattice.ErrExhausted) {
		tb.Errorf("Publish of MaxPayload and a header: %v, want ErrExhausted", err)
	}
	send(tb, a, "big", "small")
	wantData(tb, got, "small")
}

func invalidSubjects(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	for _, subject := range []string{"", ".", "a.", ".a", "a..b", "a b", "a\tb", "a\r\nPUB b 0\r\n"} {
		if err := a.Publish(&lattice.Message{Subject: subject}); !errors.Is(err, lattice.ErrInvalid) {
			tb.Errorf("Publish to %q: %v, want ErrInvalid", subject, err)
		}
		if _, err := a.Request(within(tb), &lattice.Message{Subject: subject}); !errors.Is(err, lattice.ErrInvalid) {
			tb.Errorf("Request to %q: %v, want ErrInvalid", subject, err)
		}
		if _, err := a.Subscribe(subject, "", func(*lattice.Message) {}); !errors.Is(err, lattice.ErrInvalid) {
			tb.Errorf("Subscribe to %q: %v, want ErrInvalid", subject, err)
		}
	}
	for _, subject := range []string{"*", ">", "a.*", "a.>"} {
		if err := a.Publish(&lattice.Message{Subject: subject}); !errors.Is(err, lattice.ErrInvalid) {
			tb.Errorf("Publish to %q: %v, want ErrInvalid", subject, err)
		}
	}
	for _, reply := range []string{"a b", "a\r\n"} {
		if err := a.Publish(&lattice.Message{Subject: "a", Reply: reply}); !errors.Is(err, lattice.ErrInvalid) {
			tb.Errorf("Publish with reply %q: %v, want ErrInvalid", reply, err)
		}
	}
	for _, subject := range []string{"a.>.b", ">.a"} {
		if _, err := a.Subscribe(subject, "", func(*lattice.Message) {}); !errors.Is(err, lattice.ErrInvalid) {
			tb.Errorf("Subscribe to %q: %v, want ErrInvalid", subject, err)
		}
	}
	if _, err := a.Subscribe("a", "q q", func(*lattice.Message) {}); !errors.Is(err, lattice.ErrInvalid) {
		tb.Errorf("Subscribe with queue %q: %v, want ErrInvalid", "q q", err)
	}
	// The connection has survived all of it.
	got := subscribe(tb, a, "fine", "")
	send(tb, a, "fine", "1")
	wantData(tb, got, "1")
}

func users(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	for _, m := range []lattice.Lattice{a, b} {
		if u := m.User(); u == "" || strings.ContainsAny(u, ". *>\t\r\n") || u != m.User() {
			tb.Errorf("User() = %q, want one token, always the same", u)
		}
		if !m.Connected() {
			tb.Errorf("a member that has joined is not connected")
		}
	}
	if a.User() == b.User() {
		tb.Errorf("both members are user %q", a.User())
	}
	seen := map[string]bool{}
	for range 100 {
		inbox := a.NewInbox()
		if seen[inbox] {
			tb.Fatalf("NewInbox() = %q for the second time", inbox)
		}
		seen[inbox] = true
	}
	inbox := a.NewInbox()
	got := subscribe(tb, a, inbox, "")
	send(tb, b, inbox, "for a")
	wantData(tb, got, "for a")
}

func closing(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	received := subscribe(tb, a, "c", "")
	kept := subscribe(tb, b, "c", "")
	if err := a.Close(); err != nil {
		tb.Fatalf("Close: %v", err)
	}
	for len(received) > 0 {
		<-received
	}
	send(tb, b, "c", "1")
	wantData(tb, kept, "1")
	wantNone(tb, received)
	if err := a.Publish(&lattice.Message{Subject: "c"}); !errors.Is(err, lattice.ErrUnavailable) {
		tb.Errorf("Publish after Close: %v, want ErrUnavailable", err)
	}
	if _, err := a.Request(within(tb), &lattice.Message{Subject: "c"}); !errors.Is(err, lattice.ErrUnavailable) {
		tb.Errorf("Request after Close: %v, want ErrUnavailable", err)
	}
	if _, err := a.Subscribe("c", "", func(*lattice.Message) {}); !errors.Is(err, lattice.ErrUnavailable) {
		tb.Errorf("Subscribe after Close: %v, want ErrUnavailable", err)
	}
	if _, err := a.Bucket(within(tb), "b"); !errors.Is(err, lattice.ErrUnavailable) {
		tb.Errorf("Bucket after Close: %v, want ErrUnavailable", err)
	}
	if a.Connected() {
		tb.Error("Connected() after Close")
	}
	if err := a.Close(); err != nil {
		tb.Errorf("second Close: %v", err)
	}
}
