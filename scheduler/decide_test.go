package scheduler_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/control"
)

func link(source, target string) lattice.Link {
	return lattice.Link{
		Source: lattice.ComponentID(source), Target: target, Name: lattice.DefaultLink,
		Namespace: "wasi", Package: "keyvalue", Interfaces: []string{"store"},
	}
}

// Hosts with the fewest components are chosen, and those that there are stay.
func TestPlacement(t *testing.T) {
	w := newWorld(t, 4)
	w.start("one", 1)
	w.start("two", 1)
	w.start("three", 2)
	if got := []string{w.hostsOf("one"), w.hostsOf("two"), w.hostsOf("three")}; !slices.Equal(got, []string{"0", "1", "2 3"}) {
		t.Fatalf("placed on %q, want 0, 1, and 2 3", got)
	}
	w.do(&control.ScaleComponent{ID: "three", Hosts: 3})
	if got := w.hostsOf("three"); got != "0 2 3" {
		t.Errorf("scaled to hosts %q, want 0 2 3", got)
	}
	d := w.do(&control.ScaleComponent{ID: "three", Hosts: 1})
	if got := w.hostsOf("three"); got != "2" {
		t.Errorf("scaled to hosts %q, want 2: those added last go first", got)
	}
	if want := []lattice.HostID{hostID(3), hostID(0)}; !slices.Equal(d.Component.Stopped, want) {
		t.Errorf("stopped on %v, want %v", d.Component.Stopped, want)
	}
}

// A host that may not be chosen is not, and the answer says why.
func TestUnfitHosts(t *testing.T) {
	w := newWorld(t, 7)
	w.hosts[hostID(0)].State = lattice.HostDraining
	w.hosts[hostID(1)].Silent = "it has not reported for 9s"
	w.hosts[hostID(2)].Group = "edge"
	w.hosts[hostID(3)].Labels = nil
	w.do(&control.SetHostState{Host: hostID(4), State: lattice.HostCordoned})
	for i := range 7 {
		if i != 3 {
			w.hosts[hostID(i)].Labels["disk"] = "ssd"
		}
	}
	where := control.Where{Group: lattice.DefaultGroup, Labels: map[string]string{"disk": "ssd"}}
	d := w.do(&control.StartComponent{ID: "c", Ref: "r", Digest: digest(1), Hosts: 1, Where: where})
	why := map[lattice.HostID]string{}
	for _, p := range append(d.Component.Hosts, d.Component.Passed...) {
		why[p.Host] = p.Why
	}
	want := map[lattice.HostID]string{
		hostID(0): "it is draining",
		hostID(1): "it has not reported for 9s",
		hostID(2): `it is of group "edge", not "default"`,
		hostID(3): "it has no label disk",
		hostID(4): "it is to be cordoned: `wattle host uncordon " + string(hostID(4)) + "` makes it ready",
		hostID(5): "with 0 components it is among the 1 least used of the 2 hosts that fit",
		hostID(6): "it has 0 components, those chosen have no more",
	}
	if diff := cmp.Diff(want, why); diff != "" {
		t.Errorf("why (-want +got):\n%s", diff)
	}
	_, err := w.try(&control.ScaleComponent{ID: "c", Hosts: 3})
	if !errors.Is(err, lattice.ErrUnavailable) || !strings.Contains(err.Error(), "1 host fits for 2") || !strings.Contains(err.Error(), "it is draining") {
		t.Errorf("error %v, want one that says which hosts do not fit", err)
	}
}

