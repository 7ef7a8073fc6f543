package inventory_test

import (
	"testing"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/lattice"
)

// TestRollout has a component of which two revisions run.
func TestRollout(t *testing.T) {
	const one, two = lattice.HostID("N1"), lattice.HostID("N2")
	now := time.Now()
	for _, c := range []struct {
		name            string
		weight          int
		running, next   lattice.ComponentState
		reason          string
		revision, state string
	}{
		{"rolling", 0, lattice.ComponentRunning, lattice.ComponentStarting, "", "3→4", "revision 4 starting"},
		{"canary", 10, lattice.ComponentRunning, "", "", "3 (90), 4 (10)", "running"},
		{"failing", 0, lattice.ComponentRunning, lattice.ComponentFailed, "it traps", "3→4", "revision 4 failed: it traps"},
		{"unhealthy", 0, lattice.ComponentUnhealthy, lattice.ComponentStarting, "", "3→4", "unhealthy"},
	} {
		inv := inventory.New()
		old, latest := lattice.Variant{Revision: 3, Hosts: map[lattice.HostID]int{one: 1}}, lattice.Variant{Revision: 4, Hosts: map[lattice.HostID]int{two: 1}}
		if c.weight > 0 {
			old.Weight, latest.Weight = 100-c.weight, c.weight
		}
		inv.Components["shop"] = lattice.Assignment{Component: "shop", Variants: []lattice.Variant{old, latest}}
		for _, id := range []lattice.HostID{one, two} {
			status := lattice.ComponentStatus{ID: "shop", Revision: 3, State: c.running}
			if id == two && c.next != "" {
				status.Next = &lattice.NextStatus{Revision: 4, State: c.next, Reason: c.reason}
			}
			inv.Hosts[id] = inventory.Host{HostReport: lattice.HostReport{ID: id, Name: string(id), State: lattice.HostReady, Every: 1000, Components: []lattice.ComponentStatus{status}}, Seen: now}
		}
		cells := inventory.KindOf("components").Rows(inv, now)[0].Cells
		if cells[3] != c.revision || cells[2] != c.state {
			t.Errorf("%s: revision %q, state %q, want %q and %q", c.name, cells[3], cells[2], c.revision, c.state)
		}
	}
}
