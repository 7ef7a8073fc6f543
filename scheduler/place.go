package scheduler

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// Observed is a host as it shows itself.
type Observed struct {
	ID     lattice.HostID
	Name   string
	Group  lattice.GroupName
	Labels map[string]string
	State  lattice.HostState
	// Silent says since when nothing was heard of the host, for people; it is empty
	// while the host reports in time.
	Silent string
}

// choose chooses n hosts for a component: of those that are ready and meet where,
// the ones with the fewest components, and by their IDs among equals. Hosts in not
// are left out of account. It returns those chosen, best first, and those passed
// over, each with the reason. If there are too few, the error is of kind
// ErrUnavailable, or ErrNotFound for a named host that there is not.
func choose(s *State, hosts map[lattice.HostID]*Observed, where *control.Where, n int, not []lattice.HostID) (chosen, passed []control.Placement, err error) {
	if where.Host != "" && hosts[where.Host] == nil {
		return nil, nil, fmt.Errorf("host %s: %w in this lattice: `wattle get hosts` lists those that are", where.Host, lattice.ErrNotFound)
	}
	load := s.load()
	var fit []lattice.HostID
	for _, id := range slices.Sorted(maps.Keys(hosts)) {
		h := hosts[id]
		if slices.Contains(not, id) || where.Host != "" && where.Host != id {
			continue
		}
		if why := unfit(s, h, where, load[id]); why != "" {
			passed = append(passed, control.Placement{Host: id, Name: h.Name, Why: why})
			continue
		}
		fit = append(fit, id)
	}
	slices.SortStableFunc(fit, func(a, b lattice.HostID) int { return cmp.Compare(load[a], load[b]) })
	if len(fit) < n {
		return nil, passed, fmt.Errorf("%w: %s for %d%s", lattice.ErrUnavailable, count(len(fit), "host fits", "hosts fit"), n, reasons(passed))
	}
	for i, id := range fit {
		p := control.Placement{Host: id, Name: hosts[id].Name}
		has := count(load[id], "component", "components")
		switch {
		case i >= n:
			p.Why = fmt.Sprintf("it has %s, those chosen have no more", has)
			passed = append(passed, p)
			continue
		case where.Host != "":
			p.Why = "it was named"
		case len(fit) == 1:
			p.Why = "the only host that fits"
		default:
			p.Why = fmt.Sprintf("with %s it is among the %d least used of the %d hosts that fit", has, n, len(fit))
		}
		chosen = append(chosen, p)
	}
	return chosen, passed, nil
}

// load counts the components that were placed on each host.
func (s *State) load() map[lattice.HostID]int {
	load := map[lattice.HostID]int{}
	for _, c := range s.Components {
		for _, p := range c.Hosts {
			load[p.Host]++
		}
	}
	return load
}

// unfit says why a host takes no component, or nothing if it does.
func unfit(s *State, h *Observed, where *control.Where, load int) string {
	if why := outside(h, where); why != "" {
		return why
	}
	switch wish := s.wish(h.ID); {
	case h.State == lattice.HostStopped:
		return "it has ended"
	case h.Silent != "":
		return h.Silent
	case wish != lattice.HostReady:
		return fmt.Sprintf("it is to be %s: `wattle host uncordon %s` makes it ready", wish, h.ID)
	case h.State != lattice.HostReady:
		return fmt.Sprintf("it is %s", h.State)
	case load >= wire.MaxComponents:
		return fmt.Sprintf("it has %d components, the limit", load)
	}
	return ""
}

// outside says which condition a host does not meet, or nothing if it meets all.
func outside(h *Observed, where *control.Where) string {
	if where.Host != "" && where.Host != h.ID {
		return "another host was named"
	}
	if where.Group != "" && where.Group != h.Group {
		return fmt.Sprintf("it is of group %q, not %q", h.Group, where.Group)
	}
	for _, key := range slices.Sorted(maps.Keys(where.Labels)) {
		switch value, ok := h.Labels[key]; {
		case !ok:
			return fmt.Sprintf("it has no label %s", key)
		case value != where.Labels[key]:
			return fmt.Sprintf("its label %s is %q, not %q", key, value, where.Labels[key])
		}
	}
	return ""
}

// maxReasons bounds how many hosts an error tells of.
const maxReasons = 8

func reasons(passed []control.Placement) string {
	if len(passed) == 0 {
		return "; no other host has reported: is one running in this lattice?"
	}
	var b strings.Builder
	for i, p := range passed {
		if i == maxReasons {
			fmt.Fprintf(&b, "; and %d more", len(passed)-i)
			break
		}
		fmt.Fprintf(&b, "; host %s", p.Host.Short())
		if p.Name != "" {
			fmt.Fprintf(&b, " (%s)", p.Name)
		}
		fmt.Fprintf(&b, ": %s", p.Why)
	}
	return b.String()
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
