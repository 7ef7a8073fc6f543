package scheduler

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// Decide returns what a command, which must be valid in itself, comes to: it
// changes nothing. hosts are those that have reported.
func Decide(name lattice.Name, s *State, hosts map[lattice.HostID]*Observed, cmd control.Command) (*Decision, error) {
	d := &decider{name: name, s: s, hosts: hosts}
	var err error
	switch c := cmd.(type) {
	case *control.StartComponent:
		err = d.start(c)
	case *control.ScaleComponent:
		err = d.scale(c)
	case *control.UpdateComponent:
		err = d.update(c)
	case *control.StopComponent:
		err = d.stop(c)
	case *control.PutLink:
		err = d.putLink(c)
	case *control.DeleteLink:
		err = d.deleteLink(c)
	case *control.PutConfig:
		err = d.putConfig(c)
	case *control.DeleteConfig:
		err = d.deleteConfig(c)
	case *control.SetHostState:
		err = d.setHostState(c)
	case *control.PutLabel:
		err = d.putLabel(c)
	case *control.DeleteLabel:
		err = d.deleteLabel(c)
	default:
		err = fmt.Errorf("command %T: %w", cmd, lattice.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	if err := d.fits(); err != nil {
		return nil, err
	}
	return &d.d, nil
}

// decider is a decision under way.
type decider struct {
	name  lattice.Name
	s     *State
	hosts map[lattice.HostID]*Observed
	d     Decision
}

func (d *decider) change(c ...Change) { d.d.Changes = append(d.d.Changes, c...) }

func (d *decider) happens(kind, subject string, data any) {
	d.d.events = append(d.d.events, happening{kind, subject, data})
}

// fits reports whether what would follow from the changes can be written down.
func (d *decider) fits() error {
	if len(d.d.Changes) == 0 {
		return nil
	}
	after := d.s.With(d.s.Stamp, d.d.Changes...)
	r := reachOf(d.s, after, d.d.Changes)
	for _, id := range slices.Sorted(maps.Keys(r.hosts)) {
		if _, err := wire.EncodeDesired(after.desired(d.name, id)); err != nil {
			return fmt.Errorf("what host %s would be told: %w", id.Short(), err)
		}
	}
	for id := range r.components {
		if c := after.Components[id]; c != nil {
			if _, err := wire.EncodeAssignment(after.assignment(c)); err != nil {
				return fmt.Errorf("component %q: %w", id, err)
			}
		}
	}
	for key := range r.links {
		if l := after.Links[key]; l != nil {
			if _, err := wire.EncodeLink(l); err != nil {
				return err
			}
		}
	}
	for name := range r.configs {
		if c, ok := after.Configs[name]; ok {
			if _, err := wire.EncodeConfig(c); err != nil {
				return fmt.Errorf("config %q: %w", name, err)
			}
		}
	}
	_, err := encodeEntry(&entry{Stamp: d.s.Stamp, Changes: d.d.Changes})
	return err
}

// configsExist reports the configurations that are named and that there are not.
func (d *decider) configsExist(whose string, names []lattice.ConfigName) error {
	for _, name := range names {
		if _, ok := d.s.Configs[name]; !ok {
			return fmt.Errorf("%s: config %q: %w: make it with `wattle config put %s KEY=VALUE`", whose, name, lattice.ErrNotFound, name)
		}
	}
	return nil
}

func (d *decider) putLink(c *control.PutLink) error {
	l := c.Link
	l.Interfaces = slices.Sorted(slices.Values(l.Interfaces))
	key := wire.LinkKey(&l)
	whose := fmt.Sprintf("link %q of %q to %s:%s", l.Name, l.Source, l.Namespace, l.Package)
	result := &control.Result{}
	d.d.Other = result
	if err := d.configsExist(whose, slices.Concat(l.SourceConfig, l.TargetConfig)); err != nil {
		return err
	}
	old := d.s.Links[key]
	if old != nil && old.Target != l.Target {
		return fmt.Errorf("%s: link %w with different target %q: delete it first, or give this one another name", whose, lattice.ErrExists, old.Target)
	}
	if _, ok := d.s.Components[lattice.ComponentID(l.Target)]; !ok {
		result.Notes = append(result.Notes, fmt.Sprintf("no component %q runs yet; if it is no provider either, calls fail until one does", l.Target))
	}
	if old != nil && old.Equal(&l) {
		return nil
	}
	d.change(Change{linkKey(&l), Record{Link: &l}})
	d.happens(lattice.EventLinkPut, key, &l)
	return nil
}

func (d *decider) deleteLink(c *control.DeleteLink) error {
	l := &lattice.Link{Source: c.Source, Name: c.LinkName, Namespace: c.Namespace, Package: c.Package}
	d.d.Other = &control.Result{}
	old := d.s.Links[wire.LinkKey(l)]
	if old == nil {
		d.d.Other.Notes = []string{"there was none"}
		return nil
	}
	d.change(Change{Key: linkKey(l)})
	d.happens(lattice.EventLinkDeleted, wire.LinkKey(l), old)
	return nil
}

func (d *decider) putConfig(c *control.PutConfig) error {
	d.d.Other = &control.Result{}
	values := c.Values
	if values == nil {
		values = lattice.Config{}
	}
	if old, ok := d.s.Configs[c.Config]; ok && maps.Equal(old, values) {
		return nil
	}
	if n := len(d.users(c.Config)); n > 0 {
		d.d.Other.Notes = []string{count(n, "user is", "users are") + " given the new values"}
	}
	d.change(Change{configKey(c.Config), Record{Config: &ConfigValues{c.Config, values}}})
	d.happens(lattice.EventConfigPut, string(c.Config), map[string]any{"config_name": c.Config})
	return nil
}

func (d *decider) deleteConfig(c *control.DeleteConfig) error {
	d.d.Other = &control.Result{}
	if _, ok := d.s.Configs[c.Config]; !ok {
		d.d.Other.Notes = []string{"there was none"}
		return nil
	}
	if users := d.users(c.Config); len(users) > 0 {
		return fmt.Errorf("config %q: %w: %s named it; take it from them first", c.Config, lattice.ErrDenied, strings.Join(users, ", "))
	}
	d.change(Change{Key: configKey(c.Config)})
	d.happens(lattice.EventConfigDeleted, string(c.Config), map[string]any{"config_name": c.Config})
	return nil
}

// users are the components and links that name a configuration, for people.
func (d *decider) users(name lattice.ConfigName) []string {
	var users []string
	for _, id := range slices.Sorted(maps.Keys(d.s.Components)) {
		if d.s.Components[id].uses(name) {
			users = append(users, fmt.Sprintf("component %q", id))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(d.s.Links)) {
		if l := d.s.Links[key]; slices.Contains(l.SourceConfig, name) || slices.Contains(l.TargetConfig, name) {
			users = append(users, fmt.Sprintf("link %q", key))
		}
	}
	return users
}

// wishOf returns what was asked of a host, for changes, or an error if there is no
// such host.
func (d *decider) wishOf(id lattice.HostID) (*HostWish, error) {
	w := HostWish{Host: id, State: lattice.HostReady}
	switch old := d.s.Hosts[id]; {
	case old != nil:
		w = *old
		w.Labels = maps.Clone(old.Labels)
	case d.hosts[id] == nil:
		return nil, fmt.Errorf("host %s: %w in this lattice: `wattle get hosts` lists those that are", id, lattice.ErrNotFound)
	}
	d.d.Other = &control.Result{}
	switch h := d.hosts[id]; {
	case h == nil:
		d.d.Other.Notes = []string{"the host has not reported; it is told when it does"}
	case h.Silent != "":
		d.d.Other.Notes = []string{"the host is told when it reports again: " + h.Silent}
	}
	return &w, nil
}

func (d *decider) setHostState(c *control.SetHostState) error {
	w, err := d.wishOf(c.Host)
	if err != nil {
		return err
	}
	if d.s.Hosts[c.Host] != nil && w.State == c.State {
		return nil
	}
	if h := d.hosts[c.Host]; c.State == lattice.HostStopped && h != nil && h.State == lattice.HostStopped {
		d.d.Other.Notes = []string{"it has ended already"}
		return nil
	}
	w.State = c.State
	d.change(setHost(w))
	d.happens(lattice.EventHostState, string(c.Host), map[string]any{"host": c.Host, "state": c.State})
	return nil
}

// detected begins the keys of labels that hosts alone have, as wasmCloud names them.
const detected = "hostcore."

func (d *decider) putLabel(c *control.PutLabel) error {
	w, err := d.wishOf(c.Host)
	if err != nil {
		return err
	}
	if strings.HasPrefix(c.Key, detected) {
		return fmt.Errorf("label %q: %w: labels that begin with %s say what the host is", c.Key, lattice.ErrDenied, detected)
	}
	if value, ok := w.Labels[c.Key]; ok && value == c.Value {
		return nil
	}
	if w.Labels == nil {
		w.Labels = map[string]string{}
	}
	w.Labels[c.Key] = c.Value
	d.change(setHost(w))
	d.happens(lattice.EventHostLabels, string(c.Host), map[string]any{"host": c.Host, "labels": w.Labels})
	return nil
}

func (d *decider) deleteLabel(c *control.DeleteLabel) error {
	w, err := d.wishOf(c.Host)
	if err != nil {
		return err
	}
	if strings.HasPrefix(c.Key, detected) {
		return fmt.Errorf("label %q: %w: labels that begin with %s say what the host is", c.Key, lattice.ErrDenied, detected)
	}
	if _, ok := w.Labels[c.Key]; !ok {
		d.d.Other.Notes = append(d.d.Other.Notes, "no operator gave it one")
		return nil
	}
	delete(w.Labels, c.Key)
	d.change(setHost(w))
	d.happens(lattice.EventHostLabels, string(c.Host), map[string]any{"host": c.Host, "labels": w.Labels})
	return nil
}
