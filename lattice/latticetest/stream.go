package latticetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
)

// stream keeps what is published on events.>.
var stream = lattice.StreamConfig{
	Name: "events", Subjects: []string{"events.>"}, MaxAge: time.Hour, MaxBytes: 1 << 20, MaxMessages: 1000,
}

func newStream(tb testing.TB, m lattice.Lattice, c lattice.StreamConfig) {
	tb.Helper()
	if err := m.CreateStream(within(tb), c); err != nil {
		tb.Fatalf("CreateStream: %v", err)
	}
}

// replay returns the data of what is kept.
func replay(tb testing.TB, m lattice.Lattice, subject string, since time.Time) []string {
	tb.Helper()
	var got []string
	last := since
	err := m.Replay(within(tb), stream.Name, subject, since, func(m *lattice.Message) error {
		if m.Time.Before(last) {
			tb.Errorf("message %q is of %v, asked for those since %v, in order", m.Data, m.Time, last)
		}
		last = m.Time
		got = append(got, string(m.Data))
		return nil
	})
	if err != nil {
		tb.Fatalf("Replay: %v", err)
	}
	return got
}

// wantReplay waits until the messages are kept: Publish does not wait for it.
func wantReplay(tb testing.TB, m lattice.Lattice, subject string, want ...string) {
	tb.Helper()
	eventually(tb, func() error {
		if diff := cmp.Diff(want, replay(tb, m, subject, time.Time{})); diff != "" {
			return fmt.Errorf("replay of %q (-want +got):\n%s", subject, diff)
		}
		return nil
	})
}

func replayKept(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	ignore := func(*lattice.Message) error { return nil }
	if err := a.Replay(within(tb), "missing", ">", time.Time{}, ignore); !errors.Is(err, lattice.ErrNotFound) {
		tb.Errorf("Replay of a stream that does not exist: %v, want ErrNotFound", err)
	}
	newStream(tb, a, stream)
	if got := replay(tb, b, "events.>", time.Time{}); len(got) != 0 {
		tb.Errorf("Replay of an empty stream: %q", got)
	}
	live := subscribe(tb, b, "events.>", "")
	for i, subject := range []string{"events.x.1", "events.y.1", "other", "events.x.2"} {
		send(tb, a, subject, fmt.Sprint(i))
	}
	wantData(tb, live, "0", "1", "3")
	wantReplay(tb, b, "events.>", "0", "1", "3")
	wantReplay(tb, b, "events.x.*", "0", "3")
	wantReplay(tb, b, "events.y.1", "1")
	if got := replay(tb, b, "events.nothing", time.Time{}); len(got) != 0 {
		tb.Errorf("Replay of a subject without messages: %q", got)
	}
	if got := replay(tb, b, "events.>", time.Now().Add(time.Hour)); len(got) != 0 {
		tb.Errorf("Replay since a time to come: %q", got)
	}
	if got := replay(tb, b, "events.>", time.Now().Add(-time.Hour)); len(got) != 3 {
		tb.Errorf("Replay since an hour ago: %q, want all three", got)
	}
}

func replayMessage(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	newStream(tb, a, stream)
	sent := &lattice.Message{Subject: "events.x", Data: []byte("data"), Header: lattice.Header{"traceparent": {"00-1"}}}
	if err := a.Publish(sent); err != nil {
		tb.Fatal(err)
	}
	wantReplay(tb, a, ">", "data")
	err := a.Replay(within(tb), stream.Name, ">", time.Time{}, func(m *lattice.Message) error {
		if m.Subject != sent.Subject || m.Header.Get("traceparent") != "00-1" || m.Reply != "" {
			tb.Errorf("kept as %+v", m)
		}
		if d := time.Since(m.Time); d < -time.Minute || d > time.Minute {
			tb.Errorf("kept at %v", m.Time)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// replayBounds is that the oldest go first, and that bounds can be changed.
func replayBounds(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	c := stream
	c.MaxMessages = 5
	newStream(tb, a, c)
	newStream(tb, a, c)
	for i := range 20 {
		send(tb, a, "events.x", fmt.Sprint(i))
	}
	wantReplay(tb, a, ">", "15", "16", "17", "18", "19")
	c.MaxMessages = 2
	newStream(tb, a, c)
	wantReplay(tb, a, ">", "18", "19")
	for what, bad := range map[string]lattice.StreamConfig{
		"name":        {Subjects: c.Subjects, MaxAge: 1, MaxBytes: 1, MaxMessages: 1},
		"subjects":    {Name: "s", MaxAge: time.Hour, MaxBytes: 1 << 20, MaxMessages: 1},
		"MaxAge":      {Name: "s", Subjects: []string{"s.>"}, MaxBytes: 1 << 20, MaxMessages: 1},
		"MaxBytes":    {Name: "s", Subjects: []string{"s.>"}, MaxAge: time.Hour, MaxMessages: 1},
		"MaxMessages": {Name: "s", Subjects: []string{"s.>"}, MaxAge: time.Hour, MaxBytes: 1 << 20},
	} {
		if err := a.CreateStream(within(tb), bad); !errors.Is(err, lattice.ErrInvalid) {
			tb.Errorf("CreateStream without %s: %v, want ErrInvalid", what, err)
		}
	}
}

// replayAge is that messages go when they are too old.
func replayAge(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	c := stream
	c.MaxAge = time.Second
	newStream(tb, a, c)
	send(tb, a, "events.x", "1")
	flush(tb, a)
	wantReplay(tb, a, ">")
}

// replayError is that f ends it, and that publishing meanwhile does not go on for
// ever.
func replayError(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	newStream(tb, a, stream)
	for i := range 10 {
		send(tb, a, "events.x", fmt.Sprint(i))
	}
	wantReplay(tb, a, ">", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
	enough := errors.New("enough")
	n := 0
	err := a.Replay(within(tb), stream.Name, ">", time.Time{}, func(*lattice.Message) error {
		if n++; n == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || n != 3 {
		tb.Errorf("Replay: %d messages and %v, want 3 and the error of f", n, err)
	}
	n = 0
	err = a.Replay(within(tb), stream.Name, ">", time.Time{}, func(*lattice.Message) error {
		n++
		return a.Publish(&lattice.Message{Subject: "events.x", Data: []byte("more")})
	})
	if err != nil || n != 10 {
		tb.Errorf("Replay while more is published: %d messages and %v, want those 10 that there were", n, err)
	}
}