// A command that is sent again changes nothing.
func TestAgain(t *testing.T) {
	w := newWorld(t, 3)
	for _, cmd := range []control.Command{
		&control.PutConfig{Config: "cfg", Values: lattice.Config{"a": "1"}},
		&control.PutConfig{Config: "empty"},
		&control.StartComponent{
			ID: "c", Ref: "r", Digest: digest(1), Hosts: 2, Config: []lattice.ConfigName{"cfg"},
			Routes: []lattice.Route{{Path: "/c"}}, Annotations: map[string]string{"by": "me"},
		},
		&control.StartComponent{ID: "c", Ref: "r", Add: true, Where: control.Where{Host: hostID(2)}, MaxInstances: 3},
		&control.ScaleComponent{ID: "c", MaxInstances: 7},
		&control.UpdateComponent{ID: "c", Ref: "r2", Digest: digest(2), Annotations: map[string]string{"v": "2"}},
		&control.PutLink{Link: link("c", "kv")},
		&control.SetHostState{Host: hostID(0), State: lattice.HostCordoned},
		&control.PutLabel{Host: hostID(0), Key: "k", Value: "v"},
		&control.DeleteLabel{Host: hostID(0), Key: "k"},
		&control.DeleteLink{Source: "c", LinkName: lattice.DefaultLink, Namespace: "wasi", Package: "keyvalue"},
		&control.StopComponent{ID: "c", Host: hostID(2)},
		&control.StopComponent{ID: "c"},
		&control.DeleteConfig{Config: "cfg"},
	} {
		if d := w.do(cmd); len(d.Changes) == 0 {
			t.Errorf("%s %+v changes nothing", cmd.Name(), cmd)
		}
		before := w.state.Stamp
		if d := w.do(cmd); len(d.Changes) != 0 || w.state.Stamp != before {
			t.Errorf("%s %+v, sent again, changes %+v", cmd.Name(), cmd, d.Changes)
		}
	}
}

// What must not be is refused, with what to do about it, and changes nothing.
func TestRefused(t *testing.T) {
	w := newWorld(t, 2)
	w.do(&control.PutConfig{Config: "cfg", Values: lattice.Config{"a": "1"}})
	w.do(&control.StartComponent{
		ID: "c", Ref: "./c.wasm", Digest: digest(1), Config: []lattice.ConfigName{"cfg"},
		Routes: []lattice.Route{{Path: "/mcp"}, {Host: "c.example", Path: "/"}},
	})
	w.do(&control.PutLink{Link: link("c", "kv")})
	linked := link("c", "kv")
	linked.Name, linked.TargetConfig = "other", []lattice.ConfigName{"absent"}
	for _, test := range []struct {
		cmd  control.Command
		kind error
		says string
	}{
		{&control.StartComponent{ID: "d", Ref: "r", Digest: digest(1), Config: []lattice.ConfigName{"absent"}}, lattice.ErrNotFound, "`wattle config put absent KEY=VALUE`"},
		{&control.StartComponent{ID: "d", Ref: "r", Digest: digest(1), Routes: []lattice.Route{{Path: "/mcp"}}}, lattice.ErrExists, `component "c" has it`},
		{&control.StartComponent{ID: "d", Ref: "./never.wasm"}, lattice.ErrNotFound, "`wattle component push`"},
		{&control.StartComponent{ID: "d", Ref: digest(1), Digest: digest(2)}, lattice.ErrInvalid, "another digest"},
		{&control.StartComponent{ID: "c", Ref: "./c.wasm", Digest: digest(2)}, lattice.ErrExists, "allow the update"},
		{&control.StartComponent{ID: "d", Ref: "r", Digest: digest(1), Hosts: 3}, lattice.ErrUnavailable, "2 hosts fit for 3"},
		{&control.StartComponent{ID: "d", Ref: "r", Digest: digest(1), Where: control.Where{Host: hostID(9)}}, lattice.ErrNotFound, "`wattle get hosts`"},
		{&control.StartComponent{ID: "c", Ref: "r", Digest: digest(1), Hosts: 1, Revision: 0, Where: control.Where{Group: "none"}}, lattice.ErrUnavailable, `it is of group "default", not "none"`},
		{&control.UpdateComponent{ID: "d", Ref: "r", Digest: digest(1)}, lattice.ErrNotFound, "`wattle component start`"},
		{&control.ScaleComponent{ID: "d", Hosts: 1}, lattice.ErrNotFound, "`wattle component start`"},
		{&control.ScaleComponent{ID: "c", Host: hostID(1), MaxInstances: 1}, lattice.ErrNotFound, "not placed there"},
		{&control.PutLink{Link: link("c", "other")}, lattice.ErrExists, `different target "kv"`},
		{&control.PutLink{Link: linked}, lattice.ErrNotFound, "`wattle config put absent KEY=VALUE`"},
		{&control.DeleteConfig{Config: "cfg"}, lattice.ErrDenied, `component "c" named it`},
		{&control.SetHostState{Host: hostID(9), State: lattice.HostReady}, lattice.ErrNotFound, "`wattle get hosts`"},
		{&control.PutLabel{Host: hostID(0), Key: "hostcore.arch", Value: "z80"}, lattice.ErrDenied, "say what the host is"},
		{&control.DeleteLabel{Host: hostID(0), Key: "hostcore.arch"}, lattice.ErrDenied, "say what the host is"},
	} {
		before := w.state
		_, err := w.try(test.cmd)
		if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s %+v: error %v, want one of %q that says %q", test.cmd.Name(), test.cmd, err, test.kind, test.says)
		}
		if w.state != before {
			t.Errorf("%s %+v was refused and changed the state", test.cmd.Name(), test.cmd)
		}
	}
}

