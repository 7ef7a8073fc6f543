package reconcile

import (
	"maps"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// component is what is remembered of a component in this term.
type component struct {
	id    lattice.ComponentID
	rules *lattice.Rules
	// pending has the placements since they are on their way, leaving those since they
	// are to go, bad the hosts on which the component failed.
	pending map[lattice.HostID]pending
	leaving map[lattice.HostID]int64
	bad     map[lattice.HostID]bad
	// shrinking is since when instances are to be taken away, and short since when a
	// rollout has found too few hosts. Zero is not.
	shrinking, short int64
	// dry is since when the revision that hosts ought to have is ready nowhere, zero if it is
	// somewhere or nobody tries.
	dry    int64
	canary canary
	// proven is a revision that was ready on some host in this term.
	proven uint64
	// renewed says that it was given something else since it failed.
	renewed bool
	// waiting says what a rollout waits for, for people.
	waiting string
	// alarm is when the component is looked at next, zero if that is not set, and rings
	// the first time that is among the alarms for it.
	alarm, rings int64
}

// pending is a placement that is not ready, or was not when it was seen first.
type pending struct {
	revision uint64
	since    int64
	// stamp is that of the first state with the revision there. What a host says before
	// it has applied that is about something else.
	stamp lattice.Stamp
	// given is the stamp of the state in which the component was given other links,
	// configurations or secrets, zero if that is not known of. The revision is the same
	// then: what a host says before it has applied that is about the others.
	given lattice.Stamp
	// until is for how long the word of a host is not taken that ran this when it was told
	// to, unless it has applied that: it may have been told in between to stop it.
	until int64
	// ready says that it has been ready since.
	ready bool
}

// bad is a host on which a component failed.
type bad struct {
	until int64
	why   string
}

// canary is a canary that is ready.
type canary struct {
	revision uint64
	since    int64
	// base has the counters of hosts when they were ready first.
	base map[lattice.HostID]counters
}

// counters count calls.
type counters struct{ calls, failures int64 }

func newComponent(id lattice.ComponentID) *component {
	return &component{id: id, pending: map[lattice.HostID]pending{}}
}

// leaves remembers since when a placement is to go.
func (m *component) leaves(host lattice.HostID, since int64) {
	if m.leaving == nil {
		m.leaving = map[lattice.HostID]int64{}
	}
	m.leaving[host] = since
}

// stays remembers that a placement is not to go any more. Its time begins then, if none was
// counted while it was.
func (m *component) stays(host lattice.HostID, now int64) {
	if _, left := m.leaving[host]; !left {
		return
	}
	delete(m.leaving, host)
	if p := m.pending[host]; p.since == 0 {
		p.since = now
		m.pending[host] = p
	}
}

// avoid remembers that a host is not to be chosen for some time.
func (m *component) avoid(host lattice.HostID, until int64, why string) {
	if m.bad == nil {
		m.bad = map[lattice.HostID]bad{}
	}
	m.bad[host] = bad{until, why}
}

// postpone has a time not count that has passed meanwhile.
func (m *component) postpone(from, to int64) {
	later := func(since int64) int64 {
		if since == 0 {
			return 0 // it is not
		}
		return min(since+to-from, max(since, to))
	}
	for id, p := range m.pending {
		p.since, p.until = later(p.since), later(p.until)
		m.pending[id] = p
	}
	for id, since := range m.leaving {
		m.leaving[id] = later(since)
	}
	m.shrinking, m.short, m.dry, m.canary.since = later(m.shrinking), later(m.short), later(m.dry), later(m.canary.since)
}

// clone returns a copy that shares nothing that is changed.
func (m *component) clone() *component {
	c := *m
	c.pending, c.leaving, c.bad = maps.Clone(m.pending), maps.Clone(m.leaving), maps.Clone(m.bad)
	c.canary.base = maps.Clone(m.canary.base)
	return &c
}

// track remembers since when placements are as they are.
func (r *Reconciler) track(m *component, p *state.Placements) {
	if p != nil {
		for i := range p.Hosts {
			at := &p.Hosts[i]
			r.expect(at.Host)
			if have, ok := m.pending[at.Host]; !ok || have.revision != at.Revision {
				now := pending{revision: at.Revision, since: r.now, stamp: r.s.Stamp, until: have.until}
				if !ok && r.underWay(m.id) {
					// An earlier leader may have decided on what it is given.
					now.given = r.s.Stamp
				}
				if h := r.hosts[at.Host]; h != nil && h.status[m.id] != nil && (!ok || h.status[m.id].Revision == at.Revision) {
					now.until = r.now + r.opts.Lease
				}
				m.pending[at.Host] = now
			}
			if at.Leaving == "" {
				m.stays(at.Host, r.now)
			} else if _, ok := m.leaving[at.Host]; !ok {
				m.leaves(at.Host, r.now)
			}
		}
	}
	if p != nil && len(m.pending) == len(p.Hosts) {
		return // there are no others
	}
	there := map[lattice.HostID]bool{}
	if p != nil {
		for i := range p.Hosts {
			there[p.Hosts[i].Host] = true
		}
	}
	for id := range m.pending {
		if !there[id] {
			delete(m.pending, id)
			delete(m.leaving, id)
		}
	}
}

// Placement is how a placement is doing, as its host says.
type Placement struct {
	// Revision is the one that the rest is about, State its state, both empty if the host
	// says nothing of the component.
	Revision uint64
	State    lattice.ComponentState
	Reason   string
	// Current says that it is about the revision and the digest that it ought to have.
	Current bool
	// Ready says that it takes calls with the revision and the digest that it ought to
	// have, Failed that it could not be started, after the host was told.
	Ready, Failed bool
	// Stale says that this may be of before the host was told to stop it, and then to go
	// on.
	Stale bool
	// Behind says that the host goes on with links, configurations or secrets that the
	// component is not given any more: it has not said yet what it makes of the others.
	Behind bool
	// Lost says that the host is lost, Unheard that nothing was heard of it yet.
	Lost, Unheard bool
	// Calls and Failures count since the component was started there.
	Calls, Failures int64
	// Status is the host's word, nil if it says nothing of the component.
	Status *lattice.ComponentStatus
}

// observed returns how a placement is doing.
func (r *Reconciler) observed(c *state.Component, at *state.Placement) (p Placement) {
	h := r.hosts[at.Host]
	if h == nil || h.report == nil {
		p.Unheard, p.Lost = true, h != nil && h.lost
		return p
	}
	p.Lost = h.lost
	rev := c.Revision(at.Revision)
	status := h.status[c.ID]
	if status == nil || rev == nil {
		return p
	}
	p.Status, p.Calls, p.Failures = status, status.Calls, status.Failures
	told, heard := pending{}, false
	if m := r.known[c.ID]; m != nil {
		told = m.pending[at.Host]
		heard = h.applied(told.stamp) && h.applied(told.given)
	}
	p.Stale = !heard && r.now < told.until
	p.Revision, p.State, p.Reason = status.Revision, status.State, status.Reason
	mine := status.Revision == rev.Number && status.Digest == rev.Digest
	if next := status.Next; next != nil && next.Revision == rev.Number && next.Digest == rev.Digest {
		// Of the same revision it is about what the component is given from now on.
		mine = true
		p.Revision, p.State, p.Reason = next.Revision, next.State, next.Reason
	}
	p.Current = mine
	if !mine {
		return p
	}
	p.Behind = !h.applied(told.given)
	p.Ready = p.State == lattice.ComponentRunning && status.Revision == rev.Number && !p.Stale && !p.Behind && !h.lost && h.report.State != lattice.HostStopped
	p.Failed = p.State == lattice.ComponentFailed && told.revision == rev.Number && heard
	return p
}

// nextDiffers reports whether what is said of the next revision means something else.
func nextDiffers(a, b *lattice.ComponentStatus) bool {
	if a.Next == nil || b.Next == nil {
		return a.Next != b.Next
	}
	return a.Next.Revision != b.Next.Revision || a.Next.Digest != b.Next.Digest || a.Next.State != b.Next.State
}

// clip bounds what is written into a record, and leaves out what cannot be printed.
func clip(s string) string {
	clean := make([]rune, 0, min(len(s), wire.MaxReason))
	for _, c := range s {
		if c == '\t' || c == '\r' {
			c = ' '
		}
		if c < ' ' && c != '\n' || c == 0x7f || c == utf8.RuneError {
			c = '?'
		}
		if len(clean) == maxReason {
			clean = append(clean, '…')
			break
		}
		clean = append(clean, c)
	}
	return string(clean)
}

// maxReason bounds what is kept of a host's word, in characters.
const maxReason = 500
