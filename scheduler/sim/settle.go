package sim

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// Times of the end of a world, in milliseconds.
const (
	// settleTime is how long all may take to be as it should be once faults have ended.
	settleTime = 400_000
	// calmTime is for how long nothing was decided when it counts as such: longer than
	// any deadline after which something fails by itself.
	calmTime = 62_000
	// quietTime is for how long nothing may change then: longer than what is looked at
	// from time to time takes to be looked at.
	quietTime = 12_000
)

// Run has the world go through faults and requests, come to rest, go through requests
// without faults, and come to rest again. It returns what did not hold, or nil.
func (w *World) Run() *InvariantError {
	chaos := int64(w.opts.Chaos) * 1000
	if chaos == 0 {
		chaos = 15_000 + w.rand.Int64N(45_000)
	}
	w.faults.begin(chaos)
	w.operator.begin(chaos)
	w.until(chaos)
	w.faults.end()
	w.rest()
	if w.failure != nil {
		return w.failure
	}
	calm := w.now + 10_000 + w.rand.Int64N(30_000)
	w.operator.begin(calm)
	w.until(calm)
	w.rest()
	return w.failure
}

// rest waits until all is as it should be, and sees that nothing changes then.
func (w *World) rest() {
	w.operator.over = true
	limit := w.now + settleTime
	for wrong := ""; w.failure == nil; {
		w.until(w.now + 1000)
		// Deadlines begin anew with each leader.
		calm := w.now-max(w.check.at, w.check.lost) > calmTime
		if !calm && w.now <= limit {
			continue
		}
		if wrong = w.unsettled(); wrong == "" && calm {
			break
		}
		switch {
		case w.now <= limit:
		case wrong != "":
			w.fail("what was asked for is so in the end", "%s", wrong)
		default:
			w.fail("nothing changes without a reason", "there are decisions still, and all is as it should be")
		}
	}
	entries, writes := w.check.decisions, w.check.writes
	w.note("all is as it should be")
	w.until(w.now + quietTime)
	if w.failure != nil {
		return
	}
	if n := w.check.decisions - entries; n > 0 {
		w.fail("nothing changes without a reason", "%d decisions when all was as it should be", n)
		return
	}
	if n := w.check.writes - writes; n > 0 {
		w.fail("nothing changes without a reason", "%d documents written when all was as it should be", n)
		return
	}
	if wrong := w.unsettled(); wrong != "" {
		w.fail("what was asked for is so in the end", "and then: %s", wrong)
	}
}

