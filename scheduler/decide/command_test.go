package decide_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/decide"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// Hosts with the fewest components are chosen, and those that there are stay.
func TestPlacement(t *testing.T) {
	w := newWorld(t, 4)
	w.start("one", 1)
	w.start("two", 1)
	w.start("three", 2)
	if got := []string{w.hostsOf("one"), w.hostsOf("two"), w.hostsOf("three")}; !slices.Equal(got, []string{"0", "1", "2 3"}) {
		t.Fatalf("placed on %q, want 0, 1, and 2 3", got)
	}
	w.component(&control.ScaleComponent{ID: "three", Hosts: 3})
	if got := w.hostsOf("three"); got != "0 2 3" {
		t.Errorf("scaled to hosts %q, want 0 2 3", got)
	}
	w.settle(works)
	r := w.component(&control.ScaleComponent{ID: "three", Hosts: 1})
	w.settle(works)
	if got := w.hostsOf("three"); len(got) != 1 {
		t.Errorf("scaled to hosts %q, want one", got)
	}
	if len(r.Stopped) != 2 || len(r.Hosts) != 1 {
		t.Errorf("stopped on %v and runs on %v, want 2 and 1", r.Stopped, r.Hosts)
	}
}

// A host that may not be chosen is not, and the answer says why.
func TestUnfitHosts(t *testing.T) {
	w := newWorld(t, 6)
	w.hosts[hostID(0)].State = lattice.HostDraining
	w.hosts[hostID(2)].Group = "edge"
	w.hosts[hostID(3)].Labels = nil
	for i := range 6 {
		if i != 3 {
			w.hosts[hostID(i)].Labels["disk"] = "ssd"
		}
	}
	w.report()
	w.do(&control.SetHostState{Host: hostID(4), State: lattice.HostCordoned})
	where := control.Where{Group: lattice.DefaultGroup, Labels: map[string]string{"disk": "ssd"}}
	r := w.component(&control.StartComponent{ID: "c", Ref: "r", Digest: digest(1), Hosts: 1, Where: where})
	if got := w.hostsOf("c"); got != "1" || r.Hosts[0].Why == "" {
		t.Errorf("placed on %q as %+v, want host 1 with a reason", got, r.Hosts)
	}
	_, err := w.try(&control.ScaleComponent{ID: "c", Hosts: 3})
	for _, says := range []string{"2 hosts fit for 3", "host-0", "host-2", "host-3", "host-4"} {
		if !errors.Is(err, lattice.ErrUnavailable) || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %v that says %q", err, lattice.ErrUnavailable, says)
		}
	}
}

