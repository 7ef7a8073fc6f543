package inventory

import (
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
			var routes []string
			for _, r := range c.Routes {
				routes = append(routes, r.Host+r.Path)
			}
			rows = append(rows, show.Row{Key: string(id), Doc: c, Cells: []string{
				string(id), fmt.Sprintf("%d/%d", ready, len(c.Hosts)), c.state(), strconv.FormatUint(c.Revision, 10),
				orNone(strings.Join(hosts, ",")), orNone(strings.Join(routes, ",")),
				strconv.FormatInt(calls, 10), strconv.FormatInt(failures, 10), c.Ref, c.Digest,
			}})
		}
		return rows
	},
}

// Component gathers what is known of a component.
func (inv *Inventory) Component(id lattice.ComponentID, now time.Time) *Component {
	c := &Component{Assignment: inv.Components[id], Status: []HostStatus{}}
	for _, host := range c.Hosts {
		s := HostStatus{Host: host, HostName: inv.Name(host)}
		if r, ok := inv.Ready[wire.ReadyKey(host, id)]; ok {
			s.Ready = r.Digest == c.Digest
		}
		if h, ok := inv.Hosts[host]; ok {
			s.Reachable = !h.Unreachable(now) && h.State != lattice.HostStopped
			if i := slices.IndexFunc(h.Components, func(s lattice.ComponentStatus) bool { return s.ID == id }); i >= 0 {
				s.Component = &h.Components[i]
			}
		}
		c.Status = append(c.Status, s)
	}
	return c
}

// state returns the state of a component that needs attention the most, and why.
func (c *Component) state() string {
	worst, state := -1, "waiting"
	order := []lattice.ComponentState{lattice.ComponentRunning, lattice.ComponentStopping, lattice.ComponentStarting, lattice.ComponentFailed}
	for _, s := range c.Status {
		if s.Component == nil {
			continue
		}
		if n := slices.Index(order, s.Component.State); n > worst {
			worst, state = n, string(s.Component.State)
			if s.Component.Reason != "" {
				state += ": " + brief(s.Component.Reason)
			}
		}
	}
	return state
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
