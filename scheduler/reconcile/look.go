package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/place"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// look decides what becomes of a component's placements.
func (r *Reconciler) look(p *Plan, id lattice.ComponentID) {
	delete(r.dirty, id)
	delete(r.postponed, id)
	c := r.component(id)
	m := r.known[id]
	if c == nil || m == nil {
		return
	}
	if c.App != "" {
		r.apps[c.App] = true
	}
	l := &looking{Reconciler: r, plan: p, m: m, c: c, old: r.placements(id)}
	if l.old == nil {
		l.old = &state.Placements{Component: id}
	}
	for host, b := range m.bad {
		if b.until <= r.now && l.stillFails(host) {
			b.until = r.now + r.opts.Avoid
			m.bad[host] = b
		}
		if b.until <= r.now {
			delete(m.bad, host)
			continue
		}
		r.alarm(m, b.until)
	}
	l.judgeRollout()
	l.place()
	l.next()
	l.rollOut()
	l.settle()
	if l.rests() {
		m.alarm = 0
	}
}

// stillFails reports whether a component is to leave a host, and is not ready there yet, or
// again: it does not go back there to leave once more.
func (l *looking) stillFails(host lattice.HostID) bool {
	at := l.old.On(host)
	if at == nil || at.Leaving == "" {
		return false
	}
	seen := l.observed(l.c, at)
	return seen.Failed || seen.Current && !seen.Ready && !seen.Stale && !seen.Lost
}

// looking is a look at one component.
type looking struct {
	*Reconciler
	plan *Plan
	m    *component
	c    *state.Component
	old  *state.Placements
	// ought is where the component ought to run, kept are those hosts.
	ought *place.Result
	kept  map[lattice.HostID]*place.Choice
	hosts []state.Placement
	// lacks is how many instances are not ready for which nothing else makes up.
	lacks int
}

// rests reports whether all is as it ought to be, so that nothing will change because time
// goes by.
func (l *looking) rests() bool {
	m := l.m
	if len(l.c.Revisions) > 1 || l.c.Failed != "" || l.ought.Missing > 0 || len(m.bad) > 0 || m.shrinking != 0 || m.short != 0 || m.dry != 0 || m.waiting != "" {
		return false
	}
	return !slices.ContainsFunc(l.hosts, func(at state.Placement) bool { return at.Leaving != "" || !l.observed(l.c, &at).Ready })
}

// pin returns the pin on a host, or nil.
func pin(c *state.Component, host lattice.HostID) *state.Pin {
	for i := range c.Pins {
		if c.Pins[i].Host == host {
			return &c.Pins[i]
		}
	}
	return nil
}

// deadline is how long a placement may take to be ready.
func (l *looking) deadline() int64 {
	return cmp.Or(l.c.Rollout.DeadlineMillis, l.opts.Deadline)
}

// place asks where the component ought to run.
func (l *looking) place() {
	l.ought = l.ask(true, nil)
	if l.ought.Missing > 0 && len(l.m.bad) > 0 {
		// Better on a host where it failed than nowhere: what the others cannot take.
		if there := l.ask(false, l.ought); there.Missing < l.ought.Missing {
			l.ought = there
		}
	}
	if len(l.old.Hosts) == 0 {
		return // nothing can be kept
	}
	l.kept = make(map[lattice.HostID]*place.Choice, len(l.ought.Hosts))
	for i := range l.ought.Hosts {
		l.kept[l.ought.Hosts[i].Host] = &l.ought.Hosts[i]
	}
}

