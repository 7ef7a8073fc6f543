package reconcile_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// opKinds are what happens to a world, each as often as it is here.
var opKinds = strings.Fields(`step step step step put put update remove silent back back drain cordon ready ready break mend leader rules stop gone sick well`)

// op is something that happens. The numbers are taken modulo what there is.
type op struct {
	Kind       string
	A, B, C, D int
}

func genOps(t *rapid.T) []op {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) op {
		n := rapid.IntRange(0, 11)
		return op{rapid.SampledFrom(opKinds).Draw(t, "kind"), n.Draw(t, "a"), n.Draw(t, "b"), n.Draw(t, "c"), n.Draw(t, "d")}
	}), 1, 60).Draw(t, "ops")
}

// randomRules are rules that can be met by some of the hosts of a random world.
func (o op) rules() lattice.Rules {
	r := lattice.Rules{Instances: 1 + o.B%5}
	switch o.C % 4 {
	case 0:
		r.Mode = lattice.ModeDaemon
	case 1:
		r.Mode, r.Hosts = lattice.ModeHosts, 1+o.D%4
	default:
		r.Mode = lattice.ModeSpread
		if o.D%3 == 0 {
			r.Hosts = 2
		}
	}
	if o.D%4 == 1 {
		r.Spread = []lattice.Spread{
			{Name: "x", Weight: 3, Requirements: map[string]string{"zone": "x"}},
			{Name: "y", Weight: 1, Requirements: map[string]string{"zone": "y"}},
		}
	}
	if o.D%5 == 2 {
		r.Labels = map[string]string{"zone": "x"}
	}
	if o.B%4 == 3 {
		r.Apart = []lattice.ComponentID{componentID(o.A + 1)}
	}
	if o.B%6 == 4 {
		r.With = []lattice.ComponentID{componentID(o.A + 1)}
	}
	if o.C%3 == 2 {
		r.Resources.MemoryBytes = uint64(1+o.D%3) << 30
		r.Priority = o.B % 3
	}
	return r
}

func componentID(n int) lattice.ComponentID {
	return lattice.ComponentID(fmt.Sprint("c", n%5))
}

// play has ops happen to a new world. Each entry is checked.
func play(ops []op) (*world, error) {
	w := newWorld()
	w.limit = 7
	names := []string{"a", "b", "c", "d", "e", "f"}
	for i, name := range names {
		w.addHost(name, lattice.HostReport{Labels: map[string]string{"zone": string("xxy"[i%3])}})
	}
	w.check = w.checkEntry
	host := func(n int) *fakeHost { return w.hosts[hostID(names[n%len(names)])] }
	for i, o := range ops {
		var err error
		id := componentID(o.A)
		c := w.s.Component(id)
		switch o.Kind {
		case "step":
			for range 1 + o.B%4 {
				if err == nil {
					_, err = w.step(int64(500 + 500*o.C))
				}
			}
		case "put":
			if c == nil {
				err = w.put(&state.Component{ID: id, Rules: o.rules(), Rollout: lattice.Rollout{MaxUnavailable: o.A % 3, DeadlineMillis: 20_000}})
			}
		case "rules":
			if c != nil {
				next := *c
				next.Rules = o.rules()
				next.Pins = nil
				if o.C%4 == 1 {
					next.Pins = []state.Pin{{Host: hostID(names[o.D%len(names)]), Instances: 2}}
				}
				err = w.put(&next)
			}
		case "update":
			if c != nil && len(c.Revisions) < state.MaxRevisions {
				err = w.update(id)
			}
		case "remove":
			if c != nil {
				err = w.remove(id)
			}
		case "silent":
			host(o.A).silent = true
		case "back":
			host(o.A).silent = false
		case "stop":
			h := host(o.A)
			h.report.State, h.report.Components, h.silent = lattice.HostStopped, nil, true
			w.r.Observe(w.now, h.say())
		case "drain":
			err = w.wish(host(o.A).report.ID, lattice.HostDrained)
		case "cordon":
			err = w.wish(host(o.A).report.ID, lattice.HostCordoned)
		case "ready":
			err = w.wish(host(o.A).report.ID, lattice.HostReady)
		case "break":
			if c != nil {
				host(o.B).broken[fmt.Sprintf("%s@%d", id, c.Target)] = true
			}
		case "gone":
			h := host(o.A)
			h.silent = true
			w.r.Gone(w.now, h.report.ID)
		case "sick":
			host(o.B).unhealthy[id] = true
		case "well":
			clear(host(o.B).unhealthy)
		case "mend":
			clear(host(o.B).broken)
		case "leader":
			w.lead()
		}
		if err != nil {
			return w, fmt.Errorf("op %d %+v: %w\n%s", i, o, err, w.show())
		}
	}
	return w, nil
}