// More than a host's document can hold is refused before anything is written.
func TestTooMuch(t *testing.T) {
	w := newWorld(t, 1)
	value := strings.Repeat("x", 60<<10)
	var names []lattice.ConfigName
	for _, n := range []lattice.ConfigName{"a", "b", "c", "d"} {
		w.do(&control.PutConfig{Config: n, Values: lattice.Config{string(n) + "1": value, string(n) + "2": value, string(n) + "3": value}})
		names = append(names, n)
	}
	_, err := w.try(&control.StartComponent{ID: "c", Ref: "r", Digest: digest(1), Config: names})
	if !errors.Is(err, lattice.ErrExhausted) {
		t.Errorf("error %v, want %v", err, lattice.ErrExhausted)
	}
}

// A ref is known by the digest with which it was started last.
func TestRefs(t *testing.T) {
	w := newWorld(t, 1)
	w.do(&control.StartComponent{ID: "c", Ref: "ghcr.io/x/y:1", Digest: digest(1)})
	w.do(&control.StopComponent{ID: "c"})
	w.do(&control.StartComponent{ID: "d", Ref: "ghcr.io/x/y:1"})
	if got := w.state.Components["d"].Spec.Digest; got != digest(1) {
		t.Errorf("digest %s, want %s", got, digest(1))
	}
	w.do(&control.UpdateComponent{ID: "d", Ref: digest(2)})
	if got := w.state.Components["d"].Spec; got.Digest != digest(2) || got.Ref != digest(2) || got.Revision != 2 {
		t.Errorf("spec %+v, want digest and ref %s, revision 2", got, digest(2))
	}
}

// Adding a host leaves what the others have.
func TestAdd(t *testing.T) {
	w := newWorld(t, 2)
	w.do(&control.StartComponent{
		ID: "c", Ref: "r", Digest: digest(1), Where: control.Where{Host: hostID(0)}, MaxInstances: 5,
		Routes: []lattice.Route{{Path: "/c"}}, Annotations: map[string]string{"on": "0"},
	})
	w.do(&control.StartComponent{
		ID: "c", Ref: "r", Add: true, Where: control.Where{Host: hostID(1)}, MaxInstances: 9, Annotations: map[string]string{"on": "1"},
	})
	docs := scheduler.Derive(name, w.state)
	for i, most := range []int{5, 9} {
		spec := docs.Desired[hostID(i)].Components[0]
		if spec.MaxInstances != most || spec.Annotations["on"] != string(rune('0'+i)) || len(spec.Routes) != 1 {
			t.Errorf("host %d has %+v, want max_instances %d, its own annotation and the route", i, spec, most)
		}
	}
}
