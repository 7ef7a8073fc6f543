// Package keyvaluetest is the contract of keyvalue.Store as tests, which every backend
// has to pass behind keyvalue.Limit.
package keyvaluetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/providers/keyvalue"
)

// Env is one backend to be tested.
type Env struct {
	// Open opens a store. Two of one name are one store; each may have a connection of
	// its own.
	Open func(tb testing.TB, name string) keyvalue.Store
	// Stop has the backend be away, and Start be back with what it had.
	Stop, Start func(tb testing.TB)
}

// patience is how long something that must happen may take.
const patience = 20 * time.Second

func within(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	tb.Cleanup(cancel)
	return ctx
}

// Run runs the suite on what open opens: once for each case.
func Run(t *testing.T, open func(tb testing.TB) *Env) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(tb testing.TB, e *Env)
	}{
		{"Values", values},
		{"AnyKey", anyKey},
		{"Apart", apart},
		{"Keys", keys},
		{"HostileCursor", hostileCursor},
		{"Increment", increment},
		{"IncrementTogether", incrementTogether},
		{"Swap", swap},
		{"SwapTogether", swapTogether},
		{"Batches", batches},
		{"Bounds", bounds},
		{"Outage", outage},
		{"Ended", ended},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// open opens a store with bounds.
func open(tb testing.TB, e *Env, name string) keyvalue.Store {
	tb.Helper()
	s := keyvalue.Limit(e.Open(tb, name), keyvalue.Limits{Value: 64 << 10})
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("Close: %v", err)
		}
	})
	return s
}

func set(tb testing.TB, s keyvalue.Store, key, value string) {
	tb.Helper()
	if err := s.Set(within(tb), key, []byte(value)); err != nil {
		tb.Fatalf("Set(%q): %v", key, err)
	}
}

func want(tb testing.TB, s keyvalue.Store, key, value string) {
	tb.Helper()
	got, err := s.Get(within(tb), key)
	if err != nil || string(got) != value {
		tb.Errorf("Get(%q) = %.80q, %v, want %.80q", key, got, err, value)
	}
}

func wantNone(tb testing.TB, s keyvalue.Store, key string) {
	tb.Helper()
	if got, err := s.Get(within(tb), key); !errors.Is(err, keyvalue.ErrNoKey) {
		tb.Errorf("Get(%q) = %.80q, %v, want ErrNoKey", key, got, err)
	}
	if exists, err := s.Exists(within(tb), key); exists || err != nil {
		tb.Errorf("Exists(%q) = %v, %v, want false", key, exists, err)
	}
}

func values(tb testing.TB, e *Env) {
	s := open(tb, e, "s")
	wantNone(tb, s, "k")
	if err := s.Delete(within(tb), "k"); err != nil {
		tb.Errorf("Delete of nothing: %v", err)
	}
	for _, value := range []string{"v", "", "\x00\xff\r\n", strings.Repeat("x", 64<<10)} {
		set(tb, s, "k", value)
		want(tb, s, "k", value)
		if exists, err := s.Exists(within(tb), "k"); !exists || err != nil {
			tb.Errorf("Exists with a value of %d bytes = %v, %v", len(value), exists, err)
		}
	}
	if err := s.Delete(within(tb), "k"); err != nil {
		tb.Fatal(err)
	}
	wantNone(tb, s, "k")
	set(tb, s, "k", "again")
	want(tb, s, "k", "again")
}

