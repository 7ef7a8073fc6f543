package reconcile_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/reconcile"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// world is a lattice in miniature: hosts that do what they are told in a step, and a leader
// that carries out its plans at once.
type world struct {
	s      *state.State
	r      *reconcile.Reconciler
	now    int64
	index  uint64
	hosts  map[lattice.HostID]*fakeHost
	deaf   bool // the beat does not come back
	limit  int
	events []reconcile.Event
	// entries are the changes of all entries, for comparison.
	entries [][]state.Change
	// check is called after each entry, and returns what must not be.
	check func(before, after *state.State) error
}

// fakeHost is a host that runs what it is told.
type fakeHost struct {
	report lattice.HostReport
	silent bool
	// late says that it hears nothing, and is heard.
	late    bool
	desired *lattice.Desired
	// broken are revisions that fail there, slow those that never become ready, as
	// "component@revision".
	broken, slow map[string]bool
	calls        map[lattice.ComponentID][2]int64
	unhealthy    map[lattice.ComponentID]bool
	// refused are values of configurations that the host cannot carry out, given those that
	// components have that run.
	refused map[string]bool
	given   map[lattice.ComponentID]string
	// lie is said instead of the truth.
	lie []lattice.ComponentStatus
}

func hostID(name string) lattice.HostID {
	return lattice.HostID("N" + strings.ToUpper(name) + strings.Repeat("A", 55-len(name)))
}

func digest(rev uint64) string { return fmt.Sprintf("sha256:%064x", rev) }

func newWorld() *world {
	w := &world{s: state.New("default"), now: 1000, hosts: map[lattice.HostID]*fakeHost{}, limit: 100}
	w.r = reconcile.New(nil)
	w.r.Reset(w.now, w.s)
	return w
}

func (w *world) addHost(name string, h lattice.HostReport) *fakeHost {
	id := hostID(name)
	h.ID, h.Name, h.Lattice, h.Every = id, name, "default", 1000
	h.Group = cmp.Or(h.Group, "default")
	h.State = cmp.Or(h.State, lattice.HostReady)
	if h.Capacity.CPUs == 0 {
		h.Capacity = lattice.Capacity{CPUs: 4, MemoryBytes: 8 << 30}
	}
	w.hosts[id] = &fakeHost{report: h, broken: map[string]bool{}, slow: map[string]bool{}, calls: map[lattice.ComponentID][2]int64{}, unhealthy: map[lattice.ComponentID]bool{}, refused: map[string]bool{}, given: map[lattice.ComponentID]string{}}
	return w.hosts[id]
}

// apply has changes be an entry of the log.
func (w *world) apply(changes ...state.Change) error {
	if len(changes) == 0 {
		return errors.New("no changes")
	}
	w.index++
	next, err := w.s.Apply(lattice.Stamp{Term: 1, Index: w.index}, &state.Entry{Base: w.s.Seq, At: w.now, Changes: changes})
	if err != nil {
		return err
	}
	if w.check != nil {
		if err := w.check(w.s, next); err != nil {
			return err
		}
	}
	w.s = next
	w.entries = append(w.entries, changes)
	w.r.Update(w.now, next, changes)
	return nil
}

// put sets a component's record, and gives it a first revision if it has none.
func (w *world) put(c *state.Component) error {
	if len(c.Revisions) == 0 {
		c.Revisions, c.Target = []state.Revision{revision(1)}, 1
	}
	return w.apply(state.Put(state.Record{Component: c}))
}

func revision(n uint64) state.Revision {
	return state.Revision{Number: n, Ref: fmt.Sprintf("file:%d.wasm", n), Digest: digest(n)}
}

// update gives a component a new target.
func (w *world) update(id lattice.ComponentID) error {
	next := *w.s.Component(id)
	n := next.Revisions[len(next.Revisions)-1].Number + 1
	next.Revisions = append(slices.Clone(next.Revisions), revision(n))
	next.Target, next.Promoted, next.Failed = n, false, ""
	return w.put(&next)
}

