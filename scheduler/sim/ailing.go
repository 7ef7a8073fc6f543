package sim

import (
	"fmt"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// The deadline of components that name none, in milliseconds, and how long a host may take
// to end what has lapsed.
const (
	deadline  = 60_000
	lapseTime = heartbeat + drainGrace + drainMost + 1000
)

// ails looks whether a component is left on a host where its probes are bad for longer than
// its deadline, while another host could have it. Whoever leads begins to count anew.
func (c *check) ails() string {
	for _, h := range c.w.hosts {
		for id, r := range h.runners {
			if r.ails {
				c.troubled[flip{id, h.id}] = c.w.now
			}
			what := fmt.Sprintf("ails %s %d", id, h.n)
			component, p := c.last.state.Component(id), c.last.state.Placements(id).On(h.id)
			so := r.ails && p != nil && component != nil && h.linked() && h.lie == honest && c.w.now >= h.unstored && c.couldLeave(component, p)
			most := deadline
			if component != nil && component.Rollout.DeadlineMillis > 0 {
				most = int(component.Rollout.DeadlineMillis)
			}
			if long := c.lasts(what, so); long > int64(most)+lease+c.reaction() {
				return fmt.Sprintf("%s is placed on %s, where it ails for %d ms", id, h, long)
			}
		}
	}
	return ""
}

// couldLeave reports whether another host could have a component in place of one, as far
// as the world knows: if it asks for no resources, and is not in a rollout. A host where it
// has failed, or that has lied, is avoided for a while.
func (c *check) couldLeave(component *state.Component, p *state.Placement) bool {
	rules, s := &component.Rules, c.last.state
	if p.Pinned || p.Leaving != "" || rules.Mode == lattice.ModeDaemon || rules.Mode == lattice.ModeSpread && rules.Hosts > 0 || rules.Resources != (lattice.Resources{}) ||
		len(component.Revisions) > 1 || component.Failed != "" || s.Placements(component.ID).Missing > 0 {
		return false
	}
	return slices.ContainsFunc(c.w.hosts, func(h *host) bool {
		if at, ok := c.troubled[flip{component.ID, h.id}]; ok && c.w.now-at < avoid+c.reaction() || c.w.now-h.hurt < avoid+c.reaction() {
			return false
		}
		return h.linked() && h.lie == honest && s.Wish(h.id) == lattice.HostReady && s.Placements(component.ID).On(h.id) == nil && c.misfit(s, component, h, p.Spread) == ""
	})
}

// leased looks whether a host goes on with what it may only run while its reports are
// taken.
func (c *check) leased() string {
	for _, h := range c.w.hosts {
		if !h.up || h.desired == nil {
			continue
		}
		for i := range h.desired.Components {
			spec := &h.desired.Components[i]
			if r := h.runners[spec.ID]; spec.LeaseMillis == 0 || !r.serves() || r.since > h.taken {
				continue
			}
			if silent := c.w.now - max(h.taken, h.since); silent > max(spec.LeaseMillis, 2*heartbeat)+lapseTime {
				return fmt.Sprintf("%s goes on with %s, and no report of it was taken for %d ms", h, spec.ID, silent)
			}
		}
	}
	return ""
}
