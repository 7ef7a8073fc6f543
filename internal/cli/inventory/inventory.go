package inventory

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/hostgroup"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Inventory is the state of a lattice, as far as it has been read.
type Inventory struct {
	Hosts      map[lattice.HostID]Host
	Components map[lattice.ComponentID]lattice.Assignment
	Ready      map[string]lattice.Ready // by their keys
	// Listings have what MCP servers offer, by their keys.
	Listings map[string]*wire.Packed
	Links    map[string]lattice.Link
	Config   map[lattice.ConfigName]lattice.Config
}

// Host is the last report of a host, with times by the lattice's clock.
type Host struct {
	lattice.HostReport
	// Seen is when the report arrived. A host that is unreachable has been so since
	// then.
	Seen time.Time
}

// New returns an inventory of nothing.
func New() *Inventory {
	return &Inventory{
		Hosts:      map[lattice.HostID]Host{},
		Components: map[lattice.ComponentID]lattice.Assignment{},
		Ready:      map[string]lattice.Ready{},
		Listings:   map[string]*wire.Packed{},
		Links:      map[string]lattice.Link{},
		Config:     map[lattice.ConfigName]lattice.Config{},
	}
}

// member is the host as hostgroup has it.
func (h *Host) member(now time.Time) hostgroup.Member {
	return hostgroup.Member{Report: &h.HostReport, Silent: now.Sub(h.Seen).Milliseconds()}
}

// Unreachable reports whether nothing has been heard of a host for too long.
func (h *Host) Unreachable(now time.Time) bool { return h.member(now).Unreachable() }

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