// A command that is sent again changes nothing.
func TestAgain(t *testing.T) {
	w := newWorld(t, 3)
	for _, cmd := range []control.Command{
		&control.PutConfig{Config: "cfg", Values: lattice.Config{"a": "1"}},
		&control.PutConfig{Config: "cfg", Values: lattice.Config{"b": "2"}, Keep: true},
		&control.PutConfig{Config: "cfg", Keep: true, Drop: []string{"b", "gone"}},
		&control.PutConfig{Config: "empty"},
		&control.StartComponent{
			ID: "c", Ref: "r", Digest: digest(1), Hosts: 2, Config: []lattice.ConfigName{"cfg"},
			Routes: []lattice.Route{{Path: "/c"}}, Annotations: map[string]string{"by": "me"},
		},
		&control.StartComponent{ID: "c", Ref: "r", Add: true, Config: []lattice.ConfigName{"cfg"}, Where: control.Where{Host: hostID(2)}, MaxInstances: 3},
		&control.ScaleComponent{ID: "c", MaxInstances: 7},
		&control.ScaleComponent{ID: "c", Host: hostID(0), MaxInstances: 5},
		&control.UpdateComponent{ID: "c", Ref: "r2", Digest: digest(2), Annotations: map[string]string{"v": "2"}},
		&control.PutLink{Link: link("c", "kv")},
		&control.SetHostState{Host: hostID(0), State: lattice.HostCordoned},
		&control.PutLabel{Host: hostID(0), Key: "k", Value: "v"},
		&control.DeleteLabel{Host: hostID(0), Key: "k"},
		&control.DeleteLink{Source: "c", LinkName: lattice.DefaultLink, Namespace: "wasi", Package: "keyvalue"},
		&control.StopComponent{ID: "c", Host: hostID(2)},
		&control.StopComponent{ID: "c"},
		&control.DeleteConfig{Config: "cfg"},
		&control.PutApp{Manifest: shop("v1", 2), Digests: map[string]string{"./front.wasm": digest(1), "./back.wasm": digest(2)}},
		&control.DeployApp{App: "shop"},
		&control.ScaleApp{App: "shop", Component: "front", Instances: 4},
		&control.UndeployApp{App: "shop"},
		&control.DeleteApp{App: "shop", Version: "v1"},
		&control.DeleteApp{App: "shop"},
	} {
		before := w.state().Seq
		w.do(cmd)
		if w.state().Seq == before {
			t.Errorf("%s %+v changes nothing", cmd.Name(), cmd)
		}
		before = w.state().Seq
		w.do(cmd)
		if w.state().Seq != before {
			t.Errorf("%s %+v, sent again, changes something", cmd.Name(), cmd)
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
		MCP:    &lattice.MCP{Name: "tools", Alias: "t"},
	})
	w.do(&control.PutLink{Link: link("c", "kv")})
	w.app(&control.PutApp{Manifest: shop("v1", 2), Digests: map[string]string{"./front.wasm": digest(1), "./back.wasm": digest(2)}, Deploy: true})
	linked := link("c", "kv")
	linked.Name, linked.TargetConfig = "other", []lattice.ConfigName{"absent"}
	for _, test := range []struct {
		cmd  control.Command
		kind error
		says string
	}{
		{&control.StartComponent{ID: "d", Ref: "r", Digest: digest(1), Config: []lattice.ConfigName{"absent"}}, lattice.ErrNotFound, "`wattle config put absent KEY=VALUE`"},
		{&control.StartComponent{ID: "d", Ref: "r", Digest: digest(1), Routes: []lattice.Route{{Path: "/mcp"}}}, lattice.ErrExists, `component "c" has it`},
		{&control.StartComponent{ID: "d", Ref: "r", Digest: digest(1), Routes: []lattice.Route{{Path: "/shop"}}}, lattice.ErrExists, `of application "shop" has it`},
		{&control.StartComponent{ID: "d", Ref: "r", Digest: digest(1), MCP: &lattice.MCP{Name: "tools", Alias: "d"}}, lattice.ErrExists, `MCP server "tools": exists already: component "c" has the name; give this one another`},
		{&control.StartComponent{ID: "d", Ref: "r", Digest: digest(1), MCP: &lattice.MCP{Name: "d", Alias: "t"}}, lattice.ErrExists, `alias "t" of MCP server "d": exists already: component "c" has it`},
		{&control.StartComponent{ID: "d", Ref: "./never.wasm"}, lattice.ErrNotFound, "`wattle component push`"},
		{&control.StartComponent{ID: "d", Ref: digest(1), Digest: digest(2)}, lattice.ErrInvalid, "another digest"},
		{&control.StartComponent{ID: "c", Ref: "./c.wasm", Digest: digest(2)}, lattice.ErrExists, "allow the update"},
		{&control.StartComponent{ID: "d", Ref: "r", Digest: digest(1), Hosts: 3}, lattice.ErrUnavailable, "2 hosts fit for 3"},
		{&control.StartComponent{ID: "d", Ref: "r", Digest: digest(1), Where: control.Where{Host: hostID(9)}}, lattice.ErrNotFound, "`wattle get hosts`"},
		{&control.UpdateComponent{ID: "d", Ref: "r", Digest: digest(1)}, lattice.ErrNotFound, "`wattle component start`"},
		{&control.ScaleComponent{ID: "d", Hosts: 1}, lattice.ErrNotFound, "`wattle component start`"},
		{&control.ScaleComponent{ID: "c", Host: hostID(9), MaxInstances: 1}, lattice.ErrNotFound, "not placed there"},
		{&control.PutLink{Link: link("c", "other")}, lattice.ErrExists, `different target "kv"`},
		{&control.PutLink{Link: linked}, lattice.ErrNotFound, "`wattle config put absent KEY=VALUE`"},
		{&control.DeleteConfig{Config: "cfg"}, lattice.ErrDenied, `component "c" named it`},
		{&control.SetHostState{Host: hostID(9), State: lattice.HostReady}, lattice.ErrNotFound, "`wattle get hosts`"},
		{&control.PutLabel{Host: hostID(0), Key: "hostcore.arch", Value: "z80"}, lattice.ErrDenied, "say what the host is"},
		{&control.DeleteLabel{Host: hostID(0), Key: "hostcore.arch"}, lattice.ErrDenied, "say what the host is"},
		// What belongs to an application is changed by its manifest.
		{&control.ScaleComponent{ID: "shop-front", Hosts: 1}, lattice.ErrDenied, "`wattle app scale shop front INSTANCES`"},
		{&control.StartComponent{ID: "shop-front", Ref: "r", Digest: digest(1)}, lattice.ErrDenied, "`wattle app deploy`"},
		{&control.StopComponent{ID: "shop-front"}, lattice.ErrDenied, "`wattle app deploy`"},
		{&control.UpdateComponent{ID: "shop-front", Ref: "r", Digest: digest(1)}, lattice.ErrDenied, "`wattle app deploy`"},
		{&control.PutLink{Link: link("shop-front", "kv")}, lattice.ErrDenied, `application "shop"`},
		{&control.PutConfig{Config: "shop-prices", Values: lattice.Config{}}, lattice.ErrDenied, `application "shop"`},
		{&control.DeleteConfig{Config: "shop-prices"}, lattice.ErrDenied, `application "shop"`},
		{&control.DeployApp{App: "absent"}, lattice.ErrNotFound, "`wattle app list`"},
		{&control.DeployApp{App: "shop", Version: "v9"}, lattice.ErrNotFound, `"v9"`},
		{&control.RollbackApp{App: "shop"}, lattice.ErrNotFound, "`wattle app history shop`"},
		{&control.ScaleApp{App: "shop", Instances: 2}, lattice.ErrInvalid, "several components"},
		{&control.ScaleApp{App: "shop", Component: "absent", Instances: 2}, lattice.ErrNotFound, `"absent"`},
		{&control.PutApp{Manifest: shop("v1", 3)}, lattice.ErrExists, "metadata.annotations.version"},
		{&control.PutApp{Manifest: "apiVersion: nothing\n"}, lattice.ErrInvalid, "apiVersion"},
		{&control.PutApp{Manifest: other("/shop"), Deploy: true, Digests: map[string]string{"./x.wasm": digest(1)}}, lattice.ErrExists, `component "shop-front" of application "shop" has it`},
		{&control.PutApp{Manifest: other("/mcp"), Deploy: true, Digests: map[string]string{"./x.wasm": digest(1)}}, lattice.ErrExists, `component "c" has it`},
		{&control.PutApp{Manifest: servers("{name: tools, alias: x}", "{}"), Deploy: true, Digests: map[string]string{"./x.wasm": digest(1)}}, lattice.ErrExists, `component "c" has the name`},
		{&control.PutApp{Manifest: servers("{name: x, alias: y}", "{name: y}"), Deploy: true, Digests: map[string]string{"./x.wasm": digest(1)}}, lattice.ErrExists, `MCP server with the alias y: exists already: component "x" of the manifest has it`},
		{&control.PutApp{Manifest: servers("{name: x}", "{name: x, alias: z}"), Deploy: true, Digests: map[string]string{"./x.wasm": digest(1)}}, lattice.ErrExists, `MCP server with the name x: exists already: component "x" of the manifest has it`},
		{&control.PutApp{Manifest: other("/new"), Deploy: true}, lattice.ErrNotFound, "`wattle component push`"},
		{&control.PutApp{Manifest: other("/new"), Digests: map[string]string{"./y.wasm": digest(1)}}, lattice.ErrInvalid, "does not name it"},
		{&control.PutApp{Manifest: strings.Replace(other("/new"), "{image: ./x.wasm}", "{image: ./x.wasm, id: c}", 1), Deploy: true, Digests: map[string]string{"./x.wasm": digest(1)}}, lattice.ErrExists, "`wattle component stop c`"},
		{&control.PutApp{Manifest: strings.Replace(other("/new"), "{image: ./x.wasm}", "{image: ./x.wasm, id: shop-back}", 1), Deploy: true, Digests: map[string]string{"./x.wasm": digest(1)}}, lattice.ErrExists, `application "shop" has it`},
	} {
		before := w.state()
		_, err := w.try(test.cmd)
		if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s %+v: error %v, want one of %q that says %q", test.cmd.Name(), test.cmd, err, test.kind, test.says)
		}
		if w.state() != before {
			t.Errorf("%s %+v was refused and changed the state", test.cmd.Name(), test.cmd)
		}
	}
}