// ask asks where the component ought to run, with or without the hosts where it failed. Where
// it was found before that it ought to run it stays.
func (l *looking) ask(avoid bool, before *place.Result) *place.Result {
	req := &place.Request{Component: l.c.ID, Rules: &l.c.Rules}
	var ready, unready, leaving []place.Placed
	instances := 0
	for i := range l.old.Hosts {
		at := &l.old.Hosts[i]
		if pin(l.c, at.Host) != nil {
			continue
		}
		if why, _ := l.going(at.Host); why != "" {
			continue
		}
		if _, is := l.m.bad[at.Host]; is && avoid {
			continue
		}
		one := place.Placed{Host: at.Host, Instances: at.Instances, Spread: at.Spread, Unheard: l.unheard(at.Host)}
		switch {
		case at.Leaving != "":
			leaving = append(leaving, one)
		case l.observed(l.c, at).Ready:
			ready = append(ready, one)
			instances += at.Instances
		default:
			unready = append(unready, one)
			instances += at.Instances
		}
	}
	req.Keep = slices.Concat(ready, unready, leaving)
	whys := l.keepFirst(req, before)
	for i := range l.c.Pins {
		req.Not = append(req.Not, place.Not{Host: l.c.Pins[i].Host, Why: "it has the component because it was named"})
	}
	if avoid {
		for _, host := range slices.Sorted(maps.Keys(l.m.bad)) {
			req.Not = append(req.Not, place.Not{Host: host, Why: l.m.bad[host].why})
		}
	}
	// To have instances on one host more is worth a move, but nothing that has to be.
	if l.c.Rules.Mode == lattice.ModeSpread && len(req.Keep) > 0 && instances >= l.c.Rules.Instances {
		req.Stay = len(unready) > 0 || !l.moving[l.c.ID] && len(l.moving) >= l.opts.Moves
	}
	result := l.cluster.Place(req)
	for i := range result.Hosts {
		if choice := &result.Hosts[i]; whys[choice.Host] != "" {
			choice.Why, choice.Kept = whys[choice.Host], false
		}
	}
	return result
}

// keepFirst has a request keep the hosts that were chosen before, ahead of all others, and
// returns why those were chosen that are new. What needs victims is chosen anew.
func (l *looking) keepFirst(req *place.Request, before *place.Result) map[lattice.HostID]string {
	if before == nil || len(before.Victims) > 0 {
		return nil
	}
	whys := map[lattice.HostID]string{}
	first := make([]place.Placed, len(before.Hosts))
	for i := range before.Hosts {
		choice := &before.Hosts[i]
		whys[choice.Host] = choice.Why
		first[i] = place.Placed{Host: choice.Host, Instances: choice.Instances, Spread: choice.Spread, Unheard: l.unheard(choice.Host)}
	}
	req.Keep = append(first, slices.DeleteFunc(req.Keep, func(at place.Placed) bool { _, is := whys[at.Host]; return is })...)
	return whys
}

// next makes the placements that are to be from those that are.
func (l *looking) next() {
	fresh := l.fresh()
	l.lacks = l.lacking()
	shrink := l.mayShrink(l.lacks > 0)
	if !shrink {
		l.lacks -= l.surplus()
	}
	stay := l.staying()
	for i := range l.old.Hosts {
		at := l.old.Hosts[i]
		if named := pin(l.c, at.Host); named != nil {
			at.Pinned, at.Instances, at.Annotations, at.Leaving, at.Spread = true, named.Instances, named.Annotations, "", ""
			l.hosts = append(l.hosts, at)
			continue
		}
		at.Pinned = false
		if choice := l.kept[at.Host]; choice != nil {
			if choice.Instances > at.Instances || shrink {
				at.Instances = choice.Instances
			}
			at.Spread, at.Leaving, at.Annotations = choice.Spread, "", l.c.Annotations
			l.hosts = append(l.hosts, at)
			continue
		}
		if why := stay[at.Host]; why != "" {
			at.Leaving = why
			l.hosts = append(l.hosts, at)
		}
	}
	for i := range l.c.Pins {
		named := &l.c.Pins[i]
		if l.old.On(named.Host) == nil {
			l.hosts = append(l.hosts, state.Placement{
				Host: named.Host, Revision: fresh, Instances: named.Instances, Pinned: true,
				Annotations: named.Annotations, Why: "it was named", At: l.wall,
			})
		}
	}
	for i := range l.ought.Hosts {
		choice := &l.ought.Hosts[i]
		if l.old.On(choice.Host) != nil {
			continue
		}
		l.hosts = append(l.hosts, state.Placement{
			Host: choice.Host, Revision: fresh, Instances: choice.Instances, Spread: choice.Spread,
			Annotations: l.c.Annotations, Why: choice.Why, At: l.wall,
		})
	}
}

