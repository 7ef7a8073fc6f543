package reconcile_test

import (
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// TestNothingNew: what leaves waits for hosts that are to take more, and run as much already:
// they were told before, and what was decided in between was never written. They say nothing
// new, and it goes all the same.
func TestNothingNew(t *testing.T) {
	w := newWorld()
	hosts := map[string]*fakeHost{}
	for _, name := range []string{"a", "b", "c"} {
		hosts[name] = w.addHost(name, lattice.HostReport{Labels: map[string]string{"zone": "x"}})
	}
	if err := w.put(&state.Component{ID: "web", Rules: lattice.Rules{Mode: lattice.ModeSpread, Instances: 6, Labels: map[string]string{"zone": "x"}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.settle(20); err != nil {
		t.Fatal(err)
	}
	before := w.s.Placements("web")
	if len(before.Hosts) != 3 {
		t.Fatalf("it is on %d hosts, want 3", len(before.Hosts))
	}
	c := hosts["c"].report.ID
	pass := func(millis int64) {
		t.Helper()
		w.now += millis
		w.r.Beat(w.now)
		for _, h := range hosts {
			w.r.Observe(w.now, h.say())
		}
		if _, err := w.plan(); err != nil {
			t.Fatal(err)
		}
	}
	hosts["c"].report.Labels = map[string]string{"zone": "y"}
	pass(100)
	leaving := w.s.Placements("web")
	if at := leaving.On(c); at == nil || at.Leaving == "" {
		t.Fatalf("it does not leave host c:\n%s", w.show())
	}
	for _, name := range []string{"a", "b"} {
		hosts[name].obey(w.s.Desired(hosts[name].report.ID))
		w.r.Observe(w.now, hosts[name].say())
	}
	// It is taken back, and decided once more.
	if err := w.apply(state.Put(state.Record{Placements: before})); err != nil {
		t.Fatal(err)
	}
	if _, err := w.plan(); err != nil {
		t.Fatal(err)
	}
	if at := w.s.Placements("web").On(c); at == nil || at.Leaving == "" {
		t.Fatalf("it does not leave host c again:\n%s", w.show())
	}
	for range 4 {
		pass(1000)
	}
	if w.s.Placements("web").On(c) != nil {
		t.Errorf("after 4 s it is still on host c:\n%s", w.show())
	}
}
