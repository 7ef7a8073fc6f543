package decide

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

func (d *decider) putLink(c *control.PutLink) error {
	l := c.Link
	l.Interfaces = slices.Sorted(slices.Values(l.Interfaces))
	whose := linkText(&l)
	result := &control.Result{}
	d.d.Result = result
	if err := d.configsExist(whose, slices.Concat(l.SourceConfig, l.TargetConfig)); err != nil {
		return err
	}
	if source := d.s.Component(l.Source); source != nil && source.App != "" {
		return fmt.Errorf("%s: %w", whose, ofApp("component", string(l.Source), source.App))
	}
	old := d.s.Link(wire.LinkKey(&l))
	switch {
	case old != nil && old.App != "":
		return fmt.Errorf("%s: %w", whose, ofApp("link", wire.LinkKey(&l), old.App))
	case old != nil && old.Target != l.Target:
		return fmt.Errorf("%s: link %w with different target %q: delete it first, or give this one another name", whose, lattice.ErrExists, old.Target)
	}
	if strings.HasPrefix(l.Target, capability.Scheme) {
		if _, err := capability.ForImage(l.Target); err != nil {
			return fmt.Errorf("%s: %w", whose, err)
		}
	}
	if g := d.s.GrantOf(&l); g != nil {
		// The source may not be there yet, and would be refused when it is.
		if err := judge(d.s, g, componentOf(g)); err != nil {
			return err
		}
		grants := []state.Grant{}
		for other := range d.s.LinksFrom(l.Source) {
			if og := d.s.GrantOf(&other.Link); og != nil && wire.LinkKey(&other.Link) != wire.LinkKey(&l) {
				grants = append(grants, *og)
			}
		}
		if err := together(append(grants, *g), componentOf(g)); err != nil {
			return err
		}
	} else if len(l.Secrets) > 0 {
		return fmt.Errorf("%s: %w: a link to a component has no secrets: give them to the component itself", whose, lattice.ErrInvalid)
	} else if d.s.Component(lattice.ComponentID(l.Target)) == nil {
		result.Notes = append(result.Notes, fmt.Sprintf("no component %q runs yet; if it is no provider either, calls fail until one does", l.Target))
	}
	if old != nil && old.Equal(&l) {
		return nil
	}
	d.put(state.Record{Link: &state.Link{Link: l}})
	d.happens(lattice.EventLinkPut, wire.LinkKey(&l), &l)
	return nil
}

func (d *decider) deleteLink(c *control.DeleteLink) error {
	l := &lattice.Link{Source: c.Source, Name: c.LinkName, Namespace: c.Namespace, Package: c.Package}
	result := &control.Result{}
	d.d.Result = result
	old := d.s.Link(wire.LinkKey(l))
	if old == nil {
		if source := d.s.Component(c.Source); source != nil && source.App != "" {
			return fmt.Errorf("%s: %w", linkText(l), ofApp("component", string(c.Source), source.App))
		}
		result.Notes = []string{"there was none"}
		return nil
	}
	if old.App != "" {
		return fmt.Errorf("%s: %w", linkText(l), ofApp("link", wire.LinkKey(l), old.App))
	}
	d.remove(state.LinkKey(l))
	d.happens(lattice.EventLinkDeleted, wire.LinkKey(l), &old.Link)
	return nil
}

func linkText(l *lattice.Link) string {
	return fmt.Sprintf("link %q of %q to %s:%s", l.Name, l.Source, l.Namespace, l.Package)
}

// ofApp refuses a change of what belongs to an application.
func ofApp(kind, name string, app lattice.AppName) error {
	return fmt.Errorf("%w: %s %q is part of application %q: change its manifest and deploy it with `wattle app deploy`", lattice.ErrDenied, kind, name, app)
}
