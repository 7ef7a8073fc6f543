package decide_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/decide"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// hostID returns the ID of the n-th host of a test.
func hostID(n int) lattice.HostID {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	return lattice.HostID("N" + strings.Repeat("A", 53) + string(digits[n/32%32]) + string(digits[n%32]))
}

// digest returns a digest.
func digest(n int) string { return fmt.Sprintf("sha256:%064x", n) }

// world is a leader with a log that takes everything, and hosts that run what they are
// told.
type world struct {
	tb    testing.TB
	lead  *lead.Leader
	hosts map[lattice.HostID]*lattice.HostReport
	now   int64
	index uint64
}

// newWorld returns a world with n hosts that are ready.
func newWorld(tb testing.TB, n int) *world {
	tb.Helper()
	w := &world{tb: tb, lead: lead.New(lead.Options{Term: 1}, 0, state.New(lattice.DefaultName)), hosts: map[lattice.HostID]*lattice.HostReport{}}
	if err := w.lead.Begin(); err != nil {
		tb.Fatal(err)
	}
	for i := range n {
		w.hosts[hostID(i)] = &lattice.HostReport{
			ID: hostID(i), Name: fmt.Sprintf("host-%d", i), Lattice: lattice.DefaultName, Group: lattice.DefaultGroup, State: lattice.HostReady,
			Labels: map[string]string{"zone": string(rune('a' + i))}, Every: 1000,
			Capacity: lattice.Capacity{CPUs: 4, MemoryBytes: 8 << 30}, Load: lattice.Load{AvailableBytes: 8 << 30},
		}
	}
	w.report()
	return w
}

func (w *world) state() *state.State { return w.lead.State() }

// report has all hosts report, and the beat come back.
func (w *world) report() {
	w.now += 1000
	w.lead.Beat(w.now)
	for i := range len(w.hosts) {
		w.lead.Heard(w.now, hostID(i), w.hosts[hostID(i)], true)
	}
}

// commit has the log take a proposal.
func (w *world) commit(p *lead.Proposal) {
	w.tb.Helper()
	if err := w.lead.Accept(w.now, p); err != nil {
		w.tb.Fatal(err)
	}
	s := w.state()
	for _, e := range p.Entries {
		w.index++
		next, err := s.Apply(lattice.Stamp{Term: 1, Index: w.index}, e)
		if err != nil {
			w.tb.Fatal(err)
		}
		s = next
	}
	w.lead.Applied(w.now, s, p)
}

// rounds has the leader do what is to be done unasked.
func (w *world) rounds() {
	w.tb.Helper()
	for range 1000 {
		p, _, err := w.lead.Round(w.now, 1000+w.now)
		if err != nil {
			w.tb.Fatal(err)
		}
		if p == nil {
			return
		}
		w.commit(p)
	}
	w.tb.Fatal("there is always something more to do")
}

// settle has hosts run what they are told, until nothing changes. Components for which
// broken says why do not start.
func (w *world) settle(broken func(*lattice.ComponentSpec) string) {
	w.tb.Helper()
	for range 20 {
		for id, h := range w.hosts {
			d := w.state().Desired(id)
			running := map[lattice.ComponentID]lattice.ComponentStatus{}
			for _, c := range h.Components {
				running[c.ID] = c
			}
			h.Components, h.Applied = nil, d.Stamp
			for i := range d.Components {
				spec := &d.Components[i]
				status := lattice.ComponentStatus{
					ID: spec.ID, Ref: spec.Ref, Digest: spec.Digest, Revision: spec.Revision, State: lattice.ComponentRunning, MaxInstances: spec.MaxInstances,
				}
				if why := broken(spec); why != "" {
					old, ok := running[spec.ID]
					if ok && old.Revision != spec.Revision && old.State == lattice.ComponentRunning {
						old.Next = &lattice.NextStatus{Revision: spec.Revision, Digest: spec.Digest, State: lattice.ComponentFailed, Reason: why}
						status = old
					} else {
						status.State, status.Reason = lattice.ComponentFailed, why
					}
				}
				h.Components = append(h.Components, status)
			}
		}
		w.report()
		w.rounds()
	}
}

func works(*lattice.ComponentSpec) string { return "" }

// try decides a command and carries it out if it is not refused.
func (w *world) try(cmd control.Command) (*decide.Decision, error) {
	w.tb.Helper()
	if err := cmd.Check(); err != nil {
		w.tb.Fatalf("%s: %v", cmd.Name(), err)
	}
	p, err := w.lead.Decide(w.now, 1000+w.now, cmd)
	if err != nil {
		return nil, err
	}
	w.commit(p)
	p.Decision.Done(len(p.Entries) > 0, w.state().Stamp)
	return p.Decision, nil
}

// do is try for commands that must not be refused.
func (w *world) do(cmd control.Command) *decide.Decision {
	w.tb.Helper()
	d, err := w.try(cmd)
	if err != nil {
		w.tb.Fatalf("%s: %v", cmd.Name(), err)
	}
	return d
}

// app is do for commands on applications.
func (w *world) app(cmd control.Command) *control.AppResult {
	w.tb.Helper()
	r, ok := w.do(cmd).Result.(*control.AppResult)
	if !ok {
		w.tb.Fatalf("%s: no result of an application", cmd.Name())
	}
	return r
}

// component is do for commands on components.
func (w *world) component(cmd control.Command) *control.ComponentResult {
	w.tb.Helper()
	r, ok := w.do(cmd).Result.(*control.ComponentResult)
	if !ok {
		w.tb.Fatalf("%s: no result of a component", cmd.Name())
	}
	return r
}

// status asks how an application is doing.
func (w *world) status(app lattice.AppName) *control.AppStatus {
	w.tb.Helper()
	v, err := w.lead.View(w.now, w.now, &control.AppStatusOf{App: app})
	if err != nil {
		w.tb.Fatal(err)
	}
	s, ok := v.(*control.AppStatus)
	if !ok {
		w.tb.Fatalf("%T is no status", v)
	}
	return s
}

// start starts a component on any host.
func (w *world) start(id lattice.ComponentID, n int) *control.ComponentResult {
	w.tb.Helper()
	return w.component(&control.StartComponent{ID: id, Ref: "./" + string(id) + ".wasm", Digest: digest(1), Hosts: n})
}

// hostsOf returns the hosts of a component that stay, by their numbers.
func (w *world) hostsOf(id lattice.ComponentID) string {
	w.tb.Helper()
	placed := w.state().Placements(id)
	if placed == nil {
		return "none"
	}
	var numbers []string
	for i := range len(w.hosts) {
		if at := placed.On(hostID(i)); at != nil && at.Leaving == "" {
			numbers = append(numbers, fmt.Sprint(i))
		}
	}
	return strings.Join(numbers, " ")
}

func link(source, target string) lattice.Link {
	return lattice.Link{
		Source: lattice.ComponentID(source), Target: target, Name: lattice.DefaultLink,
		Namespace: "wasi", Package: "keyvalue", Interfaces: []string{"store"},
	}
}
