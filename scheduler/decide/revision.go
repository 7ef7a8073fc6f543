package decide

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// revise makes a revision what all hosts of a component ought to have in the end, and
// reports whether that changes anything. One that differs from all that the component
// has is given the number, or if that is zero the next one. old is what the component
// was before, or nil.
func revise(old, next *state.Component, r state.Revision, number uint64) (bool, error) {
	if old == nil {
		r.Number = cmp.Or(number, 1)
		next.Revisions, next.Target = []state.Revision{r}, r.Number
		return true, nil
	}
	next.Revisions, next.Target = old.Revisions, old.Target
	next.Promoted, next.Failed = old.Promoted, old.Failed
	target := old.TargetRevision()
	if number != 0 && number < target.Number {
		return false, fmt.Errorf("component %q: %w: revision %d is before revision %d, which runs", next.ID, lattice.ErrConflict, number, target.Number)
	}
	// Who asks again for what has failed wants it to be tried again: that is a revision
	// of its own, so that what hosts have said of the other is not said of this.
	again := old.Failed != "" && sameRevision(target, &r) && number == 0
	if !again && sameRevision(target, &r) && (number == 0 || number == target.Number) {
		next.Failed = ""
		return old.Failed != "", nil
	}
	next.Promoted, next.Failed = false, ""
	if number == 0 {
		for i := range old.Revisions {
			if have := &old.Revisions[i]; !again && sameRevision(have, &r) {
				next.Target = have.Number
				return true, nil
			}
			number = max(number, old.Revisions[i].Number)
		}
		number++
	}
	if old.Revision(number) != nil {
		return false, fmt.Errorf("component %q: %w: revision %d is another one", next.ID, lattice.ErrConflict, number)
	}
	r.Number = number
	next.Revisions = append(slices.Clone(old.Revisions), r)
	next.Target = number
	return true, nil
}

// sameRevision compares revisions but for their numbers. An empty list is the same as
// none.
func sameRevision(a, b *state.Revision) bool {
	return a.Ref == b.Ref && a.Digest == b.Digest && a.Limits == b.Limits && a.Preinit == b.Preinit &&
		slices.Equal(a.Routes, b.Routes) &&
		slices.EqualFunc(a.Configs, b.Configs, func(x, y state.RevisionConfig) bool {
			return x.Name == y.Name && (x.Values == nil) == (y.Values == nil) && maps.Equal(x.Values, y.Values)
		}) &&
		maps.Equal(a.Secrets, b.Secrets) &&
		slices.EqualFunc(a.Links, b.Links, func(x, y lattice.Link) bool { return x.Equal(&y) }) &&
		(a.Probe == nil) == (b.Probe == nil) && (a.Probe == nil || *a.Probe == *b.Probe) && a.MCP.Equal(b.MCP)
}

// sameRules compares rules. An empty list or map is the same as none.
func sameRules(a, b *lattice.Rules) bool {
	return a.Mode == b.Mode && a.Instances == b.Instances && a.Hosts == b.Hosts && a.Group == b.Group &&
		a.Resources == b.Resources && a.Priority == b.Priority && maps.Equal(a.Labels, b.Labels) &&
		slices.Equal(a.Isolation, b.Isolation) && slices.Equal(a.With, b.With) && slices.Equal(a.Near, b.Near) &&
		slices.Equal(a.Apart, b.Apart) && slices.Equal(a.Away, b.Away) &&
		slices.EqualFunc(a.Spread, b.Spread, func(x, y lattice.Spread) bool {
			return x.Name == y.Name && x.Weight == y.Weight && maps.Equal(x.Requirements, y.Requirements)
		})
}

func sameRollout(a, b *lattice.Rollout) bool {
	x, y := *a, *b
	x.Canary, y.Canary = nil, nil
	return x == y && (a.Canary == nil) == (b.Canary == nil) && (a.Canary == nil || *a.Canary == *b.Canary)
}

func samePins(a, b []state.Pin) bool {
	return slices.EqualFunc(a, b, func(x, y state.Pin) bool {
		return x.Host == y.Host && x.Instances == y.Instances && maps.Equal(x.Annotations, y.Annotations)
	})
}

// sameComponent compares all of two components but their revisions and which of them is
// the target.
func sameComponent(a, b *state.Component) bool {
	return a.App == b.App && a.Name == b.Name && a.Dropped == b.Dropped && sameRules(&a.Rules, &b.Rules) && sameRollout(&a.Rollout, &b.Rollout) &&
		samePins(a.Pins, b.Pins) && maps.Equal(a.Annotations, b.Annotations)
}

// free reports a route that another component has, if that is not of the same
// application: there it may pass from one to the other. The same goes for the name and
// the alias of an MCP server.
func (d *decider) free(id lattice.ComponentID, app lattice.AppName, routes []lattice.Route, m *lattice.MCP) error {
	for _, r := range routes {
		if other := taken(d.s.Routed(r), id, app); other != nil {
			return fmt.Errorf("component %q: route %q: %w: %s has it", id, r.Host+r.Path, lattice.ErrExists, whose(other))
		}
	}
	if m == nil {
		return nil
	}
	if other := taken(d.s.Named(m.Name), id, app); other != nil {
		return fmt.Errorf("component %q: MCP server %q: %w: %s has the name; give this one another", id, m.Name, lattice.ErrExists, whose(other))
	}
	if other := taken(d.s.Aliased(m.Alias), id, app); other != nil {
		return fmt.Errorf("component %q: alias %q of MCP server %q: %w: %s has it; give this one another", id, m.Alias, m.Name, lattice.ErrExists, whose(other))
	}
	return nil
}

// taken returns the first component that keeps another one from having something, nil if
// there is none.
func taken(have iter.Seq[*state.Component], id lattice.ComponentID, app lattice.AppName) *state.Component {
	for other := range have {
		if other.ID != id && (app == "" || other.App != app) {
			return other
		}
	}
	return nil
}

// whose names a component for errors.
func whose(c *state.Component) string {
	if c.App == "" {
		return fmt.Sprintf("component %q", c.ID)
	}
	return fmt.Sprintf("component %q of application %q", c.ID, c.App)
}