// lacking is how many instances ought to run and do not, with whatever revision: as many of
// what leaves stay.
func (l *looking) lacking() int {
	lacks := l.ought.Missing
	if l.c.Rules.Mode == lattice.ModeHosts {
		lacks *= l.c.Rules.Instances
	}
	for i := range l.ought.Hosts {
		choice := &l.ought.Hosts[i]
		at := l.old.On(choice.Host)
		switch {
		case at == nil || !l.serves(at):
			lacks += choice.Instances
		case at.Instances < choice.Instances:
			lacks += choice.Instances - at.Instances
		}
	}
	for i := range l.c.Pins {
		at := l.old.On(l.c.Pins[i].Host)
		if why, _ := l.going(l.c.Pins[i].Host); why == "" && (at == nil || !l.serves(at)) {
			lacks += l.c.Pins[i].Instances
		}
	}
	return lacks
}

// serves reports whether a host serves a component, with whatever revision it has. What a
// host goes on with of a component that was removed, and made anew, is none of them.
func (l *looking) serves(at *state.Placement) bool {
	seen := l.observed(l.c, at)
	if seen.Lost || seen.Stale || seen.Status == nil || seen.Status.State != lattice.ComponentRunning {
		return false
	}
	rev := l.c.Revision(seen.Status.Revision)
	return rev != nil && rev.Digest == seen.Status.Digest
}

// idle reports whether what is to go serves nothing that would be missed: it has not been
// ready since it was told what it has to run, no other revision runs there, and it has
// failed or has had a lease's time to say so.
func (l *looking) idle(at *state.Placement, since int64) bool {
	seen := l.observed(l.c, at)
	if seen.Unheard || l.m.pending[at.Host].ready || l.serves(at) {
		return false
	}
	if _, failed := l.m.bad[at.Host]; failed || l.now >= since+l.opts.Lease {
		return true
	}
	l.alarm(l.m, since+l.opts.Lease)
	return false
}

// mayShrink reports whether instances may be taken from hosts.
func (l *looking) mayShrink(waiting bool) bool {
	less := false
	for i := range l.old.Hosts {
		if choice := l.kept[l.old.Hosts[i].Host]; choice != nil && choice.Instances < l.old.Hosts[i].Instances {
			less = true
		}
	}
	if !less || !waiting || !l.more() {
		l.m.shrinking = 0
		return true
	}
	if l.m.shrinking == 0 {
		l.m.shrinking = l.now
	}
	until := l.m.shrinking + l.opts.Leave
	if l.now >= until {
		return true
	}
	l.alarm(l.m, until)
	return false
}

// more reports whether instances are added somewhere, or are on their way, for which
// others make up meanwhile.
func (l *looking) more() bool {
	for i := range l.ought.Hosts {
		at := l.old.On(l.ought.Hosts[i].Host)
		if at == nil || at.Instances < l.ought.Hosts[i].Instances || !l.observed(l.c, at).Ready {
			return true
		}
	}
	for i := range l.c.Pins {
		host := l.c.Pins[i].Host
		at := l.old.On(host)
		if why, _ := l.going(host); why == "" && (at == nil || !l.observed(l.c, at).Ready) {
			return true
		}
	}
	return false
}

// surplus is how many instances run where fewer ought to be.
func (l *looking) surplus() int {
	n := 0
	for i := range l.old.Hosts {
		at := &l.old.Hosts[i]
		if choice := l.kept[at.Host]; choice != nil && choice.Instances < at.Instances && l.serves(at) {
			n += at.Instances - choice.Instances
		}
	}
	return n
}

