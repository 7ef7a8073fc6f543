package directory_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
)

func host(i int) lattice.HostID {
	return lattice.HostID("N" + strings.Repeat("A", 53) + string(rune('A'+i/26)) + string(rune('A'+i%26)))
}

func digest(i int) string { return fmt.Sprintf("sha256:%064x", i) }

func assignment(c string, index uint64, version int, hosts ...lattice.HostID) *lattice.Assignment {
	return &lattice.Assignment{
		Component: lattice.ComponentID(c), Stamp: lattice.Stamp{Term: 1, Index: index},
		Variants: []lattice.Variant{variant(version, 0, hosts...)},
	}
}

// variant returns a variant that has four instances on each host.
func variant(version, weight int, hosts ...lattice.HostID) lattice.Variant {
	v := lattice.Variant{Ref: "x", Digest: digest(version), Revision: uint64(version), Weight: weight, Hosts: map[lattice.HostID]int{}}
	for _, h := range hosts {
		v.Hosts[h] = 4
	}
	return v
}

func readyOf(c string, version int, h lattice.HostID, exports ...string) *lattice.Ready {
	return &lattice.Ready{Component: lattice.ComponentID(c), Host: h, Digest: digest(version), Exports: exports}
}

func wantHosts(t *testing.T, s *directory.Snapshot, c string, want ...lattice.HostID) {
	t.Helper()
	if got := s.Hosts(lattice.ComponentID(c)); !slices.Equal(got, want) {
		t.Errorf("hosts of %s are %v, want %v", c, got, want)
	}
}

func TestBothMustSaySo(t *testing.T) {
	table := directory.NewTable()
	table.SetReady(readyOf("c", 1, host(1)))
	table.SetReady(readyOf("c", 1, host(3)))
	wantHosts(t, table.Snapshot(), "c")
	table.Assign(assignment("c", 1, 1, host(2), host(1)))
	wantHosts(t, table.Snapshot(), "c", host(1)) // host 3 is ready by its own word only
	before := table.Snapshot()
	table.SetReady(readyOf("c", 1, host(2)))
	wantHosts(t, table.Snapshot(), "c", host(1), host(2))
	wantHosts(t, before, "c", host(1)) // what was read does not change
	table.UnsetReady(host(1), "c")
	wantHosts(t, table.Snapshot(), "c", host(2))
	table.Unassign("c")
	wantHosts(t, table.Snapshot(), "c")
	if _, known := table.Snapshot().Assigned("c"); known {
		t.Error("the component is still known")
	}
}

func TestOlderStampIsIgnored(t *testing.T) {
	table := directory.NewTable()
	table.SetReady(readyOf("c", 1, host(1)))
	table.SetReady(readyOf("c", 1, host(2)))
	table.Assign(assignment("c", 5, 1, host(1)))
	if table.Assign(assignment("c", 4, 1, host(2))) {
		t.Error("an older assignment was taken")
	}
	wantHosts(t, table.Snapshot(), "c", host(1))
	table.Unassign("c")
	if table.Assign(assignment("c", 4, 1, host(2))) {
		t.Error("an older assignment was taken after the deletion")
	}
	if !table.Assign(assignment("c", 5, 1, host(1))) {
		t.Error("the same assignment was not taken again")
	}
	wantHosts(t, table.Snapshot(), "c", host(1))
}

func TestDigestThatIsAssignedGoesFirst(t *testing.T) {
	table := directory.NewTable()
	table.Assign(assignment("c", 1, 2, host(1), host(2)))
	table.SetReady(readyOf("c", 1, host(1), "old"))
	wantHosts(t, table.Snapshot(), "c", host(1))
	table.SetReady(readyOf("c", 2, host(2), "new", "newer"))
	wantHosts(t, table.Snapshot(), "c", host(2))
	if diff := cmp.Diff([]string{"new", "newer"}, table.Snapshot().Exports("c")); diff != "" {
		t.Errorf("exports (-want +got):\n%s", diff)
	}
}

