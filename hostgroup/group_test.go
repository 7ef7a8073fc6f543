package hostgroup_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/hostgroup"
	"github.com/wattle-dev/wattle/lattice"
)

func member(id string, state lattice.HostState, silent int64, components ...lattice.ComponentStatus) hostgroup.Member {
	return hostgroup.Member{Silent: silent, Report: &lattice.HostReport{
		ID: lattice.HostID(id), Group: "edge", State: state, Every: 2000, Components: components,
		Capacity: lattice.Capacity{CPUs: 2, MemoryBytes: 100},
		Load:     lattice.Load{CPU: 0.5, MachineCPU: 1, MemoryBytes: 10, AvailableBytes: 40, Running: int64(len(components)), Waiting: 1},
	}}
}

func TestUnreachable(t *testing.T) {
	for _, test := range []struct {
		state  lattice.HostState
		every  int64
		silent int64
		want   bool
	}{
		{lattice.HostReady, 2000, 0, false},
		{lattice.HostReady, 1000, 3000, false},
		{lattice.HostReady, 1000, 3001, true},
		{lattice.HostReady, 2000, 5000, false},
		{lattice.HostReady, 2000, 5001, true},
		{lattice.HostDrained, 2000, 5001, true},
		{lattice.HostStopped, 2000, 1 << 40, false},
		{lattice.HostReady, 500, 2000, false},
		{lattice.HostReady, 500, 2001, true},
		// A host that claims that it need not be heard for long, or ever, is not believed.
		{lattice.HostReady, 1 << 62, 3001, true},
		{lattice.HostReady, -1, 3001, true},
		{lattice.HostReady, 0, 3000, false},
	} {
		m := hostgroup.Member{Silent: test.silent, Report: &lattice.HostReport{State: test.state, Every: test.every}}
		if got := m.Unreachable(); got != test.want {
			t.Errorf("%s, every %d ms, silent for %d ms: unreachable is %v, want %v", test.state, test.every, test.silent, got, test.want)
		}
	}
}

func TestSummarize(t *testing.T) {
	running := lattice.ComponentStatus{ID: "a", State: lattice.ComponentRunning}
	other := lattice.ComponentStatus{ID: "b", State: lattice.ComponentRunning}
	failed := lattice.ComponentStatus{ID: "c", State: lattice.ComponentFailed}
	far := member("N5", lattice.HostReady, 0)
	far.Report.Group = "cloud"
	got := hostgroup.Summarize([]hostgroup.Member{
		member("N1", lattice.HostReady, 0, running, failed),
		member("N2", lattice.HostCordoned, 10, running, other),
		member("N3", lattice.HostReady, 9000, running),
		member("N4", lattice.HostStopped, 9000, running),
		member("N6", lattice.HostDraining, 0),
		member("N7", lattice.HostDrained, 0),
		member("N8", lattice.HostReady, 8000),
		far,
	})
	want := []hostgroup.Group{
		{
			Name: "cloud", Hosts: 1, Ready: 1,
			Capacity: lattice.Capacity{CPUs: 2, MemoryBytes: 100},
			Load:     lattice.Load{CPU: 0.5, MachineCPU: 1, MemoryBytes: 10, AvailableBytes: 40, Waiting: 1},
		},
		{
			Name: "edge", Hosts: 6, Ready: 1, Cordoned: 1, Draining: 1, Drained: 1, Unreachable: 2, Silent: 9000, Components: 2, Failed: 1,
			Capacity: lattice.Capacity{CPUs: 8, MemoryBytes: 400},
			Load:     lattice.Load{CPU: 2, MachineCPU: 4, MemoryBytes: 40, AvailableBytes: 160, Running: 4, Waiting: 4},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Summarize (-want +got):\n%s", diff)
	}
}
