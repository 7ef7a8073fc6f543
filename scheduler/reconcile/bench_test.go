package reconcile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/reconcile"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// fleet is a lattice with many hosts and components, of which nothing is placed.
type fleet struct {
	r     *reconcile.Reconciler
	s     *state.State
	now   int64
	index uint64
	hosts []*lattice.HostReport
}

func newFleet(tb testing.TB, hosts, components int) *fleet {
	f := &fleet{s: state.New("default"), now: 1000}
	for from := 0; from < components; from += 4000 {
		var changes []state.Change
		for i := from; i < min(from+4000, components); i++ {
			changes = append(changes, state.Put(state.Record{Component: benchComponent(i)}))
		}
		f.apply(tb, changes, false)
	}
	f.r = reconcile.New(nil)
	f.r.Reset(f.now, f.s)
	for i := range hosts {
		h := &lattice.HostReport{
			ID: numbered(i), Name: fmt.Sprint("host-", i), Lattice: "default", Group: "default", State: lattice.HostReady,
			Labels:   map[string]string{"zone": string(rune('a' + i%3)), "isolation": "process", "name": fmt.Sprint(i)},
			Capacity: lattice.Capacity{CPUs: 16, MemoryBytes: 64 << 30},
			Load:     lattice.Load{AvailableBytes: 60 << 30, MemoryBytes: 1 << 30},
		}
		f.hosts = append(f.hosts, h)
		f.r.Observe(f.now, h)
	}
	f.r.Beat(f.now)
	return f
}

// numbered returns the ID of the i-th host.
func numbered(i int) lattice.HostID {
	digits := strings.Map(func(c rune) rune { return c - '0' + 'A' }, fmt.Sprintf("%055d", i))
	return lattice.HostID("N" + digits)
}

func benchComponent(i int) *state.Component {
	c := &state.Component{
		ID: lattice.ComponentID(fmt.Sprintf("c%06d", i)), Revisions: []state.Revision{revision(1)}, Target: 1,
		Rules: lattice.Rules{Mode: lattice.ModeHosts, Hosts: 2, Instances: 4, Resources: lattice.Resources{CPUMillis: 50, MemoryBytes: 128 << 20}},
	}
	switch i % 4 {
	case 0:
		c.Rules.Labels = map[string]string{"zone": "b"}
	case 1:
		c.Rules.Mode, c.Rules.Hosts, c.Rules.Instances = lattice.ModeSpread, 0, 2
		c.Rules.Spread = []lattice.Spread{
			{Name: "a", Weight: 1, Requirements: map[string]string{"zone": "a"}},
			{Name: "c", Weight: 1, Requirements: map[string]string{"zone": "c"}},
		}
	}
	return c
}

func (f *fleet) apply(tb testing.TB, changes []state.Change, tell bool) {
	f.index++
	next, err := f.s.Apply(lattice.Stamp{Term: 1, Index: f.index}, &state.Entry{Base: f.s.Seq, Changes: changes})
	if err != nil {
		tb.Fatal(err)
	}
	f.s = next
	if tell {
		f.r.Update(f.now, next, changes)
	}
}

// plan plans until there is nothing to do. Only the planning is counted if alone is given.
func (f *fleet) plan(b *testing.B, alone bool) (changes int) {
	for {
		p, next := f.r.Plan(f.now, f.now, 2000)
		if len(p.Changes) > 0 {
			changes += len(p.Changes)
			if alone {
				b.StopTimer()
			}
			f.apply(b, p.Changes, false)
			if alone {
				b.StartTimer()
			}
			f.r.Update(f.now, f.s, p.Changes)
		} else if next > f.now {
			return changes
		}
	}
}

// The whole of a lattice is placed, from nothing.
func BenchmarkFull1000x10000(b *testing.B)   { benchmarkFull(b, 1000, 10_000) }
func BenchmarkFull10000x100000(b *testing.B) { benchmarkFull(b, 10_000, 100_000) }

func benchmarkFull(b *testing.B, hosts, components int) {
	b.ReportAllocs()
	for range b.N {
		b.StopTimer()
		f := newFleet(b, hosts, components)
		b.StartTimer()
		if got := f.plan(b, true); got < components {
			b.Fatalf("%d changes for %d components", got, components)
		}
	}
}

// A component changes where everything is placed and ready.
func BenchmarkOne1000x10000(b *testing.B)   { benchmarkOne(b, 1000, 10_000) }
func BenchmarkOne10000x100000(b *testing.B) { benchmarkOne(b, 10_000, 100_000) }

func benchmarkOne(b *testing.B, hosts, components int) {
	f := newFleet(b, hosts, components)
	f.plan(b, false)
	f.ready()
	f.plan(b, false)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		next := *f.s.Component(benchComponent(i % components).ID)
		next.Rules.Instances = 2 + (next.Rules.Instances+1)%4
		f.apply(b, []state.Change{state.Put(state.Record{Component: &next})}, true)
		f.plan(b, false)
		i++
	}
}

// A leader begins where all is well.
func BenchmarkReset10000x100000(b *testing.B) {
	f := newFleet(b, 10_000, 100_000)
	f.plan(b, false)
	f.ready()
	f.plan(b, false)
	b.ReportAllocs()
	for b.Loop() {
		f.r.Reset(f.now, f.s)
		for _, h := range f.hosts {
			f.r.Observe(f.now, h)
		}
		f.r.Beat(f.now)
		if n := f.plan(b, false); n > 0 {
			b.Fatalf("%d changes when all is well", n)
		}
	}
}

// Each host reports once, and nothing has changed.
func BenchmarkReports10000x100000(b *testing.B) {
	f := newFleet(b, 10_000, 100_000)
	f.plan(b, false)
	f.ready()
	f.plan(b, false)
	b.ReportAllocs()
	for b.Loop() {
		f.now += 1000
		f.ready()
		f.r.Beat(f.now)
		f.plan(b, false)
	}
}

// A host is lost.
func BenchmarkLost10000x100000(b *testing.B) {
	f := newFleet(b, 10_000, 100_000)
	f.plan(b, false)
	f.ready()
	f.plan(b, false)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		f.r.Gone(f.now, f.hosts[i%len(f.hosts)].ID)
		f.now += 1500
		f.r.Beat(f.now)
		f.ready(f.hosts[i%len(f.hosts)].ID)
		f.now += 1500
		f.r.Beat(f.now)
		f.plan(b, false)
		i++
	}
}

// ready has all hosts, but some, say that they run what they ought to.
func (f *fleet) ready(but ...lattice.HostID) {
	for _, h := range f.hosts {
		if len(but) > 0 && h.ID == but[0] {
			continue
		}
		r := *h
		r.Applied, r.Components = f.s.Stamp, nil
		for c, at := range f.s.On(h.ID) {
			rev := c.Revision(at.Revision)
			r.Components = append(r.Components, lattice.ComponentStatus{ID: c.ID, Revision: rev.Number, Digest: rev.Digest, State: lattice.ComponentRunning})
		}
		*h = r
		f.r.Observe(f.now, &r)
	}
}
