package latticetest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
)

// bucketName is the bucket of most cases.
const bucketName = "things"

// newBucket makes a bucket.
func newBucket(tb testing.TB, m lattice.Lattice, c lattice.BucketConfig) lattice.Bucket {
	tb.Helper()
	if c.Name == "" {
		c.Name = bucketName
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 16 << 20
	}
	b, err := m.CreateBucket(within(tb), c)
	if err != nil {
		tb.Fatalf("CreateBucket(%q): %v", c.Name, err)
	}
	return b
}

// openBucket opens a bucket that another member made.
func openBucket(tb testing.TB, m lattice.Lattice, name string) lattice.Bucket {
	tb.Helper()
	b, err := m.Bucket(within(tb), name)
	if err != nil {
		tb.Fatalf("Bucket(%q): %v", name, err)
	}
	return b
}

func put(tb testing.TB, b lattice.Bucket, key, value string) uint64 {
	tb.Helper()
	revision, err := b.Put(within(tb), key, []byte(value))
	if err != nil {
		tb.Fatalf("Put(%q): %v", key, err)
	}
	return revision
}

func remove(tb testing.TB, b lattice.Bucket, key string) {
	tb.Helper()
	if err := b.Delete(within(tb), key); err != nil {
		tb.Fatalf("Delete(%q): %v", key, err)
	}
}

// wantValue fails if a key has another value, or one where want is empty.
func wantValue(tb testing.TB, b lattice.Bucket, key, want string) lattice.Entry {
	tb.Helper()
	e, err := b.Get(within(tb), key)
	switch {
	case want == "" && !errors.Is(err, lattice.ErrNotFound):
		tb.Fatalf("Get(%q): %q, %v, want ErrNotFound", key, e.Value, err)
	case want != "" && err != nil:
		tb.Fatalf("Get(%q): %v, want %q", key, err, want)
	case want != "" && (string(e.Value) != want || e.Key != key || e.Deleted || e.Synced):
		tb.Fatalf("Get(%q): %+v, want %q", key, e, want)
	}
	return e
}

func bucketMissing(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	if _, err := a.Bucket(within(tb), "missing"); !errors.Is(err, lattice.ErrNotFound) {
		tb.Errorf("Bucket that does not exist: %v, want ErrNotFound", err)
	}
	for _, name := range []string{"", "a b", "a.b", "a/b", ">"} {
		if _, err := a.Bucket(within(tb), name); !errors.Is(err, lattice.ErrInvalid) {
			tb.Errorf("Bucket(%q): %v, want ErrInvalid", name, err)
		}
		if _, err := a.CreateBucket(within(tb), lattice.BucketConfig{Name: name}); !errors.Is(err, lattice.ErrInvalid) {
			tb.Errorf("CreateBucket(%q): %v, want ErrInvalid", name, err)
		}
	}
}

// bucketCreateAgain makes a bucket twice, the second time with other bounds: what
// is in it stays.
func bucketCreateAgain(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	first := newBucket(tb, a, lattice.BucketConfig{MaxValue: 100})
	put(tb, first, "k", "kept")
	second := newBucket(tb, b, lattice.BucketConfig{MaxValue: 1000, Description: "changed"})
	wantValue(tb, second, "k", "kept")
	put(tb, second, "k", strings.Repeat("x", 1000))
	if _, err := first.Put(within(tb), "k", make([]byte, 1001)); !errors.Is(err, lattice.ErrExhausted) {
		tb.Errorf("Put over the new MaxValue: %v, want ErrExhausted", err)
	}
}

func bucketPutGet(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	mine := newBucket(tb, a, lattice.BucketConfig{})
	theirs := openBucket(tb, b, bucketName)
	wantValue(tb, mine, "k", "")
	before := time.Now()
	r1 := put(tb, mine, "k", "1")
	got := wantValue(tb, theirs, "k", "1")
	if got.Revision != r1 || r1 == 0 {
		tb.Errorf("Put returned revision %d and Get %d", r1, got.Revision)
	}
	if d := got.Time.Sub(before); d < -time.Minute || d > time.Minute {
		tb.Errorf("the time of a value is %v, written at %v", got.Time, before)
	}
	r2 := put(tb, theirs, "other", "x")
	r3 := put(tb, theirs, "k", "2")
	if r1 >= r2 || r2 >= r3 {
		tb.Errorf("revisions %d, %d, %d do not rise", r1, r2, r3)
	}
	wantValue(tb, mine, "k", "2")
	wantValue(tb, mine, "other", "x")
	// An empty value is a value.
	put(tb, mine, "empty", "")
	if got, err := mine.Get(within(tb), "empty"); err != nil || len(got.Value) != 0 {
		tb.Errorf("Get of an empty value: %v, %v", got, err)
	}
	// Buckets do not share keys.
	other := newBucket(tb, a, lattice.BucketConfig{Name: "others"})
	wantValue(tb, other, "k", "")
}

