package scheduler_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/control"
)

const name = lattice.DefaultName

// hostID returns the ID of the n-th host of a test.
func hostID(n int) lattice.HostID {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	return lattice.HostID("N" + strings.Repeat("A", 53) + string(digits[n/32%32]) + string(digits[n%32]))
}

// digest returns a digest.
func digest(n int) string { return fmt.Sprintf("sha256:%064x", n) }

// world is a state and hosts, without a service.
type world struct {
	tb    testing.TB
	state *scheduler.State
	hosts map[lattice.HostID]*scheduler.Observed
}

// newWorld returns a world with n hosts that are ready.
func newWorld(tb testing.TB, n int) *world {
	tb.Helper()
	w := &world{tb: tb, state: scheduler.NewState(), hosts: map[lattice.HostID]*scheduler.Observed{}}
	for i := range n {
		id := hostID(i)
		w.hosts[id] = &scheduler.Observed{
			ID: id, Name: fmt.Sprintf("host-%d", i), Group: lattice.DefaultGroup, State: lattice.HostReady,
			Labels: map[string]string{"zone": string(rune('a' + i))},
		}
	}
	return w
}

// try decides a command and carries it out if it is not refused.
func (w *world) try(cmd control.Command) (*scheduler.Decision, error) {
	w.tb.Helper()
	if err := cmd.Check(); err != nil {
		w.tb.Fatalf("%s: %v", cmd.Name(), err)
	}
	d, err := scheduler.Decide(name, w.state, w.hosts, cmd)
	if err != nil {
		return nil, err
	}
	if len(d.Changes) > 0 {
		w.state = w.state.With(lattice.Stamp{Term: 1, Index: w.state.Stamp.Index + 1}, d.Changes...)
	}
	return d, nil
}

// do is try for commands that must not be refused.
func (w *world) do(cmd control.Command) *scheduler.Decision {
	w.tb.Helper()
	d, err := w.try(cmd)
	if err != nil {
		w.tb.Fatalf("%s: %v", cmd.Name(), err)
	}
	return d
}

// start starts a component on any host.
func (w *world) start(id lattice.ComponentID, n int) *scheduler.Decision {
	w.tb.Helper()
	return w.do(&control.StartComponent{ID: id, Ref: "./" + string(id) + ".wasm", Digest: digest(1), Hosts: n})
}

// hostsOf returns the hosts of a component's assignment, by their numbers.
func (w *world) hostsOf(id lattice.ComponentID) string {
	w.tb.Helper()
	a := scheduler.Derive(name, w.state).Assignments[id]
	if a == nil {
		return "none"
	}
	var numbers []string
	for i := range len(w.hosts) {
		for _, h := range a.Hosts {
			if h == hostID(i) {
				numbers = append(numbers, fmt.Sprint(i))
			}
		}
	}
	if len(numbers) != len(a.Hosts) {
		w.tb.Fatalf("assignment of %q names hosts that there are not: %v", id, a.Hosts)
	}
	return strings.Join(numbers, " ")
}
