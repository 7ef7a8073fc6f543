package place_test

import (
	"fmt"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/place"
)

// hostID returns the n-th host's ID.
func hostID(n int) lattice.HostID {
	return lattice.HostID(fmt.Sprintf("N%055s", fmt.Sprintf("H%d", n)))
}

// fleet returns a cluster of n hosts: of three zones and two groups, one in ten with less memory.
func fleet(n int) *place.Cluster {
	c := place.New()
	for i := range n {
		h := place.Host{
			ID: hostID(i), Group: "default", Isolation: "process",
			Labels:    map[string]string{"zone": string(rune('a' + i%3)), "name": fmt.Sprint(i)},
			Capacity:  lattice.Resources{CPUMillis: 16000, MemoryBytes: 64 << 30},
			FreeBytes: 60 << 30, OwnBytes: 1 << 30,
		}
		if i%10 == 0 {
			h.Capacity.MemoryBytes, h.FreeBytes, h.Group = 16<<30, 12<<30, "small"
		}
		c.SetHost(h)
	}
	return c
}

// mixed returns the rules of the n-th component.
func mixed(n int) *lattice.Rules {
	r := &lattice.Rules{Mode: lattice.ModeSpread, Instances: 2, Resources: lattice.Resources{CPUMillis: 100, MemoryBytes: 256 << 20}}
	switch n % 5 {
	case 0:
		r.Labels = map[string]string{"zone": "b"}
	case 1:
		r.Spread = []lattice.Spread{{Name: "a", Requirements: map[string]string{"zone": "a"}, Weight: 2}, {Name: "c", Requirements: map[string]string{"zone": "c"}, Weight: 1}}
	case 2:
		r.Group = "default"
		r.Mode, r.Hosts = lattice.ModeHosts, 2
	case 3:
		r.Resources = lattice.Resources{}
	}
	return r
}

func componentID(n int) lattice.ComponentID { return lattice.ComponentID(fmt.Sprintf("c%06d", n)) }

// fill places components from..to.
func fill(tb testing.TB, c *place.Cluster, from, to int) {
	for i := from; i < to; i++ {
		r := mixed(i)
		placeOne(tb, c, componentID(i), r)
	}
}

// placeOne places a component and returns what was decided.
func placeOne(tb testing.TB, c *place.Cluster, id lattice.ComponentID, r *lattice.Rules) *place.Result {
	res := c.Place(&place.Request{Component: id, Rules: r, Keep: c.Placed(id)})
	placed := make([]place.Placed, len(res.Hosts))
	for i, h := range res.Hosts {
		placed[i] = place.Placed{Host: h.Host, Instances: h.Instances, Spread: h.Spread}
	}
	c.SetPlaced(id, r, placed)
	return res
}

func BenchmarkFull1000x10000(b *testing.B)   { benchmarkFull(b, 1000, 10_000) }
func BenchmarkFull10000x100000(b *testing.B) { benchmarkFull(b, 10_000, 100_000) }

func benchmarkFull(b *testing.B, hosts, components int) {
	b.ReportAllocs()
	for b.Loop() {
		c := fleet(hosts)
		fill(b, c, 0, components)
	}
}

func BenchmarkOne1000x10000(b *testing.B)   { benchmarkOne(b, 1000, 10_000) }
func BenchmarkOne10000x100000(b *testing.B) { benchmarkOne(b, 10_000, 100_000) }

func benchmarkOne(b *testing.B, hosts, components int) {
	c := fleet(hosts)
	fill(b, c, 0, components)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		id := componentID(components + i)
		placeOne(b, c, id, mixed(i))
		c.SetPlaced(id, nil, nil)
		i++
	}
}

// BenchmarkTight places where nothing has room any more.
func BenchmarkTight10000x100000(b *testing.B) {
	c := fleet(10_000)
	r := &lattice.Rules{Mode: lattice.ModeHosts, Hosts: 1, Instances: 1, Resources: lattice.Resources{MemoryBytes: 50 << 30}}
	i := 0
	for ; ; i++ {
		if placeOne(b, c, componentID(i), r).Missing > 0 {
			break
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		i++
		placeOne(b, c, componentID(i), r)
	}
}
