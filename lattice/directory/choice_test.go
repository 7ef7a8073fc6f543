package directory_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
)

// assigned returns an assignment of variants.
func assigned(c string, index uint64, variants ...lattice.Variant) *lattice.Assignment {
	return &lattice.Assignment{Component: lattice.ComponentID(c), Stamp: lattice.Stamp{Term: 1, Index: index}, Variants: variants}
}

// shares returns how many of a hundred first and second choices fall on each host.
func shares(t *testing.T, s *directory.Snapshot, c lattice.ComponentID) (first, second map[lattice.HostID]float64) {
	t.Helper()
	const n = 100_000
	rng := rand.New(rand.NewPCG(1, 2))
	first, second = map[lattice.HostID]float64{}, map[lattice.HostID]float64{}
	for range n {
		choice := s.Choose(c, rng.Uint64())
		if !slices.Equal(choice.Hosts, s.Hosts(c)) {
			t.Fatalf("the choice is of %v, want %v", choice.Hosts, s.Hosts(c))
		}
		first[choice.First.Host] += 100. / n
		second[choice.Second.Host] += 100. / n
	}
	return first, second
}

// wantShares compares shares with what is wanted, allowing for chance.
func wantShares(t *testing.T, what string, got map[lattice.HostID]float64, want map[lattice.HostID]float64) {
	t.Helper()
	for h, share := range got {
		if d := share - want[h]; d < -1.5 || d > 1.5 {
			t.Errorf("%s: host %s is chosen %.1f times of a hundred, want %.1f", what, h[53:], share, want[h])
		}
	}
	for h, share := range want {
		if share > 0 && got[h] == 0 {
			t.Errorf("%s: host %s is never chosen", what, h[53:])
		}
	}
}

func TestChooseNone(t *testing.T) {
	table := directory.NewTable()
	table.Assign(assignment("c", 1, 1, host(1)))
	for _, c := range []lattice.ComponentID{"c", "other"} {
		if choice := table.Snapshot().Choose(c, 7); len(choice.Hosts) > 0 || choice.First.Host != "" {
			t.Errorf("%s: %+v is chosen of nothing", c, choice)
		}
	}
}

// TestChooseEven has hosts that are alike be chosen alike, and two of them be two.
func TestChooseEven(t *testing.T) {
	table := directory.NewTable()
	table.Assign(assignment("c", 1, 1, host(1), host(2), host(3), host(4)))
	for i := range 4 {
		table.SetReady(readyOf("c", 1, host(i+1)))
	}
	s := table.Snapshot()
	first, second := shares(t, s, "c")
	even := map[lattice.HostID]float64{host(1): 25, host(2): 25, host(3): 25, host(4): 25}
	wantShares(t, "first", first, even)
	wantShares(t, "second", second, even)
	for x := range uint64(1000) {
		if choice := s.Choose("c", x<<32|x); choice.First == choice.Second {
			t.Fatalf("%d: the same host twice", x)
		}
	}
}

// TestChooseByInstances has a host be chosen as often as it has instances.
func TestChooseByInstances(t *testing.T) {
	table := directory.NewTable()
	v := lattice.Variant{Ref: "x", Digest: digest(1), Revision: 1, Hosts: map[lattice.HostID]int{host(1): 1, host(2): 6, host(3): 3}}
	table.Assign(assigned("c", 1, v))
	for i := range 3 {
		table.SetReady(readyOf("c", 1, host(i+1)))
	}
	s := table.Snapshot()
	first, second := shares(t, s, "c")
	want := map[lattice.HostID]float64{host(1): 10, host(2): 60, host(3): 30}
	wantShares(t, "first", first, want)
	wantShares(t, "second", second, want)
	for x := range uint64(10) {
		if c := s.Choose("c", x).First; c.Instances != v.Hosts[c.Host] {
			t.Errorf("host %s has %d instances, want %d", c.Host, c.Instances, v.Hosts[c.Host])
		}
	}
	table.UnsetReady(host(2), "c")
	first, _ = shares(t, table.Snapshot(), "c")
	wantShares(t, "without one", first, map[lattice.HostID]float64{host(1): 25, host(3): 75})
}

