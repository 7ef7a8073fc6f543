package state_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// The universe of the properties: few names, so that records meet.
const few = 4

func drawID(t *rapid.T) lattice.ComponentID {
	return lattice.ComponentID(fmt.Sprintf("c%d", rapid.IntRange(0, few).Draw(t, "component")))
}
func drawHost(t *rapid.T) lattice.HostID { return hostID(rapid.IntRange(0, few).Draw(t, "host")) }
func drawConfig(t *rapid.T) lattice.ConfigName {
	return lattice.ConfigName(fmt.Sprintf("k%d", rapid.IntRange(0, few).Draw(t, "config")))
}

func drawApp(t *rapid.T) lattice.AppName {
	return rapid.SampledFrom([]lattice.AppName{"", "shop", "shop-2"}).Draw(t, "app")
}

func drawLink(t *rapid.T, source lattice.ComponentID) lattice.Link {
	return lattice.Link{
		Source: source, Target: drawTarget(t), Secrets: drawSecrets(t), Name: lattice.DefaultLink, Namespace: "wasi",
		Package:    rapid.SampledFrom([]string{"http", "keyvalue"}).Draw(t, "package"),
		Interfaces: []string{"store"}, SourceConfig: []lattice.ConfigName{drawConfig(t)},
	}
}

func drawTarget(t *rapid.T) string {
	if rapid.Bool().Draw(t, "address") {
		return rapid.SampledFrom([]string{"wattle://httpclient", "wattle://httpserver"}).Draw(t, "target")
	}
	return string(drawID(t))
}

func drawSecret(t *rapid.T) lattice.SecretName {
	return lattice.SecretName(fmt.Sprintf("s%d", rapid.IntRange(0, few).Draw(t, "secret")))
}

func drawSecrets(t *rapid.T) map[string]lattice.SecretRef {
	if rapid.Bool().Draw(t, "no secrets") {
		return nil
	}
	return map[string]lattice.SecretRef{"a b": {Name: drawSecret(t), Version: uint64(rapid.IntRange(0, 3).Draw(t, "version"))}}
}

func drawRevision(t *rapid.T, id lattice.ComponentID, number uint64) state.Revision {
	r := state.Revision{Number: number, Ref: fmt.Sprintf("%s:%d", id, number), Digest: digest, Secrets: drawSecrets(t)}
	if rapid.Bool().Draw(t, "has config") {
		c := state.RevisionConfig{Name: drawConfig(t)}
		if rapid.Bool().Draw(t, "of its own") {
			c.Values = lattice.Config{}
			if rapid.Bool().Draw(t, "with values") {
				c.Values["a"] = "own"
			}
		}
		r.Configs = append(r.Configs, c)
	}
	if rapid.Bool().Draw(t, "has link") {
		r.Links = append(r.Links, drawLink(t, id))
	}
	if rapid.Bool().Draw(t, "is a server") {
		r.MCP = &lattice.MCP{
			Name:  rapid.SampledFrom([]lattice.ServerName{"a", "b", "tools"}).Draw(t, "server"),
			Alias: rapid.SampledFrom([]string{"a", "b", "t"}).Draw(t, "alias"),
		}
	}
	if rapid.Bool().Draw(t, "has route") {
		r.Routes = append(r.Routes, lattice.Route{Path: rapid.SampledFrom([]string{"/", "/a", "/b"}).Draw(t, "route")})
	}
	return r
}

func drawComponent(t *rapid.T) *state.Component {
	c := &state.Component{ID: drawID(t), App: drawApp(t), Rules: lattice.Rules{Mode: lattice.ModeHosts, Hosts: 1, Instances: 1}}
	for n := range uint64(rapid.IntRange(1, 3).Draw(t, "revisions")) {
		c.Revisions = append(c.Revisions, drawRevision(t, c.ID, n+1))
	}
	c.Target = uint64(rapid.IntRange(1, len(c.Revisions)).Draw(t, "target"))
	if seldom(t, "no target") {
		c.Target = 4
	}
	if rapid.Bool().Draw(t, "canary") {
		c.Rollout.Canary = &lattice.Canary{Weight: rapid.IntRange(1, 100).Draw(t, "weight")}
	}
	return c
}

