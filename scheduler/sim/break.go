package sim

import (
	"fmt"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// Break is a rule that a world breaks on purpose, to see that it is noticed.
type Break string

// The rules that can be broken.
const (
	// TakeOldStamps has hosts take documents that are older than the last.
	TakeOldStamps Break = "take old stamps"
	// ForgetRevisions has buckets take writes whatever revision is there, and leaders
	// write over what is newer.
	ForgetRevisions Break = "forget revisions"
	// LoseCommitted has schedulers lose what they said was on their disks.
	LoseCommitted Break = "lose committed"
	// ActUncommitted has leaders tell hosts what is not committed yet.
	ActUncommitted Break = "act uncommitted"
	// BreakBeforeMake has what leaves go before what replaces it is there.
	BreakBeforeMake Break = "break before make"
	// AllAtOnce has rollouts go to all hosts at once.
	AllAtOnce Break = "all at once"
	// IgnoreCordons has placements on hosts that operators have cordoned.
	IgnoreCordons Break = "ignore cordons"
	// Churn has something change for no reason, for ever.
	Churn Break = "churn"
	// NotAgain has leaders not write again what they could not write.
	NotAgain Break = "not again"
	// NoRollback has applications not go back when a version fails.
	NoRollback Break = "no rollback"
	// ClaimAtOnce has another log's scheduler claim the lattice while it is led.
	ClaimAtOnce Break = "claim at once"
	// NoRollCall has hosts count as lost that nobody has asked.
	NoRollCall Break = "no roll call"
	// IgnoreLeases has hosts go on with what they may only run while they are heard.
	IgnoreLeases Break = "ignore leases"
	// HideAiling has hosts not say that the probes of a component are bad.
	HideAiling Break = "hide ailing"
	// HideRefusals has hosts not say that they go on with what a component was given before.
	HideRefusals Break = "hide refusals"
	// OtherClock has replicas apply something of their own.
	OtherClock Break = "other clock"
)

// tamper breaks a rule in what was decided.
func (s *service) tamper(p *lead.Proposal) {
	for _, e := range p.Entries {
		switch s.w.opts.Break {
		case BreakBeforeMake, AllAtOnce, IgnoreCordons:
			s.misplace(e)
		case ActUncommitted:
			s.tell(e)
		}
	}
}

// misplace has components be where they should not be.
func (s *service) misplace(e *state.Entry) {
	after, err := s.r.state.With(e.Changes...)
	if err != nil {
		return
	}
	for i := range e.Changes {
		if e.Changes[i].Placements == nil {
			continue
		}
		p := *e.Changes[i].Placements
		p.Hosts = slices.Clone(p.Hosts)
		switch s.w.opts.Break {
		case BreakBeforeMake:
			p.Hosts = slices.DeleteFunc(p.Hosts, func(one state.Placement) bool { return one.Leaving != "" })
		case AllAtOnce:
			for k := range p.Hosts {
				p.Hosts[k].Revision = after.Component(p.Component).Target
			}
		case IgnoreCordons:
			for _, h := range s.w.hosts {
				if after.Wish(h.id) == lattice.HostCordoned && p.On(h.id) == nil && len(p.Hosts) > 0 {
					p.Hosts[0].Host = h.id
				}
			}
		}
		e.Changes[i] = state.Put(state.Record{Placements: &p})
	}
}

// tell tells hosts what is not decided yet.
func (s *service) tell(e *state.Entry) {
	after, err := s.r.state.With(e.Changes...)
	if err != nil {
		return
	}
	for _, h := range s.w.hosts {
		d := after.Desired(h.id)
		d.Stamp.Index++
		if value, err := wire.EncodeDesired(d); err == nil {
			_, _ = s.w.desired.put(string(h.id), value, false, 0)
		}
	}
}

// dropped reports whether a proposal is not to be made.
func (s *service) dropped(p *lead.Proposal) bool {
	if s.w.opts.Break != NoRollback {
		return false
	}
	for _, e := range p.Entries {
		for i := range e.Changes {
			if a := e.Changes[i].App; a != nil && len(a.History) > 0 && a.History[len(a.History)-1].What == "automatic rollback" {
				return true
			}
		}
	}
	return false
}

// churn has something be decided for no reason, and reports whether it did.
func (s *service) churn() bool {
	if s.w.opts.Break != Churn || s.w.now-s.w.check.at < 5000 || len(s.under) > 0 {
		return false
	}
	p, err := s.l.Decide(s.mono(), s.r.wall(), &control.PutLabel{Host: s.w.hosts[0].id, Key: "now", Value: fmt.Sprint(s.w.now)})
	if err != nil {
		return false
	}
	s.propose(p, "churn", func() {})
	return true
}
