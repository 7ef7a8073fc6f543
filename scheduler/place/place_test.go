package place_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/place"
)

// zone returns a host with 8 processors and 8 GiB.
func zone(n int, zone string) place.Host {
	return place.Host{
		ID: hostID(n), Group: "default", Isolation: "process", Labels: map[string]string{"zone": zone, "arch": "amd64"},
		Capacity: lattice.Resources{CPUMillis: 8000, MemoryBytes: 8 << 30},
	}
}

func cluster(hosts ...place.Host) *place.Cluster {
	c := place.New()
	for _, h := range hosts {
		c.SetHost(h)
	}
	return c
}

func share(name, zone string, weight int) lattice.Spread {
	return lattice.Spread{Name: name, Weight: weight, Requirements: map[string]string{"zone": zone}}
}

// on is a placement on the n-th host.
func on(n, instances int) place.Placed {
	return place.Placed{Host: hostID(n), Instances: instances}
}

func TestPlace(t *testing.T) {
	three := func() *place.Cluster { return cluster(zone(1, "a"), zone(2, "a"), zone(3, "b")) }
	type got struct {
		Hosts   map[int]int // instances by host
		Missing int
		Why     []string // why others were passed
	}
	for name, test := range map[string]struct {
		c     *place.Cluster
		rules lattice.Rules
		keep  []place.Placed
		not   []place.Not
		want  got
	}{
		"one instance": {
			three(),
			lattice.Rules{Mode: lattice.ModeSpread, Instances: 1},
			nil, nil,
			got{map[int]int{1: 1}, 0, []string{"it fits, and those chosen are loaded no more"}},
		},
		"never more hosts than instances": {
			three(),
			lattice.Rules{Mode: lattice.ModeSpread, Instances: 2},
			nil, nil,
			got{map[int]int{1: 1, 2: 1}, 0, []string{"it fits, and those chosen are loaded no more"}},
		},
		"at most so many hosts": {
			three(),
			lattice.Rules{Mode: lattice.ModeSpread, Instances: 9, Hosts: 2},
			nil, nil,
			got{map[int]int{1: 5, 2: 4}, 0, []string{"it fits, and those chosen are loaded no more"}},
		},
		"the largest remainder": {
			three(),
			lattice.Rules{Mode: lattice.ModeSpread, Instances: 5, Spread: []lattice.Spread{share("x", "a", 2), share("y", "b", 1)}},
			nil, nil,
			got{map[int]int{1: 2, 2: 1, 3: 2}, 0, nil},
		},
		"a share without hosts": {
			three(),
			lattice.Rules{Mode: lattice.ModeSpread, Instances: 4, Spread: []lattice.Spread{share("x", "a", 1), share("y", "c", 1)}},
			nil, nil,
			got{map[int]int{1: 1, 2: 1}, 2, []string{`it is of no share: for the first, its label zone is "b", not "a"`}},
		},
		"shares that have one host in common": {
			cluster(zone(1, "a")),
			lattice.Rules{Mode: lattice.ModeSpread, Instances: 4, Spread: []lattice.Spread{share("x", "a", 3), {Name: "y", Weight: 1}}},
			nil, nil,
			got{map[int]int{1: 4}, 0, nil},
		},
		"what is there stays there": {
			three(),
			lattice.Rules{Mode: lattice.ModeHosts, Hosts: 2, Instances: 3},
			[]place.Placed{on(3, 3), on(2, 3)},
			nil,
			got{map[int]int{2: 3, 3: 3}, 0, []string{"it fits, and those chosen are loaded no more"}},
		},
		"the last ones go": {
			three(),
			lattice.Rules{Mode: lattice.ModeHosts, Hosts: 1, Instances: 3},
			[]place.Placed{on(3, 3), on(2, 3)},
			nil,
			got{map[int]int{3: 3}, 0, []string{"it fits, and those chosen are loaded no more"}},
		},
		"who has more keeps the odd one": {
			three(),
			lattice.Rules{Mode: lattice.ModeSpread, Instances: 3, Hosts: 2},
			[]place.Placed{on(1, 1), on(2, 2)},
			nil,
			got{map[int]int{1: 1, 2: 2}, 0, []string{"it fits, and those chosen are loaded no more"}},
		},
		"not where the rules forbid it": {
			three(),
			lattice.Rules{Mode: lattice.ModeHosts, Hosts: 1, Instances: 1, Labels: map[string]string{"zone": "b"}},
			[]place.Placed{on(1, 1)},
			nil,
			got{map[int]int{3: 1}, 0, []string{`its label zone is "a", not "b"`}},
		},
		"too few hosts": {
			three(),
			lattice.Rules{Mode: lattice.ModeHosts, Hosts: 3, Instances: 1, Labels: map[string]string{"zone": "a"}},
			nil, nil,
			got{map[int]int{1: 1, 2: 1}, 1, []string{`its label zone is "b", not "a"`}},
		},
		"a label that a host has detected": {
			three(),
			lattice.Rules{Mode: lattice.ModeDaemon, Instances: 1, Spread: []lattice.Spread{{Name: "x", Requirements: map[string]string{"hostcore.arch": "amd64"}}}},
			nil, nil,
			got{map[int]int{1: 1, 2: 1, 3: 1}, 0, nil},
		},
		"a label that none has": {
			three(),
			lattice.Rules{Mode: lattice.ModeDaemon, Instances: 1, Labels: map[string]string{"gpu": "yes"}},
			nil, nil,
			got{map[int]int{}, 1, []string{`it has no label gpu, which ought to be "yes"`}},
		},
		"another group": {
			three(),
			lattice.Rules{Mode: lattice.ModeDaemon, Instances: 2, Group: "edge"},
			nil, nil,
			got{map[int]int{}, 2, []string{`it is of group "default", not "edge"`}},
		},
		"a class of isolation": {
			three(),
			lattice.Rules{Mode: lattice.ModeDaemon, Instances: 1, Isolation: []string{"kata", "gvisor"}},
			nil, nil,
			got{map[int]int{}, 1, []string{`it is isolated as "process", not as "kata" or "gvisor"`}},
		},
		"a host that was excluded": {
			three(),
			lattice.Rules{Mode: lattice.ModeDaemon, Instances: 1},
			nil,
			[]place.Not{{Host: hostID(2), Why: "it was said so"}},
			got{map[int]int{1: 1, 3: 1}, 0, []string{"it was said so"}},
		},
		"more memory than one has": {
			three(),
			lattice.Rules{Mode: lattice.ModeHosts, Hosts: 1, Instances: 1, Resources: lattice.Resources{MemoryBytes: 8 << 30}},
			nil, nil,
			got{map[int]int{}, 1, []string{"it has at most 7.6 GiB of memory free, 8.0 GiB are asked for"}},
		},
		"more processors than one has": {
			three(),
			lattice.Rules{Mode: lattice.ModeHosts, Hosts: 1, Instances: 1, Resources: lattice.Resources{CPUMillis: 7900}},
			nil, nil,
			got{map[int]int{}, 1, []string{"it has at most 7.60 processors free, 7.90 processors are asked for"}},
		},
		"on no host but those that were named": {
			three(),
			lattice.Rules{Mode: lattice.ModeNone},
			[]place.Placed{on(1, 1)},
			nil,
			got{map[int]int{}, 0, nil},
		},
		"no host at all": {
			place.New(),
			lattice.Rules{Mode: lattice.ModeSpread, Instances: 3},
			nil, nil,
			got{map[int]int{}, 3, nil},
		},
		"a host of which nothing was heard yet": {
			three(),
			lattice.Rules{Mode: lattice.ModeHosts, Hosts: 1, Instances: 1},
			[]place.Placed{{Host: hostID(9), Instances: 1, Unheard: true}},
			nil,
			got{map[int]int{9: 1}, 0, []string{"it fits, and those chosen are loaded no more"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			result := test.c.Place(&place.Request{Component: "x", Rules: &test.rules, Keep: test.keep, Not: test.not})
			have := got{map[int]int{}, result.Missing, nil}
			for _, h := range result.Hosts {
				for n := range 10 {
					if hostID(n) == h.Host {
						have.Hosts[n] = h.Instances
					}
				}
				if !h.Kept && h.Why == "" {
					t.Errorf("host %s was chosen for no reason", h.Host)
				}
			}
			for _, p := range result.Passed {
				have.Why = append(have.Why, p.Why)
			}
			if diff := cmp.Diff(test.want, have); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestClosed: a host that takes nothing more keeps what it has.
func TestClosed(t *testing.T) {
	c := cluster(zone(1, "a"), zone(2, "a"))
	h := zone(1, "a")
	h.Closed = "it is cordoned"
	c.SetHost(h)
	r := &lattice.Rules{Mode: lattice.ModeHosts, Hosts: 2, Instances: 1}
	got := c.Place(&place.Request{Component: "x", Rules: r, Keep: []place.Placed{on(1, 1)}})
	if len(got.Hosts) != 2 || got.Hosts[0].Host != hostID(1) || !got.Hosts[0].Kept || len(got.Passed) != 0 {
		t.Errorf("Place = %+v, want both hosts", got)
	}
	got = c.Place(&place.Request{Component: "x", Rules: r})
	want := []place.Passed{{Why: "it is cordoned", Count: 1, Hosts: []lattice.HostID{hostID(1)}}}
	if diff := cmp.Diff(want, got.Passed); diff != "" || got.Missing != 1 {
		t.Errorf("missing %d, passed -want +got:\n%s", got.Missing, diff)
	}
}

// TestLoad: what is set aside decides, and each component counts.
func TestLoad(t *testing.T) {
	c := cluster(zone(1, "a"), zone(2, "a"), zone(3, "a"))
	big := &lattice.Rules{Mode: lattice.ModeHosts, Resources: lattice.Resources{MemoryBytes: 4 << 30}}
	none := &lattice.Rules{Mode: lattice.ModeHosts, Hosts: 1, Instances: 1}
	c.SetPlaced("big", big, []place.Placed{on(1, 1)})
	c.SetPlaced("small", none, []place.Placed{on(2, 1)})
	for _, want := range []int{3, 2} {
		got := c.Place(&place.Request{Component: "x", Rules: none})
		if got.Hosts[0].Host != hostID(want) {
			t.Errorf("chosen %s, want host %d", got.Hosts[0].Host, want)
		}
		h := zone(3, "a")
		h.Closed = "it is gone"
		c.SetHost(h)
	}
	if got, want := c.Load(hostID(1)), 501; got != want {
		t.Errorf("load %d, want %d", got, want)
	}
}

// TestMeasured: memory that other programs use is not given away.
func TestMeasured(t *testing.T) {
	h := zone(1, "a")
	h.FreeBytes, h.OwnBytes = 1<<30, 1<<30
	c := cluster(h)
	r := &lattice.Rules{Mode: lattice.ModeHosts, Hosts: 1, Instances: 1, Resources: lattice.Resources{MemoryBytes: 1 << 30}}
	place1 := func() int { return c.Place(&place.Request{Component: "x", Rules: r}).Missing }
	if place1() != 0 {
		t.Error("a host with 1 GiB left takes nothing of 1 GiB")
	}
	c.SetPlaced("other", r, []place.Placed{on(1, 1)})
	if place1() != 0 {
		t.Error("of 2 GiB that are there one is set aside, and the other one is not given away")
	}
	c.SetPlaced("another", r, []place.Placed{on(1, 1)})
	if place1() != 1 {
		t.Error("more was given away than there is")
	}
	// Room that appears is found, although there was none a moment ago.
	h.FreeBytes = 4 << 30
	c.SetHost(h)
	if place1() != 0 {
		t.Error("memory that was freed is not given away")
	}
}

// TestFreed: room that something leaves is found, although there was none a moment ago.
func TestFreed(t *testing.T) {
	c := cluster(zone(1, "a"))
	r := &lattice.Rules{Mode: lattice.ModeHosts, Hosts: 1, Instances: 1, Resources: lattice.Resources{MemoryBytes: 4 << 30}}
	c.SetPlaced("other", r, []place.Placed{on(1, 1)})
	missing := func() int { return c.Place(&place.Request{Component: "x", Rules: r}).Missing }
	if got := missing(); got != 1 {
		t.Errorf("missing %d on a full host, want 1", got)
	}
	c.SetPlaced("other", nil, nil)
	if got := missing(); got != 0 {
		t.Errorf("missing %d on an empty host, want none", got)
	}
}

// TestTogether: with, near, apart and away.
func TestTogether(t *testing.T) {
	c := cluster(zone(1, "a"), zone(2, "a"), zone(3, "a"))
	c.SetPlaced("db", &lattice.Rules{Mode: lattice.ModeHosts}, []place.Placed{on(2, 1)})
	c.SetPlaced("loud", &lattice.Rules{Mode: lattice.ModeHosts, Apart: []lattice.ComponentID{"shy"}}, []place.Placed{on(1, 1)})
	for _, test := range []struct {
		id      lattice.ComponentID
		rules   lattice.Rules
		want    []int
		missing int
	}{
		{"x", lattice.Rules{With: []lattice.ComponentID{"db"}}, []int{2}, 2},
		{"x", lattice.Rules{With: []lattice.ComponentID{"db", "loud"}}, nil, 3},
		{"x", lattice.Rules{With: []lattice.ComponentID{"nobody"}}, nil, 3},
		{"x", lattice.Rules{Near: []lattice.ComponentID{"db"}}, []int{2, 3, 1}, 0},
		{"x", lattice.Rules{Apart: []lattice.ComponentID{"db"}}, []int{3, 1}, 1},
		{"x", lattice.Rules{Away: []lattice.ComponentID{"db", "loud"}}, []int{3, 1, 2}, 0},
		{"shy", lattice.Rules{}, []int{3, 2}, 1}, // loud says so
		{"x", lattice.Rules{With: []lattice.ComponentID{"x"}}, []int{3, 1, 2}, 0},
	} {
		test.rules.Mode, test.rules.Hosts, test.rules.Instances = lattice.ModeHosts, 3, 1
		got := c.Place(&place.Request{Component: test.id, Rules: &test.rules})
		var hosts, want []lattice.HostID
		for _, h := range got.Hosts {
			hosts = append(hosts, h.Host)
		}
		for _, n := range test.want {
			want = append(want, hostID(n))
		}
		if diff := cmp.Diff(want, hosts); diff != "" || got.Missing != test.missing {
			t.Errorf("%s with %+v: missing %d, want %d; hosts -want +got:\n%s", test.id, test.rules, got.Missing, test.missing, diff)
		}
	}
}

// TestLimit: a host has no more components than it can be told of.
func TestLimit(t *testing.T) {
	c := cluster(zone(1, "a"))
	r := &lattice.Rules{Mode: lattice.ModeHosts, Hosts: 1, Instances: 1}
	for i := range 1024 {
		if placeOne(t, c, componentID(i), r).Missing > 0 {
			t.Fatalf("component %d has no place", i)
		}
	}
	got := c.Place(&place.Request{Component: "x", Rules: r})
	if got.Missing != 1 || got.Passed[0].Why != "it has 1024 components, the limit" {
		t.Errorf("Place = %+v", got)
	}
}

// TestPreempt: the fewest placements of the lowest priority make room, never those of the
// same.
func TestPreempt(t *testing.T) {
	gib := func(n uint64, priority int) *lattice.Rules {
		return &lattice.Rules{Mode: lattice.ModeHosts, Hosts: 1, Instances: 1, Priority: priority, Resources: lattice.Resources{MemoryBytes: n << 30}}
	}
	c := cluster(zone(1, "a"), zone(2, "a"), zone(3, "a"))
	c.SetPlaced("a1", gib(3, 0), []place.Placed{on(1, 1)})
	c.SetPlaced("a2", gib(3, 0), []place.Placed{on(1, 1)})
	c.SetPlaced("b1", gib(6, 1), []place.Placed{on(2, 1)})
	c.SetPlaced("c1", gib(7, 0), []place.Placed{{Host: hostID(3), Pinned: true}})
	for _, test := range []struct {
		rules *lattice.Rules
		want  []place.Victim
	}{
		{gib(4, 5), []place.Victim{{"a1", hostID(1), "x", 5}}},
		{gib(6, 5), []place.Victim{{"b1", hostID(2), "x", 5}}},
		{gib(6, 1), []place.Victim{{"a1", hostID(1), "x", 1}, {"a2", hostID(1), "x", 1}}},
		{gib(6, 0), nil},
		{gib(8, 9), nil},
	} {
		got := c.Place(&place.Request{Component: "x", Rules: test.rules})
		if diff := cmp.Diff(test.want, got.Victims); diff != "" || (got.Missing > 0) != (test.want == nil) {
			t.Errorf("%d GiB of priority %d: missing %d, victims -want +got:\n%s", test.rules.Resources.MemoryBytes>>30, test.rules.Priority, got.Missing, diff)
		}
	}
}
