package hostgroup

import (
	"cmp"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
)

// Group is how the hosts of a group are doing.
type Group struct {
	Name lattice.GroupName `json:"name"`
	// Hosts counts all but those that have stopped. Ready, Cordoned, Draining,
	// Drained and Unreachable add up to it: who cannot be reached is in no other
	// state.
	Hosts       int `json:"hosts"`
	Ready       int `json:"ready"`
	Cordoned    int `json:"cordoned"`
	Draining    int `json:"draining"`
	Drained     int `json:"drained"`
	Unreachable int `json:"unreachable"`
	// Silent is for how many milliseconds the first of the unreachable hosts has
	// been silent.
	Silent int64 `json:"silent_ms,omitempty"`
	// Components counts the components that run on a host that can be reached,
	// each once; Failed those that fail on one, or are unhealthy there.
	Components int `json:"components"`
	Failed     int `json:"failed"`
	// Capacity and Load are sums over the hosts that can be reached.
	Capacity lattice.Capacity `json:"capacity"`
	Load     lattice.Load     `json:"load"`
}

// Summarize returns the groups of the hosts, in the order of their names.
func Summarize(members []Member) []Group {
	sums := map[lattice.GroupName]*sum{}
	for _, m := range members {
		if m.Report.State == lattice.HostStopped {
			continue
		}
		s := sums[m.Report.Group]
		if s == nil {
			s = &sum{running: map[lattice.ComponentID]bool{}, failed: map[lattice.ComponentID]bool{}}
			s.group.Name = m.Report.Group
			sums[m.Report.Group] = s
		}
		s.add(m)
	}
	groups := make([]Group, 0, len(sums))
	for _, s := range sums {
		s.group.Components, s.group.Failed = len(s.running), len(s.failed)
		groups = append(groups, s.group)
	}
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	return groups
}

// sum is a Group under way.
type sum struct {
	group           Group
	running, failed map[lattice.ComponentID]bool
}

func (s *sum) add(m Member) {
	g, r := &s.group, m.Report
	g.Hosts++
	if m.Unreachable() {
		g.Unreachable++
		g.Silent = max(g.Silent, m.Silent)
		return
	}
	switch r.State {
	case lattice.HostCordoned:
		g.Cordoned++
	case lattice.HostDraining:
		g.Draining++
	case lattice.HostDrained:
		g.Drained++
	default:
		g.Ready++
	}
	for i := range r.Components {
		switch c := &r.Components[i]; c.State {
		case lattice.ComponentRunning:
			s.running[c.ID] = true
		case lattice.ComponentFailed, lattice.ComponentUnhealthy:
			s.failed[c.ID] = true
		}
	}
	g.Capacity.CPUs += r.Capacity.CPUs
	g.Capacity.MemoryBytes += r.Capacity.MemoryBytes
	g.Load.CPU += r.Load.CPU
	g.Load.MachineCPU += r.Load.MachineCPU
	g.Load.MemoryBytes += r.Load.MemoryBytes
	g.Load.AvailableBytes += r.Load.AvailableBytes
	g.Load.Running += r.Load.Running
	g.Load.Waiting += r.Load.Waiting
}