func bucketValuesAreCopies(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	b := newBucket(tb, a, lattice.BucketConfig{})
	value := []byte("before")
	if _, err := b.Put(within(tb), "k", value); err != nil {
		tb.Fatal(err)
	}
	copy(value, "XXXXXX")
	copy(wantValue(tb, b, "k", "before").Value, "YYYYYY")
	wantValue(tb, b, "k", "before")
}

func bucketCreate(tb testing.TB, e *Env) {
	a, other := e.Join(tb, "a"), e.Join(tb, "b")
	mine := newBucket(tb, a, lattice.BucketConfig{})
	theirs := openBucket(tb, other, bucketName)
	r1, err := mine.Create(within(tb), "k", []byte("1"))
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := theirs.Create(within(tb), "k", []byte("2")); !errors.Is(err, lattice.ErrExists) {
		tb.Errorf("second Create: %v, want ErrExists", err)
	}
	wantValue(tb, mine, "k", "1")
	remove(tb, theirs, "k")
	r2, err := theirs.Create(within(tb), "k", []byte("3"))
	if err != nil || r2 <= r1 {
		tb.Errorf("Create after Delete: revision %d after %d, %v", r2, r1, err)
	}
	wantValue(tb, mine, "k", "3")
}

func bucketUpdate(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	b := newBucket(tb, a, lattice.BucketConfig{})
	conflict := func(what, key string, revision uint64) {
		tb.Helper()
		if _, err := b.Update(within(tb), key, []byte("wrong"), revision); !errors.Is(err, lattice.ErrConflict) {
			tb.Errorf("Update %s: %v, want ErrConflict", what, err)
		}
	}
	r1 := put(tb, b, "k", "1")
	r2, err := b.Update(within(tb), "k", []byte("2"), r1)
	if err != nil || r2 <= r1 {
		tb.Fatalf("Update: revision %d after %d, %v", r2, r1, err)
	}
	put(tb, b, "other", "x")
	if r2, err = b.Update(within(tb), "k", []byte("3"), r2); err != nil {
		tb.Fatalf("Update after another key was written: %v", err)
	}
	conflict("of an old revision", "k", r1)
	conflict("of a revision to come", "k", r2+100)
	conflict("of a missing key", "missing", r2)
	wantValue(tb, b, "k", "3")
	remove(tb, b, "k")
	conflict("of a deleted key", "k", r2)
	wantValue(tb, b, "k", "")
}

// bucketCounts has many count at the same time by Update: none is lost.
func bucketCounts(tb testing.TB, e *Env) {
	members := []lattice.Lattice{e.Join(tb, "a"), e.Join(tb, "b")}
	put(tb, newBucket(tb, members[0], lattice.BucketConfig{}), "n", "0")
	ctx := within(tb)
	const each = 10
	var all sync.WaitGroup
	for i := range 6 {
		b := openBucket(tb, members[i%2], bucketName)
		all.Go(func() {
			for done := 0; done < each; {
				have, err := b.Get(ctx, "n")
				if err != nil {
					tb.Errorf("Get: %v", err)
					return
				}
				n, err := strconv.Atoi(string(have.Value))
				if err != nil {
					tb.Errorf("value: %v", err)
					return
				}
				switch _, err := b.Update(ctx, "n", []byte(strconv.Itoa(n+1)), have.Revision); {
				case err == nil:
					done++
				case !errors.Is(err, lattice.ErrConflict):
					tb.Errorf("Update: %v", err)
					return
				}
			}
		})
	}
	all.Wait()
	wantValue(tb, openBucket(tb, members[0], bucketName), "n", strconv.Itoa(6*each))
}

func bucketDelete(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	b := newBucket(tb, a, lattice.BucketConfig{})
	remove(tb, b, "never.there")
	put(tb, b, "k", "1")
	remove(tb, b, "k")
	wantValue(tb, b, "k", "")
	remove(tb, b, "k")
	put(tb, b, "k", "2")
	wantValue(tb, b, "k", "2")
}

