package latticetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
)

// watching is a watch under way.
type watching struct {
	entries chan lattice.Entry
	ended   chan error
	stop    context.CancelFunc
}

// watch watches the keys that match a pattern.
func watch(tb testing.TB, b lattice.Bucket, pattern string) *watching {
	ctx, stop := context.WithCancel(tb.Context())
	w := &watching{entries: make(chan lattice.Entry, 10_000), ended: make(chan error, 1), stop: stop}
	tb.Cleanup(stop)
	go func() {
		w.ended <- b.Watch(ctx, pattern, func(e lattice.Entry) error {
			w.entries <- e
			return nil
		})
	}()
	return w
}

// values waits for Synced and returns what was before it.
func (w *watching) values(tb testing.TB) map[string]string {
	tb.Helper()
	all := map[string]string{}
	for {
		e := receive(tb, w.entries)
		if e.Synced {
			if e.Key != "" || e.Deleted || len(e.Value) > 0 {
				tb.Errorf("Synced came with %+v", e)
			}
			return all
		}
		if e.Deleted {
			tb.Errorf("before Synced came the deletion of %q", e.Key)
		}
		all[e.Key] = string(e.Value)
	}
}

// want waits for a change. Values that are given a second time are passed over.
func (w *watching) want(tb testing.TB, key, value string, deleted bool) lattice.Entry {
	tb.Helper()
	for {
		e := receive(tb, w.entries)
		if e.Key == key && string(e.Value) == value && e.Deleted == deleted && !e.Synced {
			return e
		}
		if e.Key == key || e.Synced {
			tb.Fatalf("the watch gave %+v, want %q of %q, deleted %v", e, value, key, deleted)
		}
	}
}

func watchValues(tb testing.TB, e *Env) {
	a, other := e.Join(tb, "a"), e.Join(tb, "b")
	b := newBucket(tb, a, lattice.BucketConfig{})
	put(tb, b, "x.1", "old")
	put(tb, b, "x.1", "one")
	put(tb, b, "x.2", "two")
	put(tb, b, "y.1", "not for us")
	put(tb, b, "x.3", "gone")
	remove(tb, b, "x.3")
	w := watch(tb, openBucket(tb, other, bucketName), "x.*")
	if diff := cmp.Diff(map[string]string{"x.1": "one", "x.2": "two"}, w.values(tb)); diff != "" {
		tb.Errorf("values before Synced (-want +got):\n%s", diff)
	}
	put(tb, b, "y.1", "not for us either")
	revision := put(tb, b, "x.1", "three")
	if got := w.want(tb, "x.1", "three", false); got.Revision != revision {
		tb.Errorf("revision %d, want %d", got.Revision, revision)
	}
	remove(tb, b, "x.2")
	if got := w.want(tb, "x.2", "", true); got.Revision <= revision {
		tb.Errorf("revision %d of a deletion after %d", got.Revision, revision)
	}
	put(tb, b, "x.2", "again")
	w.want(tb, "x.2", "again", false)
	w.stop()
	if err := receive(tb, w.ended); err != nil {
		tb.Errorf("Watch after its context ended: %v, want nil", err)
	}
}

func watchEmpty(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	b := newBucket(tb, a, lattice.BucketConfig{})
	w := watch(tb, b, ">")
	if got := w.values(tb); len(got) != 0 {
		tb.Errorf("values of an empty bucket: %v", got)
	}
	put(tb, b, "k", "1")
	w.want(tb, "k", "1", false)
}

// watchOneKey watches a key that is there and one that is not.
func watchOneKey(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	b := newBucket(tb, a, lattice.BucketConfig{})
	put(tb, b, "k", "1")
	there, missing := watch(tb, b, "k"), watch(tb, b, "k.missing")
	if got := there.values(tb); got["k"] != "1" || len(got) != 1 {
		tb.Errorf("values of one key: %v", got)
	}
	if got := missing.values(tb); len(got) != 0 {
		tb.Errorf("values of a key that is not there: %v", got)
	}
	put(tb, b, "k", "2")
	there.want(tb, "k", "2", false)
	put(tb, b, "k.missing", "3")
	missing.want(tb, "k.missing", "3", false)
}