// unsettled returns what is not as it should be in the end, or nothing.
func (w *World) unsettled() string {
	deciding := 0
	for _, r := range w.replicas {
		if r.service != nil && !r.service.ended && r.service.acts {
			deciding++
		}
		if r.up && r.applied != w.check.last.index {
			return fmt.Sprintf("scheduler %d has applied %d entries of %d", r.id, r.applied, w.check.last.index)
		}
	}
	if deciding != 1 {
		return fmt.Sprintf("%d schedulers decide", deciding)
	}
	s := w.check.last.state
	for a := range s.Apps() {
		if wrong := w.unsettledApp(s, a); wrong != "" {
			return fmt.Sprintf("application %s: %s", a.Name, wrong)
		}
	}
	for c := range s.Components() {
		if wrong := w.unsettledComponent(s, c); wrong != "" {
			return fmt.Sprintf("component %s: %s", c.ID, wrong)
		}
	}
	for _, h := range w.hosts {
		if wrong := w.unsettledHost(s, h); wrong != "" {
			return fmt.Sprintf("%s: %s", h, wrong)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(w.assignments.items)) {
		if w.assignments.get(key) != nil && s.Component(lattice.ComponentID(key)) == nil {
			return fmt.Sprintf("component %s is gone, and its assignment is not", key)
		}
	}
	return w.unsettledPlain(s)
}

// unsettledPlain looks at the documents of links and configurations: there are those that
// follow from the state, and no others.
func (w *World) unsettledPlain(s *state.State) string {
	links, configs := map[string][]byte{}, map[string][]byte{}
	all := s.Everything()
	for key := range all.Links {
		if link := s.LinkDocument(key); link != nil {
			links[key], _ = wire.EncodeLink(link)
		}
	}
	for name := range all.Configs {
		if c := s.Config(name); c != nil {
			configs[string(name)], _ = wire.EncodeConfig(c.Values)
		}
	}
	for _, of := range []struct {
		b    *bucket
		want map[string][]byte
	}{{w.documents[lead.Links], links}, {w.documents[lead.Configs], configs}} {
		keys := map[string]bool{}
		for key := range of.want {
			keys[key] = true
		}
		for key := range of.b.items {
			keys[key] = true
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			if have, want := of.b.get(key), of.want[key]; !bytes.Equal(have, want) {
				return fmt.Sprintf("%s of %s is %q, want %q", key, of.b.name, have, want)
			}
		}
	}
	return ""
}

// unsettledApp looks at an application: one with a version that can never be ready was
// rolled back, and what became of it is known.
func (w *World) unsettledApp(s *state.State, a *state.App) string {
	if a.Deployed == 0 || len(a.History) == 0 {
		return ""
	}
	last := &a.History[len(a.History)-1]
	under := last.Outcome == state.OutcomeUnderWay
	short := false // of hosts for what has not failed for it yet
	for c := range s.ComponentsOf(a.Name) {
		p := s.Placements(c.ID)
		if !w.works(s, c, c.Target) && w.tried(s, c, p) {
			if a.Good != 0 && a.Good != a.Deployed && !c.Rollout.NoRollback {
				return fmt.Sprintf("version %d can never be ready, and was not rolled back to %d", a.Deployed, a.Good)
			}
			if last.Outcome == state.OutcomeReady && !w.lied {
				return fmt.Sprintf("version %d can never be ready, and is said to be", a.Deployed)
			}
		}
		if holds(c, p) && p.Missing == 0 {
			under = false
		}
		if p == nil || p.Missing == 0 {
			continue
		}
		if a.Good == 0 || a.Good == a.Deployed {
			under = false // it waits for a host: there is nothing to go back to
		} else if c.Failed == "" {
			short = true
		}
	}
	if under || short && last.Outcome == state.OutcomeUnderWay {
		return fmt.Sprintf("what becomes of version %d is not known", a.Deployed)
	}
	return ""
}

// holds reports whether a canary waits for somebody, or for a second host.
func holds(c *state.Component, p *state.Placements) bool {
	canary := c.Rollout.Canary
	if canary == nil || c.Promoted || p == nil {
		return false
	}
	stay := 0
	for i := range p.Hosts {
		if p.Hosts[i].Leaving == "" {
			stay++
		}
	}
	return canary.HoldMillis == 0 || stay < 2
}

// tried reports whether some host that is there was told to run what all ought to run.
func (w *World) tried(s *state.State, c *state.Component, p *state.Placements) bool {
	return p != nil && slices.ContainsFunc(p.Hosts, func(one state.Placement) bool {
		h := w.byID[one.Host]
		return one.Revision == c.Target && h != nil && h.up && s.Callable(h.id)
	})
}

// unsettledComponent looks at a component: it is where it should be, and runs there.
func (w *World) unsettledComponent(s *state.State, c *state.Component) string {
	p := s.Placements(c.ID)
	if p == nil {
		p = &state.Placements{}
	}
	stuck := !w.works(s, c, c.Target) || c.Failed != "" || holds(c, p)
	if !w.works(s, c, c.Target) && c.Failed == "" && w.tried(s, c, p) {
		return fmt.Sprintf("revision %d can never be ready, and is not said to have failed", c.Target)
	}
	runs := 0
	for i := range p.Hosts {
		one := &p.Hosts[i]
		h := w.byID[one.Host]
		runs += one.Instances
		switch {
		case h == nil:
			return fmt.Sprintf("it is placed on %s, which there is not", one.Host)
		case one.Pinned, one.Leaving != "" && !h.up && p.Missing > 0:
			continue
		case one.Leaving != "":
			return fmt.Sprintf("it is still to leave %s: %s", h, one.Leaving)
		case !h.up && p.Missing == 0:
			return fmt.Sprintf("it is placed on %s, which has ended", h)
		case one.Revision != c.Target && !stuck:
			return fmt.Sprintf("%s has revision %d, want %d", h, one.Revision, c.Target)
		}
		if wrong := w.check.misfit(s, c, h, one.Spread); wrong != "" && one.Leaving == "" {
			return fmt.Sprintf("it is placed on %s: %s", h, wrong)
		}
		if have, ok := w.check.serves(h, c.ID); h.up && w.works(s, c, one.Revision) && (!ok || have != one.Revision) && s.Callable(h.id) {
			return fmt.Sprintf("%s does not run revision %d of it", h, one.Revision)
		}
	}
	if c.Rules.Mode == lattice.ModeSpread && p.Missing == 0 && runs != w.check.most(c) {
		return fmt.Sprintf("%d instances of it are placed, want %d", runs, w.check.most(c))
	}
	if p.Missing > 0 && w.room(s, c) {
		return fmt.Sprintf("it lacks %d places, and there are hosts that meet its rules: %v", p.Missing, p.Passed)
	}
	var want []byte
	if a := s.Assignment(c.ID); a != nil {
		want, _ = wire.EncodeAssignment(a)
	}
	if _, same := restamp(false, string(c.ID), w.assignments.get(string(c.ID)), s.Stamp, want); !same {
		return fmt.Sprintf("its assignment is %s, want %s", w.assignments.get(string(c.ID)), want)
	}
	return ""
}

// room reports whether there are hosts for a component in each of its shares, as far as
// the world can tell: if it needs nothing of them but labels and a group.
func (w *World) room(s *state.State, c *state.Component) bool {
	rules := &c.Rules
	if rules.Mode != lattice.ModeSpread || rules.Resources != (lattice.Resources{}) || len(rules.With)+len(rules.Apart)+len(rules.Isolation) > 0 || rules.Hosts > 0 {
		return false
	}
	shares := rules.Spread
	if len(shares) == 0 {
		shares = []lattice.Spread{{}}
	}
	for i := range shares {
		if !slices.ContainsFunc(w.hosts, func(h *host) bool {
			return h.up && s.Wish(h.id) == lattice.HostReady && w.check.misfit(s, c, h, shares[i].Name) == ""
		}) {
			return false
		}
	}
	return true
}

// unsettledHost looks at a host: it is told what follows from the state, has heard it,
// and runs that and nothing else.
func (w *World) unsettledHost(s *state.State, h *host) string {
	want := s.Desired(h.id)
	value, err := wire.EncodeDesired(want)
	if err != nil {
		return err.Error()
	}
	told := w.desired.get(string(h.id))
	if told == nil {
		if len(want.Components) > 0 || s.Host(h.id) != nil {
			return "it is told nothing"
		}
	} else if _, same := restamp(true, string(h.id), told, want.Stamp, value); !same {
		return fmt.Sprintf("it is told %s, want %s", told, value)
	}
	if !h.up {
		return ""
	}
	if told != nil {
		have, err := wire.EncodeDesired(h.desired0())
		if err != nil || !bytes.Equal(have, told) {
			return fmt.Sprintf("it has taken %s, and was told %s", have, told)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(h.runners)) {
		if h.runners[id].ails || w.now-h.runners[id].healed < quietTime {
			return fmt.Sprintf("%s is not well there, or is just so again", id)
		}
		if r := h.runners[id]; r.current != nil && s.Placements(id).On(h.id) == nil {
			return fmt.Sprintf("it still runs %s", id)
		}
	}
	return ""
}

// desired0 returns what the host has taken, or a document that says nothing.
func (h *host) desired0() *lattice.Desired {
	if h.desired != nil {
		return h.desired
	}
	return &lattice.Desired{Lattice: latticeName, Host: h.id, State: lattice.HostReady}
}
