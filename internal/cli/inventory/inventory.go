package inventory

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// Inventory is the state of a lattice, as far as it has been read.
type Inventory struct {
	Hosts      map[lattice.HostID]Host
	Components map[lattice.ComponentID]lattice.Assignment
	Ready      map[string]lattice.Ready // by their keys
	Links      map[string]lattice.Link
	Config     map[lattice.ConfigName]lattice.Config
}

// Host is the last report of a host, and when it arrived by the lattice's clock.
type Host struct {
	lattice.HostReport
	Seen time.Time
}

// New returns an inventory of nothing.
func New() *Inventory {
	return &Inventory{
		Hosts:      map[lattice.HostID]Host{},
		Components: map[lattice.ComponentID]lattice.Assignment{},
		Ready:      map[string]lattice.Ready{},
		Links:      map[string]lattice.Link{},
		Config:     map[lattice.ConfigName]lattice.Config{},
	}
}

// missedReports is how many reports of a host may be late before it is taken for
// unreachable.
const missedReports = 3

// Unreachable reports whether nothing has been heard of a host that has not said
// goodbye.
func (h *Host) Unreachable(now time.Time) bool {
	return h.State != lattice.HostStopped && now.Sub(h.Seen) > missedReports*time.Duration(h.Every)*time.Millisecond
}

// Since returns the time from which on it is unreachable.
func (h *Host) Since() time.Time { return h.Seen }

// Name returns what people call a host: its name, or the start of its ID.
func (inv *Inventory) Name(id lattice.HostID) string {
	if h, ok := inv.Hosts[id]; ok && h.Name != "" {
		return h.Name
	}
	return id.Short()
}

// hosts returns the hosts by group, name and ID.
func (inv *Inventory) hosts() []Host {
	return slices.SortedFunc(maps.Values(inv.Hosts), func(a, b Host) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
}

// Runs reports whether a host has said that it runs a component, or has not ended
// it yet.
func (h *Host) Runs(id lattice.ComponentID) bool {
	return slices.ContainsFunc(h.Components, func(c lattice.ComponentStatus) bool { return c.ID == id })
}