// TestChooseByWeight is a canary: of the calls as many as its weight says go to the
// variant that has one host, whatever the instances.
func TestChooseByWeight(t *testing.T) {
	table := directory.NewTable()
	old := lattice.Variant{Ref: "x", Digest: digest(1), Revision: 1, Weight: 90, Hosts: map[lattice.HostID]int{host(1): 2, host(2): 4}}
	table.Assign(assigned("c", 1, old, variant(2, 10, host(3))))
	for i := range 3 {
		table.SetReady(readyOf("c", 1, host(i+1)))
	}
	// Nobody has the new one: all have the old one, and there is nothing to share out.
	first, _ := shares(t, table.Snapshot(), "c")
	wantShares(t, "before", first, map[lattice.HostID]float64{host(1): 20, host(2): 40, host(3): 40})

	table.SetReady(readyOf("c", 2, host(3)))
	s := table.Snapshot()
	first, second := shares(t, s, "c")
	want := map[lattice.HostID]float64{host(1): 30, host(2): 60, host(3): 10}
	wantShares(t, "first", first, want)
	wantShares(t, "second", second, want)
	if !s.Weighted("c") || s.Weighted("other") {
		t.Error("whether there are weights is wrong")
	}
	for x := range uint64(1000) {
		choice := s.Choose("c", x*0x9e3779b97f4a7c15)
		if (choice.First.Host == host(3)) != (choice.Second.Host == host(3)) {
			t.Fatalf("%d: two hosts of two variants are chosen", x)
		}
	}

	table.UnsetReady(host(1), "c")
	table.UnsetReady(host(2), "c")
	first, _ = shares(t, table.Snapshot(), "c")
	wantShares(t, "only the canary is ready", first, map[lattice.HostID]float64{host(3): 100})

	// The weights are gone: calls go by instances.
	table.Assign(assigned("c", 2, variant(1, 0, host(1), host(2)), variant(2, 0, host(3))))
	table.SetReady(readyOf("c", 1, host(1)))
	table.SetReady(readyOf("c", 1, host(2)))
	s = table.Snapshot()
	wantHosts(t, s, "c", host(1), host(2), host(3))
	if s.Weighted("c") {
		t.Error("there are weights after they are gone")
	}
}

// TestWeightZero has a variant without a weight be called only if there is no other.
func TestWeightZero(t *testing.T) {
	table := directory.NewTable()
	table.Assign(assigned("c", 1, variant(1, 0, host(1)), variant(2, 100, host(2))))
	table.SetReady(readyOf("c", 1, host(1)))
	first, _ := shares(t, table.Snapshot(), "c")
	wantShares(t, "alone", first, map[lattice.HostID]float64{host(1): 100})
	if table.Snapshot().Weighted("c") {
		t.Error("there is a weight for what is not ready")
	}
	table.SetReady(readyOf("c", 2, host(2)))
	first, _ = shares(t, table.Snapshot(), "c")
	wantShares(t, "beside one that has", first, map[lattice.HostID]float64{host(2): 100})
	if !table.Snapshot().Weighted("c") {
		t.Error("the host with the older variant would call itself")
	}
}

// TestVariantOfTheSameDigest has hosts count for the variant that they were told to
// run if nothing else tells variants apart.
func TestVariantOfTheSameDigest(t *testing.T) {
	table := directory.NewTable()
	next := variant(1, 20, host(2))
	next.Revision = 2
	table.Assign(assigned("c", 1, variant(1, 80, host(1)), next))
	table.SetReady(readyOf("c", 1, host(1)))
	table.SetReady(readyOf("c", 1, host(2)))
	first, _ := shares(t, table.Snapshot(), "c")
	wantShares(t, "same digest", first, map[lattice.HostID]float64{host(1): 80, host(2): 20})
}

func BenchmarkChoose(b *testing.B) {
	for _, test := range []struct {
		name   string
		uneven int
		weight int
	}{{"even", 0, 0}, {"by-instances", 1, 0}, {"by-weight", 0, 10}} {
		table := directory.NewTable()
		old := variant(1, 0, host(1), host(2), host(3))
		old.Hosts[host(1)] += test.uneven
		if old.Weight = 100 - test.weight; test.weight == 0 {
			old.Weight = 0
		}
		table.Assign(assigned("c", 1, old, variant(2, test.weight, host(4))))
		for i := range 4 {
			table.SetReady(readyOf("c", 1+i/3, host(i+1)))
		}
		s := table.Snapshot()
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			x := uint64(1)
			for b.Loop() {
				x *= 0x9e3779b97f4a7c15
				if s.Weighted("c") != (test.weight > 0) || s.Choose("c", x).First.Host == "" {
					b.Fatal("nobody is chosen")
				}
			}
		})
	}
}