// odd are keys of which no two may be one.
var odd = []string{
	"", ".", "..", "a.b", "a", "a.b.c", "a=2Eb", "a b", "a*", "*", ">", "a.>", "A", "==", "==YQ", "/", "a/../b",
	"\x00", "\n", "é", "e\u0301", "日本", "{tag}", "[a]", "a?", `a\`, "a:b", "own.s.a", strings.Repeat("k", 512), strings.Repeat(".", 512),
}

func anyKey(tb testing.TB, e *Env) {
	s := open(tb, e, "s")
	for i, key := range odd {
		set(tb, s, key, fmt.Sprint(i))
	}
	for i, key := range odd {
		want(tb, s, key, fmt.Sprint(i))
	}
	got := all(tb, s)
	if diff := cmp.Diff(slices.Sorted(slices.Values(odd)), got); diff != "" {
		tb.Errorf("keys (-want +got):\n%s", diff)
	}
	for _, key := range odd {
		if err := s.Delete(within(tb), key); err != nil {
			tb.Errorf("Delete(%q): %v", key, err)
		}
	}
	if got := all(tb, s); len(got) != 0 {
		tb.Errorf("keys that were deleted: %q", got)
	}
}

// all returns all keys, in order.
func all(tb testing.TB, s keyvalue.Store) []string {
	tb.Helper()
	var keys []string
	for cursor, pages := uint64(0), 0; ; pages++ {
		page, err := s.Keys(within(tb), cursor)
		if err != nil || pages > 1000 {
			tb.Fatalf("page %d: %v", pages, err)
		}
		keys = append(keys, page.Keys...)
		if cursor = page.Cursor; cursor == 0 {
			slices.Sort(keys)
			return slices.Compact(keys)
		}
	}
}

// apart is that stores of different names have nothing in common, however their names
// and keys are cut.
func apart(tb testing.TB, e *Env) {
	names := []string{"a", "a.b", "a-b", "b", "a.b.c", "A", "*", "a*", "a>"}
	stores := map[string]keyvalue.Store{}
	for _, name := range names {
		stores[name] = open(tb, e, name)
		for _, key := range []string{"c", "b.c", "b"} {
			set(tb, stores[name], key, name+"|"+key)
		}
	}
	for _, name := range names {
		for _, key := range []string{"c", "b.c", "b"} {
			want(tb, stores[name], key, name+"|"+key)
		}
		if diff := cmp.Diff([]string{"b", "b.c", "c"}, all(tb, stores[name])); diff != "" {
			tb.Errorf("keys of store %q (-want +got):\n%s", name, diff)
		}
	}
	// The same name is the same store.
	again := open(tb, e, "a.b")
	want(tb, again, "c", "a.b|c")
}

func keys(tb testing.TB, e *Env) {
	s := open(tb, e, "s")
	other := open(tb, e, "other")
	if page, err := s.Keys(within(tb), 0); err != nil || len(page.Keys) != 0 || page.Cursor != 0 {
		tb.Errorf("keys of an empty store: %+v, %v", page, err)
	}
	const n = 2*keyvalue.PageKeys + 7
	var pairs []keyvalue.Pair
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("key.%05d", i))
		pairs = append(pairs, keyvalue.Pair{Key: names[i], Value: []byte("v")})
	}
	for part := range slices.Chunk(pairs, keyvalue.MaxBatch) {
		if err := s.SetMany(within(tb), part); err != nil {
			tb.Fatal(err)
		}
	}
	set(tb, other, "not.mine", "")
	if diff := cmp.Diff(names, all(tb, s)); diff != "" {
		tb.Errorf("keys (-want +got):\n%s", diff)
	}
	page, err := s.Keys(within(tb), 0)
	if err != nil || len(page.Keys) > 3*keyvalue.PageKeys/2 || page.Cursor == 0 {
		tb.Errorf("the first page has %d keys and the cursor %d, %v", len(page.Keys), page.Cursor, err)
	}
}

// hostileCursor is that a cursor that was made up leads nowhere else.
func hostileCursor(tb testing.TB, e *Env) {
	s, other := open(tb, e, "s"), open(tb, e, "other")
	for i := range 20 {
		set(tb, s, fmt.Sprint("mine", i), "")
		set(tb, other, fmt.Sprint("theirs", i), "")
	}
	for _, cursor := range []uint64{1, 2, 7, 1 << 20, 1 << 32, 1<<63 - 1, 1 << 63, math.MaxUint64 - 1, math.MaxUint64} {
		page, err := s.Keys(within(tb), cursor)
		if err != nil {
			if _, ok := errors.AsType[*keyvalue.Error](err); !ok {
				tb.Errorf("cursor %d: %v", cursor, err)
			}
			continue
		}
		for _, key := range page.Keys {
			if !strings.HasPrefix(key, "mine") {
				tb.Errorf("cursor %d leads to %q", cursor, key)
			}
		}
	}
}

func increment(tb testing.TB, e *Env) {
	s := open(tb, e, "s")
	count := func(key string, delta, sum int64) {
		tb.Helper()
		if got, err := s.Increment(within(tb), key, delta); err != nil || got != sum {
			tb.Errorf("Increment(%q, %d) = %d, %v, want %d", key, delta, got, err, sum)
		}
	}
	count("n", 5, 5)
	count("n", -7, -2)
	count("n", 0, -2)
	want(tb, s, "n", "-2")
	set(tb, s, "n", "40")
	count("n", 2, 42)
	count("max", math.MaxInt64, math.MaxInt64)
	count("min", math.MinInt64, math.MinInt64)
	set(tb, s, "text", "forty")
	set(tb, s, "empty", "")
	for key, delta := range map[string]int64{"max": 1, "min": -1, "text": 1} {
		_, err := s.Increment(within(tb), key, delta)
		wantKind(tb, "Increment of "+key, err, keyvalue.Invalid)
	}
	want(tb, s, "max", fmt.Sprint(math.MaxInt64))
}

func wantKind(tb testing.TB, what string, err error, kind keyvalue.Kind) {
	tb.Helper()
	if e, ok := errors.AsType[*keyvalue.Error](err); !ok || e.Kind != kind {
		tb.Errorf("%s: %v, want an error of kind %d", what, err, kind)
	}
}

func incrementTogether(tb testing.TB, e *Env) {
	const counters, each = 4, 25
	var group sync.WaitGroup
	for range counters {
		s := open(tb, e, "s")
		group.Go(func() {
			for range each {
				if _, err := s.Increment(within(tb), "n", 1); err != nil {
					tb.Errorf("Increment: %v", err)
				}
			}
		})
	}
	group.Wait()
	want(tb, open(tb, e, "s"), "n", fmt.Sprint(counters*each))
}

func swap(tb testing.TB, e *Env) {
	s := open(tb, e, "s")
	read := func(key string) *keyvalue.Snapshot {
		tb.Helper()
		was, err := s.Read(within(tb), key)
		if err != nil {
			tb.Fatalf("Read(%q): %v", key, err)
		}
		return was
	}
	none := read("k")
	if none.Value.Exists || none.Key != "k" {
		tb.Errorf("Read of nothing = %+v", none)
	}
	if err := s.Swap(within(tb), none, []byte("1")); err != nil {
		tb.Fatal(err)
	}
	if err := s.Swap(within(tb), none, []byte("2")); !errors.Is(err, keyvalue.ErrChanged) {
		tb.Errorf("Swap of what was not there and is now: %v, want ErrChanged", err)
	}
	one := read("k")
	if string(one.Value.Bytes) != "1" || !one.Value.Exists {
		tb.Errorf("Read = %+v", one)
	}
	if err := s.Swap(within(tb), one, nil); err != nil {
		tb.Fatal(err)
	}
	want(tb, s, "k", "")
	if err := s.Swap(within(tb), one, []byte("3")); !errors.Is(err, keyvalue.ErrChanged) {
		tb.Errorf("Swap of what has changed: %v, want ErrChanged", err)
	}
	empty := read("k")
	if err := s.Delete(within(tb), "k"); err != nil {
		tb.Fatal(err)
	}
	if err := s.Swap(within(tb), empty, []byte("3")); !errors.Is(err, keyvalue.ErrChanged) {
		tb.Errorf("Swap of what was deleted: %v, want ErrChanged", err)
	}
	wantNone(tb, s, "k")
	if err := s.Swap(within(tb), read("k"), []byte("4")); err != nil {
		tb.Errorf("Swap after a deletion: %v", err)
	}
	want(tb, s, "k", "4")
}

func swapTogether(tb testing.TB, e *Env) {
	const swappers, each = 4, 15
	var group sync.WaitGroup
	for i := range swappers {
		s := open(tb, e, "s")
		group.Go(func() {
			for n := 0; n < each; {
				was, err := s.Read(within(tb), "k")
				if err != nil {
					tb.Errorf("Read: %v", err)
					return
				}
				err = s.Swap(within(tb), was, append(slices.Clone(was.Value.Bytes), byte('a'+i)))
				switch {
				case err == nil:
					n++
				case !errors.Is(err, keyvalue.ErrChanged):
					tb.Errorf("Swap: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
	got, err := open(tb, e, "s").Get(within(tb), "k")
	for i := range swappers {
		if n := bytes.Count(got, []byte{byte('a' + i)}); n != each {
			tb.Errorf("%d of the swaps of %d are in %q, %v, want %d", n, i, got, err, each)
		}
	}
}

func batches(tb testing.TB, e *Env) {
	s := open(tb, e, "s")
	for what, err := range map[string]error{"SetMany": s.SetMany(within(tb), nil), "DeleteMany": s.DeleteMany(within(tb), nil)} {
		if err != nil {
			tb.Errorf("%s of nothing: %v", what, err)
		}
	}
	if got, err := s.GetMany(within(tb), nil); err != nil || len(got) != 0 {
		tb.Errorf("GetMany of nothing = %v, %v", got, err)
	}
	var pairs []keyvalue.Pair
	var names []string
	for i := range 50 {
		names = append(names, fmt.Sprint("k.", i))
		pairs = append(pairs, keyvalue.Pair{Key: names[i], Value: []byte(strings.Repeat("v", i))})
	}
	pairs = append(pairs, keyvalue.Pair{Key: "k.7", Value: []byte("last")})
	if err := s.SetMany(within(tb), pairs); err != nil {
		tb.Fatal(err)
	}
	names = append(names, "nothing", "k.1")
	got, err := s.GetMany(within(tb), names)
	if err != nil || len(got) != len(names) {
		tb.Fatalf("GetMany: %d values, %v, want %d", len(got), err, len(names))
	}
	for i, v := range got {
		value, exists := strings.Repeat("v", i), true
		switch {
		case i == 7:
			value = "last"
		case names[i] == "nothing":
			value, exists = "", false
		case i > 50:
			value = "v"
		}
		if string(v.Bytes) != value || v.Exists != exists {
			tb.Errorf("value of %q = %q, %v, want %q, %v", names[i], v.Bytes, v.Exists, value, exists)
		}
	}
	if err := s.DeleteMany(within(tb), []string{"k.3", "nothing", "k.5", "k.3"}); err != nil {
		tb.Fatal(err)
	}
	wantNone(tb, s, "k.3")
	wantNone(tb, s, "k.5")
	want(tb, s, "k.4", "vvvv")
}

func bounds(tb testing.TB, e *Env) {
	s := open(tb, e, "s")
	long := strings.Repeat("k", keyvalue.MaxKey+1)
	large := make([]byte, 64<<10+1)
	many := make([]string, keyvalue.MaxBatch+1)
	_, get := s.Get(within(tb), long)
	_, exists := s.Exists(within(tb), long)
	_, count := s.Increment(within(tb), long, 1)
	_, read := s.Read(within(tb), long)
	_, gets := s.GetMany(within(tb), many)
	for what, err := range map[string]error{
		"Get": get, "Exists": exists, "Increment": count, "Read": read, "GetMany": gets,
		"Set of a long key":     s.Set(within(tb), long, nil),
		"Set of a large value":  s.Set(within(tb), "k", large),
		"Swap to a large value": s.Swap(within(tb), &keyvalue.Snapshot{Key: "k"}, large),
		"Delete":                s.Delete(within(tb), long),
		"SetMany":               s.SetMany(within(tb), []keyvalue.Pair{{Key: "k", Value: large}}),
		"SetMany of a long key": s.SetMany(within(tb), []keyvalue.Pair{{Key: long}}),
		"DeleteMany":            s.DeleteMany(within(tb), many),
	} {
		wantKind(tb, what, err, keyvalue.TooLarge)
	}
	wantNone(tb, s, "k")
	// What is larger than a store allows, because another one does, is not read.
	set(tb, s, "k", strings.Repeat("v", 64<<10))
	want(tb, s, "k", strings.Repeat("v", 64<<10))
}

// outage is that calls fail in time while the backend is away, and succeed after.
func outage(tb testing.TB, e *Env) {
	s := keyvalue.Limit(e.Open(tb, "s"), keyvalue.Limits{Timeout: time.Second})
	defer func() { _ = s.Close() }() // judged elsewhere
	set(tb, s, "k", "v")
	e.Stop(tb)
	for range 3 {
		began := time.Now()
		_, get := s.Get(within(tb), "k")
		wantKind(tb, "Get of a backend that is away", get, keyvalue.Unavailable)
		wantKind(tb, "Set of a backend that is away", s.Set(within(tb), "k", nil), keyvalue.Unavailable)
		if took := time.Since(began); took > patience/2 {
			tb.Errorf("it took %v to fail", took)
		}
	}
	short, cancel := context.WithTimeout(tb.Context(), time.Millisecond)
	defer cancel()
	<-short.Done()
	if _, err := s.Get(short, "k"); !errors.Is(err, context.DeadlineExceeded) {
		tb.Errorf("Get past the caller's deadline: %v, want DeadlineExceeded", err)
	}
	e.Start(tb)
	deadline := time.Now().Add(patience)
	for {
		got, err := s.Get(within(tb), "k")
		if err == nil {
			if string(got) != "v" {
				tb.Errorf("after the outage the value is %q", got)
			}
			break
		}
		wantKind(tb, "Get of a backend that comes back", err, keyvalue.Unavailable)
		if time.Now().After(deadline) {
			tb.Fatalf("%v after the outage: %v", patience, err)
		}
	}
	set(tb, s, "k", "w")
	want(tb, s, "k", "w")
}

// ended is that a context that has ended ends everything, with its own error.
func ended(tb testing.TB, e *Env) {
	s := open(tb, e, "s")
	set(tb, s, "k", "v")
	ctx, cancel := context.WithCancel(tb.Context())
	cancel()
	_, get := s.Get(ctx, "k")
	_, page := s.Keys(ctx, 0)
	_, gets := s.GetMany(ctx, []string{"k"})
	for what, err := range map[string]error{"Get": get, "Keys": page, "GetMany": gets, "Set": s.Set(ctx, "k", nil)} {
		if !errors.Is(err, context.Canceled) {
			tb.Errorf("%s with a context that has ended: %v, want Canceled", what, err)
		}
	}
	want(tb, s, "k", "v")
}
