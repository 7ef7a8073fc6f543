package place_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/place"
)

// model is a cluster in the simplest form: lists.
type model struct {
	hosts      map[int]place.Host
	components map[int]modelComponent
}

type modelComponent struct {
	rules  *lattice.Rules
	placed []place.Placed
}

// randomHost returns a host of a small world.
func randomHost(t *rapid.T, n int) place.Host {
	h := zone(n, rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "zone"))
	h.Group = rapid.SampledFrom([]lattice.GroupName{"default", "edge"}).Draw(t, "group")
	h.Closed = rapid.SampledFrom([]string{"", "", "", "it is cordoned", "it does not report"}).Draw(t, "closed")
	if rapid.Bool().Draw(t, "disk") {
		h.Labels["disk"] = rapid.SampledFrom([]string{"ssd", "hdd"}).Draw(t, "kind")
	}
	h.Capacity.MemoryBytes = uint64(rapid.IntRange(1, 6).Draw(t, "memory")) << 30
	if rapid.Bool().Draw(t, "measured") {
		h.FreeBytes, h.OwnBytes = uint64(rapid.IntRange(0, 6).Draw(t, "free"))<<30, 1<<29
	}
	return h
}

// randomRules returns rules that may be met.
func randomRules(t *rapid.T) *lattice.Rules {
	r := &lattice.Rules{
		Mode:      rapid.SampledFrom([]lattice.Mode{lattice.ModeSpread, lattice.ModeHosts, lattice.ModeDaemon}).Draw(t, "mode"),
		Instances: rapid.IntRange(1, 9).Draw(t, "instances"),
		Priority:  rapid.IntRange(0, 2).Draw(t, "priority"),
	}
	if r.Mode == lattice.ModeHosts || r.Mode == lattice.ModeSpread && rapid.Bool().Draw(t, "limited") {
		r.Hosts = rapid.IntRange(1, 4).Draw(t, "hosts")
	}
	pick := func(name string) bool { return rapid.IntRange(0, 3).Draw(t, name) == 0 }
	if pick("grouped") {
		r.Group = "edge"
	}
	if pick("labelled") {
		r.Labels = map[string]string{"disk": "ssd"}
	}
	if pick("shared") {
		r.Spread = []lattice.Spread{share("x", "a", 2), share("y", "b", 1)}
	}
	if pick("sized") {
		r.Resources.MemoryBytes = uint64(rapid.IntRange(1, 3).Draw(t, "asked")) << 30
	}
	if pick("apart") {
		r.Apart = []lattice.ComponentID{componentID(rapid.IntRange(0, 5).Draw(t, "from"))}
	}
	if pick("with") {
		r.With = []lattice.ComponentID{componentID(rapid.IntRange(0, 5).Draw(t, "of"))}
	}
	if pick("away") {
		r.Away = []lattice.ComponentID{componentID(rapid.IntRange(0, 5).Draw(t, "off"))}
	}
	return r
}

// build returns a cluster as the model is, made at once and in another order.
func (m *model) build() *place.Cluster {
	c := place.New()
	for n := 19; n >= 0; n-- {
		if one, ok := m.components[n]; ok {
			c.SetPlaced(componentID(n), one.rules, one.placed)
		}
	}
	for n := 19; n >= 0; n-- {
		if h, ok := m.hosts[n]; ok {
			c.SetHost(h)
		}
	}
	return c
}

// meets reports whether a host may have a component, apart from whether it is open and has
// room.
func (m *model) meets(h place.Host, id lattice.ComponentID, r *lattice.Rules) bool {
	if r.Group != "" && h.Group != r.Group {
		return false
	}
	for k, v := range r.Labels {
		if h.Labels[k] != v {
			return false
		}
	}
	fits := len(r.Spread) == 0
	for _, s := range r.Spread {
		fits = fits || h.Labels["zone"] == s.Requirements["zone"]
	}
	there := func(other lattice.ComponentID, leaving bool) bool {
		for n, one := range m.components {
			if componentID(n) != other {
				continue
			}
			for _, at := range one.placed {
				if at.Host == h.ID && (leaving || !at.Leaving) {
					return true
				}
			}
		}
		return false
	}
	for _, other := range r.Apart {
		fits = fits && (other == id || !there(other, true))
	}
	for n, one := range m.components {
		if other := componentID(n); other != id && slices.Contains(one.rules.Apart, id) && there(other, true) {
			fits = false
		}
	}
	for _, other := range r.With {
		fits = fits && (other == id || m.mutual(id, other) || there(other, false))
	}
	return fits
}

