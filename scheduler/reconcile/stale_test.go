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

// TestStaleWord: that a host runs what was taken from it and given back in one moment counts
// once it has heard of that, or has had a lease's time to hear of it.
func TestStaleWord(t *testing.T) {
	for _, test := range []struct {
		name   string
		passes int64
		hears  bool
		ready  bool
	}{
		{"at once", 0, false, false},
		{"it has heard", 0, true, true},
		{"it had the time to hear", 3000, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld()
			a, b := w.addHost("a", lattice.HostReport{}), w.addHost("b", lattice.HostReport{})
			if err := w.put(&state.Component{ID: "web", Rules: lattice.Rules{Mode: lattice.ModeHosts, Hosts: 1, Instances: 1}}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.settle(20); err != nil {
				t.Fatal(err)
			}
			at := w.s.Placements("web").Hosts[0].Host
			h, other := a, b
			if at == b.report.ID {
				h, other = b, a
			}
			for _, host := range []lattice.HostID{other.report.ID, at} {
				if err := w.apply(state.Put(state.Record{Placements: &state.Placements{
					Component: "web", Hosts: []state.Placement{{Host: host, Revision: 1, Instances: 1, Why: "test"}},
				}})); err != nil {
					t.Fatal(err)
				}
			}
			if test.hears {
				h.report.Applied = w.s.Stamp
			}
			w.now += test.passes
			w.r.Observe(w.now, h.say())
			if got := w.r.Placement("web", at).Ready; got != test.ready {
				t.Errorf("ready is %v, want %v", got, test.ready)
			}
		})
	}
}
