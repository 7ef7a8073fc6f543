package sim

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/scheduler/state"
)

// tellChange tells what a change is, for the trace.
func (w *World) tellChange(c *state.Change) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.%s", c.Key.Kind(), c.Key.Name())
	switch {
	case c.Record == (state.Record{}):
		b.WriteString(" deleted")
	case c.Placements != nil:
		for i := range c.Placements.Hosts {
			p := &c.Placements.Hosts[i]
			fmt.Fprintf(&b, " h%d/%d×%d", w.number(p.Host), p.Revision, p.Instances)
			if p.Pinned {
				b.WriteString(" pinned")
			}
			if p.Leaving != "" {
				fmt.Fprintf(&b, " leaving (%s)", p.Leaving)
			}
		}
		if c.Placements.Missing > 0 {
			fmt.Fprintf(&b, " missing %d", c.Placements.Missing)
		}
	case c.Component != nil:
		fmt.Fprintf(&b, " target %d", c.Component.Target)
		if c.Component.Failed != "" {
			fmt.Fprintf(&b, " failed (%s)", c.Component.Failed)
		}
		if c.Component.Promoted {
			b.WriteString(" promoted")
		}
		for i := range c.Component.Revisions {
			fmt.Fprintf(&b, " %d", c.Component.Revisions[i].Number)
		}
		fmt.Fprintf(&b, " %s ×%d", c.Component.Rules.Mode, c.Component.Rules.Instances)
	case c.App != nil:
		fmt.Fprintf(&b, " deployed %d good %d", c.App.Deployed, c.App.Good)
		if n := len(c.App.History); n > 0 {
			fmt.Fprintf(&b, " %s", c.App.History[n-1].Outcome)
		}
	case c.Host != nil:
		fmt.Fprintf(&b, " h%d %s %v", w.number(c.Host.ID), c.Host.State, c.Host.Labels)
	}
	return b.String()
}