// mutual reports whether two components name each other, and the other is nowhere yet.
func (m *model) mutual(id, other lattice.ComponentID) bool {
	for n, one := range m.components {
		if componentID(n) == other {
			return slices.Contains(one.rules.With, id) && !slices.ContainsFunc(one.placed, func(at place.Placed) bool { return !at.Leaving })
		}
	}
	return false
}

// free returns the memory of a host that is not set aside, as the package comment says.
func (m *model) free(h place.Host) uint64 {
	have := h.Capacity.MemoryBytes - h.Capacity.MemoryBytes/20
	if h.FreeBytes+h.OwnBytes > 0 {
		have = min(have, h.FreeBytes+h.OwnBytes)
	}
	for _, one := range m.components {
		for _, at := range one.placed {
			if at.Host == h.ID {
				have -= min(one.rules.Resources.MemoryBytes, have)
			}
		}
	}
	if h.FreeBytes+h.OwnBytes > 0 {
		have = min(have, h.FreeBytes)
	}
	return have
}

// check returns what is wrong with a result.
func (m *model) check(req *place.Request, got *place.Result) error {
	r := req.Rules
	chosen := map[lattice.HostID]bool{}
	instances := 0
	for _, c := range got.Hosts {
		if chosen[c.Host] {
			return fmt.Errorf("%s is chosen twice", c.Host)
		}
		chosen[c.Host] = true
		instances += c.Instances
		var h place.Host
		for _, one := range m.hosts {
			if one.ID == c.Host {
				h = one
			}
		}
		kept := slices.ContainsFunc(req.Keep, func(at place.Placed) bool { return at.Host == c.Host })
		switch {
		case kept != c.Kept:
			return fmt.Errorf("%s: kept is %v", c.Host, c.Kept)
		case !m.meets(h, req.Component, r):
			return fmt.Errorf("%s does not meet the rules", c.Host)
		case !kept && h.Closed != "":
			return fmt.Errorf("%s is chosen, and closed: %s", c.Host, h.Closed)
		case !kept && len(got.Victims) == 0 && m.free(h) < r.Resources.MemoryBytes:
			return fmt.Errorf("%s has no room", c.Host)
		case c.Instances < 1:
			return fmt.Errorf("%s has %d instances", c.Host, c.Instances)
		}
	}
	// Nobody was passed who would have done.
	could := 0
	for _, h := range m.hosts {
		if !chosen[h.ID] && h.Closed == "" && m.meets(h, req.Component, r) && m.free(h) >= r.Resources.MemoryBytes {
			could++
		}
	}
	switch r.Mode {
	case lattice.ModeSpread:
		if instances+got.Missing != r.Instances {
			return fmt.Errorf("%d instances and %d missing, %d are asked for", instances, got.Missing, r.Instances)
		}
		if got.Missing > 0 && could > 0 && len(r.Spread) == 0 {
			return fmt.Errorf("%d missing, and %d hosts could have them", got.Missing, could)
		}
	case lattice.ModeHosts:
		if len(chosen)+got.Missing != r.Hosts {
			return fmt.Errorf("%d hosts and %d missing, %d are asked for", len(chosen), got.Missing, r.Hosts)
		}
		if got.Missing > 0 && could > 0 && len(r.Spread) == 0 {
			return fmt.Errorf("%d missing, and %d hosts could have them", got.Missing, could)
		}
	case lattice.ModeDaemon:
		if could > 0 {
			return fmt.Errorf("%d hosts could have it", could)
		}
	}
	passed := 0
	for _, p := range got.Passed {
		passed += p.Count
	}
	if want := len(m.hosts) - len(chosen); passed != want {
		return fmt.Errorf("%d hosts were passed for a reason, of %d: %+v", passed, want, got.Passed)
	}
	for _, v := range got.Victims {
		for n, one := range m.components {
			if componentID(n) == v.Component && one.rules.Priority >= r.Priority {
				return fmt.Errorf("%s of priority %d is a victim of %d", v.Component, one.rules.Priority, r.Priority)
			}
		}
	}
	return nil
}

