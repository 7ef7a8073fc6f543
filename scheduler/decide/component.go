package decide

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

func (d *decider) start(c *control.StartComponent) error {
	old, err := d.alone(c.ID)
	if err != nil {
		return err
	}
	if d.s.Provider(c.ID) != nil {
		return fmt.Errorf("component %q: %w: a capability of application %q has the name", c.ID, lattice.ErrExists, d.s.Provider(c.ID).App)
	}
	digest, err := d.resolve(c.Ref, c.Digest)
	if err != nil {
		return fmt.Errorf("component %q: %w", c.ID, err)
	}
	if old != nil && !c.AllowUpdate && old.TargetRevision().Digest != digest {
		r := old.TargetRevision()
		return fmt.Errorf("component %q: %w from %q (%s): allow the update to replace it", c.ID, lattice.ErrExists, r.Ref, r.Digest)
	}
	if err := d.configsExist(fmt.Sprintf("component %q", c.ID), c.Config); err != nil {
		return err
	}
	r := state.Revision{Ref: c.Ref, Digest: digest, Limits: c.Limits, Routes: c.Routes, Secrets: c.Secrets, Preinit: c.Preinit, MCP: c.MCP}
	for _, name := range c.Config {
		r.Configs = append(r.Configs, state.RevisionConfig{Name: name})
	}
	if c.Add && old != nil {
		return d.add(c, old, r)
	}
	instances := cmp.Or(c.MaxInstances, control.DefaultMaxInstances)
	next := &state.Component{
		ID: c.ID, Annotations: c.Annotations,
		Rules: lattice.Rules{Mode: lattice.ModeHosts, Instances: instances, Group: c.Where.Group, Labels: c.Where.Labels},
	}
	if c.Where.Host != "" {
		if err := d.pin(old, next, &c.Where, instances, c.Annotations); err != nil {
			return err
		}
		next.Rules.Mode = lattice.ModeNone
		return d.commit(old, next, r, c.Revision)
	}
	next.Rules.Hosts = cmp.Or(c.Hosts, hostsOf(old), 1)
	return d.commit(old, next, r, c.Revision)
}

// alone returns a component that is part of no application, or nil if there is none of
// the name.
func (d *decider) alone(id lattice.ComponentID) (*state.Component, error) {
	c := d.s.Component(id)
	if c != nil && c.App != "" {
		return nil, fmt.Errorf("component %q: %w; `wattle app scale %s %s INSTANCES` changes how much of it runs", id, ofApp("component", string(id), c.App), c.App, c.Name)
	}
	return c, nil
}

// hostsOf is on how many hosts a component ought to run that is part of no application.
func hostsOf(c *state.Component) int {
	if c == nil {
		return 0
	}
	return len(c.Pins) + chosenOf(c)
}

// chosenOf is how many of them are not pinned.
func chosenOf(c *state.Component) int {
	if c.Rules.Mode != lattice.ModeHosts {
		return 0
	}
	return c.Rules.Hosts
}

// pin names a host for a component that it did not have as a pin.
func (d *decider) pin(old, next *state.Component, w *control.Where, instances int, annotations map[string]string) error {
	if d.s.Placements(next.ID).On(w.Host) == nil {
		if err := d.open(w.Host); err != nil {
			return fmt.Errorf("component %q: %w", next.ID, err)
		}
		if why := d.outside(d.Hosts(w.Host), w); why != "" {
			return fmt.Errorf("component %q: host %s: %w: %s", next.ID, w.Host, lattice.ErrUnavailable, why)
		}
		if n := d.s.NumOn(w.Host); n >= wire.MaxComponents {
			return fmt.Errorf("component %q: host %s: %w: it has %d components, the limit", next.ID, w.Host, lattice.ErrUnavailable, n)
		}
	}
	if n := hostsOf(old); n >= wire.MaxHosts {
		return fmt.Errorf("component %q: %w: it has %d hosts, the limit", next.ID, lattice.ErrExhausted, n)
	}
	next.Pins = append(next.Pins, state.Pin{Host: w.Host, Instances: instances, Annotations: annotations})
	return nil
}

