package state_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

func host(n int, wish lattice.HostState) state.Change {
	return state.Put(state.Record{Host: &state.Host{ID: hostID(n), State: wish}})
}

func TestDrain(t *testing.T) {
	c, p := component("cart", 1, hostID(1), hostID(2))
	d, pinned := component("pinned", 1, hostID(1))
	pinned.Hosts[0].Pinned = true
	s := apply(t, state.New("default"), append(append(both(c, p), both(d, pinned)...), host(1, lattice.HostDrained))...)
	told := func(s *state.State, want lattice.HostState, callable int) {
		t.Helper()
		if have := s.Desired(hostID(1)).State; have != want {
			t.Errorf("host is told to be %s, want %s", have, want)
		}
		if have := len(s.Assignment("pinned").Variants[0].Hosts); have != callable {
			t.Errorf("%d hosts for what is pinned, want %d", have, callable)
		}
	}
	// What leaves goes on until it is gone.
	told(s, lattice.HostCordoned, 1)
	if n := len(s.Assignment("cart").Variants[0].Hosts); n != 2 {
		t.Errorf("%d hosts for what leaves, want 2", n)
	}
	less := *p
	less.Hosts = less.Hosts[1:]
	change := state.Put(state.Record{Placements: &less})
	after := apply(t, s, change)
	told(after, lattice.HostDrained, 0)
	if r := state.Changed(s, after, []state.Change{change}); !r.Components["pinned"] {
		t.Error("that the pinned component may not be called any more is not said")
	}
	// Nor does it stay if all that changes is that it is no longer pinned.
	free := *pinned
	free.Hosts = []state.Placement{pinned.Hosts[0]}
	free.Hosts[0].Pinned = false
	change = state.Put(state.Record{Placements: &free})
	before := after
	after = apply(t, before, change)
	told(after, lattice.HostCordoned, 1)
	if r := state.Changed(before, after, []state.Change{change}); !r.Hosts[hostID(1)] {
		t.Error("that the host is told something else is not said")
	}
}

func TestAssignment(t *testing.T) {
	c, p := component("cart", 1, hostID(1), hostID(2), hostID(3))
	next := c.Revisions[0]
	next.Number, next.Ref, next.Routes = 2, "other", []lattice.Route{{Path: "/new"}}
	c.Revisions = append(c.Revisions, next)
	c.Target = 2
	c.Rollout.Canary = &lattice.Canary{Weight: 20}
	old := lattice.Variant{Ref: c.Revisions[0].Ref, Digest: digest, Revision: 1}
	target := lattice.Variant{Ref: "other", Digest: digest, Revision: 2}
	check := func(what string, routes []lattice.Route, want ...lattice.Variant) {
		t.Helper()
		s := apply(t, state.New("default"), both(c, p)...)
		have := s.Assignment("cart")
		if diff := cmp.Diff(want, have.Variants, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
		if diff := cmp.Diff(routes, have.Routes); diff != "" {
			t.Errorf("%s: routes: %s", what, diff)
		}
	}
	on := func(v lattice.Variant, weight int, hosts ...int) lattice.Variant {
		v.Weight, v.Hosts = weight, map[lattice.HostID]int{}
		for _, h := range hosts {
			v.Hosts[hostID(h)] = 10
		}
		return v
	}
	check("nothing changed over yet", c.Revisions[0].Routes, on(old, 0, 1, 2, 3))
	p.Hosts[0].Revision = 2
	check("canary", c.Revisions[0].Routes, on(old, 80, 2, 3), on(target, 20, 1))
	c.Promoted = true
	check("promoted", c.Revisions[0].Routes, on(old, 0, 2, 3), on(target, 0, 1))
	c.Promoted, c.Failed = false, "it does not start"
	check("failed", c.Revisions[0].Routes, on(old, 0, 2, 3), on(target, 0, 1))
	p.Hosts[1].Revision, p.Hosts[2].Revision = 2, 2
	check("changed over", next.Routes, on(target, 0, 1, 2, 3))
	p.Hosts = nil
	check("nowhere", next.Routes, on(target, 0))
	if a := state.New("default").Assignment("cart"); a != nil {
		t.Errorf("assignment of what there is not: %+v", a)
	}
}

func TestSpec(t *testing.T) {
	link := func(pkg, target string) lattice.Link {
		return lattice.Link{Source: "cart", Target: target, Name: "default", Namespace: "wasi", Package: pkg, Interfaces: []string{"store"}}
	}
	c, p := component("cart", 1, hostID(1))
	c.Revisions[0].Links = []lattice.Link{link("sockets", "own"), link("http", "own")}
	c.Revisions[0].Configs = []state.RevisionConfig{{Name: "base"}, {Name: "mine", Values: lattice.Config{"a": "mine"}}, {Name: "none"}, {Name: "empty", Values: lattice.Config{}}}
	values := lattice.Config{"a": "base", "b": "base"}
	s := apply(t, state.New("default"), append(
		both(c, p),
		state.Put(state.Record{Link: &state.Link{Link: link("http", "operator")}}),
		state.Put(state.Record{Link: &state.Link{Link: link("keyvalue", "operator")}}),
		state.Put(state.Record{Config: &state.Config{Name: "base", Values: values}}),
		// Not asked for: the revision has an empty one of its own.
		state.Put(state.Record{Config: &state.Config{Name: "empty", Values: lattice.Config{"x": "y"}}}),
	)...)
	spec := s.Desired(hostID(1)).Components[0]
	if diff := cmp.Diff(map[string]string{"a": "mine", "b": "base"}, spec.Config); diff != "" {
		t.Errorf("config: %s", diff)
	}
	if diff := cmp.Diff([]lattice.ConfigName{"base", "mine", "none", "empty"}, spec.ConfigNames); diff != "" {
		t.Errorf("names: %s", diff)
	}
	if diff := cmp.Diff([]lattice.Link{link("http", "operator"), link("keyvalue", "operator"), link("sockets", "own")}, spec.Links); diff != "" {
		t.Errorf("links: %s", diff)
	}
	if diff := cmp.Diff(lattice.Config{"a": "base", "b": "base"}, values); diff != "" {
		t.Errorf("the state's configuration was written to: %s", diff)
	}
	if spec.MaxInstances != 10 || spec.Revision != 1 {
		t.Errorf("spec: %+v", spec)
	}
	if l := s.LinkDocument("cart.wasi.sockets.default"); l == nil || l.Target != "own" {
		t.Errorf("document of a link of the revision: %+v", l)
	}
	if l := s.LinkDocument("cart.wasi.http.default"); l == nil || l.Target != "operator" {
		t.Errorf("document of a link of the state: %+v", l)
	}
}