// remove removes a component.
func (w *world) remove(id lattice.ComponentID) error {
	changes := []state.Change{state.Delete(state.ComponentKey(id))}
	if w.s.Placements(id) != nil {
		changes = append(changes, state.Delete(state.PlacementsKey(id)))
	}
	return w.apply(changes...)
}

// wish sets what operators want of a host.
func (w *world) wish(id lattice.HostID, s lattice.HostState) error {
	return w.apply(state.Put(state.Record{Host: &state.Host{ID: id, State: s}}))
}

// lead has a new leader begin.
func (w *world) lead() {
	w.r = reconcile.New(nil)
	w.r.Reset(w.now, w.s)
}

// step lets some time pass: hosts do as they are told and report, and plans are carried out
// until there is none. It returns how many plans there were.
func (w *world) step(millis int64) (int, error) {
	w.now += millis
	for _, id := range slices.Sorted(maps.Keys(w.hosts)) {
		if h := w.hosts[id]; !h.silent {
			if !h.late || h.desired == nil {
				h.desired = w.s.Desired(id)
			}
			h.obey(h.desired)
			w.r.Observe(w.now, h.say())
		}
	}
	if !w.deaf {
		w.r.Beat(w.now)
	}
	return w.plan()
}

// plan carries out plans until there is none.
func (w *world) plan() (int, error) {
	n := 0
	for {
		p, next := w.r.Plan(w.now, 1_700_000_000_000+w.now, w.limit)
		w.events = append(w.events, p.Events...)
		for _, back := range p.Rollbacks {
			w.events = append(w.events, reconcile.Event{Kind: "rollback", Component: lattice.ComponentID(back.App), Reason: back.Reason})
		}
		if len(p.Changes) > 0 {
			n++
			if err := w.apply(p.Changes...); err != nil {
				return n, err
			}
		}
		if next > w.now {
			return n, nil
		}
		if n > 10_000 {
			return n, errors.New("plans without end")
		}
	}
}

// settle lets time pass until nothing changes any more, and returns how many seconds that
// took.
func (w *world) settle(most int) (int, error) {
	quiet := 0
	for i := range most {
		n, err := w.step(1000)
		if err != nil {
			return i, err
		}
		if quiet++; n > 0 {
			quiet = 0
		}
		if quiet > 3 && w.calm() {
			return i - 3, nil
		}
	}
	return most, fmt.Errorf("not settled after %d s:\n%s", most, w.show())
}

// calm reports whether hosts have done as they were told.
func (w *world) calm() bool {
	for p := range w.s.AllPlacements() {
		for i := range p.Hosts {
			if p.Hosts[i].Leaving != "" && !w.hosts[p.Hosts[i].Host].silent {
				return false
			}
		}
	}
	return true
}

