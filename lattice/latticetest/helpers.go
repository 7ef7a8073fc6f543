package latticetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// patience is how long something that must happen may take. Nothing waits for it
// to pass unless the test fails.
const patience = 20 * time.Second

// within returns a context that ends when the patience does.
func within(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	tb.Cleanup(cancel)
	return ctx
}

// subscribe collects the messages of a subject.
func subscribe(tb testing.TB, m lattice.Messenger, subject, queue string) <-chan *lattice.Message {
	tb.Helper()
	got := make(chan *lattice.Message, 1<<14)
	if _, err := m.Subscribe(subject, queue, func(m *lattice.Message) { got <- m }); err != nil {
		tb.Fatalf("Subscribe(%q, %q): %v", subject, queue, err)
	}
	flush(tb, m)
	return got
}

func flush(tb testing.TB, members ...lattice.Messenger) {
	tb.Helper()
	for _, m := range members {
		if err := m.Flush(within(tb)); err != nil {
			tb.Fatalf("Flush: %v", err)
		}
	}
}

func send(tb testing.TB, m lattice.Messenger, subject, data string) {
	tb.Helper()
	if err := m.Publish(&lattice.Message{Subject: subject, Data: []byte(data)}); err != nil {
		tb.Fatalf("Publish to %q: %v", subject, err)
	}
}

// receive waits for the next of what is sent on a channel.
func receive[T any](tb testing.TB, c <-chan T) T {
	tb.Helper()
	select {
	case v, ok := <-c:
		if !ok {
			tb.Fatalf("the channel of %T was closed", v)
		}
		return v
	case <-time.After(patience):
		var v T
		tb.Fatalf("no %T in %v", v, patience)
		return v
	}
}

// wantData waits for messages with the data, in order.
func wantData(tb testing.TB, c <-chan *lattice.Message, want ...string) {
	tb.Helper()
	for _, data := range want {
		if m := receive(tb, c); string(m.Data) != data {
			tb.Fatalf("message on %q has data %.80q, want %.80q", m.Subject, m.Data, data)
		}
	}
}

// wantNone fails if a message has arrived. Whoever calls it has made sure that it
// would have: by one that was sent after it.
func wantNone(tb testing.TB, c <-chan *lattice.Message) {
	tb.Helper()
	select {
	case m := <-c:
		tb.Fatalf("message on %q with data %.80q, want none", m.Subject, m.Data)
	default:
	}
}

// eventually calls done, again and again, until it returns nil.
func eventually(tb testing.TB, done func() error) {
	tb.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		err := done()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			tb.Fatalf("after %v: %v", patience, err)
		}
	}
}

// connected waits until a member is, or is not, connected.
func connected(tb testing.TB, m lattice.Lattice, want bool) {
	tb.Helper()
	eventually(tb, func() error {
		if got := m.Connected(); got != want {
			return fmt.Errorf("Connected() = %v, want %v", got, want)
		}
		return nil
	})
}
