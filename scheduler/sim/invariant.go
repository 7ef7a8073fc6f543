package sim

import (
	"fmt"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// Bounds of what must end, in milliseconds.
const (
	// lease is for how long a host that is silent counts as one that is there.
	lease = 3000
	// moveTime is how long what replaces another may take to be ready: until then what it
	// replaces goes on. It is what package reconcile waits for, and until the replacement
	// has failed.
	moveTime = 120_000
	// react is how long it takes at most until what is so is known, decided on and done,
	// while messages arrive, and astray what it takes more while some do not.
	react  = 5000
	astray = 30_000
	// relabel is how long a change of labels may take to be known everywhere.
	relabel = 10_000
)

// countEvery is how often those invariants are looked at that are about seconds.
const countEvery = 200

// reaction is how long it takes at most until what is so is known, decided on and done. A
// message that is late may be of the time before.
func (c *check) reaction() int64 {
	f := &c.w.faults
	if f.drop > 0 || f.slow > 0 {
		c.strayed = c.w.now
	}
	if c.w.now-c.strayed < astray {
		return react + astray
	}
	return react
}

// flip is a host that was told to go to another revision of a component.
type flip struct {
	component lattice.ComponentID
	host      lattice.HostID
}

// flipped is to which revision, and when. most is on how many hosts that could be at once,
// as the component had it then.
type flipped struct {
	revision uint64
	at       int64
	most     int
}

// decided looks at a decision: from one state to the next.
func (c *check) decided(before, now *state.State) {
	for _, h := range c.w.hosts {
		var old, labels map[string]string
		if wish := before.Host(h.id); wish != nil {
			old = wish.Labels
		}
		if wish := now.Host(h.id); wish != nil {
			labels = wish.Labels
		}
		if !maps.Equal(old, labels) || h.desired != nil && !maps.Equal(h.desired.Labels, labels) {
			h.relabelled = c.w.now
		}
		if c.unheard(h) {
			h.silent = c.w.now
		}
		if now.Callable(h.id) && !before.Callable(h.id) {
			h.opened = c.w.now
		}
	}
	for p := range now.AllPlacements() {
		old := before.Placements(p.Component)
		for i := range p.Hosts {
			one := &p.Hosts[i]
			c.placed[there{one.Host, p.Component, one.Revision}] = true
			was := old.On(one.Host)
			if was == nil {
				c.placedAnew(now, p.Component, one)
				continue
			}
			c.flip(p.Component, was, one)
		}
	}
	c.remember(before, now)
}

// placedAnew looks at a new placement.
//
// Invariant: nothing is placed on a host that operators have cordoned, drained or
// stopped, unless they named the host themselves.
func (c *check) placedAnew(now *state.State, id lattice.ComponentID, p *state.Placement) {
	if wish := now.Wish(p.Host); wish != lattice.HostReady && !p.Pinned {
		c.w.fail("nothing is placed on a host that is cordoned", "%s is placed on host %d, which is to be %s", id, c.w.number(p.Host), wish)
	}
	component, h := now.Component(id), c.w.byID[p.Host]
	if h == nil || p.Pinned || component == nil || h.lie != honest {
		return
	}
	// What the host says arrives late: labels that changed a moment ago excuse.
	if wrong := c.misfit(now, component, h, p.Spread); wrong != "" && c.w.now-h.relabelled > relabel {
		c.w.fail("nothing is placed where the rules forbid it", "%s is placed on %s: %s", id, h, wrong)
	}
	if silent := max(h.hurt, h.since); !h.linked() && c.w.now-silent > lease+c.reaction() && c.w.now-c.lost > lease+c.reaction() {
		c.w.fail("nothing is placed on a host that is lost", "%s is placed on %s, which is gone for %d ms", id, h, c.w.now-h.hurt)
	}
}

// misfit returns which rule a host does not meet, as far as the world knows: what it
// has aside from resources.
func (c *check) misfit(now *state.State, component *state.Component, h *host, share string) string {
	rules := &component.Rules
	labels := maps.Clone(h.labels)
	if wish := now.Host(h.id); wish != nil {
		maps.Copy(labels, wish.Labels)
	}
	if rules.Group != "" && rules.Group != h.group {
		return fmt.Sprintf("its group is %s, want %s", h.group, rules.Group)
	}
	for _, key := range slices.Sorted(maps.Keys(rules.Labels)) {
		if labels[key] != rules.Labels[key] {
			return fmt.Sprintf("label %s is %q, want %q", key, labels[key], rules.Labels[key])
		}
	}
	for i := range rules.Spread {
		if s := &rules.Spread[i]; s.Name == share {
			for _, key := range slices.Sorted(maps.Keys(s.Requirements)) {
				if labels[key] != s.Requirements[key] {
					return fmt.Sprintf("label %s is %q, want %q for the share %s", key, labels[key], s.Requirements[key], share)
				}
			}
		}
	}
	return ""
}

// flip takes note of a host that is told to go to another revision, if it has one that
// can be called.
func (c *check) flip(id lattice.ComponentID, was, now *state.Placement) {
	h, key := c.w.byID[now.Host], flip{id, now.Host}
	switch {
	case now.Leaving != "":
		delete(c.flips, key) // others go on without it
	case was.Revision == now.Revision || h == nil:
	case h.lie != honest || !h.linked() || c.unheard(h):
		delete(c.flips, key)
	default:
		r := h.runners[id]
		if have, ok := c.serves(h, id); ok && have != now.Revision && (r.before != now.Revision || c.w.now-r.since > c.reaction()) {
			c.flips[key] = &flipped{now.Revision, c.w.now, c.unavailable(id)}
		} else {
			delete(c.flips, key)
		}
	}
}

// unheard reports whether a leader has not heard of a host for the lease: to it the host
// is lost, and what is lost holds no rollout up.
func (c *check) unheard(h *host) bool {
	return slices.ContainsFunc(c.w.replicas, func(r *replica) bool {
		s := r.service
		return s != nil && !s.ended && s.l != nil && c.w.now-max(s.heard[h.id], s.since) >= lease
	})
}

// rolls looks whether rollouts are under way on more hosts than they may be, while all
// of these are well.
func (c *check) rolls() string {
	under, allowed := map[lattice.ComponentID]int{}, map[lattice.ComponentID]int{}
	for _, key := range slices.SortedFunc(maps.Keys(c.flips), func(a, b flip) int { return compareFlips(a, b) }) {
		f, h := c.flips[key], c.w.byID[key.host]
		component, p := c.last.state.Component(key.component), c.last.state.Placements(key.component).On(key.host)
		if component == nil {
			delete(c.flips, key)
			continue
		}
		have, ok := c.serves(h, component.ID)
		if p == nil || p.Revision != f.revision || p.Leaving != "" || ok && have == f.revision || !h.linked() || h.hurt >= f.at || c.unheard(h) || !c.last.state.Callable(h.id) {
			delete(c.flips, key)
			continue
		}
		if f.revision != component.Target {
			continue // back to what was good: that is not held up
		}
		under[key.component]++
		allowed[key.component] = max(allowed[key.component], f.most)
	}
	for _, id := range slices.Sorted(maps.Keys(under)) {
		if most := max(allowed[id], c.unavailable(id)); under[id] > most {
			return fmt.Sprintf("%s is on its way to revision %d on %d hosts at once, want at most %d", id, c.last.state.Component(id).Target, under[id], most)
		}
	}
	return ""
}

// unavailable is on how many hosts a component may be on its way to its target at once.
func (c *check) unavailable(id lattice.ComponentID) int {
	o := &c.last.state.Component(id).Rollout
	if !o.Percent {
		return max(o.MaxUnavailable, 1)
	}
	// One more, as hosts may have come or gone since.
	return max(1, o.MaxUnavailable*len(c.last.state.Placements(id).Hosts)/100) + 1
}

func compareFlips(a, b flip) int {
	if a.component != b.component {
		if a.component < b.component {
			return -1
		}
		return 1
	}
	if a.host < b.host {
		return -1
	}
	return 1
}

// lasts reports for how long something has been so, while schedulers could act.
func (c *check) lasts(what string, so bool) int64 {
	if !so {
		delete(c.since, what)
		return 0
	}
	began, ok := c.since[what]
	if !ok || began < c.lost {
		began = max(c.w.now, c.lost)
		c.since[what] = began
	}
	return c.w.now - began
}

// withinCount looks whether more of a component runs than should. There is more while
// something moves, as what leaves goes on until what replaces it is ready: that ends when
// the replacement has failed. And none of what leaves goes on for longer than a lease, and
// than it takes to do something, if there is enough without it.
func (c *check) withinCount() string {
	for component := range c.last.state.Components() {
		id, most := component.ID, c.most(component)
		placed, serves, spare, where := 0, 0, 0, ""
		if p := c.last.state.Placements(id); p != nil {
			for i := range p.Hosts {
				one := &p.Hosts[i]
				h := c.w.byID[one.Host]
				if h != nil && h.up || one.Leaving == "" {
					placed += one.Instances
				}
				if h == nil || !h.linked() || h.lie != honest || c.w.now-max(h.hurt, h.unstored) < lease {
					continue // nobody may know that it serves
				}
				if _, ok := c.serves(h, component.ID); !ok {
					continue
				}
				if one.Leaving == "" && h.put[id] == "" || h.runners[id].ails {
					continue // callers do not find it: something else makes up for it
				}
				serves += one.Instances
				where += fmt.Sprintf(" %s", h)
				if one.Leaving != "" && (spare == 0 || one.Instances < spare) {
					spare = one.Instances
				}
			}
		}
		if long := c.lasts("serves "+string(id), spare > 0 && serves-spare >= most); long > lease+c.reaction() {
			return fmt.Sprintf("%d instances of %s serve for %d ms, %d of which could go, want %d: %s", serves, id, long, spare, most, where)
		}
		if long := c.lasts("placed "+string(id), placed > most); long > lease+moveTime+c.reaction() {
			return fmt.Sprintf("%d instances of %s are placed for %d ms, want at most %d", placed, id, long, most)
		}
	}
	return c.beyond()
}

// beyond looks whether a host goes on with what is not placed there any more.
func (c *check) beyond() string {
	clear(c.gone)
	for _, h := range c.w.hosts {
		for _, id := range slices.Sorted(maps.Keys(h.runners)) {
			if !h.runners[id].serves() || !h.linked() || c.last.state.Placements(id).On(h.id) != nil || c.w.now-h.hurt <= lease {
				continue
			}
			key := flip{id, h.id}
			since, ok := c.over[key]
			if !ok || since < c.lost {
				since = max(c.w.now, c.lost)
			}
			c.gone[key] = since
			if long := c.w.now - since; long > lease+c.reaction() {
				return fmt.Sprintf("%s goes on with %s for %d ms, which is not placed there any more", h, id, long)
			}
		}
	}
	c.over, c.gone = c.gone, c.over
	return ""
}

// most is how many instances of a component there may be.
func (c *check) most(component *state.Component) int {
	most := 0
	switch rules := &component.Rules; rules.Mode {
	case lattice.ModeSpread:
		most = rules.Instances
	case lattice.ModeHosts:
		most = rules.Instances * rules.Hosts
	case lattice.ModeDaemon:
		most = rules.Instances * len(c.w.hosts)
	case lattice.ModeNone:
	}
	for i := range component.Pins {
		most += component.Pins[i].Instances
	}
	return most
}

// waited notes which components have lost a place after that was to go for as long as
// anything is waited for: nothing else was ready by then.
func (c *check) waited(before, now *state.State) {
	for p := range before.AllPlacements() {
		for i := range p.Hosts {
			key := flip{p.Component, p.Hosts[i].Host}
			switch at := now.Placements(p.Component).On(key.host); {
			case at == nil:
				if since, ok := c.leaving[key]; ok && c.w.now-since >= moveTime/2-c.reaction() {
					c.missed[p.Component] = c.w.now
				}
				delete(c.leaving, key)
			case at.Leaving == "":
				delete(c.leaving, key)
			default:
				if _, ok := c.leaving[key]; !ok {
					c.leaving[key] = c.w.now
				}
			}
		}
	}
}

// remember notes where components were placed lately.
func (c *check) remember(before, now *state.State) {
	c.waited(before, now)
	for component := range now.Components() {
		if component != before.Component(component.ID) {
			// Something else is wanted of it: what moves for that takes its own time.
			delete(c.since, "placed "+string(component.ID))
		}
		if before.Component(component.ID) == nil {
			c.born[component.ID] = now.Stamp
			c.revisions[component.ID] = map[uint64]string{}
			delete(c.callable, component.ID)
		}
		for i := range component.Revisions {
			c.revisions[component.ID][component.Revisions[i].Number] = component.Revisions[i].Digest
		}
	}
	for p := range now.AllPlacements() {
		if old := before.Placements(p.Component); p.Missing > 0 || old != nil && old.Missing > 0 {
			c.missed[p.Component] = c.w.now
		}
		at := c.lately[p.Component]
		if at == nil {
			at = map[lattice.HostID]int64{}
			c.lately[p.Component] = at
		}
		for _, where := range []*state.Placements{p, before.Placements(p.Component)} {
			for i := 0; where != nil && i < len(where.Hosts); i++ {
				at[where.Hosts[i].Host] = c.w.now // until now, or from now on
			}
		}
	}
}

// canBeCalled looks whether a component that could be called cannot be any more, and
// no fault excuses it. Updates, moves, drains and the loss of a leader are no excuse.
func (c *check) canBeCalled() string {
	for _, id := range slices.Sorted(maps.Keys(c.callable)) {
		if c.last.state.Component(id) == nil {
			delete(c.callable, id)
		}
	}
	for component := range c.last.state.Components() {
		id := component.ID
		if c.calls(component) {
			if _, ok := c.callable[id]; !ok {
				c.callable[id] = c.w.now
			}
			continue
		}
		if _, ok := c.callable[id]; !ok {
			continue
		}
		if c.excused(component) {
			delete(c.callable, id)
			continue
		}
		return fmt.Sprintf("%s can be called on none of its hosts", id)
	}
	return ""
}

// serves reports whether a component can be called on a host, and with which revision it
// has. What is there of one that was removed, and made anew with the same name, is none.
func (c *check) serves(h *host, id lattice.ComponentID) (uint64, bool) {
	r := h.runners[id]
	if !r.serves() {
		return 0, false
	}
	return r.current.Revision, c.revisions[id][r.current.Revision] == r.current.Digest
}

// earlier reports whether what a host has is of a component that was removed, and made anew
// with the same name and binary: the host has not heard of that yet, or still stops what it
// had when it was told to.
func (c *check) earlier(h *host, id lattice.ComponentID) bool {
	r := h.runners[id]
	return h.desired == nil || h.desired.Stamp.Compare(c.born[id]) < 0 || r.stopping && r.want != nil
}

// calls reports whether a call of a component would find a host.
func (c *check) calls(component *state.Component) bool {
	id := component.ID
	a := c.assigned[id]
	if a == nil || a.Stamp.Compare(c.born[id]) < 0 {
		return false
	}
	for i := range a.Variants {
		for h := range a.Variants[i].Hosts {
			host := c.w.byID[h]
			if host == nil || !host.linked() {
				continue
			}
			if _, ok := c.serves(host, id); ok && !c.earlier(host, id) && c.w.ready.get(wire.ReadyKey(h, id)) != nil {
				return true
			}
		}
	}
	return false
}

// excused reports whether a fault, or an operator, may have ended what could be called. A
// fault excuses what comes of it for as long as a leader may not know of it: with what it
// knows it has to keep what can be called.
func (c *check) excused(component *state.Component) bool {
	s := c.last.state
	blind := lease + c.reaction()
	if c.w.now-c.wipedAt < blind || c.most(component) == 0 {
		return true
	}
	if component.Failed != "" && !c.w.works(s, component, component.Target) {
		return true // there is nothing to go back to, or that would have been done
	}
	p := s.Placements(component.ID)
	if at, ok := c.missed[component.ID]; p == nil || p.Missing > 0 || ok && c.w.now-at < blind {
		return true // it has found no place, or had none: that is for people to mend
	}
	if !slices.ContainsFunc(p.Hosts, func(one state.Placement) bool { return s.Callable(one.Host) }) {
		return true // operators want it on hosts that they have drained
	}
	for h, at := range c.lately[component.ID] {
		host := c.w.byID[h]
		since := int64(-1 << 40)
		if host != nil {
			since = max(host.hurt, host.silent, host.opened)
		}
		if since > c.outage-blind {
			// While nobody could act what was decided before may not have been told, as where
			// else it is that was on a host which is back by now.
			since = max(since, c.lost)
		}
		switch {
		case c.w.now-max(at, c.lost) > blind && p.On(h) == nil:
		case host != nil && host.runners[component.ID] != nil && host.runners[component.ID].ails:
			return true // for how long is for another invariant
		case s.Wish(h) == lattice.HostDrained && p.On(h) != nil && p.On(h).Pinned:
			return true // where they have named it, and nothing has to make up for it
		case host == nil, host.lie != honest, !host.linked(), c.w.now-since < blind, s.Wish(h) == lattice.HostStopped:
			return true
		}
	}
	return false
}
