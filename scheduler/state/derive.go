package state

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Desired is what a host is told to run. Like all that follows from the state it has
// its stamp.
//
// A host that is to be drained is told so when nothing is left there but what is
// pinned. Until then it is cordoned: what leaves goes on until others can do without it.
func (s *State) Desired(host lattice.HostID) *lattice.Desired {
	d := &lattice.Desired{Lattice: s.Lattice(), Host: host, Stamp: s.Stamp, State: s.Told(host)}
	if h := s.Host(host); h != nil {
		d.Labels = h.Labels
	}
	if c := s.Config(lattice.ImagePolicy); c != nil {
		// One that says nothing allows nothing.
		d.ImagePolicy = cmp.Or(c.Values[lattice.PolicyKey], "{}")
	}
	for c, p := range s.On(host) {
		d.Components = append(d.Components, s.Spec(c, p))
	}
	return d
}

// Told is the state that a host is told to have, which is not yet what operators want
// while something still has to leave it.
func (s *State) Told(host lattice.HostID) lattice.HostState {
	wish := s.Wish(host)
	if wish != lattice.HostDrained {
		return wish
	}
	for _, pinned := range s.index.placed.of(string(host)) {
		if !pinned {
			return lattice.HostCordoned
		}
	}
	return wish
}

// Spec is a component as a placement has it.
func (s *State) Spec(c *Component, p *Placement) lattice.ComponentSpec {
	r := c.Revision(p.Revision)
	spec := lattice.ComponentSpec{
		ID:           c.ID,
		Ref:          r.Ref,
		Digest:       r.Digest,
		Revision:     r.Number,
		MaxInstances: p.Instances,
		Limits:       r.Limits,
		Routes:       r.Routes,
		Preinit:      r.Preinit,
		Probe:        r.Probe,
		MCP:          r.MCP,
		LeaseMillis:  c.Rules.LeaseMillis,
		Annotations:  p.Annotations,
	}
	links, grants := s.grants(c.ID, r)
	spec.Links = links
	for i := range grants {
		spec.Capabilities = append(spec.Capabilities, grants[i].Capability)
	}
	spec.Secrets, _ = s.Resolve(r.Secrets)
	for i := range r.Configs {
		name, values := r.Configs[i].Name, r.Configs[i].Values
		if values == nil {
			if config := s.Config(name); config != nil {
				values = config.Values
			}
		}
		spec.ConfigNames = append(spec.ConfigNames, name)
		if spec.Config == nil && len(values) > 0 {
			spec.Config = make(map[string]string, len(values))
		}
		maps.Copy(spec.Config, values)
	}
	return spec
}

// linksOf returns the links of a source, in the order of their keys: those of the
// revision, and over them those of the state.
func (s *State) linksOf(id lattice.ComponentID, r *Revision) []lattice.Link {
	links := slices.Clone(r.Links)
	for l := range s.LinksFrom(id) {
		key := wire.LinkKey(&l.Link)
		if i := slices.IndexFunc(links, func(have lattice.Link) bool { return wire.LinkKey(&have) == key }); i >= 0 {
			links[i] = l.Link
			continue
		}
		links = append(links, l.Link)
	}
	slices.SortFunc(links, func(a, b lattice.Link) int { return strings.Compare(wire.LinkKey(&a), wire.LinkKey(&b)) })
	return links
}

// Callable reports whether calls may go to what is placed on a host. One that was
// drained or stopped is not to be called, whatever it says itself.
func (s *State) Callable(host lattice.HostID) bool {
	told := s.Told(host)
	return told == lattice.HostReady || told == lattice.HostCordoned
}

// Assignment says which hosts may be called for a component, nil if there is no such
// component. Its variants are the revisions that hosts are told to run, the target last.
// Routes are those of the first, so that a new one is not asked of what does not know it.
// It is an MCP server, as the target says, if all of them are one.
func (s *State) Assignment(id lattice.ComponentID) *lattice.Assignment {
	c := s.Component(id)
	if c == nil {
		return nil
	}
	a := &lattice.Assignment{Component: id, Stamp: s.Stamp}
	hosts := map[uint64]map[lattice.HostID]int{}
	if p := s.Placements(id); p != nil {
		for i := range p.Hosts {
			at := &p.Hosts[i]
			if !s.Callable(at.Host) {
				continue
			}
			if hosts[at.Revision] == nil {
				hosts[at.Revision] = map[lattice.HostID]int{}
			}
			hosts[at.Revision][at.Host] = at.Instances
		}
	}
	for i := range c.Revisions {
		r := &c.Revisions[i]
		if on := hosts[r.Number]; on != nil && r.Number != c.Target {
			a.Variants = append(a.Variants, lattice.Variant{Ref: r.Ref, Digest: r.Digest, Revision: r.Number, Hosts: on})
		}
	}
	target := c.TargetRevision()
	a.Routes = target.Routes
	if len(a.Variants) > 0 {
		a.Routes = c.Revision(a.Variants[0].Revision).Routes
	}
	if on := hosts[c.Target]; on != nil || len(a.Variants) == 0 {
		a.Variants = append(a.Variants, lattice.Variant{Ref: target.Ref, Digest: target.Digest, Revision: target.Number, Hosts: on})
	}
	a.MCP = target.MCP
	for i := range a.Variants {
		if c.Revision(a.Variants[i].Revision).MCP == nil {
			a.MCP = nil
		}
	}
	if canary := c.Rollout.Canary; canary != nil && !c.Promoted && c.Failed == "" && len(a.Variants) > 1 && hosts[c.Target] != nil {
		weigh(a.Variants, canary.Weight)
	}
	return a
}

// weigh gives the last variant its share of a hundred calls, and the others the rest by
// the number of their instances.
func weigh(variants []lattice.Variant, share int) {
	old, total := variants[:len(variants)-1], 0
	instances := make([]int, len(old))
	for i := range old {
		for _, n := range old[i].Hosts {
			instances[i] += n
		}
		total += instances[i]
	}
	left := 100 - share
	for i := range old {
		old[i].Weight = (100 - share) * instances[i] / total
		left -= old[i].Weight
	}
	// What rounding leaves goes to the newest of them.
	old[len(old)-1].Weight += left
	variants[len(variants)-1].Weight = share
}

// LinkDocument is the document of the link under a key of package lattice/wire, nil if
// there is none. Links of revisions are under their keys as well.
func (s *State) LinkDocument(name string) *lattice.Link {
	if l := s.links.get(name); l != nil {
		return &l.Link
	}
	source, _, _ := strings.Cut(name, ".")
	c := s.components.get(source)
	if c == nil {
		return nil
	}
	for i := range c.TargetRevision().Links {
		if l := &c.TargetRevision().Links[i]; wire.LinkKey(l) == name {
			return l
		}
	}
	return nil
}

// ConfigDocument is the document of a configuration, nil if there is none.
func (s *State) ConfigDocument(name lattice.ConfigName) lattice.Config {
	if c := s.Config(name); c != nil {
		return c.Values
	}
	return nil
}