// add makes the host that a command names one more of those of a component, or changes
// what it has there.
func (d *decider) add(c *control.StartComponent, old *state.Component, r state.Revision) error {
	before := old.TargetRevision()
	if c.Limits == (lattice.Limits{}) {
		r.Limits = before.Limits
	}
	if len(c.Routes) == 0 {
		r.Routes = before.Routes
	}
	if c.MCP == nil {
		r.MCP = before.MCP
	}
	if len(c.Secrets) == 0 {
		r.Secrets = before.Secrets
	}
	r.Preinit = c.Preinit || before.Preinit
	next := clone(old)
	p := pinOf(next, c.Where.Host)
	if p == nil {
		if at := d.s.Placements(c.ID).On(c.Where.Host); at != nil {
			d.fix(next, at)
		} else if err := d.pin(old, next, &c.Where, control.DefaultMaxInstances, nil); err != nil {
			return err
		}
		p = pinOf(next, c.Where.Host)
	}
	p.Instances = cmp.Or(c.MaxInstances, p.Instances)
	p.Annotations = c.Annotations
	return d.commit(old, next, r, c.Revision)
}

// fix makes a pin of a host that was chosen, and one less to choose.
func (d *decider) fix(c *state.Component, at *state.Placement) {
	c.Pins = append(c.Pins, state.Pin{Host: at.Host, Instances: at.Instances, Annotations: at.Annotations})
	d.choose(c, chosenOf(c)-1)
}

// choose sets how many hosts of a component are not pinned.
func (d *decider) choose(c *state.Component, n int) {
	c.Rules.Mode, c.Rules.Hosts = lattice.ModeHosts, n
	if n <= 0 {
		c.Rules.Mode, c.Rules.Hosts = lattice.ModeNone, 0
	}
}

func pinOf(c *state.Component, h lattice.HostID) *state.Pin {
	if i := slices.IndexFunc(c.Pins, func(p state.Pin) bool { return p.Host == h }); i >= 0 {
		return &c.Pins[i]
	}
	return nil
}

// clone returns a component whose pins may be changed.
func clone(c *state.Component) *state.Component {
	next := *c
	next.Pins = slices.Clone(c.Pins)
	return &next
}

func (d *decider) scale(c *control.ScaleComponent) error {
	old, err := d.alone(c.ID)
	if err != nil {
		return err
	}
	if old == nil {
		return notRunning(c.ID)
	}
	next := clone(old)
	if c.MaxInstances != 0 {
		p, at := pinOf(next, c.Host), d.s.Placements(c.ID).On(c.Host)
		switch {
		case c.Host == "":
			next.Rules.Instances = c.MaxInstances
			for i := range next.Pins {
				next.Pins[i].Instances = c.MaxInstances
			}
		case p != nil:
			p.Instances = c.MaxInstances
		case at != nil:
			if at.Instances != c.MaxInstances {
				d.fix(next, at)
				pinOf(next, c.Host).Instances = c.MaxInstances
			}
		default:
			return fmt.Errorf("component %q on host %s: %w: it was not placed there", c.ID, c.Host, lattice.ErrNotFound)
		}
	}
	if c.Hosts != 0 {
		// Those that were chosen go before those that were named.
		next.Pins = next.Pins[:min(len(next.Pins), c.Hosts)]
		d.choose(next, c.Hosts-len(next.Pins))
	}
	return d.commit(old, next, *old.TargetRevision(), 0)
}

func (d *decider) update(c *control.UpdateComponent) error {
	old, err := d.alone(c.ID)
	if err != nil {
		return err
	}
	if old == nil {
		return notRunning(c.ID)
	}
	digest, err := d.resolve(c.Ref, c.Digest)
	if err != nil {
		return fmt.Errorf("component %q: %w", c.ID, err)
	}
	next := clone(old)
	r := *old.TargetRevision()
	r.Ref, r.Digest = c.Ref, digest
	if len(c.Annotations) > 0 {
		next.Annotations = overlay(next.Annotations, c.Annotations)
		for i := range next.Pins {
			next.Pins[i].Annotations = overlay(next.Pins[i].Annotations, c.Annotations)
		}
	}
	return d.commit(old, next, r, c.Revision)
}

