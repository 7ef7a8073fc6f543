package memlattice_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
)

// arrival is a message with when it came.
type arrival struct {
	Data  string
	After time.Duration
}

// collect has a member collect what is published to a subject.
func collect(t *testing.T, m *memlattice.Member, subject string) *[]arrival {
	t.Helper()
	start := time.Now()
	got := new([]arrival)
	if _, err := m.Subscribe(subject, "", func(m *lattice.Message) {
		*got = append(*got, arrival{string(m.Data), time.Since(start)})
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func send(t *testing.T, m *memlattice.Member, subject string, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := m.Publish(&lattice.Message{Subject: subject, Data: fmt.Append(nil, i)}); err != nil {
			t.Fatal(err)
		}
	}
}

// settle lets everything arrive that is on its way.
func settle() {
	time.Sleep(time.Hour) // of the bubble
	synctest.Wait()
}

func data(got []arrival) []string {
	all := make([]string, 0, len(got))
	for _, a := range got {
		all = append(all, a.Data)
	}
	return all
}

func numbers(from, to int) []string {
	var all []string
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprint(i))
	}
	return all
}

// under sends 200 messages under a rule and returns what comes of them.
func under(t *testing.T, seed uint64, f memlattice.Faults) (got []arrival) {
	synctest.Test(t, func(t *testing.T) {
		n := memlattice.New(memlattice.Options{Seed: seed})
		a, b, other := join(t, n, "a"), join(t, n, "b"), join(t, n, "c")
		n.SetRules(memlattice.Rule{From: "a", To: "b", Subject: "x.*", Faults: f})
		received, spared, elsewhere := collect(t, b, "x.1"), collect(t, other, "x.1"), collect(t, b, "y")
		send(t, a, "x.1", 0, 200)
		send(t, a, "y", 0, 200)
		settle()
		if diff := cmp.Diff(numbers(0, 200), data(*spared)); diff != "" {
			t.Errorf("another subscriber (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(numbers(0, 200), data(*elsewhere)); diff != "" {
			t.Errorf("another subject (-want +got):\n%s", diff)
		}
		got = *received
	})
	return got
}

func TestFaults(t *testing.T) {
	all := numbers(0, 200)
	ordered := func(got []string) bool {
		return slices.IsSortedFunc(got, func(a, b string) int { return slices.Index(all, a) - slices.Index(all, b) })
	}
	t.Run("none", func(t *testing.T) {
		if diff := cmp.Diff(all, data(under(t, 1, memlattice.Faults{}))); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("drop", func(t *testing.T) {
		got := data(under(t, 1, memlattice.Faults{Drop: 0.5}))
		if len(got) < 60 || len(got) > 140 || !ordered(got) {
			t.Errorf("%d of 200 messages came: %v", len(got), got)
		}
		if got := under(t, 1, memlattice.Faults{Drop: 1}); len(got) != 0 {
			t.Errorf("%d of 200 messages came and all should be dropped", len(got))
		}
	})
	t.Run("duplicate", func(t *testing.T) {
		got := data(under(t, 1, memlattice.Faults{Duplicate: 0.5}))
		if len(got) < 260 || len(got) > 340 || !ordered(got) || len(slices.Compact(got)) != 200 {
			t.Errorf("%d came of 200 messages: %v", len(got), got)
		}
	})
	t.Run("delay", func(t *testing.T) {
		got := under(t, 1, memlattice.Faults{Delay: time.Second})
		if diff := cmp.Diff(all, data(got)); diff != "" {
			t.Error(diff)
		}
		if got[0].After != time.Second || got[199].After != time.Second {
			t.Errorf("the first came after %v, the last after %v", got[0].After, got[199].After)
		}
	})
	t.Run("jitter keeps the order", func(t *testing.T) {
		got := under(t, 1, memlattice.Faults{Jitter: time.Second})
		if diff := cmp.Diff(all, data(got)); diff != "" {
			t.Error(diff)
		}
		if got[0].After == got[199].After {
			t.Error("all came at once")
		}
	})
	t.Run("reorder", func(t *testing.T) {
		got := data(under(t, 1, memlattice.Faults{Jitter: time.Second, Reorder: true}))
		if ordered(got) {
			t.Error("they came in order")
		}
		slices.SortFunc(got, func(a, b string) int { return slices.Index(all, a) - slices.Index(all, b) })
		if diff := cmp.Diff(all, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("slow", func(t *testing.T) {
		got := under(t, 1, memlattice.Faults{BytesPerSecond: 1})
		if diff := cmp.Diff(all, data(got)); diff != "" {
			t.Error(diff)
		}
		if want := 490 * time.Second; got[199].After != want { // 10 + 2*90 + 3*100 bytes
			t.Errorf("the last came after %v, want %v", got[199].After, want)
		}
	})
}

// TestSeed is that the same seed has the same happen, and another one something
// else.
func TestSeed(t *testing.T) {
	f := memlattice.Faults{Drop: 0.3, Duplicate: 0.3, Delay: time.Second, Jitter: time.Second, Reorder: true}
	first := under(t, 7, f)
	for range 3 {
		if diff := cmp.Diff(first, under(t, 7, f)); diff != "" {
			t.Fatalf("the same seed (-first +second):\n%s", diff)
		}
	}
	if cmp.Equal(first, under(t, 8, f)) {
		t.Error("another seed had the same happen")
	}
}

// TestSeedApartFromOthers is that what happens to one member's messages does not
// depend on when others publish.
func TestSeedApartFromOthers(t *testing.T) {
	run := func(noise int) (got []string) {
		synctest.Test(t, func(t *testing.T) {
			n := memlattice.New(memlattice.Options{Seed: 3})
			a, b, other := join(t, n, "a"), join(t, n, "b"), join(t, n, "c")
			n.SetRules(memlattice.Rule{Faults: memlattice.Faults{Drop: 0.5}})
			received := collect(t, b, "x")
			for i := range 100 {
				send(t, other, "y", 0, noise)
				send(t, a, "x", i, i+1)
			}
			settle()
			got = data(*received)
		})
		return got
	}
	if diff := cmp.Diff(run(0), run(5)); diff != "" {
		t.Errorf("alone and with others (-alone +with others):\n%s", diff)
	}
}

func TestMaxPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memlattice.New(memlattice.Options{MaxPending: 50})
		a := join(t, n, "a")
		n.SetRules(memlattice.Rule{Faults: memlattice.Faults{Delay: time.Second}})
		got := collect(t, a, "x")
		send(t, a, "x", 10, 90) // two bytes each
		settle()
		if diff := cmp.Diff(numbers(10, 35), data(*got)); diff != "" {
			t.Errorf("the first 25 wait and the rest is dropped (-want +got):\n%s", diff)
		}
		send(t, a, "x", 90, 95)
		settle()
		if got := data(*got); len(got) != 30 {
			t.Errorf("after there was room again: %v", got)
		}
	})
}

// TestSeverLoses is that a member hears nothing of what was published, or was on
// its way, while it was cut off.
func TestSeverLoses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memlattice.New(memlattice.Options{})
		a, b := join(t, n, "a"), join(t, n, "b")
		n.SetRules(memlattice.Rule{Faults: memlattice.Faults{Delay: time.Second}})
		got := collect(t, b, "x")
		send(t, a, "x", 0, 1)
		settle()
		send(t, a, "x", 1, 2)
		n.Sever("b")
		send(t, a, "x", 2, 3)
		settle()
		n.Restore("b")
		send(t, a, "x", 3, 4)
		settle()
		if diff := cmp.Diff([]string{"0", "3"}, data(*got)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestSeverNobody is that a request which waited for the connection learns that
// nobody is there.
func TestSeverNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memlattice.New(memlattice.Options{})
		a := join(t, n, "a")
		n.Sever("a")
		done := make(chan error, 1)
		go func() {
			_, err := a.Request(t.Context(), &lattice.Message{Subject: "nobody"})
			done <- err
		}()
		time.Sleep(time.Second)
		n.Restore("a")
		if err := <-done; !lattice.Undelivered(err) {
			t.Errorf("Request: %v, want Undelivered", err)
		}
	})
}

func TestPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memlattice.New(memlattice.Options{})
		a, b, c := join(t, n, "a"), join(t, n, "b"), join(t, n, "c")
		onA, onB, onC := collect(t, a, "x"), collect(t, b, "x"), collect(t, c, "x")
		mine, err := a.CreateBucket(t.Context(), lattice.BucketConfig{Name: "k"})
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := b.Bucket(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		watched := make(chan lattice.Entry, 10)
		go theirs.Watch(t.Context(), ">", func(e lattice.Entry) error {
			watched <- e
			return nil
		})
		<-watched // Synced

		n.Partition(nil, []string{"b", "c"})
		send(t, a, "x", 0, 1)
		send(t, b, "x", 1, 2)
		settle()
		for name, c := range map[string]struct {
			got  []arrival
			want []string
		}{"a": {*onA, []string{"0"}}, "b": {*onB, []string{"1"}}, "c": {*onC, []string{"1"}}} {
			if diff := cmp.Diff(c.want, data(c.got)); diff != "" {
				t.Errorf("%s heard (-want +got):\n%s", name, diff)
			}
		}
		if !b.Connected() {
			t.Error("a partition was noticed as a lost connection")
		}
		if _, err := mine.Put(t.Context(), "k", []byte("1")); err != nil {
			t.Errorf("Put on the side that has the buckets: %v", err)
		}
		if _, err := theirs.Get(t.Context(), "k"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Get on the other side: %v, want DeadlineExceeded", err)
		}
		if _, err := a.Request(t.Context(), &lattice.Message{Subject: "only.b"}); !lattice.Undelivered(err) {
			t.Errorf("Request across: %v, want Undelivered", err)
		}
		if len(watched) != 0 {
			t.Error("a watch heard across")
		}
		n.Heal()
		if e := <-watched; e.Key != "k" || string(e.Value) != "1" {
			t.Errorf("after it was healed the watch gave %+v", e)
		}
		send(t, a, "x", 2, 3)
		settle()
		if got := data(*onC); !slices.Equal(got, []string{"1", "2"}) {
			t.Errorf("after it was healed c had heard %v", got)
		}
	})
}