// A configuration is replaced, or keeps what it is not given; either way the answer says
// what becomes of its other values.
func TestConfigKeepsValues(t *testing.T) {
	w := newWorld(t, 1)
	w.do(&control.PutConfig{Config: "cfg", Values: lattice.Config{"a": "1", "b": "1", "c": "1"}})
	for _, step := range []struct {
		cmd           *control.PutConfig
		values        lattice.Config
		kept, dropped []string
		changed       bool
	}{
		{&control.PutConfig{Config: "cfg", Values: lattice.Config{"a": "2", "d": "2"}, Keep: true}, lattice.Config{"a": "2", "b": "1", "c": "1", "d": "2"}, []string{"b", "c"}, nil, true},
		{&control.PutConfig{Config: "cfg", Values: lattice.Config{"a": "2"}, Keep: true}, lattice.Config{"a": "2", "b": "1", "c": "1", "d": "2"}, []string{"b", "c", "d"}, nil, false},
		{&control.PutConfig{Config: "cfg", Values: lattice.Config{"b": "3"}, Keep: true, Drop: []string{"c", "x"}}, lattice.Config{"a": "2", "b": "3", "d": "2"}, []string{"a", "d"}, []string{"c"}, true},
		{&control.PutConfig{Config: "cfg", Values: lattice.Config{"b": "4"}}, lattice.Config{"b": "4"}, nil, []string{"a", "d"}, true},
		{&control.PutConfig{Config: "cfg", Keep: true, Drop: []string{"b"}}, lattice.Config{}, nil, []string{"b"}, true},
	} {
		before := w.state().Seq
		r, ok := w.do(step.cmd).Result.(*control.ConfigResult)
		if !ok || !slices.Equal(r.Kept, step.kept) || !slices.Equal(r.Dropped, step.dropped) {
			t.Errorf("%+v: %+v, want %v kept and %v dropped", step.cmd, r, step.kept, step.dropped)
		}
		if changed := w.state().Seq != before; changed != step.changed || r.Changed != changed {
			t.Errorf("%+v: changed is %v, and said to be %v", step.cmd, changed, r.Changed)
		}
		if diff := cmp.Diff(step.values, w.state().Config("cfg").Values); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", step.cmd, diff)
		}
	}
	w.do(&control.PutConfig{Config: "none", Keep: true, Drop: []string{"b"}})
	if w.state().Config("none") != nil {
		t.Error("what has nothing to drop is made")
	}
	// What is kept counts.
	value := strings.Repeat("x", 60<<10)
	w.do(&control.PutConfig{Config: "cfg", Values: lattice.Config{"a": value, "b": value, "c": value}})
	if why := w.refusal(&control.PutConfig{Config: "cfg", Values: lattice.Config{"d": value}, Keep: true}, lattice.ErrInvalid); !strings.Contains(why, `config "cfg", with the values that it has`) {
		t.Error(why)
	}
}

