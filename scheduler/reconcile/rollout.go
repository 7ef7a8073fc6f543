package reconcile

import (
	"fmt"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// previous returns the revision that a component goes back to, zero if there is none: of
// those before the target the oldest. When a target was ready everywhere all others were
// removed, so that is the one that was good last; those between it and the target never
// were, and neither were those after it, if the target is one to which somebody has returned.
func previous(c *state.Component) uint64 {
	for i := range c.Revisions {
		if n := c.Revisions[i].Number; n < c.Target {
			return n
		}
	}
	return 0
}

// Effective returns the revision that the hosts of a component ought to have in the end:
// its target, or the one before if that failed and the component goes back by itself.
func Effective(c *state.Component) uint64 {
	if c.Failed == "" || c.App != "" || c.Rollout.NoRollback {
		return c.Target
	}
	if before := previous(c); before != 0 {
		return before
	}
	return c.Target
}

// canaryOnly reports whether only a canary of the target may run.
func canaryOnly(c *state.Component) bool {
	return c.Failed == "" && c.Rollout.Canary != nil && !c.Promoted && previous(c) != 0
}

// fresh returns the revision that a host is given where the component was not before.
func (l *looking) fresh() uint64 {
	before := previous(l.c)
	switch {
	case before == 0:
		return l.c.Target
	case canaryOnly(l.c), l.c.Failed != "":
		return before
	}
	return l.c.Target
}

// active returns the placements that are to stay on hosts that are there.
func (l *looking) active(hosts []state.Placement) []*state.Placement {
	var some []*state.Placement
	for i := range hosts {
		if why, _ := l.going(hosts[i].Host); why == "" && hosts[i].Leaving == "" {
			some = append(some, &hosts[i])
		}
	}
	return some
}

// judgeRollout judges what hosts have made of the target.
func (l *looking) judgeRollout() {
	l.m.waiting = ""
	active := l.active(l.old.Hosts)
	target, effective := l.c.Target, Effective(l.c)
	ready, good, tried := 0, 0, false
	for _, at := range active {
		tried = tried || at.Revision == effective
		if !l.observed(l.c, at).Ready {
			continue
		}
		if at.Revision == target {
			ready++
		}
		if at.Revision == effective {
			good++
		}
	}
	switch {
	case good > 0 || !tried:
		l.m.dry = 0
	case l.m.dry == 0:
		l.m.dry = l.now
	}
	for i := range l.old.Hosts {
		// The time of who cannot be heard, or is to go, does not count.
		at := &l.old.Hosts[i]
		if since, ok := l.m.pending[at.Host]; ok && !slices.Contains(active, at) {
			since.since = 0
			l.m.pending[at.Host] = since
		}
	}
	for _, at := range active {
		seen := l.observed(l.c, at)
		since, ok := l.m.pending[at.Host]
		switch {
		case !ok || since.revision != at.Revision:
			// It is of this plan.
		case seen.Ready:
			since.ready, since.since = true, 0
			l.m.pending[at.Host] = since
		case seen.Unheard:
			// Nobody has had the time to say anything.
		case seen.Stale:
			l.alarm(l.m, since.until)
		case at.Revision == Effective(l.c):
			if since.since == 0 {
				since.since = l.now
				l.m.pending[at.Host] = since
			}
			until := since.since + l.deadline()
			if !seen.Failed && l.early(until) {
				continue
			}
			l.fault(at, &seen, ready, good)
		}
	}
	if ready > 0 {
		l.m.proven = target
	}
	l.shortage(active)
	l.recover(active, ready)
}

// early reports whether a deadline has not come, or what comes of it cannot be heard. Then
// the component is looked at again.
func (l *looking) early(until int64) bool {
	if l.now >= until && l.judges() {
		return false
	}
	if l.now >= until {
		until = l.now + l.opts.Beat
	}
	l.alarm(l.m, until)
	return true
}

// fault deals with a placement that did not become ready. On ready hosts the target is, on good
// ones what hosts ought to have.
func (l *looking) fault(at *state.Placement, seen *Placement, ready, good int) {
	why := seen.Reason
	switch {
	case seen.Status != nil && !seen.Current:
		why = "it goes on with another revision, and has not said why"
	case seen.Behind:
		why = "it goes on with other links, configurations or secrets, and has not said why"
	case why == "" && seen.State == "":
		why = "it has not been started in time"
	case why == "":
		why = fmt.Sprintf("it is %s, and not ready in time", seen.State)
	case !seen.Failed:
		why = "it is not ready in time: " + why
	}
	why = clip(why)
	if _, is := l.m.bad[at.Host]; is {
		return
	}
	if (ready > 0 || l.m.proven == l.c.Target) && len(l.c.Revisions) == 1 || at.Revision != l.c.Target {
		tried := l.m.dry != 0 && l.now >= l.m.dry+2*l.deadline()
		if good == 0 && l.c.Failed != "" && (at.Revision == l.c.Target || tried) {
			return // other hosts have had their chance: it stays
		}
		// It runs elsewhere, or did, so it is for the host.
		l.m.avoid(at.Host, l.now+l.opts.Avoid, "the component failed there: "+why)
		l.alarm(l.m, l.now+l.opts.Avoid)
		// Or whoever said that it runs there has lied, and it would go from host to host
		// for ever: others have had the time to start it as well.
		everywhere := l.rolls() && l.bad() || tried
		if ready > 0 || !everywhere {
			return
		}
	}
	l.fail(at.Host, fmt.Sprintf("revision %d on host %s: %s", at.Revision, l.called(at.Host), why))
}

// bad reports whether the component has failed on all hosts that it is to stay on.
func (l *looking) bad() bool {
	return !slices.ContainsFunc(l.active(l.old.Hosts), func(at *state.Placement) bool {
		_, is := l.m.bad[at.Host]
		return !is
	})
}

// rolls reports whether the component is of a version of an application that was not good
// yet, where another was.
func (l *looking) rolls() bool {
	a := l.s.App(l.c.App)
	return l.c.App != "" && a != nil && a.Good != 0 && a.Good != a.Deployed
}

// fail stops a rollout.
func (l *looking) fail(host lattice.HostID, why string) {
	renewed := l.m.renewed
	l.m.renewed = false // it is said now, or was in these words
	if l.c.Failed != "" && (!renewed || l.c.Failed == why) {
		return
	}
	next := *l.c
	next.Failed = why
	l.change(&next)
	l.m.dry = 0 // of what it goes back to, if it does
	l.event(lattice.EventComponentFailed, host, why)
}

// change has the plan change the record of the component.
func (l *looking) change(next *state.Component) {
	l.c = next
	l.setComponent(next)
}

// shortage fails the rollout of an application that finds no hosts in time.
func (l *looking) shortage(active []*state.Placement) {
	if !l.rolls() || l.old.Missing == 0 || l.c.Failed != "" {
		l.m.short = 0
		return
	}
	if l.m.short == 0 {
		l.m.short = l.now
	}
	until := l.m.short + l.deadline()
	if l.early(until) {
		return
	}
	why := fmt.Sprintf("%d of what it asks for has no host, %d hosts have it", l.old.Missing, len(active))
	if len(l.old.Passed) > 0 {
		why += "; the others: " + l.old.Passed[0].Why
	}
	l.fail("", clip(why))
}

// recover forgets a failure when all is well after all.
func (l *looking) recover(active []*state.Placement, ready int) {
	if l.c.Failed == "" || len(l.c.Revisions) > 1 || len(active) == 0 || ready < len(active) || l.old.Missing > 0 {
		return
	}
	next := *l.c
	next.Failed = ""
	l.change(&next)
}

// unavailable is on how many hosts a revision may be on its way at once.
func unavailable(o *lattice.Rollout, hosts int) int {
	if o.Percent {
		return max(hosts*o.MaxUnavailable/100, 1)
	}
	return max(o.MaxUnavailable, 1)
}

// rollOut has placements change over to the revision that they ought to have.
func (l *looking) rollOut() {
	effective := Effective(l.c)
	stopped := l.c.Failed != "" && effective == l.c.Target
	only := canaryOnly(l.c)
	have, underWay := 0, 0
	for i := range l.hosts {
		at := &l.hosts[i]
		why, past := l.going(at.Host)
		switch {
		case why == "" || !at.Pinned:
		case !past && l.s.Callable(at.Host):
			// It is called until what else is there has left.
			if at.Revision == effective && !l.observed(l.c, at).Ready {
				underWay++
			}
		case !only && !stopped:
			// What is on a host that is not there, or that may not be called, needs no care.
			at.Revision = effective
		}
	}
	active := l.active(l.hosts)
	for _, at := range active {
		if at.Revision == effective {
			have++
			if !l.observed(l.c, at).Ready {
				underWay++
			}
		}
	}
	want := len(active)
	if only {
		want = l.canaryHosts(len(active))
	}
	if stopped && l.previousOnHosts() {
		l.m.waiting = "the rollout has stopped: " + l.c.Failed
		return
	}
	allow := min(unavailable(&l.c.Rollout, len(active))-underWay, want-have)
	// Those first that are not ready anyway.
	for _, down := range []bool{true, false} {
		for _, at := range active {
			if allow <= 0 {
				break
			}
			if at.Revision != effective && down != l.observed(l.c, at).Ready && !l.unheard(at.Host) {
				at.Revision = effective
				allow--
			}
		}
	}
	if only {
		l.watchCanary(active, want)
	}
	l.prune(active, effective)
}

// previousOnHosts reports whether a host still has a revision before the target.
func (l *looking) previousOnHosts() bool {
	return slices.ContainsFunc(l.hosts, func(at state.Placement) bool { return at.Revision < l.c.Target })
}

// canaryHosts is how many of n hosts have the target.
func (l *looking) canaryHosts(n int) int {
	if n < 2 {
		l.m.waiting = "a canary needs two hosts or more: promote it, or give the component more"
		return 0
	}
	return min(max((n*l.c.Rollout.Canary.Weight+99)/100, 1), n-1)
}

// minCalls is how many calls a canary must have had before its failures count.
const minCalls = 10

// watchCanary promotes a canary that has been good for long enough, and fails a bad one.
func (l *looking) watchCanary(active []*state.Placement, want int) {
	o := l.c.Rollout.Canary
	m := l.m
	if m.canary.revision != l.c.Target {
		m.canary = canary{revision: l.c.Target, base: map[lattice.HostID]counters{}}
	}
	good := 0
	var calls, failures int64
	for _, at := range active {
		if at.Revision != l.c.Target {
			continue
		}
		seen := l.observed(l.c, at)
		if !seen.Ready {
			continue
		}
		good++
		now := counters{seen.Calls, seen.Failures}
		base, ok := m.canary.base[at.Host]
		if !ok || now.calls < base.calls || now.failures < base.failures {
			base = now
			if ok {
				base = counters{} // it was started anew
			}
			m.canary.base[at.Host] = base
		}
		calls += now.calls - base.calls
		failures += now.failures - base.failures
	}
	if want == 0 || good < want {
		m.canary.since = 0
		return
	}
	if m.canary.since == 0 {
		m.canary.since = l.now
	}
	if o.MaxFailures > 0 && calls >= minCalls && failures*100 > int64(o.MaxFailures)*calls {
		l.fail("", fmt.Sprintf("canary of revision %d: %d of %d calls failed, %d %% are allowed", l.c.Target, failures, calls, o.MaxFailures))
		l.touch(l.c.ID) // to have it go back
		return
	}
	if o.MaxFailures > 0 {
		l.alarm(m, l.now+watchEvery)
	}
	if o.HoldMillis == 0 {
		m.waiting = "the canary is ready and waits to be promoted"
		return
	}
	until := m.canary.since + o.HoldMillis
	if l.now < until {
		m.waiting = "the canary is ready and is watched"
		l.alarm(m, until)
		return
	}
	next := *l.c
	next.Promoted = true
	l.change(&next)
	l.touch(l.c.ID)
}

// watchEvery is how often a canary's calls are counted, in milliseconds.
const watchEvery = 1000

// manyRevisions is from how many on those that nobody has are removed early.
const manyRevisions = 12

// prune removes revisions from the record that no host has or will have.
func (l *looking) prune(active []*state.Placement, effective uint64) {
	if len(l.c.Revisions) < 2 {
		return
	}
	done := len(active) > 0 && l.ought.Missing == 0
	for _, at := range active {
		done = done && at.Revision == effective && l.observed(l.c, at).Ready
	}
	if !done && len(l.c.Revisions) < manyRevisions {
		return
	}
	keep := map[uint64]bool{l.c.Target: true, effective: true}
	if !done {
		keep[previous(l.c)] = true
	}
	for _, hosts := range [][]state.Placement{l.hosts, l.old.Hosts} {
		for i := range hosts {
			keep[hosts[i].Revision] = true
		}
	}
	if !slices.ContainsFunc(l.c.Revisions, func(v state.Revision) bool { return !keep[v.Number] }) {
		return
	}
	next := *l.c
	next.Revisions = slices.DeleteFunc(slices.Clone(l.c.Revisions), func(v state.Revision) bool { return !keep[v.Number] })
	if done && effective == l.c.Target {
		next.Failed = ""
	}
	l.change(&next)
}
