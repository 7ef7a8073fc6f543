package state_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/state"
)

func TestRefused(t *testing.T) {
	c, p := component("cart", 1, hostID(1))
	s := apply(t, state.New("default"), both(c, p)...)
	put := func(r state.Record) []state.Change { return []state.Change{state.Put(r)} }
	with := func(f func(*state.Component, *state.Placements)) []state.Change {
		c, p := component("cart", 1, hostID(1))
		f(c, p)
		return both(c, p)
	}
	app := &state.App{Name: "shop", Last: 2, Versions: []state.Version{{Number: 1, Name: "a"}, {Number: 2, Name: "b"}}}
	var many []state.Change
	for i := range wire.MaxComponents + 1 {
		many = append(many, both(component(lattice.ComponentID(fmt.Sprintf("many-%d", i)), 1, hostID(2)))...)
	}
	var links []state.Change
	for i := range wire.MaxLinks + 1 {
		links = append(links, state.Put(state.Record{Link: &state.Link{Link: lattice.Link{
			Source: "cart", Target: "t", Name: "default", Namespace: "wasi", Package: fmt.Sprintf("p%d", i), Interfaces: []string{"a"},
		}}}))
	}
	for name, changes := range map[string][]state.Change{
		"nothing":                 nil,
		"a key twice":             append(put(state.Record{Config: &state.Config{Name: "a"}}), state.Delete(state.ConfigKey("a"))),
		"no kind":                 {{Key: "other.a"}},
		"another key":             {{Key: "config.b", Record: state.Record{Config: &state.Config{Name: "a"}}}},
		"two records":             {{Key: "config.a", Record: state.Record{Config: &state.Config{Name: "a"}, Host: &state.Host{ID: hostID(1), State: "ready"}}}},
		"a name that is none":     {{Key: "config.a b"}},
		"a manifest's number":     {{Key: "manifest.shop.1"}},
		"a link's key":            {{Key: "link.a.b.c"}},
		"a ref's key":             {{Key: "ref.abc"}},
		"no meta":                 {state.Delete(state.MetaKey)},
		"meta of another lattice": put(state.Record{Meta: &state.Meta{Lattice: "other"}}),
		"meta that overflows":     put(state.Record{Meta: &state.Meta{Lattice: "default", TermOffset: 1 << 60}}),
		"component goes alone":    {state.Delete(state.ComponentKey("cart"))},
		"placements of nothing":   put(state.Record{Placements: &state.Placements{Component: "none"}}),
		"unknown revision":        with(func(_ *state.Component, p *state.Placements) { p.Hosts[0].Revision = 2 }),
		"revision goes":           with(func(c *state.Component, _ *state.Placements) { c.Revisions[0].Number, c.Target = 2, 2 }),
		"a host twice":            with(func(_ *state.Component, p *state.Placements) { p.Hosts = append(p.Hosts, p.Hosts[0]) }),
		"no instances":            with(func(_ *state.Component, p *state.Placements) { p.Hosts[0].Instances = 0 }),
		"no host":                 with(func(_ *state.Component, p *state.Placements) { p.Hosts[0].Host = "host" }),
		"escapes":                 with(func(_ *state.Component, p *state.Placements) { p.Hosts[0].Why = "\x1b[31m" }),
		"no target":               with(func(c *state.Component, _ *state.Placements) { c.Target = 3 }),
		"no revisions":            with(func(c *state.Component, _ *state.Placements) { c.Revisions = nil }),
		"no digest":               with(func(c *state.Component, _ *state.Placements) { c.Revisions[0].Digest = "sha256:0" }),
		"no mode":                 with(func(c *state.Component, _ *state.Placements) { c.Rules.Mode = "" }),
		"a link of another": with(func(c *state.Component, _ *state.Placements) {
			c.Revisions[0].Links = []lattice.Link{{Source: "other", Target: "a", Name: "default", Namespace: "wasi", Package: "http", Interfaces: []string{"a"}}}
		}),
		"a route in another form":    with(func(c *state.Component, _ *state.Placements) { c.Revisions[0].Routes[0].Path = "cart/" }),
		"a probe of nothing":         with(func(c *state.Component, _ *state.Placements) { c.Revisions[0].Probe = new(lattice.Probe) }),
		"manifest without a version": append(put(state.Record{App: app}), state.Put(state.Record{Manifest: &state.Manifest{App: "shop", Number: 3, Text: "x"}})),
		"deployed is no version":     put(state.Record{App: &state.App{Name: "shop", Last: 2, Versions: app.Versions, Deployed: 3}}),
		"versions out of order":      put(state.Record{App: &state.App{Name: "shop", Last: 2, Versions: []state.Version{app.Versions[1], app.Versions[0]}}}),
		"a host's state":             put(state.Record{Host: &state.Host{ID: hostID(1), State: lattice.HostDraining}}),
		"a large value":              put(state.Record{Config: &state.Config{Name: "a", Values: lattice.Config{"a": strings.Repeat("x", wire.MaxConfigValue+1)}}}),
		"too many on a host":         many,
		"too many links":             links,
	} {
		have, err := s.Apply(lattice.Stamp{Term: 1, Index: 2}, &state.Entry{Base: s.Seq, Changes: changes})
		if !errors.Is(err, lattice.ErrInvalid) || have != s {
			t.Errorf("%s: %v", name, err)
		}
	}
	if have, err := s.Apply(lattice.Stamp{}, &state.Entry{Base: s.Seq + 1, Changes: both(c, p)}); !errors.Is(err, lattice.ErrConflict) || have != s {
		t.Errorf("another base: %v", err)
	}
	// Together they may go.
	apply(t, s, state.Delete(state.ComponentKey("cart")), state.Delete(state.PlacementsKey("cart")))
}

