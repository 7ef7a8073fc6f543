package scheduler

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

func (d *decider) start(c *control.StartComponent) error {
	old := d.s.Components[c.ID]
	digest, err := d.resolve(c.Ref, c.Digest)
	if err != nil {
		return fmt.Errorf("component %q: %w", c.ID, err)
	}
	if old != nil && !c.AllowUpdate && old.Spec.Digest != digest {
		return fmt.Errorf("component %q: %w from %q (%s): allow the update to replace it", c.ID, lattice.ErrExists, old.Spec.Ref, old.Spec.Digest)
	}
	next := &Component{Where: c.Where, Spec: lattice.ComponentSpec{
		ID:           c.ID,
		Ref:          c.Ref,
		Digest:       digest,
		MaxInstances: cmp.Or(c.MaxInstances, control.DefaultMaxInstances),
		Limits:       c.Limits,
		ConfigNames:  c.Config,
		Routes:       c.Routes,
		Preinit:      c.Preinit,
		Annotations:  c.Annotations,
	}}
	if err := d.configsExist(fmt.Sprintf("component %q", c.ID), c.Config); err != nil {
		return err
	}
	if c.Add && old != nil {
		return d.add(c, old, next)
	}
	want := c.Hosts
	if old != nil {
		for _, p := range old.Hosts {
			p.MaxInstances, p.Annotations = next.Spec.MaxInstances, c.Annotations
			if h := d.hosts[p.Host]; c.Where.Host == "" || c.Where.Host == p.Host {
				if h == nil || outside(h, &c.Where) == "" {
					next.Hosts = append(next.Hosts, p)
				}
			}
		}
		want = cmp.Or(want, len(old.Hosts))
	}
	if c.Where.Host != "" {
		want = 1
	}
	return d.place(old, next, cmp.Or(want, 1), c.Revision)
}

// add makes the host that a command names one more of those of a component, or
// changes what it has there.
func (d *decider) add(c *control.StartComponent, old, next *Component) error {
	next.Where = old.Where
	next.Hosts = slices.Clone(old.Hosts)
	next.Spec.MaxInstances, next.Spec.Annotations = old.Spec.MaxInstances, old.Spec.Annotations
	if c.Limits == (lattice.Limits{}) {
		next.Spec.Limits = old.Spec.Limits
	}
	if len(c.Routes) == 0 {
		next.Spec.Routes = old.Spec.Routes
	}
	next.Spec.Preinit = c.Preinit || old.Spec.Preinit
	p := next.placed(c.Where.Host)
	if p == nil {
		chosen, _, err := choose(d.s, d.hosts, &c.Where, 1, nil)
		if err != nil {
			return fmt.Errorf("component %q: %w", c.ID, err)
		}
		next.Hosts = append(next.Hosts, Placed{Host: c.Where.Host, MaxInstances: control.DefaultMaxInstances, Why: chosen[0].Why})
		p = &next.Hosts[len(next.Hosts)-1]
	}
	p.MaxInstances = cmp.Or(c.MaxInstances, p.MaxInstances)
	p.Annotations = c.Annotations
	return d.put(old, next, nil, c.Revision)
}

func (d *decider) scale(c *control.ScaleComponent) error {
	old := d.s.Components[c.ID]
	if old == nil {
		return notRunning(c.ID)
	}
	next := old.clone()
	if c.MaxInstances != 0 {
		switch p := next.placed(c.Host); {
		case c.Host == "":
			next.Spec.MaxInstances = c.MaxInstances
			for i := range next.Hosts {
				next.Hosts[i].MaxInstances = c.MaxInstances
			}
		case p == nil:
			return fmt.Errorf("component %q on host %s: %w: it was not placed there", c.ID, c.Host, lattice.ErrNotFound)
		default:
			p.MaxInstances = c.MaxInstances
		}
	}
	return d.place(old, next, cmp.Or(c.Hosts, len(next.Hosts)), 0)
}