// A component may be started with secrets of its own, by the names that it has for them.
func TestStartWithSecrets(t *testing.T) {
	w := newWorld(t, 2)
	start := &control.StartComponent{ID: "c", Ref: "r", Digest: digest(1), Secrets: map[string]lattice.SecretRef{"the token": {Name: "token"}, "old": {Name: "token", Version: 1}}}
	if why := w.refusal(start, lattice.ErrNotFound); !strings.Contains(why, "store it with `wattle secret put token`") {
		t.Error(why)
	}
	w.do(put("token", "one"))
	w.do(start)
	given := func() map[string]lattice.SecretRef {
		t.Helper()
		return w.state().Desired(hostID(0)).Components[0].Secrets
	}
	if diff := cmp.Diff(map[string]lattice.SecretRef{"the token": {Name: "token", Version: 1}, "old": {Name: "token", Version: 1}}, given()); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
	w.do(put("token", "two"))
	if got := given(); got["the token"].Version != 2 || got["old"].Version != 1 {
		t.Errorf("after a new version the component is given %+v", got)
	}
	w.refusal(&control.DeleteSecret{Secret: "token"}, lattice.ErrDenied)
	// One more host has what the others have.
	w.do(&control.StartComponent{ID: "c", Ref: "r", Add: true, Where: control.Where{Host: hostID(1)}})
	if got := w.state().Desired(hostID(1)).Components[0].Secrets; len(got) != 2 {
		t.Errorf("a host that was added is given %+v", got)
	}
	// All flags are given that it is to have.
	w.do(&control.StartComponent{ID: "c", Ref: "r", Digest: digest(1)})
	if got := given(); len(got) != 0 {
		t.Errorf("started without secrets it is given %+v", got)
	}
}