// TestLostAnswers is that a value whose writer saw an error was written in some
// cases and in others not, and that no writer is told wrong.
func TestLostAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memlattice.New(memlattice.Options{Seed: 5})
		a, b := join(t, n, "a"), join(t, n, "b")
		mine, err := a.CreateBucket(t.Context(), lattice.BucketConfig{Name: "k"})
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := b.Bucket(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		n.SetRules(memlattice.Rule{From: "a", Subject: "$KV.k.>", Faults: memlattice.Faults{Drop: 0.5, Delay: time.Millisecond}})
		count := map[string]int{}
		for i := range 200 {
			key := fmt.Sprint(i)
			_, put := mine.Put(t.Context(), key, []byte("v"))
			_, get := theirs.Get(t.Context(), key)
			count[fmt.Sprintf("told %v, written %v", put == nil, get == nil)]++
			if put != nil && !errors.Is(put, context.DeadlineExceeded) {
				t.Errorf("Put: %v", put)
			}
		}
		if count["told true, written false"] != 0 || count["told true, written true"] < 50 ||
			count["told false, written true"] < 20 || count["told false, written false"] < 20 {
			t.Errorf("%v", count)
		}
	})
}

// TestSlowWatch is that a watch under faults misses nothing in the end.
func TestSlowWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memlattice.New(memlattice.Options{})
		a, b := join(t, n, "a"), join(t, n, "b")
		mine, err := a.CreateBucket(t.Context(), lattice.BucketConfig{Name: "k"})
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := b.Bucket(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		n.SetRules(memlattice.Rule{To: "b", Faults: memlattice.Faults{Drop: 0.5, Delay: time.Second, Jitter: time.Second}})
		got := map[string]string{}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- theirs.Watch(ctx, ">", func(e lattice.Entry) error {
				if e.Key != "" {
					got[e.Key] = string(e.Value)
				}
				return nil
			})
		}()
		for i := range 100 {
			if _, err := mine.Put(t.Context(), fmt.Sprint(i%10), fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		settle()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Watch: %v", err)
		}
		for i := range 10 {
			if key, want := fmt.Sprint(i), fmt.Sprint(90+i); got[key] != want {
				t.Errorf("the watch has %q of key %s, want %q", got[key], key, want)
			}
		}
	})
}

func TestJoin(t *testing.T) {
	n := memlattice.New(memlattice.Options{})
	for _, user := range []string{"a.b", "*", "a b"} {
		if _, err := n.Join(user); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("Join(%q): %v, want ErrInvalid", user, err)
		}
	}
	a, b := join(t, n, ""), join(t, n, "")
	if a.User() == b.User() || a.User() == "" {
		t.Errorf("users are %q and %q", a.User(), b.User())
	}
}