// wordsOf returns a text without its numbers.
func wordsOf(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c == '.' {
			return -1
		}
		return c
	}, strings.NewReplacer("GiB", "", "MiB", "").Replace(s))
}

func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{map[int]place.Host{}, map[int]modelComponent{}}
		c := place.New()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch n := rapid.IntRange(0, 7).Draw(t, "n"); rapid.SampledFrom([]string{"host", "host", "place", "place", "place", "remove host", "remove"}).Draw(t, "step") {
			case "host":
				h := randomHost(t, n)
				m.hosts[n] = h
				c.SetHost(h)
			case "remove host":
				delete(m.hosts, n)
				c.RemoveHost(hostID(n))
			case "remove":
				delete(m.components, n)
				c.SetPlaced(componentID(n), nil, nil)
			case "place":
				r := randomRules(t)
				req := &place.Request{Component: componentID(n), Rules: r, Keep: slices.Clone(m.components[n].placed)}
				// What is on hosts that are gone is nobody's to keep.
				req.Keep = slices.DeleteFunc(req.Keep, func(at place.Placed) bool {
					_, ok := c.Host(at.Host)
					return !ok || at.Leaving
				})
				old := m.components[n].placed
				m.components[n] = modelComponent{r, req.Keep}
				c.SetPlaced(componentID(n), r, req.Keep)
				got := c.Place(req)
				if err := m.check(req, got); err != nil {
					t.Fatalf("%v\nrequest %+v\nrules %+v\nresult %+v", err, req, r, got)
				}
				once := *m.build().Place(req)
				if len(once.Hosts) > 0 {
					once.Passed = got.Passed // it depends on whom one came by
				}
				words := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Why" }, cmp.Comparer(func(a, b string) bool {
					return wordsOf(a) == wordsOf(b) // "at most" may be more than there is now
				}))
				if diff := cmp.Diff(&once, got, words); diff != "" {
					t.Fatalf("a cluster that was made at once decides otherwise (-once +kept up):\n%s", diff)
				}
				if diff := cmp.Diff(got, c.Place(req)); diff != "" {
					t.Fatalf("asked again, it decides otherwise:\n%s", diff)
				}
				for _, v := range got.Victims {
					for i, one := range m.components {
						if componentID(i) == v.Component {
							one.placed = slices.DeleteFunc(slices.Clone(one.placed), func(at place.Placed) bool { return at.Host == v.Host })
							m.components[i] = one
							c.SetPlaced(v.Component, one.rules, one.placed)
						}
					}
				}
				var placed []place.Placed
				for _, h := range got.Hosts {
					placed = append(placed, place.Placed{Host: h.Host, Instances: h.Instances, Spread: h.Spread})
				}
				for _, at := range old {
					// Some of those that go are still there.
					if at.Host[len(at.Host)-1]%2 == 0 && !slices.ContainsFunc(placed, func(p place.Placed) bool { return p.Host == at.Host }) {
						at.Leaving = true
						placed = append(placed, at)
					}
				}
				m.components[n] = modelComponent{r, placed}
				c.SetPlaced(componentID(n), r, placed)
				// What it has now it keeps.
				again := c.Place(&place.Request{Component: componentID(n), Rules: r, Keep: placed[:len(got.Hosts)]})
				for _, h := range again.Hosts {
					if !h.Kept && again.Missing >= got.Missing && len(got.Victims) == 0 && len(placed) == len(got.Hosts) {
						t.Fatalf("placed again, it moves to %s: %+v, before %+v", h.Host, again, got)
					}
				}
			}
		}
	})
}