// seldom is true for what is to be wrong now and then.
func seldom(t *rapid.T, what string) bool { return rapid.IntRange(0, 29).Draw(t, what) == 0 }

// drawPlacements returns those of a component with so many revisions.
func drawPlacements(t *rapid.T, id lattice.ComponentID, revisions int) *state.Placements {
	p := &state.Placements{Component: id}
	for i := range few + 1 {
		if rapid.Bool().Draw(t, "not there") {
			continue
		}
		if seldom(t, "there twice") {
			i = 0
		}
		at := state.Placement{
			Host: hostID(i), Revision: uint64(rapid.IntRange(1, revisions).Draw(t, "revision")), Instances: rapid.IntRange(1, 5).Draw(t, "instances"),
			Pinned: rapid.Bool().Draw(t, "pinned"), Why: "why not", At: 1,
		}
		if seldom(t, "unknown revision") {
			at.Revision = 4
		}
		if seldom(t, "no instances") {
			at.Instances = 0
		}
		p.Hosts = append(p.Hosts, at)
	}
	return p
}

func drawRecord(t *rapid.T, s *state.State) state.Record {
	switch rapid.IntRange(0, 10).Draw(t, "kind") {
	case 10:
		secret := &state.Secret{Name: drawSecret(t)}
		for n := range uint64(3) {
			if rapid.Bool().Draw(t, "version") {
				secret.Versions = append(secret.Versions, state.SecretVersion{Number: n + 1, Sealed: []byte{1, 2}})
			}
		}
		return state.Record{Secret: secret}
	case 0:
		a := &state.App{Name: "shop", Last: 3, Deployed: uint64(rapid.IntRange(0, 3).Draw(t, "deployed"))}
		for n := range uint64(3) {
			if rapid.Bool().Draw(t, "version") {
				a.Versions = append(a.Versions, state.Version{Number: n + 1, Name: fmt.Sprintf("v%d", n+1)})
			}
		}
		return state.Record{App: a}
	case 1:
		return state.Record{Manifest: &state.Manifest{App: "shop", Number: uint64(rapid.IntRange(1, 3).Draw(t, "number")), Text: "name: shop\n", Digests: map[string]string{"./any.wasm": digest}}}
	case 2:
		return state.Record{Provider: &state.Provider{ID: drawID(t), App: drawApp(t), Name: "p", Image: "example.com/p:1", Configs: []lattice.ConfigName{drawConfig(t)}, Kind: rapid.SampledFrom([]string{"", "httpserver", "messaging-nats"}).Draw(t, "provider"), Secrets: drawSecrets(t)}}
	case 3:
		return state.Record{Link: &state.Link{Link: drawLink(t, drawID(t)), App: drawApp(t)}}
	case 4:
		return state.Record{Config: &state.Config{Name: drawConfig(t), App: drawApp(t), Values: lattice.Config{"a": rapid.SampledFrom([]string{"", "1", "<&>\n\"“"}).Draw(t, "value")}}}
	case 5:
		return state.Record{Host: &state.Host{ID: drawHost(t), State: rapid.SampledFrom([]lattice.HostState{"ready", "drained", "drained", "stopped", "draining"}).Draw(t, "state"), Labels: map[string]string{"Zone/A": "b"}}}
	case 6:
		return state.Record{Ref: &state.Ref{Ref: rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "ref"), Digest: digest}}
	case 7:
		return state.Record{Meta: &state.Meta{Lattice: rapid.SampledFrom([]lattice.Name{"default", "default", "default", "default", "other"}).Draw(t, "lattice"), TermOffset: uint64(rapid.IntRange(0, 3).Draw(t, "offset"))}}
	case 8:
		id, revisions := drawID(t), 1
		if c := s.Component(id); c != nil {
			revisions = len(c.Revisions)
		}
		return state.Record{Placements: drawPlacements(t, id, revisions)}
	default:
		return state.Record{Component: drawComponent(t)}
	}
}

