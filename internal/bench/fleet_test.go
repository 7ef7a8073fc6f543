package main

import (
	"testing"

	"github.com/wattle-dev/wattle/lattice"
)

// What is measured has to happen: the changes themselves report what has not.
func TestFleet(t *testing.T) {
	s := &session{dir: t.TempDir()}
	id, err := s.newIdentity()
	if err != nil {
		t.Fatal(err)
	}
	d := &deciding{session: s, ctx: t.Context(), size: size{hosts: 9, components: 90}}
	if d.fleet, err = newFleet(id, d.size.hosts, d.size.components); err != nil {
		t.Fatal(err)
	}
	d.signs = true
	if err := d.begin(); err != nil {
		t.Fatal(err)
	}
	settled := func() {
		t.Helper()
		if err := d.settle(); err != nil {
			t.Fatal(err)
		}
		for p := range d.state.AllPlacements() {
			if p.Missing > 0 {
				t.Errorf("component %q has no place", p.Component)
			}
			for _, at := range p.Hosts {
				if at.Leaving != "" {
					t.Errorf("component %q is still leaving host %s", p.Component, at.Host)
				}
				if !runs(d.byID[at.Host], p.Component) {
					t.Errorf("host %s does not run component %q", at.Host, p.Component)
				}
			}
		}
	}
	if err := d.rounds(); err != nil {
		t.Fatal(err)
	}
	if n, err := d.write(); err != nil || n != d.size.hosts+d.size.components {
		t.Fatalf("%d documents, %v", n, err)
	}
	settled()
	for _, c := range []struct {
		name   string
		change func() error
	}{
		{"deploy", func() error { return d.deploy("one") }},
		{"update", func() error { return d.deploy("one") }},
		{"be silent", func() error { return d.silence(1) }},
		{"lose", func() error { return d.lose(1) }},
		{"find", func() error { return d.find(1) }},
		{"join", func() error { return d.join(0) }},
		{"report", func() error { return d.report(0) }},
	} {
		if err := c.change(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.name != "be silent" {
			settled()
		}
	}
}

func runs(h *lattice.HostReport, id lattice.ComponentID) bool {
	for i := range h.Components {
		if h.Components[i].ID == id {
			return true
		}
	}
	return false
}
