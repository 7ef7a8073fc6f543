package lead

import (
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/decide"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// MaxPlan bounds how many records a plan changes.
const MaxPlan = 1024

// Round returns what is to be done next by itself, or nil if there is nothing, and when
// to ask again at the latest. Nothing is kept of a proposal unless it is accepted. After
// an error it is asked again: it is about one thing, which is let be.
func (l *Leader) Round(now, wall int64) (p *Proposal, next int64, err error) {
	if l.refused != nil {
		return nil, now + 1000, nil //nolint:nilerr // it is no error of this round
	}
	if l.ahead && l.next == l.state {
		l.ahead = false
		p, err := l.leap(wall)
		return p, now, err
	}
	for len(l.revive) > 0 {
		id := l.revive[0]
		l.revive = l.revive[1:]
		if h := l.next.Host(id); h != nil && h.State == lattice.HostStopped {
			p, err := l.Decide(now, wall, &control.SetHostState{Host: id, State: lattice.HostReady})
			return p, now, err
		}
	}
	for len(l.resume) > 0 {
		name := l.resume[0]
		l.resume = l.resume[1:]
		if p, err := l.byItself(now, wall, func(in decide.In) (*decide.Decision, error) { return decide.Resume(in, name) }); p != nil || err != nil {
			return p, now, err
		}
	}
	for len(l.back) > 0 {
		r := l.back[0]
		l.back = l.back[1:]
		if p, err := l.byItself(now, wall, func(in decide.In) (*decide.Decision, error) { return decide.Rollback(in, r.App, r.Reason) }); p != nil || err != nil {
			return p, now, err
		}
	}
	for len(l.tidy) > 0 {
		name := l.tidy[0]
		l.tidy = l.tidy[1:]
		if p, err := l.byItself(now, wall, func(in decide.In) (*decide.Decision, error) { return decide.Tidy(in, name) }); p != nil || err != nil {
			return p, now, err
		}
	}
	plan, next := l.rec.Plan(now, wall, MaxPlan)
	l.back = plan.Rollbacks
	for i := range plan.Changes {
		if app := plan.Changes[i].App; app != nil && app.Deployed != 0 && app.Good == app.Deployed {
			l.tidy = append(l.tidy, app.Name)
		}
	}
	if len(plan.Changes) == 0 {
		if len(l.back) > 0 {
			return l.Round(now, wall)
		}
		return nil, next, nil
	}
	all, err := entries(l.next.Seq, wall, "", plan.Changes)
	return &Proposal{Entries: all, Events: eventsOf(plan)}, now, err
}

// byItself decides on something that nobody has asked for, and returns nil if it comes to
// nothing.
func (l *Leader) byItself(now, wall int64, f func(decide.In) (*decide.Decision, error)) (*Proposal, error) {
	in := l.in(now, wall, l.next)
	d, err := f(in)
	if err != nil {
		return nil, err
	}
	if len(d.Changes) == 0 {
		return nil, nil //nolint:nilnil // there is nothing to do
	}
	return l.propose(now, wall, in, d, "")
}

// leap has the state get a stamp that is newer than any that there is.
func (l *Leader) leap(wall int64) (*Proposal, error) {
	meta := *l.state.Meta()
	newest := l.newest()
	if now := l.opts.Term + meta.TermOffset; newest.Term > now || newest.Term == now && newest.Compare(l.state.Stamp) > 0 {
		meta.TermOffset = newest.Term + 1 - l.opts.Term
	}
	all, err := entries(l.next.Seq, wall, "", []state.Change{state.Put(state.Record{Meta: &meta})})
	if err != nil {
		return nil, fmt.Errorf("stamps leap: %w", err)
	}
	// Whatever has a newer stamp is written anew.
	l.dirty.Add(l.state.Everything())
	for key := range l.shelf[Desired] {
		l.dirty.Hosts[lattice.HostID(key)] = true
	}
	for key := range l.shelf[Components] {
		l.dirty.Components[lattice.ComponentID(key)] = true
	}
	return &Proposal{Entries: all}, nil
}
