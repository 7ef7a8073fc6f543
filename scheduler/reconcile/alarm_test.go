package reconcile_test

import (
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// TestAlarms: what is ready is not looked at once more when its time to become so is over;
// what is not, is.
func TestAlarms(t *testing.T) {
	for _, test := range []struct {
		name string
		slow bool
		want int
	}{{"ready", false, 0}, {"not ready", true, 1}} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld()
			h := w.addHost("a", lattice.HostReport{})
			if err := w.put(&state.Component{ID: "web", Rules: lattice.Rules{Mode: lattice.ModeHosts, Hosts: 1, Instances: 1}}); err != nil {
				t.Fatal(err)
			}
			h.slow["web@1"] = test.slow
			for range 3 {
				if _, err := w.step(1000); err != nil {
					t.Fatal(err)
				}
			}
			const deadline = 60_000
			if got := w.r.Woken(w.now + deadline); got != test.want {
				t.Errorf("%d components are looked at after %d ms, want %d", got, deadline, test.want)
			}
		})
	}
}
