package lead

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/decide"
	"github.com/wattle-dev/wattle/scheduler/reconcile"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// Proposal is what was decided.
type Proposal struct {
	// Entries are for the log, in order. If there are none, all is so already.
	Entries []*state.Entry
	// Decision is that on a command, or on an application that goes back by itself, nil
	// if it was neither.
	Decision *decide.Decision
	Events   []decide.Event
}

// Decide decides on a command, which must be valid in itself. Nothing is kept of it unless
// it is accepted. now is as in New, wall milliseconds since 1970.
func (l *Leader) Decide(now, wall int64, cmd control.Command) (*Proposal, error) {
	if l.refused != nil {
		return nil, l.refused
	}
	in := l.in(now, wall, l.next)
	d, err := decide.Command(in, cmd)
	if err != nil {
		return nil, err
	}
	return l.propose(now, wall, in, d, byOf(cmd))
}

// View answers a query, from the last state that is known to be in the log.
func (l *Leader) View(now, wall int64, query control.Command) (any, error) {
	return decide.View(l.in(now, wall, l.state), query)
}

// propose has a decision find its places.
func (l *Leader) propose(now, wall int64, in decide.In, d *decide.Decision, by string) (*Proposal, error) {
	p := &Proposal{Decision: d, Events: d.Events}
	after, changes := l.next, d.Changes
	var err error
	if len(d.Touched) > 0 {
		if after, err = with(l.next, changes); err != nil {
			return nil, err
		}
		plan := l.rec.Consider(now, wall, after, changes, d.Touched)
		changes = merge(changes, plan.Changes)
		p.Events = append(p.Events, eventsOf(plan)...)
	}
	if len(changes) > 0 {
		if after, err = with(l.next, changes); err != nil {
			return nil, err
		}
	}
	if err := d.Settle(in, after); err != nil {
		return nil, err
	}
	p.Entries, err = entries(l.next.Seq, wall, by, changes)
	return p, err
}

// Accept has what is decided from now on be built on a proposal. It has to be proposed to
// the log at once, after all that was accepted before.
func (l *Leader) Accept(now int64, p *Proposal) error {
	for _, e := range p.Entries {
		// The log gives it this index or a later one.
		next, err := l.next.Apply(lattice.Stamp{Term: l.opts.Term, Index: l.next.Stamp.Index + 1}, e)
		if err != nil {
			return err
		}
		l.next = next
		l.rec.Update(now, next, e.Changes)
		l.overtaken(e.Changes)
	}
	return nil
}

// overtaken forgets what was to be done by itself to applications that are not what they were
// when that was found. Those that still ought to go back are found again.
func (l *Leader) overtaken(changes []state.Change) {
	for i := range changes {
		c := &changes[i]
		if c.Key.Kind() != state.KindApp {
			continue
		}
		name := lattice.AppName(c.Key.Name())
		l.back = slices.DeleteFunc(l.back, func(r reconcile.Rollback) bool { return r.App == name })
		if c.App == nil {
			l.resume = slices.DeleteFunc(l.resume, func(app lattice.AppName) bool { return app == name })
		}
	}
}

// Applied says that the log has everything that was accepted, and what state that is.
func (l *Leader) Applied(now int64, s *state.State, proposals ...*Proposal) {
	for _, p := range proposals {
		for _, e := range p.Entries {
			l.dirty.AddChanged(l.state, s, e.Changes)
		}
	}
	l.state, l.next = s, s
	l.rec.Update(now, s, nil)
}

// with returns the state as changes would make it, however many there are.
func with(s *state.State, changes []state.Change) (*state.State, error) {
	if len(changes) <= state.MaxChanges {
		return s.With(changes...)
	}
	units, err := unitsOf(changes)
	if err != nil {
		return nil, err
	}
	var batch []state.Change
	for i, u := range units {
		batch = append(batch, u.changes...)
		if i+1 < len(units) && len(batch)+len(units[i+1].changes) <= state.MaxChanges {
			continue
		}
		if s, err = s.With(batch...); err != nil {
			return nil, err
		}
		batch = nil
	}
	return s, nil
}

// merge returns changes of which later ones replace earlier ones of the same key.
func merge(first, second []state.Change) []state.Change {
	if len(second) == 0 {
		return first
	}
	at := make(map[state.Key]int, len(first)+len(second))
	all := make([]state.Change, 0, len(first)+len(second))
	for _, list := range [][]state.Change{first, second} {
		for _, c := range list {
			if i, ok := at[c.Key]; ok {
				all[i] = c
				continue
			}
			at[c.Key] = len(all)
			all = append(all, c)
		}
	}
	return all
}