// Links that are right each by itself are refused if one gives a directory in what another
// gives: as soon as they are put, whether the component is there or not, and with their
// configurations.
func TestDirectoriesOverlap(t *testing.T) {
	w := newWorld(t, 1)
	w.do(&control.PutConfig{Config: "data", Values: lattice.Config{"/data": "memory"}})
	w.do(&control.PutConfig{Config: "inner", Values: lattice.Config{"/data/in": "memory"}})
	w.do(&control.PutConfig{Config: "other", Values: lattice.Config{"/other": "memory"}})
	to := func(source lattice.ComponentID, name lattice.LinkName, config lattice.ConfigName) *control.PutLink {
		return &control.PutLink{Link: lattice.Link{
			Source: source, Target: "wattle://filesystem", Name: name, Namespace: "wasi", Package: "filesystem", Interfaces: []string{"preopens"}, TargetConfig: []lattice.ConfigName{config},
		}}
	}
	const want = "link \"default\" of \"c\" to wasi:filesystem and link \"second\" of \"c\" to wasi:filesystem: invalid: \"/data/in\" is in \"/data\": " +
		"give one of the directories another path, or delete one with `wattle link del c wasi:filesystem --name default`"
	refused := func(cmd control.Command) {
		t.Helper()
		if why := w.refusal(cmd, lattice.ErrInvalid); !strings.Contains(why, want) {
			t.Errorf("%s\nwant %s", why, want)
		}
	}
	w.do(to("c", "default", "data"))
	refused(to("c", "second", "inner")) // before the component
	w.do(to("d", "second", "inner"))    // of another one
	w.start("c", 1)
	refused(to("c", "second", "inner"))
	w.do(to("c", "second", "other"))
	refused(&control.PutConfig{Config: "other", Values: lattice.Config{"/data/in": "memory"}, Keep: true})
	w.do(to("c", "default", "data"))
	w.do(to("c", "default", "inner")) // changed to what does not overlap
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
	if got := w.state().Component("d").TargetRevision().Digest; got != digest(1) {
		t.Errorf("digest %s, want %s", got, digest(1))
	}
	w.do(&control.UpdateComponent{ID: "d", Ref: digest(2)})
	if got := w.state().Component("d").TargetRevision(); got.Digest != digest(2) || got.Ref != digest(2) || got.Number != 2 {
		t.Errorf("revision %+v, want digest and ref %s, number 2", got, digest(2))
	}
}