// staying returns the placements that have to go and are still there for now, with why
// they go: those that serve and the largest first, until they make up for what is not
// ready.
func (l *looking) staying() map[lattice.HostID]string {
	var going []*state.Placement
	for i := range l.old.Hosts {
		if at := &l.old.Hosts[i]; pin(l.c, at.Host) == nil && l.kept[at.Host] == nil {
			going = append(going, at)
		}
	}
	slices.SortStableFunc(going, func(a, b *state.Placement) int {
		if first := l.serves(a); first != l.serves(b) {
			if first {
				return -1
			}
			return 1
		}
		return b.Instances - a.Instances
	})
	stay := make(map[lattice.HostID]string, len(going))
	for _, at := range going {
		if why := l.stays(at); why != "" {
			stay[at.Host] = cmp.Or(at.Leaving, why)
		}
	}
	return stay
}

// stays says why a placement goes that is still there for now, and nothing if it is not.
func (l *looking) stays(at *state.Placement) string {
	going, past := l.going(at.Host)
	switch {
	case past:
		if l.ought.Missing == 0 {
			return ""
		}
	case l.lacks <= 0:
		return ""
	case l.s.Wish(at.Host) == lattice.HostDrained && !l.elsewhere() && !l.more():
		return ""
	}
	why := going
	if b, is := l.m.bad[at.Host]; is && why == "" {
		why = b.why
	}
	if why == "" {
		why = "it is not needed here any more"
		for _, left := range l.ought.Left {
			if left.Host == at.Host {
				why = left.Why
			}
		}
	}
	since, seen := l.m.leaving[at.Host]
	if !seen {
		since = l.now
		l.m.leaves(at.Host, since)
	}
	if !past {
		if (going == "" || l.ought.Missing == 0) && l.idle(at, since) {
			return ""
		}
		until := since + l.opts.Leave
		if going == "" {
			until += l.deadline()
		}
		if l.now >= until {
			return ""
		}
		l.alarm(l.m, until)
		if l.serves(at) {
			l.lacks -= at.Instances
		}
	}
	return why
}

// settle has the plan make what has changed so.
func (l *looking) settle() {
	r := l.Reconciler
	next := &state.Placements{Component: l.c.ID, Hosts: l.hosts, Missing: l.ought.Missing}
	next.Passed = slices.Grow(next.Passed, len(l.ought.Passed))
	for i := range l.ought.Passed {
		one := &l.ought.Passed[i]
		next.Passed = append(next.Passed, state.Passed{Why: one.Why, Count: one.Count, Hosts: one.Hosts})
	}
	was := r.placements(l.c.ID)
	if was == nil || !alike(was, next) {
		l.tell(was, next)
		r.setPlacements(next)
		r.alarm(l.m, r.now+l.deadline())
		if l.m.shrinking != 0 || slices.ContainsFunc(next.Hosts, func(at state.Placement) bool { return at.Leaving != "" }) {
			// Hosts may run already what others wait for, and then say nothing new.
			r.alarm(l.m, r.now+r.opts.Lease)
		}
		if r.already(l.c, was, next) {
			r.touch(l.c.ID)
		}
	}
	for _, v := range l.ought.Victims {
		l.oust(v)
	}
	l.remember(next)
}

// already reports whether a host that a component is placed on anew runs it as it should:
// there will be no news of it.
func (r *Reconciler) already(c *state.Component, was, next *state.Placements) bool {
	return slices.ContainsFunc(next.Hosts, func(at state.Placement) bool {
		before := was.On(at.Host)
		return (before == nil || before.Revision != at.Revision) && r.observed(c, &at).Ready
	})
}

// remember keeps what follows for the next looks.
func (l *looking) remember(next *state.Placements) {
	r, id := l.Reconciler, l.c.ID
	set := func(in map[lattice.ComponentID]bool, is bool) {
		if is {
			in[id] = true
		} else {
			delete(in, id)
		}
	}
	set(r.missing, next.Missing > 0)
	rules := &l.c.Rules
	spare := rules.Mode == lattice.ModeDaemon
	if rules.Mode == lattice.ModeSpread && (rules.Hosts == 0 || len(l.ought.Hosts) < rules.Hosts) {
		for i := range l.ought.Hosts {
			spare = spare || l.ought.Hosts[i].Instances > 1
		}
	}
	set(r.eager, spare)
	moving := false
	if rules.Mode != lattice.ModeDaemon && next.Missing == 0 {
		for i := range next.Hosts {
			at := &next.Hosts[i]
			if going, _ := r.going(at.Host); going == "" && at.Leaving != "" {
				moving = true
			}
		}
		moving = moving || l.m.shrinking != 0
	}
	was := r.moving[id]
	set(r.moving, moving)
	if was && !moving {
		// Others may move.
		for other := range r.eager {
			if other != id {
				r.touch(other)
			}
		}
	}
}

