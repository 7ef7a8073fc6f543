package scheduler_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// What hosts are told has the values of configurations, later ones over earlier
// ones, and the links of each component.
func TestDerive(t *testing.T) {
	w := newWorld(t, 2)
	w.do(&control.PutConfig{Config: "low", Values: lattice.Config{"a": "1", "b": "1"}})
	w.do(&control.PutConfig{Config: "high", Values: lattice.Config{"b": "2"}})
	w.do(&control.PutLink{Link: link("c", "kv")})
	w.do(&control.PutLink{Link: link("d", "kv")})
	w.do(&control.StartComponent{
		ID: "c", Ref: "./c.wasm", Digest: digest(1), Where: control.Where{Host: hostID(1)},
		Config: []lattice.ConfigName{"low", "high"}, Routes: []lattice.Route{{Path: "/c"}},
		Limits: lattice.Limits{MemoryBytes: 1 << 20},
	})
	w.do(&control.PutLabel{Host: hostID(0), Key: "k", Value: "v"})
	stamp := lattice.Stamp{Term: 1, Index: 6}
	want := &scheduler.Documents{
		Desired: map[lattice.HostID]*lattice.Desired{
			hostID(0): {Lattice: name, Host: hostID(0), Stamp: stamp, State: lattice.HostReady, Labels: map[string]string{"k": "v"}},
			hostID(1): {Lattice: name, Host: hostID(1), Stamp: stamp, State: lattice.HostReady, Components: []lattice.ComponentSpec{{
				ID: "c", Ref: "./c.wasm", Digest: digest(1), Revision: 1, MaxInstances: control.DefaultMaxInstances,
				Limits: lattice.Limits{MemoryBytes: 1 << 20}, Config: map[string]string{"a": "1", "b": "2"},
				ConfigNames: []lattice.ConfigName{"low", "high"}, Links: []lattice.Link{link("c", "kv")},
				Routes: []lattice.Route{{Path: "/c"}},
			}}},
		},
		Assignments: map[lattice.ComponentID]*lattice.Assignment{
			"c": {
				Component: "c", Stamp: stamp, Ref: "./c.wasm", Digest: digest(1), Revision: 1,
				Hosts: []lattice.HostID{hostID(1)}, Routes: []lattice.Route{{Path: "/c"}},
			},
		},
	}
	if diff := cmp.Diff(want, scheduler.Derive(name, w.state)); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
}

// A host that an operator drained is not to be called, whatever it says; it keeps
// what it was told, for when it is made ready again.
func TestDeriveDrained(t *testing.T) {
	w := newWorld(t, 2)
	w.start("c", 2)
	for _, test := range []struct {
		state lattice.HostState
		want  string
	}{
		{lattice.HostCordoned, "0 1"},
		{lattice.HostDrained, "0"},
		{lattice.HostStopped, "0"},
		{lattice.HostReady, "0 1"},
	} {
		w.do(&control.SetHostState{Host: hostID(1), State: test.state})
		if got := w.hostsOf("c"); got != test.want {
			t.Errorf("%s: hosts %q, want %q", test.state, got, test.want)
		}
		if n := len(scheduler.Derive(name, w.state).Desired[hostID(1)].Components); n != 1 {
			t.Errorf("%s: the host is told of %d components, want 1", test.state, n)
		}
	}
}

// A host that lost everything is told so.
func TestDeriveEmptied(t *testing.T) {
	w := newWorld(t, 1)
	w.start("c", 1)
	w.do(&control.StopComponent{ID: "c"})
	docs := scheduler.Derive(name, w.state)
	if d := docs.Desired[hostID(0)]; d == nil || len(d.Components) != 0 {
		t.Errorf("the host is told %+v, want a document without components", d)
	}
	if len(docs.Assignments) != 0 {
		t.Errorf("assignments %v, want none", docs.Assignments)
	}
}
