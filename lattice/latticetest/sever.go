package latticetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// severed cuts a member off and waits until it knows.
func severed(tb testing.TB, e *Env, m lattice.Lattice) {
	tb.Helper()
	if e.Sever == nil || e.Restore == nil {
		tb.Skip("this implementation has no way to cut a member off")
	}
	e.Sever(tb, m)
	connected(tb, m, false)
}

// severPublish is that subscriptions and what is published live through a lost
// connection.
func severPublish(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	fromA, fromB := subscribe(tb, b, "from.a", ""), subscribe(tb, a, "from.b", "")
	severed(tb, e, a)
	for i := range 10 {
		send(tb, a, "from.a", fmt.Sprint(i))
	}
	later := make(chan *lattice.Message, 10)
	if _, err := a.Subscribe("later", "", func(m *lattice.Message) { later <- m }); err != nil {
		tb.Fatalf("Subscribe without a connection: %v", err)
	}
	e.Restore(tb, a)
	connected(tb, a, true)
	flush(tb, a)
	for i := range 10 {
		wantData(tb, fromA, fmt.Sprint(i))
	}
	send(tb, b, "from.b", "back")
	send(tb, b, "later", "too")
	wantData(tb, fromB, "back")
	wantData(tb, later, "too")
	// What waited is published once, and subscriptions are one still.
	severed(tb, e, a)
	e.Restore(tb, a)
	connected(tb, a, true)
	flush(tb, a)
	send(tb, a, "from.a", "end")
	wantData(tb, fromA, "end")
	for _, data := range []string{"1", "2"} {
		send(tb, b, "from.b", data)
		wantData(tb, fromB, data)
	}
}

// severFull is that what waits for a connection is bounded.
func severFull(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	severed(tb, e, a)
	chunk := make([]byte, 64<<10)
	for n := 0; ; n++ {
		err := a.Publish(&lattice.Message{Subject: "s", Data: chunk})
		if errors.Is(err, lattice.ErrUnavailable) {
			break
		}
		if err != nil {
			tb.Fatalf("Publish of chunk %d without a connection: %v, want ErrUnavailable in the end", n, err)
		}
		if n > 4096 {
			tb.Fatal("256 MiB wait for a connection")
		}
	}
	e.Restore(tb, a)
	connected(tb, a, true)
	flush(tb, a)
	answer(tb, a, "after", "")
	if _, err := a.Request(within(tb), &lattice.Message{Subject: "after"}); err != nil {
		tb.Errorf("Request after it: %v", err)
	}
}

// severRequest is that nothing waits longer than it may.
func severRequest(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	bucket := newBucket(tb, a, lattice.BucketConfig{})
	answer(tb, b, "ask", "")
	answer(tb, a, "cut.off", "")
	severed(tb, e, a)
	short := func() context.Context {
		ctx, cancel := context.WithTimeout(tb.Context(), 200*time.Millisecond)
		tb.Cleanup(cancel)
		return ctx
	}
	_, request := a.Request(short(), &lattice.Message{Subject: "ask"})
	_, get := bucket.Get(short(), "k")
	_, update := bucket.Put(short(), "k", nil)
	for what, err := range map[string]error{"Request": request, "Get": get, "Put": update, "Flush": a.Flush(short())} {
		if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, lattice.ErrUnavailable) {
			tb.Errorf("%s without a connection: %v, want DeadlineExceeded or ErrUnavailable", what, err)
		}
	}
	// What asks for a member that is cut off is told so, or waits in vain.
	if _, err := b.Request(short(), &lattice.Message{Subject: "cut.off"}); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, lattice.ErrUnavailable) {
		tb.Errorf("Request to a member that is cut off: %v, want DeadlineExceeded or ErrUnavailable", err)
	}
	e.Restore(tb, a)
	connected(tb, a, true)
	if got, err := a.Request(within(tb), &lattice.Message{Subject: "ask", Data: []byte("2")}); err != nil || string(got.Data) != "ask 2" {
		tb.Errorf("Request after it: %v, %v", got, err)
	}
	put(tb, bucket, "k", "v")
	eventually(tb, func() error {
		_, err := b.Request(short(), &lattice.Message{Subject: "cut.off"})
		return err
	})
}

// severWatch is that a watch gives what was changed and deleted meanwhile.
func severWatch(tb testing.TB, e *Env) {
	a, other := e.Join(tb, "a"), e.Join(tb, "b")
	theirs := newBucket(tb, other, lattice.BucketConfig{})
	put(tb, theirs, "changed", "1")
	put(tb, theirs, "deleted", "1")
	put(tb, theirs, "same", "1")
	w := watch(tb, openBucket(tb, a, bucketName), ">")
	w.values(tb)
	severed(tb, e, a)
	put(tb, theirs, "changed", "2")
	remove(tb, theirs, "deleted")
	put(tb, theirs, "new", "1")
	put(tb, theirs, "changed", "3")
	e.Restore(tb, a)
	have := map[string]string{"changed": "1", "deleted": "1", "same": "1"}
	for have["changed"] != "3" || have["deleted"] != "" || have["new"] != "1" {
		entry := receive(tb, w.entries)
		switch {
		case entry.Synced:
			tb.Error("Synced was given a second time")
		case entry.Deleted:
			delete(have, entry.Key)
		default:
			have[entry.Key] = string(entry.Value)
		}
	}
	if have["same"] != "1" {
		tb.Errorf("a value that did not change was lost: %v", have)
	}
	put(tb, theirs, "after", "1")
	for receive(tb, w.entries).Key != "after" {
		continue
	}
}