// checkEntry returns what is wrong with an entry.
func (w *world) checkEntry(before, after *state.State) error {
	for p := range after.AllPlacements() {
		was := before.Placements(p.Component)
		c := after.Component(p.Component)
		if was == p {
			continue
		}
		changed := 0
		seen := map[lattice.HostID]bool{}
		for i := range p.Hosts {
			at := &p.Hosts[i]
			if seen[at.Host] {
				return fmt.Errorf("%s is twice on %s", p.Component, at.Host.Short())
			}
			seen[at.Host] = true
			old := was.On(at.Host)
			if old == nil && !at.Pinned {
				if wish := after.Wish(at.Host); wish != lattice.HostReady {
					return fmt.Errorf("%s is placed on %s, which is to be %s", p.Component, at.Host.Short(), wish)
				}
				if h, ok := w.r.Host(w.now, at.Host); !ok || h.Lost || h.Closed != "" {
					return fmt.Errorf("%s is placed on %s, which is closed: %q", p.Component, at.Host.Short(), h.Closed)
				}
				if at.Why == "" {
					return fmt.Errorf("%s is placed on %s for no reason", p.Component, at.Host.Short())
				}
			}
			if old != nil && old.Pinned && at.Leaving != "" {
				for _, pin := range c.Pins {
					if pin.Host == at.Host {
						return fmt.Errorf("%s leaves %s, where it is pinned", p.Component, at.Host.Short())
					}
				}
			}
			if h, ok := w.r.Host(w.now, at.Host); old != nil && old.Revision != at.Revision && ok && !h.Lost && h.Report != nil && h.Report.State == lattice.HostReady && after.Wish(at.Host) == lattice.HostReady {
				changed++
			}
		}
		if most := max(c.Rollout.MaxUnavailable, 1); changed > most {
			return fmt.Errorf("%s: %d hosts change over at once, %d may", p.Component, changed, most)
		}
	}
	return nil
}

// checkSettled returns what is wrong with a world in which nothing is on its way.
func (w *world) checkSettled() error {
	for c := range w.s.Components() {
		p := w.s.Placements(c.ID)
		if p == nil {
			return fmt.Errorf("%s was never placed", c.ID)
		}
		instances, hosts := 0, 0
		for i := range p.Hosts {
			at := &p.Hosts[i]
			if at.Leaving != "" {
				return fmt.Errorf("%s is still leaving %s", c.ID, at.Host.Short())
			}
			if seen := w.r.Placement(c.ID, at.Host); !seen.Ready && !seen.Failed {
				return fmt.Errorf("%s on %s is %q", c.ID, at.Host.Short(), seen.State)
			}
			if !at.Pinned {
				instances += at.Instances
				hosts++
			}
		}
		r := &c.Rules
		switch r.Mode {
		case lattice.ModeSpread:
			if instances+p.Missing != r.Instances {
				return fmt.Errorf("%s has %d instances and misses %d, %d are asked for", c.ID, instances, p.Missing, r.Instances)
			}
		case lattice.ModeHosts:
			if hosts+p.Missing != r.Hosts {
				return fmt.Errorf("%s has %d hosts and misses %d, %d are asked for", c.ID, hosts, p.Missing, r.Hosts)
			}
		}
		if p.Missing > 0 && len(p.Passed) == 0 {
			return fmt.Errorf("%s misses %d and nobody knows why", c.ID, p.Missing)
		}
	}
	return nil
}

func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ops := genOps(t)
		w, err := play(ops)
		if err != nil {
			t.Fatal(err)
		}
		again, err := play(ops)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(marshal(t, w.entries), marshal(t, again.entries)); diff != "" {
			t.Fatalf("the same happened, and something else was decided:\n%s", diff)
		}
		// Once nothing goes wrong any more, all is as it ought to be in bounded time.
		for id, h := range w.hosts {
			h.silent = false
			clear(h.unhealthy)
			if err := w.wish(id, lattice.HostReady); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.settle(1200); err != nil {
			t.Fatal(err)
		}
		if err := w.checkSettled(); err != nil {
			t.Fatalf("%v\n%s", err, w.show())
		}
		// From then on there is nothing to do, for as long as one looks.
		for range 30 {
			if n, err := w.step(7000); n > 0 || err != nil {
				t.Fatalf("%d plans when all was settled (%v):\n%s\n%v", n, err, w.show(), marshal(t, w.entries[len(w.entries)-1:]))
			}
		}
		w.r.Reconsider()
		if n, err := w.step(1000); n > 0 || err != nil {
			t.Fatalf("%d plans for looking again (%v):\n%s\n%s", n, err, w.show(), marshal(t, w.entries[max(len(w.entries)-2, 0):]))
		}
	})
}

// TestJoin: a host that joins has a bounded number of components move to it, and then
// nothing moves any more.
func TestJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		hosts := rapid.IntRange(1, 5).Draw(t, "hosts")
		components := rapid.IntRange(1, 40).Draw(t, "components")
		for i := range hosts {
			w.addHost(string(rune('a'+i)), lattice.HostReport{})
		}
		for i := range components {
			c := &state.Component{ID: lattice.ComponentID(fmt.Sprint("c", i)), Rules: lattice.Rules{Mode: lattice.ModeHosts, Hosts: rapid.IntRange(1, min(hosts, 2)).Draw(t, "on"), Instances: 1}}
			if err := w.put(c); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.settle(100); err != nil {
			t.Fatal(err)
		}
		total := 0
		for p := range w.s.AllPlacements() {
			total += len(p.Hosts)
		}
		w.entries = nil
		w.addHost("z", lattice.HostReport{})
		if _, err := w.settle(600); err != nil {
			t.Fatal(err)
		}
		moved, gained := 0, 0
		for _, changes := range w.entries {
			for _, c := range changes {
				if c.Placements == nil {
					continue
				}
				for _, at := range c.Placements.Hosts {
					if strings.Contains(at.Leaving, "joined") {
						moved++
					}
				}
			}
		}
		for range w.s.On(hostID("z")) {
			gained++
		}
		if most := total/(hosts+1) + 1; gained > most {
			t.Errorf("the new host has %d of %d placements on %d hosts, want at most %d", gained, total, hosts+1, most)
		}
		if moved > 3*gained+3 {
			t.Errorf("%d were seen moving for a gain of %d", moved, gained)
		}
		if err := w.checkSettled(); err != nil {
			t.Fatal(err)
		}
	})
}

func marshal(t *rapid.T, entries [][]state.Change) string {
	text, err := json.MarshalIndent(entries, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
