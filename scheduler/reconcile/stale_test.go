package reconcile_test

import (
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// TestStaleFailure: that a revision failed counts once the host has heard that it is to run
// it now, and not if it speaks of an earlier time.
func TestStaleFailure(t *testing.T) {
	w := newWorld()
	h := w.addHost("a", lattice.HostReport{})
	rules := lattice.Rules{Mode: lattice.ModeHosts, Hosts: 1, Instances: 1}
	if err := w.put(&state.Component{ID: "web", Rules: rules}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.settle(20); err != nil {
		t.Fatal(err)
	}
	told := h.report.Applied
	if err := w.update("web"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.plan(); err != nil {
		t.Fatal(err)
	}
	h.broken["web@2"] = true
	h.obey(w.s.Desired(h.report.ID))
	for _, test := range []struct {
		applied lattice.Stamp
		failed  bool
	}{{told, false}, {w.s.Stamp, true}} {
		h.report.Applied = test.applied
		w.r.Observe(w.now, h.say())
		if _, err := w.plan(); err != nil {
			t.Fatal(err)
		}
		if got := w.s.Component("web").Failed; (got != "") != test.failed {
			t.Errorf("applied %v: failed is %q, want %v", test.applied, got, test.failed)
		}
	}
}