func (d *decider) stop(c *control.StopComponent) error {
	result := &control.ComponentResult{Component: c.ID}
	d.d.Result = result
	old, err := d.alone(c.ID)
	if err != nil {
		return err
	}
	if old == nil {
		result.Notes = []string{"it was not running"}
		return nil
	}
	placed := d.s.Placements(c.ID)
	if c.Host != "" {
		at := placed.On(c.Host)
		if at == nil && pinOf(old, c.Host) == nil {
			result.Notes = []string{"it was not running on that host"}
			return nil
		}
		if hostsOf(old) > 1 {
			return d.stopOn(old, placed, c.Host)
		}
	}
	if placed != nil {
		for i := range placed.Hosts {
			result.Stopped = append(result.Stopped, placed.Hosts[i].Host)
		}
	}
	for l := range d.s.LinksFrom(c.ID) {
		result.Notes = append(result.Notes, fmt.Sprintf("its link %q to %s:%s stays: `wattle link delete` removes it", l.Name, l.Namespace, l.Package))
	}
	d.forget(old)
	d.rescaled(rescaled{Component: c.ID, Stopped: result.Stopped})
	return nil
}

// forget removes a component, and where it runs.
func (d *decider) forget(c *state.Component) {
	if d.s.Placements(c.ID) != nil {
		d.remove(state.PlacementsKey(c.ID))
	}
	d.remove(state.ComponentKey(c.ID))
}

// stopOn takes one of several hosts from a component.
func (d *decider) stopOn(old *state.Component, placed *state.Placements, host lattice.HostID) error {
	next := clone(old)
	if pinOf(next, host) != nil {
		next.Pins = slices.DeleteFunc(next.Pins, func(p state.Pin) bool { return p.Host == host })
	} else {
		// It is not to come back to the host in place of what has found no host: then who
		// asks twice would stop two.
		left := 0
		for i := range placed.Hosts {
			if at := &placed.Hosts[i]; at.Host != host && !at.Pinned && at.Leaving == "" {
				left++
			}
		}
		d.choose(next, min(chosenOf(next)-1, max(left, 1)))
	}
	if placed.On(host) != nil {
		without := *placed
		without.Hosts = slices.DeleteFunc(slices.Clone(placed.Hosts), func(p state.Placement) bool { return p.Host == host })
		d.put(state.Record{Placements: &without})
	}
	return d.commit(old, next, *old.TargetRevision(), 0)
}

func notRunning(id lattice.ComponentID) error {
	return fmt.Errorf("component %q: %w: start it with `wattle component start`", id, lattice.ErrNotFound)
}

func overlay(under, over map[string]string) map[string]string {
	all := maps.Clone(under)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, over)
	return all
}

// commit has a component that is part of no application be as next, with a revision.
func (d *decider) commit(old, next *state.Component, r state.Revision, number uint64) error {
	if err := d.free(next.ID, "", r.Routes, r.MCP); err != nil {
		return err
	}
	revised, err := revise(old, next, r, number)
	if err != nil {
		return err
	}
	target := next.TargetRevision()
	result := &control.ComponentResult{Component: next.ID, Ref: target.Ref, Digest: target.Digest, Revision: target.Number}
	d.d.Result = result
	d.d.settle = func(in *In, after *state.State) error { return settleComponent(in, result, old, after) }
	if !revised && old != nil && sameComponent(old, next) {
		return nil
	}
	d.put(state.Record{Component: next})
	d.touch(next.ID)
	d.remember(target.Ref, target.Digest)
	d.rescaled(rescaled{Component: next.ID, Ref: target.Ref, Digest: target.Digest, Revision: target.Number})
	return nil
}