func TestNothingNewIsNoSnapshot(t *testing.T) {
	table := directory.NewTable()
	table.Assign(assignment("c", 1, 1, host(1)))
	table.SetReady(readyOf("c", 1, host(1), "a"))
	before := table.Snapshot()
	table.SetReady(readyOf("c", 1, host(1), "a"))
	table.Assign(assignment("c", 1, 1, host(1)))
	table.Unassign("other")
	table.UnsetReady(host(2), "c")
	if table.Snapshot() != before {
		t.Error("there is a new snapshot of the same")
	}
}

func TestRoute(t *testing.T) {
	table := directory.NewTable()
	for i, routes := range [][]lattice.Route{
		{{Path: "/"}},
		{{Host: "a.example", Path: "/"}, {Path: "/api"}},
		{{Host: "a.example", Path: "/api"}},
		{{Path: "/api"}, {Path: "/api/v2"}},
	} {
		a := assignment(string(rune('a'+i)), 1, 1)
		a.Routes = routes
		table.Assign(a)
	}
	s := table.Snapshot()
	for _, test := range []struct{ host, path, want string }{
		{"", "/", "a"},
		{"other", "/x", "a"},
		{"other", "/api", "b"}, // b and d have it: the first has
		{"other", "/api/x", "b"},
		{"other", "/apix", "a"},
		{"other", "/api/v2/x", "d"},
		{"a.example", "/", "b"},
		{"a.example", "/api/v2", "c"}, // the exact host goes first
		{"a.example", "/apix", "b"},
	} {
		if got, ok := s.Route(test.host, test.path); string(got) != test.want || !ok {
			t.Errorf("%q %q goes to %q, want %q", test.host, test.path, got, test.want)
		}
	}
	if !s.RoutedHost("a.example") || s.RoutedHost("other") || s.RoutedHost("") {
		t.Error("which hosts are routed is wrong")
	}
	table.Unassign("a")
	if _, ok := table.Snapshot().Route("other", "/x"); ok {
		t.Error("a path without a route goes somewhere")
	}
}

// TestRandomTable compares the table with one that is made anew from what is left.
func TestRandomTable(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 2))
		table := directory.NewTable()
		assigned := map[string]*lattice.Assignment{}
		ready := map[string]*lattice.Ready{}
		for i := range 200 {
			c, h := string(rune('a'+rng.IntN(4))), host(rng.IntN(5))
			switch rng.IntN(5) {
			case 0:
				a := assignment(c, uint64(i+1), rng.IntN(2), host(rng.IntN(2)), host(2+rng.IntN(3)))
				a.Routes = []lattice.Route{{Path: "/" + c}}
				assigned[c] = a
				table.Assign(a)
			case 1, 2:
				r := readyOf(c, rng.IntN(2), h, "e"+c)
				ready[c+string(h)] = r
				table.SetReady(r)
			case 3:
				delete(ready, c+string(h))
				table.UnsetReady(h, lattice.ComponentID(c))
			case 4:
				if rng.IntN(4) == 0 {
					delete(assigned, c)
					table.Unassign(lattice.ComponentID(c))
				}
			}
			if rng.IntN(3) > 0 {
				continue
			}
			anew := directory.NewTable()
			for _, a := range assigned {
				anew.Assign(a)
			}
			for _, r := range ready {
				anew.SetReady(r)
			}
			want, got := anew.Snapshot(), table.Snapshot()
			for _, c := range []string{"a", "b", "c", "d"} {
				id := lattice.ComponentID(c)
				wantID, _ := want.Route("", "/"+c)
				gotID, _ := got.Route("", "/"+c)
				if !slices.Equal(want.Hosts(id), got.Hosts(id)) || wantID != gotID || !slices.Equal(want.Components(), got.Components()) {
					t.Fatalf("seed %d, step %d: component %s has hosts %v, want %v", seed, i, c, got.Hosts(id), want.Hosts(id))
				}
			}
		}
	}
}