// drawEntry returns an entry that may be one that the state refuses.
func drawEntry(t *rapid.T, s *state.State) *state.Entry {
	e := &state.Entry{Base: s.Seq, At: 1, By: "test"}
	if seldom(t, "old") {
		e.Base++
	}
	for range rapid.IntRange(1, 2).Draw(t, "changes") {
		r := drawRecord(t, s)
		if rapid.IntRange(0, 9).Draw(t, "delete") == 0 {
			e.Changes = append(e.Changes, state.Delete(r.Key()))
			continue
		}
		e.Changes = append(e.Changes, state.Put(r))
		// Half of what there is has a place.
		if r.Component != nil && rapid.Bool().Draw(t, "place") {
			p := drawPlacements(t, r.Component.ID, len(r.Component.Revisions))
			e.Changes = append(e.Changes, state.Put(state.Record{Placements: p}))
		}
	}
	return e
}

func snapshot(t rapid.TB, s *state.State) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestReplicas has one replica take entries as they are, one as they are in the log, and
// one that goes over snapshots now and then. They stay the same, byte for byte; what is
// refused changes nothing; and what changes is told.
func TestReplicas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := state.New("default"), state.New("default"), state.New("default")
		for i := range rapid.IntRange(1, 30).Draw(t, "entries") {
			e := drawEntry(t, a)
			data, err := state.EncodeEntry(e)
			if err != nil {
				t.Fatal(err)
			}
			decoded, err := state.DecodeEntry(data)
			if err != nil {
				t.Fatal(err)
			}
			again, err := state.DecodeEntry(data)
			if err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 4).Draw(t, "restore") == 0 {
				if c, err = state.Restore(bytes.NewReader(snapshot(t, c))); err != nil {
					t.Fatal(err)
				}
			}
			before, at := snapshot(t, a), lattice.Stamp{Term: 1, Index: uint64(i + 1)}
			a1, err1 := a.Apply(at, e)
			b1, err2 := b.Apply(at, decoded)
			c1, err3 := c.Apply(at, again)
			if (err1 == nil) != (err2 == nil) || (err1 == nil) != (err3 == nil) {
				t.Fatalf("replicas differ: %v; %v; %v", err1, err2, err3)
			}
			if !bytes.Equal(before, snapshot(t, a)) {
				t.Fatal("the state has changed")
			}
			if err1 != nil {
				if a1 != a || !errors.Is(err1, lattice.ErrInvalid) && !errors.Is(err1, lattice.ErrConflict) {
					t.Fatalf("refused: %v; another state: %v", err1, a1 != a)
				}
				continue
			}
			if !bytes.Equal(snapshot(t, a1), snapshot(t, b1)) || !bytes.Equal(snapshot(t, a1), snapshot(t, c1)) {
				t.Fatal("snapshots of replicas differ")
			}
			told(t, a, a1, state.Changed(a, a1, e.Changes))
			indexed(t, a1)
			indexed(t, c1)
			derived(t, c1)
			a, b, c = a1, b1, c1
		}
	})
}

var ignoreStamp = cmpopts.IgnoreTypes(lattice.Stamp{})

// told checks that what a reach leaves out is the same in both states.
func told(t *rapid.T, before, after *state.State, r *state.Reach) {
	same := func(what string, x, y any) {
		if diff := cmp.Diff(x, y, ignoreStamp, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s has changed, and it is not said: %s", what, diff)
		}
	}
	all := before.Everything()
	all.Add(after.Everything())
	for i := range few + 1 {
		all.Hosts[hostID(i)] = true
	}
	for h := range all.Hosts {
		if !r.Hosts[h] {
			same("host "+string(h), before.Desired(h), after.Desired(h))
		}
	}
	for id := range all.Components {
		if !r.Components[id] {
			same("component "+string(id), before.Assignment(id), after.Assignment(id))
		}
	}
	for key := range all.Links {
		if !r.Links[key] {
			x, y := before.LinkDocument(key), after.LinkDocument(key)
			if x == nil && y == nil {
				continue
			}
			if x == nil || y == nil || !x.Equal(y) {
				t.Fatalf("link %s has changed, and it is not said", key)
			}
		}
	}
	for name := range all.Configs {
		if !r.Configs[name] {
			same("config "+string(name), before.ConfigDocument(name), after.ConfigDocument(name))
		}
	}
}