func (d *decider) update(c *control.UpdateComponent) error {
	old := d.s.Components[c.ID]
	if old == nil {
		return notRunning(c.ID)
	}
	digest, err := d.resolve(c.Ref, c.Digest)
	if err != nil {
		return fmt.Errorf("component %q: %w", c.ID, err)
	}
	next := old.clone()
	next.Spec.Ref, next.Spec.Digest = c.Ref, digest
	if len(c.Annotations) > 0 {
		next.Spec.Annotations = overlay(next.Spec.Annotations, c.Annotations)
		for i := range next.Hosts {
			next.Hosts[i].Annotations = overlay(next.Hosts[i].Annotations, c.Annotations)
		}
	}
	return d.put(old, next, nil, c.Revision)
}

func (d *decider) stop(c *control.StopComponent) error {
	result := &control.ComponentResult{Component: c.ID}
	d.d.Component = result
	old := d.s.Components[c.ID]
	if old == nil {
		result.Notes = []string{"it was not running"}
		return nil
	}
	if c.Host != "" && old.placed(c.Host) == nil {
		result.Notes = []string{"it was not running on that host"}
		return nil
	}
	if c.Host != "" && len(old.Hosts) > 1 {
		next := old.clone()
		next.Hosts = slices.DeleteFunc(next.Hosts, func(p Placed) bool { return p.Host == c.Host })
		return d.put(old, next, nil, 0)
	}
	for _, p := range old.Hosts {
		result.Stopped = append(result.Stopped, p.Host)
	}
	for _, l := range d.s.linksOf(c.ID) {
		result.Notes = append(result.Notes, fmt.Sprintf("its link %q to %s:%s stays: `wattle link delete` removes it", l.Name, l.Namespace, l.Package))
	}
	d.change(Change{Key: componentKey(c.ID)})
	d.happens(lattice.EventComponentScaled, string(c.ID), result)
	return nil
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

// resolve returns the digest of a ref. A digest that is given is not doubted: the
// binary is looked for by it.
func (d *decider) resolve(ref, digest string) (string, error) {
	if wire.CheckDigest(ref) == nil {
		if digest != "" && digest != ref {
			return "", fmt.Errorf("ref %s is another digest than %s: %w", ref, digest, lattice.ErrInvalid)
		}
		digest = ref
	}
	if digest == "" {
		known := d.s.Refs[ref]
		if known == nil {
			return "", fmt.Errorf("ref %q: %w: its digest is not known; store the binary with `wattle component push` and name the digest that it says", ref, lattice.ErrNotFound)
		}
		digest = known.Digest
	}
	d.d.Digest = digest
	return digest, nil
}

// place gives a component n hosts: it keeps those that it has, the first first, and
// chooses the rest.
func (d *decider) place(old, next *Component, n int, revision uint64) error {
	var passed []control.Placement
	if n > wire.MaxHosts {
		return fmt.Errorf("component %q: %w: %d hosts, the limit is %d", next.Spec.ID, lattice.ErrInvalid, n, wire.MaxHosts)
	}
	if len(next.Hosts) > n {
		next.Hosts = next.Hosts[:n]
	}
	if more := n - len(next.Hosts); more > 0 {
		not := make([]lattice.HostID, 0, len(next.Hosts))
		for _, p := range next.Hosts {
			not = append(not, p.Host)
		}
		chosen, others, err := choose(d.s, d.hosts, &next.Where, more, not)
		if err != nil {
			return fmt.Errorf("component %q: %w", next.Spec.ID, err)
		}
		for _, p := range chosen {
			next.Hosts = append(next.Hosts, Placed{
				Host: p.Host, MaxInstances: next.Spec.MaxInstances, Annotations: next.Spec.Annotations, Why: p.Why,
			})
		}
		passed = others
	}
	return d.put(old, next, passed, revision)
}

// maxPassed bounds how many hosts that were not chosen an answer has.
const maxPassed = 64

// put has a component be as next.
func (d *decider) put(old, next *Component, passed []control.Placement, revision uint64) error {
	if err := d.free(next); err != nil {
		return err
	}
	before := uint64(0)
	if old != nil {
		before = old.Spec.Revision
	}
	next.Spec.Revision = before
	changed := old == nil || !equalComponents(old, next) || revision != 0 && revision != before
	if changed {
		next.Spec.Revision = cmp.Or(revision, before+1)
		if next.Spec.Revision < before {
			return fmt.Errorf("component %q: %w: revision %d is before revision %d, which runs", next.Spec.ID, lattice.ErrConflict, revision, before)
		}
	}
	result := &control.ComponentResult{
		Component: next.Spec.ID,
		Ref:       next.Spec.Ref,
		Digest:    next.Spec.Digest,
		Revision:  next.Spec.Revision,
		Passed:    passed[:min(len(passed), maxPassed)],
	}
	for _, p := range next.Hosts {
		at := control.Placement{Host: p.Host, MaxInstances: p.MaxInstances, Why: p.Why}
		if old != nil && old.placed(p.Host) != nil {
			at.Why = "it was placed there before: " + p.Why
		}
		h := d.hosts[p.Host]
		if h != nil {
			at.Name = h.Name
		}
		if h == nil || h.Silent != "" {
			result.Notes = append(result.Notes, fmt.Sprintf("host %s is not heard of; it is told when it reports again", p.Host.Short()))
		}
		result.Hosts = append(result.Hosts, at)
		if changed && d.s.Hosts[p.Host] == nil {
			d.change(setHost(&HostWish{Host: p.Host, State: lattice.HostReady}))
		}
	}
	if old != nil {
		for _, p := range old.Hosts {
			if next.placed(p.Host) == nil {
				result.Stopped = append(result.Stopped, p.Host)
			}
		}
	}
	d.d.Component = result
	if !changed {
		return nil
	}
	d.change(setComponent(next))
	d.remember(next.Spec.Ref, next.Spec.Digest)
	d.happens(lattice.EventComponentScaled, string(next.Spec.ID), result)
	return nil
}

// equalComponents compares all but why hosts were chosen. Nothing and nothing in a
// list or map are equal.
func equalComponents(a, b *Component) bool {
	x, err := encode("component", a)
	if err != nil {
		return false
	}
	y, err := encode("component", b)
	if err != nil {
		return false
	}
	var c, d Component
	if decode("component", x, &c) != nil || decode("component", y, &d) != nil {
		return false
	}
	return reflect.DeepEqual(&c, &d)
}

// free reports a route that another component has.
func (d *decider) free(next *Component) error {
	if len(next.Spec.Routes) == 0 {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(d.s.Components)) {
		if id == next.Spec.ID {
			continue
		}
		for _, r := range next.Spec.Routes {
			if slices.Contains(d.s.Components[id].Spec.Routes, r) {
				return fmt.Errorf("component %q: route %q: %w: component %q has it", next.Spec.ID, r.Host+r.Path, lattice.ErrExists, id)
			}
		}
	}
	return nil
}

// maxRefs bounds how many refs are remembered.
const maxRefs = 4096

// remember keeps the digest of a ref. The oldest that no component has goes when
// there are too many.
func (d *decider) remember(ref, digest string) {
	if old := d.s.Refs[ref]; old != nil && old.Digest == digest || wire.CheckDigest(ref) == nil {
		return
	}
	index := d.s.Stamp.Index + 1
	d.change(Change{refKey(ref), Record{Ref: &Ref{Ref: ref, Digest: digest, Index: index}}})
	if len(d.s.Refs) < maxRefs || d.s.Refs[ref] != nil {
		return
	}
	used := map[string]bool{}
	for _, c := range d.s.Components {
		used[c.Spec.Ref] = true
	}
	var oldest *Ref
	for _, r := range d.s.Refs {
		if !used[r.Ref] && (oldest == nil || r.Index < oldest.Index || r.Index == oldest.Index && r.Ref < oldest.Ref) {
			oldest = r
		}
	}
	if oldest != nil {
		d.change(Change{Key: refKey(oldest.Ref)})
	}
}