// obey takes over what the host is told.
func (h *fakeHost) obey(d *lattice.Desired) {
	h.desired = d
	h.report.Applied = d.Stamp
	h.report.State = d.State
	was := map[lattice.ComponentID]lattice.ComponentStatus{}
	for _, c := range h.report.Components {
		was[c.ID] = c
	}
	h.report.Components = nil
	for _, spec := range d.Components {
		status := lattice.ComponentStatus{
			ID: spec.ID, Ref: spec.Ref, Digest: spec.Digest, Revision: spec.Revision, MaxInstances: spec.MaxInstances,
			State: lattice.ComponentRunning,
		}
		key := fmt.Sprintf("%s@%d", spec.ID, spec.Revision)
		before, serves := was[spec.ID]
		serves = serves && before.State == lattice.ComponentRunning
		switch {
		case h.broken[key] || h.broken[string(spec.ID)]:
			status.State, status.Reason = lattice.ComponentFailed, "it does not start"
		case h.slow[key]:
			status.State = lattice.ComponentStarting
		case !serves || before.Revision != spec.Revision:
			// It is not ready in the step in which it was told.
			if before.State != lattice.ComponentStarting && (before.Next == nil || before.Next.Revision != spec.Revision || before.Next.State != lattice.ComponentStarting) {
				status.State = lattice.ComponentStarting
			}
		}
		given := spec.Config["value"]
		switch other := serves && before.Revision == spec.Revision && h.given[spec.ID] != given; {
		case h.refused[given]:
			status.State, status.Reason = lattice.ComponentFailed, "it has no "+given
		case other && (before.Next == nil || before.Next.State != lattice.ComponentStarting):
			status.State = lattice.ComponentStarting
		case status.State == lattice.ComponentRunning:
			h.given[spec.ID] = given
		}
		if serves && (before.Revision != spec.Revision || h.given[spec.ID] != given) && status.State != lattice.ComponentRunning {
			next := &lattice.NextStatus{Revision: spec.Revision, Digest: spec.Digest, State: status.State, Reason: status.Reason}
			status = before
			status.Next = next
		}
		status.Calls, status.Failures = h.calls[spec.ID][0], h.calls[spec.ID][1]
		h.report.Components = append(h.report.Components, status)
	}
}

// say returns a report that is not changed afterwards.
func (h *fakeHost) say() *lattice.HostReport {
	r := h.report
	r.Components = slices.Clone(h.report.Components)
	for i := range r.Components {
		if r.Components[i].State == lattice.ComponentRunning && h.unhealthy[r.Components[i].ID] {
			r.Components[i].State, r.Components[i].Reason = lattice.ComponentUnhealthy, "the probe answers with 500"
		}
	}
	if h.lie != nil {
		r.Components = h.lie
	}
	r.Labels = maps.Clone(h.report.Labels)
	return &r
}

// show returns where everything is placed, for people and golden files.
func (w *world) show() string {
	var b strings.Builder
	name := func(id lattice.HostID) string {
		if h := w.hosts[id]; h != nil {
			return h.report.Name
		}
		return id.Short()
	}
	for c := range w.s.Components() {
		fmt.Fprintf(&b, "%s: target %d", c.ID, c.Target)
		if len(c.Revisions) > 1 {
			fmt.Fprintf(&b, " of %d", len(c.Revisions))
		}
		if c.Promoted {
			b.WriteString(", promoted")
		}
		if c.Failed != "" {
			fmt.Fprintf(&b, ", failed: %s", c.Failed)
		}
		view := w.r.Component(c.ID)
		if view.Waiting != "" {
			fmt.Fprintf(&b, ", waiting: %s", view.Waiting)
		}
		if view.Ready {
			b.WriteString(", ready")
		}
		b.WriteByte('\n')
		p := w.s.Placements(c.ID)
		if p == nil {
			continue
		}
		hosts := slices.Clone(p.Hosts)
		slices.SortFunc(hosts, func(x, y state.Placement) int { return cmp.Compare(name(x.Host), name(y.Host)) })
		for _, at := range hosts {
			fmt.Fprintf(&b, "  %s %d @%d", name(at.Host), at.Instances, at.Revision)
			if at.Spread != "" {
				fmt.Fprintf(&b, " %s", at.Spread)
			}
			if at.Pinned {
				b.WriteString(" pinned")
			}
			seen := w.r.Placement(c.ID, at.Host)
			switch {
			case seen.Lost:
				b.WriteString(" lost")
			case seen.Ready:
				b.WriteString(" ready")
			case seen.State != "":
				fmt.Fprintf(&b, " %s", seen.State)
			}
			if at.Leaving != "" {
				fmt.Fprintf(&b, ", leaving: %s", at.Leaving)
			}
			b.WriteByte('\n')
		}
		if p.Missing > 0 {
			fmt.Fprintf(&b, "  missing %d\n", p.Missing)
			for _, one := range p.Passed {
				fmt.Fprintf(&b, "    %d: %s\n", one.Count, one.Why)
			}
		}
	}
	return b.String()
}