// bucketRemove is that a value is removed only if it is the one that was meant.
func bucketRemove(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	b := newBucket(tb, a, lattice.BucketConfig{})
	if err := b.Remove(within(tb), "k", 7); !errors.Is(err, lattice.ErrConflict) {
		tb.Errorf("Remove of nothing: %v, want ErrConflict", err)
	}
	first := put(tb, b, "k", "1")
	second := put(tb, b, "k", "2")
	if err := b.Remove(within(tb), "k", first); !errors.Is(err, lattice.ErrConflict) {
		tb.Errorf("Remove of what has changed: %v, want ErrConflict", err)
	}
	wantValue(tb, b, "k", "2")
	if err := b.Remove(within(tb), "k", second); err != nil {
		tb.Fatal(err)
	}
	if _, err := b.Get(within(tb), "k"); !errors.Is(err, lattice.ErrNotFound) {
		tb.Errorf("Get of what was removed: %v, want ErrNotFound", err)
	}
	if err := b.Remove(within(tb), "k", second); !errors.Is(err, lattice.ErrConflict) {
		tb.Errorf("Remove of what was removed: %v, want ErrConflict", err)
	}
	if _, err := b.Create(within(tb), "k", []byte("3")); err != nil {
		tb.Errorf("Create of what was removed: %v", err)
	}
}

func bucketList(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	b := newBucket(tb, a, lattice.BucketConfig{})
	if got, err := b.List(within(tb), ">"); err != nil || len(got) != 0 {
		tb.Errorf("List of an empty bucket: %v, %v", got, err)
	}
	for _, key := range []string{"x.b.2", "x.a", "z", "x.b.1", "x", "gone.a", "x.a.1", "A", "x.b"} {
		put(tb, b, key, "old "+key)
		put(tb, b, key, key)
	}
	remove(tb, b, "gone.a")
	for pattern, want := range map[string][]string{
		">":       {"A", "x", "x.a", "x.a.1", "x.b", "x.b.1", "x.b.2", "z"},
		"*":       {"A", "x", "z"},
		"x.*":     {"x.a", "x.b"},
		"x.>":     {"x.a", "x.a.1", "x.b", "x.b.1", "x.b.2"},
		"x.*.1":   {"x.a.1", "x.b.1"},
		"*.b.*":   {"x.b.1", "x.b.2"},
		"x.a":     {"x.a"},
		"gone.*":  nil,
		"nothing": nil,
	} {
		entries, err := b.List(within(tb), pattern)
		if err != nil {
			tb.Errorf("List(%q): %v", pattern, err)
			continue
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Key)
			if string(e.Value) != e.Key || e.Revision == 0 || e.Deleted || e.Synced {
				tb.Errorf("List(%q) has %+v", pattern, e)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			tb.Errorf("List(%q) (-want +got):\n%s", pattern, diff)
		}
	}
}

// bucketListMany lists more than fits into a message.
func bucketListMany(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	b := newBucket(tb, a, lattice.BucketConfig{})
	const n = 300
	for i := range n {
		put(tb, b, fmt.Sprintf("k.%04d", i), strings.Repeat("x", 8<<10))
	}
	got, err := b.List(within(tb), "k.*")
	if err != nil || len(got) != n {
		tb.Fatalf("List: %d entries, %v, want %d", len(got), err, n)
	}
	for i, e := range got {
		if want := fmt.Sprintf("k.%04d", i); e.Key != want {
			tb.Fatalf("entry %d is %q, want %q", i, e.Key, want)
		}
	}
}

// bucketKeys counts through the keys in pages, while one is written again, one is
// deleted and one is new.
func bucketKeys(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	b := newBucket(tb, a, lattice.BucketConfig{})
	if keys, more, err := b.Keys(within(tb), "k.*", 0, 10); err != nil || more || len(keys) != 0 {
		tb.Fatalf("Keys of an empty bucket = %v, %v, %v", keys, more, err)
	}
	const n = 25
	want := map[string]bool{}
	for i := range n {
		key := fmt.Sprintf("k.%02d", n-i)
		put(tb, b, key, strings.Repeat("x", 1000))
		put(tb, b, "other."+key, "")
		want[key] = true
	}
	remove(tb, b, "k.25") // the first one
	delete(want, "k.25")
	seen := map[string]int{}
	var after uint64
	for page := 0; ; page++ {
		keys, more, err := b.Keys(within(tb), "k.*", after, 10)
		if err != nil || len(keys) > 10 || page > 10 {
			tb.Fatalf("page %d has %d keys, %v", page, len(keys), err)
		}
		for _, e := range keys {
			if e.Revision <= after || e.Value != nil || e.Deleted || e.Synced || page == 0 && e.Size != 1000 {
				tb.Errorf("after %d comes %+v", after, e)
			}
			after = e.Revision
			seen[e.Key]++
		}
		if page == 0 {
			if len(keys) != 10 || !more {
				tb.Errorf("the first page has %d keys, more %v", len(keys), more)
			}
			put(tb, b, "k.24", "again")
			put(tb, b, "k.new", "")
			remove(tb, b, "k.01") // the last one
			want["k.new"] = true
			delete(want, "k.01")
		}
		if !more {
			break
		}
	}
	for key := range want {
		if seen[key] == 0 {
			tb.Errorf("key %q was not listed", key)
		}
		delete(seen, key)
	}
	if len(seen) != 0 {
		tb.Errorf("listed as well: %v", seen)
	}
	if keys, more, err := b.Keys(within(tb), "k.*", after, 10); err != nil || more || len(keys) != 0 {
		tb.Errorf("Keys after the last one = %v, %v, %v", keys, more, err)
	}
}

