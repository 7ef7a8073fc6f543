package sim_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wattle-dev/wattle/scheduler/sim"
)

var (
	seeds = flag.Int("seeds", 0, "how many fresh seeds TestFresh runs")
	begin = flag.Uint64("first", 0, "the first seed that TestFresh runs, if it is not to be drawn")
	seed  = flag.Uint64("seed", 0, "the seed that TestSeed runs, with its trace")
)

// TestFixed runs twenty worlds, each twice: the same seed makes the same world.
func TestFixed(t *testing.T) {
	for s := range uint64(20) {
		first, second := sim.New(sim.Options{Seed: s}), sim.New(sim.Options{Seed: s})
		if f := first.Run(); f != nil {
			t.Error(f)
		}
		second.Run()
		if first.Sum() != second.Sum() || first.Steps() != second.Steps() {
			t.Errorf("seed %d: %d steps with the sum %x, then %d with %x: what differs is drawn from somewhere else", s, first.Steps(), first.Sum(), second.Steps(), second.Sum())
		}
	}
}

// TestSeed runs one world and tells all of it.
func TestSeed(t *testing.T) {
	if *seed == 0 {
		t.Skip("for a person: make sim SEED=n")
	}
	w := sim.New(sim.Options{Seed: *seed, Trace: t.Output()})
	if f := w.Run(); f != nil {
		t.Fatal(f)
	}
}

// TestFresh runs worlds that nobody has seen before.
func TestFresh(t *testing.T) {
	if *seeds == 0 {
		t.Skip("takes its time: make sim SEEDS=n")
	}
	first := *begin
	if first == 0 {
		first = rand.Uint64N(1 << 40)
	}
	t.Logf("seeds %d to %d", first, first+uint64(*seeds)-1)
	var next, failed atomic.Uint64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for failed.Load() < 10 {
				n := next.Add(1) - 1
				if n >= uint64(*seeds) {
					return
				}
				if n%1000 == 999 {
					t.Logf("%d seeds", n+1)
				}
				if f := sim.New(sim.Options{Seed: first + n}).Run(); f != nil {
					failed.Add(1)
					t.Error(f)
				}
			}
		})
	}
	wg.Wait()
}

// TestBroken sees that each rule that is broken is noticed.
func TestBroken(t *testing.T) {
	for _, test := range []struct {
		rule sim.Break
		want string // "|" is between two ways to notice it
	}{
		{sim.TakeOldStamps, "hosts never go back"},
		{sim.ForgetRevisions, "stamps rise"},
		{sim.LoseCommitted, "what is committed stays"},
		{sim.ActUncommitted, "documents follow from what is committed"},
		{sim.BreakBeforeMake, "what runs can be called"},
		{sim.AllAtOnce, "a rollout spares all but a few hosts"},
		{sim.IgnoreCordons, "nothing is placed on a host that is cordoned"},
		{sim.Churn, "nothing changes without a reason"},
		{sim.NotAgain, "what was asked for is so in the end|no component runs beyond its count for long"},
		{sim.NoRollback, "what was asked for is so in the end"},
		{sim.ClaimAtOnce, "of two logs one leads"},
		{sim.NoRollCall, "a host that answers is not lost"},
		{sim.IgnoreLeases, "what is leased ends on a host that is cut off"},
		{sim.HideAiling, "what ails is placed elsewhere"},
		{sim.HideRefusals, "a version is good where hosts run what it gives|what was asked for is so in the end"},
		{sim.OtherClock, "replicas agree"},
	} {
		t.Run(strings.ReplaceAll(string(test.rule), " ", "-"), func(t *testing.T) {
			for s := range uint64(40) {
				f := sim.New(sim.Options{Seed: s, Break: test.rule}).Run()
				if f == nil {
					continue
				}
				if slices.Contains(strings.Split(test.want, "|"), f.Invariant) {
					return
				}
				t.Logf("seed %d: %s: %s", s, f.Invariant, f.Detail)
			}
			t.Errorf("no seed shows that a world which is broken in this way breaks %q", test.want)
		})
	}
}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}