// tell has events of placements.
func (l *looking) tell(was, next *state.Placements) {
	for i := range next.Hosts {
		at := &next.Hosts[i]
		before := was.On(at.Host)
		switch {
		case before == nil:
			l.event(lattice.EventComponentScaled, at.Host, "placed: "+at.Why)
		case before.Leaving == "" && at.Leaving != "":
			l.event(lattice.EventComponentScaled, at.Host, "leaving: "+at.Leaving)
		}
	}
	if was == nil {
		return
	}
	for i := range was.Hosts {
		if next.On(was.Hosts[i].Host) == nil {
			why, _ := l.going(was.Hosts[i].Host)
			l.event(lattice.EventComponentScaled, was.Hosts[i].Host, "removed: "+cmp.Or(why, was.Hosts[i].Leaving, "it is not needed here any more"))
		}
	}
}

func (l *looking) event(kind string, host lattice.HostID, reason string) {
	l.plan.Events = append(l.plan.Events, Event{kind, l.c.ID, host, reason})
}

// oust removes a placement that makes room for this component.
func (l *looking) oust(v place.Victim) {
	r := l.Reconciler
	was := r.placements(v.Component)
	if was.On(v.Host) == nil {
		return
	}
	next := *was
	next.Hosts = slices.DeleteFunc(slices.Clone(was.Hosts), func(at state.Placement) bool { return at.Host == v.Host })
	why := fmt.Sprintf("component %q, of priority %d, took its place", v.For, v.Priority)
	next.Passed = append([]state.Passed{{Why: why, Count: 1, Hosts: []lattice.HostID{v.Host}}}, was.Passed...)
	next.Passed = next.Passed[:min(len(next.Passed), 2*maxPassed)]
	r.setPlacements(&next)
	if m := r.known[v.Component]; m != nil && !r.trial {
		m.avoid(v.Host, r.now+r.opts.Avoid, why)
	}
	r.touch(v.Component)
	l.plan.Events = append(l.plan.Events, Event{lattice.EventComponentScaled, v.Component, v.Host, "removed: " + why})
}

// maxPassed is how many reasons a placement has.
const maxPassed = 8

// alike reports whether two records of placements say the same. Where nothing is missing,
// why the other hosts were passed is written when the component is placed and not again.
func alike(a, b *state.Placements) bool {
	same := a.Missing == b.Missing && slices.EqualFunc(a.Hosts, b.Hosts, func(x, y state.Placement) bool {
		return x.Host == y.Host && x.Revision == y.Revision && x.Instances == y.Instances && x.Spread == y.Spread &&
			x.Pinned == y.Pinned && x.Leaving == y.Leaving && maps.Equal(x.Annotations, y.Annotations)
	})
	if !same || a.Missing == 0 {
		return same
	}
	if n, m := passedIn(a), passedIn(b); n != m && 10*max(n-m, m-n) > max(n, m) {
		return false
	}
	return slices.EqualFunc(a.Passed, b.Passed, func(x, y state.Passed) bool { return wordsOf(x.Why) == wordsOf(y.Why) })
}

// passedIn is how many hosts were passed. Where most of many hosts say nothing new of a
// component without a place, its record is not written for each that joins.
func passedIn(p *state.Placements) int {
	n := 0
	for i := range p.Passed {
		n += p.Passed[i].Count
	}
	return n
}

// wordsOf returns a reason without its numbers, which change with every report.
func wordsOf(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c == '.' {
			return -1
		}
		return c
	}, s)
}
