package inventory

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
)

// HostGroup is what the hosts of a group have together. Of those that cannot be
// reached only the number counts.
type HostGroup struct {
	Name        lattice.GroupName `json:"name"`
	Hosts       []lattice.HostID  `json:"hosts"`
	Ready       int               `json:"ready"`
	Unreachable int               `json:"unreachable"`
	Components  int               `json:"components"`
	CPUs        float64           `json:"cpus"`
	MemoryBytes uint64            `json:"memory_bytes"`
	CPU         float64           `json:"cpu"`
	Running     int64             `json:"running"`
}

var hostGroupsKind = &Kind{
	Name: "hostgroups", Singular: "hostgroup", Short: "the groups of hosts, and what they have together",
	Columns: []show.Column{
		{Name: "NAME"},
		{Name: "HOSTS"},
		{Name: "READY"},
		{Name: "UNREACHABLE"},
		{Name: "COMPONENTS"},
		{Name: "CALLS", Live: true},
		{Name: "CPU", Live: true},
		{Name: "MEMORY"},
	},
	buckets: []bucket{hostsBucket},
	rows: func(inv *Inventory, now time.Time) []show.Row {
		groups := inv.HostGroups(now)
		var rows []show.Row
		for _, name := range slices.Sorted(maps.Keys(groups)) {
			g := groups[name]
			rows = append(rows, show.Row{Key: string(name), Doc: g, Cells: []string{
				string(name), strconv.Itoa(len(g.Hosts)), strconv.Itoa(g.Ready), strconv.Itoa(g.Unreachable), strconv.Itoa(g.Components),
				strconv.FormatInt(g.Running, 10), fmt.Sprintf("%.1f/%g", g.CPU, g.CPUs), show.Bytes(g.MemoryBytes),
			}})
		}
		return rows
	},
}

// HostGroups returns the groups by their names. Hosts that have stopped are of
// none.
func (inv *Inventory) HostGroups(now time.Time) map[lattice.GroupName]*HostGroup {
	groups := map[lattice.GroupName]*HostGroup{}
	for _, h := range inv.hosts() {
		if h.State == lattice.HostStopped {
			continue
		}
		g := groups[h.Group]
		if g == nil {
			g = &HostGroup{Name: h.Group}
			groups[h.Group] = g
		}
		g.Hosts = append(g.Hosts, h.ID)
		if h.Unreachable(now) {
			g.Unreachable++
			continue
		}
		if h.State == lattice.HostReady {
			g.Ready++
		}
		g.Components += len(h.Components)
		g.CPUs += h.Capacity.CPUs
		g.MemoryBytes += h.Capacity.MemoryBytes
		g.CPU += h.Load.CPU
		g.Running += h.Load.Running
	}
	return groups
}
