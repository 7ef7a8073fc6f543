package reconcile_test

import (
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// While the lattice is away, time does not count against what hosts are to do: short
// outages one after the other do not add up to a deadline.
func TestDeadlineAway(t *testing.T) {
	w := newWorld()
	h := w.addHost("a", lattice.HostReport{})
	h.slow["c@1"] = true
	if _, err := w.step(1000); err != nil {
		t.Fatal(err)
	}
	rules := lattice.Rules{Mode: lattice.ModeSpread, Instances: 1}
	if err := w.put(&state.Component{ID: "c", Rules: rules, Rollout: lattice.Rollout{DeadlineMillis: 10_000}}); err != nil {
		t.Fatal(err)
	}
	heard := 0
	for second := range 60 {
		w.deaf = second%5 != 0 // it is heard once in five seconds
		if !w.deaf {
			heard++
		}
		if _, err := w.step(1000); err != nil {
			t.Fatal(err)
		}
		if failed := w.s.Component("c").Failed; failed != "" {
			t.Fatalf("after %d s, of which %d were heard: %s", second+1, heard, failed)
		}
	}
	w.deaf = false
	for second := range 12 {
		if _, err := w.step(1000); err != nil {
			t.Fatal(err)
		}
		if failed := w.s.Component("c").Failed; failed != "" {
			t.Logf("after %d s more: %s", second+1, failed)
			return
		}
	}
	t.Error("it has not failed although its deadline is over")
}
