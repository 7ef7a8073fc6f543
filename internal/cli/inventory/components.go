package inventory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Component is a component as all of a lattice says it is: where it ought to run,
// and how far it is there.
type Component struct {
	lattice.Assignment
	Status []HostStatus `json:"status"`
}

// HostStatus is a component on a host, as the host has it.
type HostStatus struct {
	Host     lattice.HostID `json:"host"`
	HostName string         `json:"host_name"`
	// Ready says that the host takes calls for it.
	Ready bool `json:"ready"`
	// Reachable says that the host was heard of lately.
	Reachable bool `json:"reachable"`
	// Component is what the host reported, nil if it has not heard of it.
	Component *lattice.ComponentStatus `json:"component,omitempty"`
}

var componentsKind = &Kind{
	Name: "components", Singular: "component", Short: "the components, and how many hosts run them",
	Columns: []show.Column{
		{Name: "ID"},
		{Name: "READY"},
		{Name: "STATE"},
		{Name: "REVISION"},
		{Name: "HOSTS"},
		{Name: "ROUTES"},
		{Name: "CALLS", Live: true},
		{Name: "FAILED", Live: true},
		{Name: "REF", Wide: true},
		{Name: "DIGEST", Wide: true},
		{Name: "FAULTS", Wide: true, Live: true},
	},
	buckets: []bucket{hostsBucket, componentsBucket, readyBucket},
	rows: func(inv *Inventory, now time.Time) []show.Row {
		var rows []show.Row
		for _, id := range slices.Sorted(maps.Keys(inv.Components)) {
			c := inv.Component(id, now)
			ready, calls, failures := 0, int64(0), int64(0)
			var hosts []string
			for _, s := range c.Status {
				hosts = append(hosts, s.HostName)
				if s.Ready && s.Reachable {
					ready++
				}
				if s.Component != nil {
					calls += s.Component.Calls
					failures += s.Component.Failures
				}
			}
			latest := c.Latest()
			if latest == nil {
				latest = &lattice.Variant{}
			}
			var routes []string
			for _, r := range c.Routes {
				routes = append(routes, r.Host+r.Path)
			}
			rows = append(rows, show.Row{Key: string(id), Doc: c, Cells: []string{
				string(id), fmt.Sprintf("%d/%d", ready, len(c.Status)), c.state(), c.revisions(),
				orNone(strings.Join(hosts, ",")), orNone(strings.Join(routes, ",")),
				strconv.FormatInt(calls, 10), strconv.FormatInt(failures, 10), latest.Ref, latest.Digest, orNone(c.faults(now)),
			}})
		}
		return rows
	},
}

// Component gathers what is known of a component.
func (inv *Inventory) Component(id lattice.ComponentID, now time.Time) *Component {
	c := &Component{Assignment: inv.Components[id], Status: []HostStatus{}}
	for _, host := range c.Hosts() {
		s := HostStatus{Host: host, HostName: inv.Name(host)}
		if r, ok := inv.Ready[wire.ReadyKey(host, id)]; ok {
			s.Ready = slices.ContainsFunc(c.Variants, func(v lattice.Variant) bool { return v.Digest == r.Digest })
		}
		if h, ok := inv.Hosts[host]; ok {
			s.Reachable = !h.Unreachable(now) && h.State != lattice.HostStopped
			if i := slices.IndexFunc(h.Components, func(s lattice.ComponentStatus) bool { return s.ID == id }); i >= 0 {
				s.Component = &h.Components[i]
			}
		}
		c.Status = append(c.Status, s)
	}
	slices.SortStableFunc(c.Status, func(a, b HostStatus) int { return cmp.Compare(a.HostName, b.HostName) })
	return c
}

// revisions returns the revisions that ought to run, and how the calls are shared out
// among them if they are: "3", "3→4", "3 (90), 4 (10)".
func (c *Component) revisions() string {
	var all []string
	for _, v := range c.Variants {
		text := strconv.FormatUint(v.Revision, 10)
		if c.Weighted() {
			text += fmt.Sprintf(" (%d)", v.Weight)
		}
		all = append(all, text)
	}
	if c.Weighted() {
		return strings.Join(all, ", ")
	}
	return orNone(strings.Join(all, "→"))
}

// byNeed are the states of components, those that need attention the most last.
var byNeed = []lattice.ComponentState{
	lattice.ComponentRunning, lattice.ComponentStopping, lattice.ComponentStarting, lattice.ComponentUnhealthy, lattice.ComponentFailed,
}

// state returns the state of a component that needs attention the most, and why; and
// how far its next revision is where that needs more attention than those before.
func (c *Component) state() string {
	worst, state := -1, "waiting"
	consider := func(s lattice.ComponentState, what, reason string) {
		if n := slices.Index(byNeed, s); n > worst {
			worst, state = n, what+string(s)
			if reason != "" {
				state += ": " + brief(reason)
			}
		}
	}
	faults := 0
	for _, s := range c.Status {
		if s.Component == nil {
			continue
		}
		faults += len(s.Component.Faults)
		consider(s.Component.State, "", s.Component.Reason)
		if n := s.Component.Next; n != nil {
			what := fmt.Sprintf("revision %d ", n.Revision)
			if n.Revision == s.Component.Revision {
				what = "change " // of what it is given
			}
			consider(n.State, what, n.Reason)
		}
	}
	if worst == 0 && faults > 0 {
		state += ", and a link does not work"
	}
	return state
}

// faults says which links do not work, on which hosts.
func (c *Component) faults(now time.Time) string {
	var all []string
	for _, s := range c.Status {
		for i := 0; s.Component != nil && i < len(s.Component.Faults); i++ {
			f := &s.Component.Faults[i]
			all = append(all, s.HostName+": "+show.Fault(string(f.Link), f.Capability, f.Reason, f.Since, now))
		}
	}
	return strings.Join(all, "; ")
}

// maxReason bounds the characters of a reason in a table.
const maxReason = 60

// brief returns the beginning of the first line of a text.
func brief(s string) string {
	line, _, more := strings.Cut(s, "\n")
	if r := []rune(line); len(r) > maxReason {
		line, more = string(r[:maxReason]), true
	}
	if more {
		line += "…"
	}
	return line
}