func TestStamp(t *testing.T) {
	s := apply(t, state.New("default"), state.Put(state.Record{Meta: &state.Meta{Lattice: "default", TermOffset: 40}}))
	if want := (lattice.Stamp{Term: 41, Index: 1}); s.Stamp != want || s.Seq != 1 {
		t.Errorf("stamp %v, seq %d, want %v", s.Stamp, s.Seq, want)
	}
	if _, err := s.With(state.Put(state.Record{Meta: &state.Meta{Lattice: "default", TermOffset: 39}})); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("stamps that go back: %v", err)
	}
	with, err := s.With(both(component("cart", 1, hostID(1)))...)
	if err != nil || with.Seq != s.Seq || with.Stamp != s.Stamp || with.Component("cart") == nil || s.Component("cart") != nil {
		t.Errorf("with: %v, seq %d, stamp %v", err, with.Seq, with.Stamp)
	}
}

// TestConcurrent goes on from one state in many goroutines at once, for the race
// detector.
func TestConcurrent(t *testing.T) {
	s := state.New("default")
	for i := range 200 {
		s = apply(t, s, both(component(lattice.ComponentID(fmt.Sprintf("c%d", i)), 1, hostID(i%7)))...)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			next := s
			for j := range 20 {
				next = apply(t, next, both(component(lattice.ComponentID(fmt.Sprintf("c%d", j*i)), 2, hostID(j%7)))...)
				s.Desired(hostID(j % 7))
			}
			if s.Component("c7").Target != 1 {
				t.Error("the state has changed")
			}
		})
	}
	wg.Wait()
}

// Records and entries have as much as they may, and no more.
func TestRecordBounds(t *testing.T) {
	changes := func(n int) []state.Change {
		all := make([]state.Change, n)
		for i := range all {
			all[i] = state.Put(state.Record{Config: &state.Config{Name: lattice.ConfigName(fmt.Sprintf("c%d", i))}})
		}
		return all
	}
	component := func(n int) []state.Change {
		c := &state.Component{ID: "c", Target: 1, Rules: lattice.Rules{Mode: lattice.ModeNone}}
		for i := range n {
			c.Revisions = append(c.Revisions, state.Revision{Number: uint64(i + 1), Ref: "r", Digest: fmt.Sprintf("sha256:%064x", i)})
		}
		return []state.Change{state.Put(state.Record{Component: c})}
	}
	app := func(versions, history int) []state.Change {
		a := &state.App{Name: "a", Last: uint64(versions)}
		for i := range versions {
			a.Versions = append(a.Versions, state.Version{Number: uint64(i + 1), Name: "v"})
		}
		for range history {
			a.History = append(a.History, state.Deployment{Number: 1, Name: "v", What: "deploy", Outcome: state.OutcomeReady})
		}
		return []state.Change{state.Put(state.Record{App: a})}
	}
	for _, test := range []struct {
		name    string
		changes []state.Change
		ok      bool
	}{
		{"changes", changes(state.MaxChanges), true},
		{"too many changes", changes(state.MaxChanges + 1), false},
		{"revisions", component(state.MaxRevisions), true},
		{"too many revisions", component(state.MaxRevisions + 1), false},
		{"versions and history", app(state.MaxVersions, state.MaxHistory), true},
		{"too many versions", app(state.MaxVersions+1, 0), false},
		{"too much history", app(1, state.MaxHistory+1), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := state.New(lattice.DefaultName)
			next, err := s.Apply(lattice.Stamp{Term: 1, Index: 1}, &state.Entry{Changes: test.changes})
			if (err == nil) != test.ok || !test.ok && (!errors.Is(err, lattice.ErrInvalid) || next != s) {
				t.Errorf("error %v, want ok %v and nothing else", err, test.ok)
			}
		})
	}
}

// A log has one name for ever.
func TestCluster(t *testing.T) {
	put := func(cluster string) []state.Change {
		return []state.Change{state.Put(state.Record{Meta: &state.Meta{Lattice: lattice.DefaultName, Cluster: cluster}})}
	}
	s, err := state.New(lattice.DefaultName).Apply(lattice.Stamp{Term: 1, Index: 1}, &state.Entry{Changes: put("one")})
	if err != nil {
		t.Fatal(err)
	}
	for _, cluster := range []string{"two", ""} {
		if next, err := s.Apply(lattice.Stamp{Term: 1, Index: 2}, &state.Entry{Base: 1, Changes: put(cluster)}); !errors.Is(err, lattice.ErrInvalid) || next != s {
			t.Errorf("cluster %q: %v, want %v", cluster, err, lattice.ErrInvalid)
		}
	}
	var b bytes.Buffer
	if err := s.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	again, err := state.Restore(&b)
	if err != nil || again.Meta().Cluster != "one" {
		t.Errorf("restored %+v, %v, want cluster one", again, err)
	}
}