// indexed checks the indices against a look at all records.
func indexed(t *rapid.T, s *state.State) {
	for i := range few + 1 {
		var want, have []lattice.ComponentID
		for p := range s.AllPlacements() {
			if p.On(hostID(i)) != nil {
				want = append(want, p.Component)
			}
		}
		for c, p := range s.On(hostID(i)) {
			have = append(have, c.ID)
			if p.Host != hostID(i) {
				t.Fatalf("placement on %s", p.Host)
			}
		}
		if !slices.Equal(want, have) || s.NumOn(hostID(i)) != len(want) {
			t.Fatalf("on host %d: %v, want %v", i, have, want)
		}
		told := s.Wish(hostID(i))
		if told == lattice.HostDrained && slices.ContainsFunc(want, func(id lattice.ComponentID) bool { return !s.Placements(id).On(hostID(i)).Pinned }) {
			told = lattice.HostCordoned
		}
		if have := s.Told(hostID(i)); have != told {
			t.Fatalf("host %d is told to be %s, want %s", i, have, told)
		}
		name := lattice.ConfigName(fmt.Sprintf("k%d", i))
		var users, used []state.Key
		for c := range s.Components() {
			if slices.ContainsFunc(c.Revisions, func(r state.Revision) bool {
				return slices.ContainsFunc(r.Configs, func(c state.RevisionConfig) bool { return c.Name == name && c.Values == nil }) ||
					slices.ContainsFunc(r.Links, func(l lattice.Link) bool { return slices.Contains(l.SourceConfig, name) })
			}) {
				users = append(users, state.ComponentKey(c.ID))
			}
		}
		for l := range s.Links() {
			if slices.Contains(l.SourceConfig, name) {
				users = append(users, state.LinkKey(&l.Link))
			}
		}
		for p := range s.Providers() {
			if slices.Contains(p.Configs, name) {
				users = append(users, state.ProviderKey(p.ID))
			}
		}
		used = slices.AppendSeq(used, s.UsersOf(name))
		if slices.Sort(users); !slices.Equal(users, used) {
			t.Fatalf("users of %s: %v, want %v", name, used, users)
		}
	}
	for _, app := range []lattice.AppName{"shop", "shop-2"} {
		var want []*state.Component
		for c := range s.Components() {
			if c.App == app {
				want = append(want, c)
			}
		}
		if have := slices.Collect(s.ComponentsOf(app)); !slices.Equal(have, want) {
			t.Fatalf("components of %s: %v, want %v", app, have, want)
		}
	}
	for _, path := range []string{"/", "/a", "/b"} {
		var want []*state.Component
		for c := range s.Components() {
			if slices.ContainsFunc(c.Revisions, func(r state.Revision) bool { return slices.Contains(r.Routes, lattice.Route{Path: path}) }) {
				want = append(want, c)
			}
		}
		if have := slices.Collect(s.Routed(lattice.Route{Path: path})); !slices.Equal(have, want) {
			t.Fatalf("routed %s: %v, want %v", path, have, want)
		}
	}
	for _, name := range []string{"a", "b", "t", "tools"} {
		var named, aliased []*state.Component
		for c := range s.Components() {
			if slices.ContainsFunc(c.Revisions, func(r state.Revision) bool { return r.MCP != nil && string(r.MCP.Name) == name }) {
				named = append(named, c)
			}
			if slices.ContainsFunc(c.Revisions, func(r state.Revision) bool { return r.MCP != nil && r.MCP.Alias == name }) {
				aliased = append(aliased, c)
			}
		}
		if have := slices.Collect(s.Named(lattice.ServerName(name))); !slices.Equal(have, named) {
			t.Fatalf("servers named %s: %v, want %v", name, have, named)
		}
		if have := slices.Collect(s.Aliased(name)); !slices.Equal(have, aliased) {
			t.Fatalf("servers with the alias %s: %v, want %v", name, have, aliased)
		}
	}
}

// derived checks that all documents of a state are such that hosts take them.
func derived(t *rapid.T, s *state.State) {
	r := s.Everything()
	for h := range r.Hosts {
		if _, err := wire.EncodeDesired(s.Desired(h)); err != nil {
			t.Fatal(err)
		}
	}
	for id := range r.Components {
		if _, err := wire.EncodeAssignment(s.Assignment(id)); err != nil {
			t.Fatal(err)
		}
	}
	for key := range r.Links {
		if l := s.LinkDocument(key); l != nil {
			if _, err := wire.EncodeLink(l); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name := range r.Configs {
		if _, err := wire.EncodeConfig(s.ConfigDocument(name)); err != nil {
			t.Fatal(err)
		}
	}
}