// entries makes entries of changes: one, unless that would be too long.
func entries(base uint64, wall int64, by string, changes []state.Change) ([]*state.Entry, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	one, err := whole(base, wall, by, changes)
	if err != nil {
		return nil, err
	}
	if one != nil {
		return []*state.Entry{one}, nil
	}
	units, err := unitsOf(changes)
	if err != nil {
		return nil, err
	}
	var all []*state.Entry
	size := 0
	for _, u := range units {
		if u.size > maxPacked {
			return nil, fmt.Errorf("%s: %w: it has %d bytes, the limit is %d", u.changes[0].Key, lattice.ErrExhausted, u.size, maxPacked)
		}
		if len(all) == 0 || size+u.size > maxPacked || len(all[len(all)-1].Changes)+len(u.changes) > state.MaxChanges {
			all = append(all, &state.Entry{Base: base + uint64(len(all)), At: wall, By: by})
			size = 0
		}
		e := all[len(all)-1]
		e.Changes = append(e.Changes, u.changes...)
		size += u.size
	}
	return all, nil
}

// whole returns the entry of all changes, or nil if it would be too long.
func whole(base uint64, wall int64, by string, changes []state.Change) (*state.Entry, error) {
	if len(changes) > state.MaxChanges {
		return nil, nil //nolint:nilnil // it is too long
	}
	one := &state.Entry{Base: base, At: wall, By: by, Changes: changes}
	size := 0
	for i := range changes {
		n, err := sizeOf(&changes[i])
		if err != nil {
			return nil, err
		}
		if size += n; size > maxPacked {
			break
		}
	}
	if size <= maxPacked {
		return one, nil
	}
	// It may fit all the same.
	_, err := state.EncodeEntry(one)
	if errors.Is(err, lattice.ErrExhausted) {
		return nil, nil //nolint:nilnil // it is too long
	}
	return one, err
}

// maxPacked is how much of an entry changes may fill. The rest is for what is around them.
const maxPacked = state.MaxEntry - 4096

// unit are changes that only make sense together.
type unit struct {
	changes []state.Change
	size    int
}

// unitsOf puts together what must be in one entry: an application with its manifests, and
// a component with its placements. Applications go first, so that who takes over in the
// middle finds what was to be done.
func unitsOf(changes []state.Change) ([]unit, error) {
	at := map[state.Key]int{}
	var first, rest []unit
	var apps int
	for _, c := range changes {
		size, err := sizeOf(&c)
		if err != nil {
			return nil, err
		}
		switch kind := c.Key.Kind(); kind {
		case state.KindApp, state.KindManifest, state.KindMeta:
			if apps == 0 {
				first = append(first, unit{})
				apps = 1
			}
			first[0].changes = append(first[0].changes, c)
			first[0].size += size
		case state.KindComponent, state.KindPlacements:
			key := state.ComponentKey(lattice.ComponentID(c.Key.Name()))
			i, ok := at[key]
			if !ok {
				i = len(rest)
				at[key] = i
				rest = append(rest, unit{})
			}
			rest[i].changes = append(rest[i].changes, c)
			rest[i].size += size
		default:
			rest = append(rest, unit{[]state.Change{c}, size})
		}
	}
	return append(first, rest...), nil
}

// EventData is what the event of a plan says.
type EventData struct {
	Component lattice.ComponentID `json:"component,omitempty"`
	Host      lattice.HostID      `json:"host,omitempty"`
	Reason    string              `json:"reason"`
}

// eventsOf are the events of a plan.
func eventsOf(p *reconcile.Plan) []decide.Event {
	events := make([]decide.Event, len(p.Events))
	for i := range p.Events {
		e := &p.Events[i]
		subject := cmp.Or(string(e.Component), string(e.Host))
		events[i] = decide.Event{Kind: e.Kind, Subject: subject, Data: EventData{e.Component, e.Host, e.Reason}}
	}
	return events
}

// byOf is who gives a command.
func byOf(cmd control.Command) string {
	switch c := cmd.(type) {
	case *control.PutApp:
		return c.By
	case *control.DeployApp:
		return c.By
	case *control.RollbackApp:
		return c.By
	case *control.PromoteApp:
		return c.By
	case *control.ScaleApp:
		return c.By
	case *control.UndeployApp:
		return c.By
	case *control.DeleteApp:
		return c.By
	}
	return ""
}