func bucketInvalid(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	b := newBucket(tb, a, lattice.BucketConfig{})
	ctx := within(tb)
	for _, key := range []string{"", ".", "a.", ".a", "a..b", "a b", "*", ">", "a.*", "a\n", "ä", "a:b"} {
		_, get := b.Get(ctx, key)
		_, put := b.Put(ctx, key, nil)
		_, create := b.Create(ctx, key, nil)
		_, update := b.Update(ctx, key, nil, 1)
		for what, err := range map[string]error{"Get": get, "Put": put, "Create": create, "Update": update, "Delete": b.Delete(ctx, key)} {
			if !errors.Is(err, lattice.ErrInvalid) {
				tb.Errorf("%s(%q): %v, want ErrInvalid", what, key, err)
			}
		}
	}
	for _, pattern := range []string{"", "a.", "a..b", "a.>.b", "a b", "a*"} {
		if _, err := b.List(ctx, pattern); !errors.Is(err, lattice.ErrInvalid) {
			tb.Errorf("List(%q): %v, want ErrInvalid", pattern, err)
		}
		if err := b.Watch(ctx, pattern, func(lattice.Entry) error { return nil }); !errors.Is(err, lattice.ErrInvalid) {
			tb.Errorf("Watch(%q): %v, want ErrInvalid", pattern, err)
		}
	}
	for _, key := range []string{"a-b_c=d/e.F9", "x"} {
		put(tb, b, key, "v")
		wantValue(tb, b, key, "v")
	}
}

func bucketBounds(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	b := newBucket(tb, a, lattice.BucketConfig{MaxValue: 1000, MaxBytes: 64 << 10})
	put(tb, b, "k", strings.Repeat("x", 1000))
	if _, err := b.Put(within(tb), "k", make([]byte, 1001)); !errors.Is(err, lattice.ErrExhausted) {
		tb.Errorf("Put over MaxValue: %v, want ErrExhausted", err)
	}
	wantValue(tb, b, "k", strings.Repeat("x", 1000))
	// A bucket that is full says so, and loses nothing.
	var full error
	n := 0
	for ; n < 100 && full == nil; n++ {
		_, full = b.Put(within(tb), fmt.Sprint("n.", n), make([]byte, 1000))
	}
	if !errors.Is(full, lattice.ErrExhausted) {
		tb.Fatalf("after %d values of 1000 bytes in 64 KiB: %v, want ErrExhausted", n, full)
	}
	if got, err := b.List(within(tb), "n.*"); err != nil || len(got) != n-1 {
		tb.Errorf("List: %d entries, %v, want the %d that were taken", len(got), err, n-1)
	}
	// The default bound on values.
	large := newBucket(tb, a, lattice.BucketConfig{Name: "large"})
	put(tb, large, "k", strings.Repeat("x", lattice.DefaultMaxValue))
	if _, err := large.Put(within(tb), "k", make([]byte, lattice.DefaultMaxValue+1)); !errors.Is(err, lattice.ErrExhausted) {
		tb.Errorf("Put over DefaultMaxValue: %v, want ErrExhausted", err)
	}
}

// bucketTTL has values expire, but for one that is written again and again.
func bucketTTL(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	b := newBucket(tb, a, lattice.BucketConfig{TTL: 2 * time.Second})
	put(tb, b, "short", "v")
	wantValue(tb, b, "short", "v")
	eventually(tb, func() error {
		put(tb, b, "kept", "v")
		if e, err := b.Get(within(tb), "short"); !errors.Is(err, lattice.ErrNotFound) {
			return fmt.Errorf("get of a value that has expired: %+v, %w, want ErrNotFound", e, err)
		}
		return nil
	})
	wantValue(tb, b, "kept", "v")
	got, err := b.List(within(tb), ">")
	if err != nil || len(got) != 1 || got[0].Key != "kept" {
		tb.Errorf("List: %v, %v, want only the value that did not expire", got, err)
	}
	if _, err := b.Create(within(tb), "short", []byte("again")); err != nil {
		tb.Errorf("Create after a value has expired: %v", err)
	}
}