// The oldest ref that nothing runs from is forgotten for a new one.
func TestRefsAreBounded(t *testing.T) {
	w := newWorld(t, 1)
	w.do(&control.StartComponent{ID: "kept", Ref: "kept.wasm", Digest: digest(1)}) // the oldest of all
	e := &state.Entry{Base: w.state().Seq}
	for i := range decide.MaxRefs - 1 {
		ref := fmt.Sprintf("%d.wasm", i)
		e.Changes = append(e.Changes, state.Put(state.Record{Ref: &state.Ref{Ref: ref, Digest: digest(1), Seq: uint64(i + 2)}}))
	}
	s, err := w.state().Apply(lattice.Stamp{Term: 1, Index: 2}, e)
	if err != nil {
		t.Fatal(err)
	}
	w.index = 2
	w.lead.Applied(w.now, s)
	w.do(&control.StartComponent{ID: "next", Ref: "next.wasm", Digest: digest(1)})
	if n := w.state().Len(state.KindRef); n != decide.MaxRefs {
		t.Errorf("%d refs, want %d", n, decide.MaxRefs)
	}
	for ref, want := range map[string]bool{"kept.wasm": true, "next.wasm": true, "0.wasm": false, "1.wasm": true} {
		if have := w.state().Ref(ref) != nil; have != want {
			t.Errorf("ref %q is known: %v, want %v", ref, have, want)
		}
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
	for i, most := range []int{5, 9} {
		spec := w.state().Desired(hostID(i)).Components[0]
		if spec.MaxInstances != most || spec.Annotations["on"] != string(rune('0'+i)) || len(spec.Routes) != 1 {
			t.Errorf("host %d has %+v, want max_instances %d, its own annotation and the route", i, spec, most)
		}
	}
	// A host that is named twice is one pin.
	w.do(&control.StartComponent{ID: "c", Ref: "r", Add: true, Where: control.Where{Host: hostID(1)}, MaxInstances: 3})
	if got := w.state().Component("c"); len(got.Pins) != 2 || got.Pins[1].Instances != 3 {
		t.Errorf("pins %+v, want two, the second with 3 instances", got.Pins)
	}
}

// What a component is as an MCP server stays with its updates and further hosts, goes when
// it is started without, and is an assignment's as soon as all of its revisions are one.
func TestServers(t *testing.T) {
	w := newWorld(t, 2)
	m := &lattice.MCP{Name: "tools", Alias: "t", Deny: []string{"x"}}
	w.do(&control.StartComponent{ID: "c", Ref: "r", Digest: digest(1), MCP: m, Where: control.Where{Host: hostID(0)}})
	of := func() *lattice.MCP {
		t.Helper()
		spec := w.state().Desired(hostID(0)).Components[0]
		if a := w.state().Assignment("c"); !a.MCP.Equal(spec.MCP) {
			t.Errorf("the host is told %+v, callers %+v", spec.MCP, a.MCP)
		}
		return spec.MCP
	}
	if !of().Equal(m) {
		t.Errorf("started: %+v", of())
	}
	w.do(&control.UpdateComponent{ID: "c", Ref: "r2", Digest: digest(2)})
	w.do(&control.StartComponent{ID: "c", Ref: "r2", Add: true, Where: control.Where{Host: hostID(1)}})
	if got := w.state().Component("c").TargetRevision().MCP; !got.Equal(m) {
		t.Errorf("updated, and on one more host: %+v", got)
	}
	before := w.state().Component("c").Target
	w.do(&control.StartComponent{ID: "c", Ref: "r2", Digest: digest(2), MCP: &lattice.MCP{Name: "tools", Alias: "t"}, Where: control.Where{Host: hostID(0)}})
	if w.state().Component("c").Target == before {
		t.Error("another declaration is no other revision")
	}
	w.do(&control.StartComponent{ID: "c", Ref: "r2", Digest: digest(2), Where: control.Where{Host: hostID(0)}})
	if got := w.state().Component("c").TargetRevision().MCP; got != nil {
		t.Errorf("started without: %+v", got)
	}
	if a := w.state().Assignment("c"); a.MCP != nil {
		t.Errorf("callers are still told %+v", a.MCP)
	}
}