// watchOrder is that the changes of all keys come in the order of their revisions,
// each once, and the last of each key for certain: while f keeps up, and when it
// does not.
func watchOrder(tb testing.TB, e *Env) {
	a, other := e.Join(tb, "a"), e.Join(tb, "b")
	b := newBucket(tb, a, lattice.BucketConfig{})
	w := watch(tb, openBucket(tb, other, bucketName), ">")
	w.values(tb)
	gate, entries := make(chan struct{}), make(chan lattice.Entry, 1000)
	go func() {
		// What it returns is that its context has ended, which nobody asks.
		_ = openBucket(tb, other, bucketName).Watch(tb.Context(), ">", func(e lattice.Entry) error {
			entries <- e
			<-gate
			return nil
		})
	}()
	if e := receive(tb, entries); !e.Synced {
		tb.Fatalf("the watch began with %+v", e)
	}
	const n = 200
	last := uint64(0)
	for i := range n {
		// The keys are not in the order of the revisions.
		key, value := fmt.Sprint("k.", 9-i%5), fmt.Sprint(i)
		put(tb, b, key, value)
		if i >= n/2 {
			continue
		}
		entry := receive(tb, w.entries)
		if entry.Key != key || string(entry.Value) != value || entry.Revision <= last {
			tb.Fatalf("after revision %d came %+v, want %q of %q", last, entry, value, key)
		}
		last = entry.Revision
	}
	close(gate)
	for what, c := range map[string]struct {
		entries chan lattice.Entry
		last    uint64
	}{"that keeps up": {w.entries, last}, "that is slow": {entries, 0}} {
		have := map[string]string{}
		for last, value := c.last, ""; value != fmt.Sprint(n-1); {
			e := receive(tb, c.entries)
			if e.Revision <= last {
				tb.Fatalf("a watch %s gave revision %d after %d", what, e.Revision, last)
			}
			last, value = e.Revision, string(e.Value)
			have[e.Key] = value
		}
		want := map[string]string{"k.5": "199", "k.6": "198", "k.7": "197", "k.8": "196", "k.9": "195"}
		if diff := cmp.Diff(want, have); diff != "" {
			tb.Errorf("a watch %s has in the end (-want +got):\n%s", what, diff)
		}
	}
}

// watchTTL is that a value which expires is deleted as any other.
func watchTTL(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	b := newBucket(tb, a, lattice.BucketConfig{TTL: 2 * time.Second})
	put(tb, b, "before", "1")
	w := watch(tb, b, ">")
	w.values(tb)
	put(tb, b, "k", "1")
	w.want(tb, "k", "1", false)
	gone := map[string]bool{}
	for len(gone) < 2 {
		if entry := receive(tb, w.entries); entry.Deleted {
			gone[entry.Key] = true
		}
	}
	wantValue(tb, b, "k", "")
}

func watchError(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	b := newBucket(tb, a, lattice.BucketConfig{})
	put(tb, b, "k", "1")
	enough := errors.New("enough")
	err := b.Watch(within(tb), ">", func(e lattice.Entry) error {
		if e.Synced {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		tb.Errorf("Watch: %v, want the error of f", err)
	}
	ended, cancel := context.WithCancel(tb.Context())
	cancel()
	if err := b.Watch(ended, ">", func(lattice.Entry) error { return nil }); err != nil {
		tb.Errorf("Watch with a context that had ended: %v, want nil", err)
	}
}

// watchCloses is that a watch ends with its member.
func watchCloses(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	w := watch(tb, newBucket(tb, a, lattice.BucketConfig{}), ">")
	w.values(tb)
	if err := a.Close(); err != nil {
		tb.Fatal(err)
	}
	if err := receive(tb, w.ended); !errors.Is(err, lattice.ErrUnavailable) {
		tb.Errorf("Watch of a member that was closed: %v, want ErrUnavailable", err)
	}
}

// watchReentrant uses the bucket from where its changes are given.
func watchReentrant(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	b := newBucket(tb, a, lattice.BucketConfig{})
	put(tb, b, "in", "1")
	ctx := within(tb)
	done := errors.New("done")
	err := b.Watch(ctx, "in", func(e lattice.Entry) error {
		if e.Synced {
			return done
		}
		_, err := b.Put(ctx, "out", e.Value)
		return err
	})
	if !errors.Is(err, done) {
		tb.Fatalf("Watch: %v", err)
	}
	wantValue(tb, b, "out", "1")
}
