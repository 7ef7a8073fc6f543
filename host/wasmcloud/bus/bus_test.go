package bus_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/wasmcloud/bus"
)

// TestChoose goes through what a component can choose among its links.
func TestChoose(t *testing.T) {
	const store, ops, bare = "wasi:keyvalue/store", "example:calc/ops", "example:calc/none"
	state := func() *bus.State {
		return bus.NewState(bus.Options{Links: []bus.Link{
			{Name: "default", Interface: store},
			{Name: "cache", Interface: store},
			{Name: "one", Interface: ops, Target: "a"},
			{Name: "two", Interface: ops, Target: "b"},
			{Name: "only", Interface: "example:calc/single", Target: "c"},
		}})
	}
	name := func(s *bus.State, iface string) *bus.CallTargetInterface {
		pkg, i, _ := strings.Cut(iface, "/")
		ns, pkg, _ := strings.Cut(pkg, ":")
		r, err := s.NewCallTargetInterface(nil, ns, pkg, i)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, c := range []struct {
		set    string
		of     []string
		fails  bool
		iface  string
		link   string // that calls of iface are for then, or
		target string
		none   bool
	}{
		{iface: store, link: "default"},
		{iface: "example:calc/single", link: "only", target: "c"},
		{iface: ops, none: true}, // it has to choose
		{iface: bare, none: true},
		{set: "cache", of: []string{store}, iface: store, link: "cache"},
		{set: "two", of: []string{ops}, iface: ops, link: "two", target: "b"},
		{set: "two", of: []string{ops, store}, fails: true, iface: ops, none: true}, // for all, or for none
		{set: "three", of: []string{ops}, fails: true, iface: store, link: "default"},
		{set: "two", of: []string{"example:calc/" + strings.Repeat("x", 1<<20)}, fails: true, iface: ops, none: true},
		{set: "two", iface: ops, none: true}, // of nothing
	} {
		s := state()
		if c.set != "" {
			var of []*bus.CallTargetInterface
			for _, i := range c.of {
				of = append(of, name(s, i))
			}
			if err := s.SetLinkName(nil, c.set, of); (err != nil) != c.fails {
				t.Errorf("set %q of %.100q: %v", c.set, c.of, err)
			} else if err != nil && len(err.Error()) > 1000 {
				t.Errorf("set %q: the error has %d bytes", c.set, len(err.Error()))
			}
		}
		l, err := s.Link(c.iface)
		if c.none && !errors.Is(err, bus.ErrNoLink) || !c.none && (err != nil || l.Name != c.link || l.Target != c.target) {
			t.Errorf("set %q of %.100q: link of %s is %+v, %v", c.set, c.of, c.iface, l, err)
		}
	}
}
