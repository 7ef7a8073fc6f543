package state

import (
	"cmp"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// checkChanged reports what records of the state, some of which have changed since
// before, contradict each other. Only what the changes touch is looked at.
func (s *State) checkChanged(before *State, changes []Change) error {
	sources := map[lattice.ComponentID]bool{}
	hosts := map[lattice.HostID]bool{}
	for i := range changes {
		c := &changes[i]
		switch c.Key.Kind() {
		case KindApp:
			if err := s.checkManifests(lattice.AppName(c.Key.Name())); err != nil {
				return err
			}
		case KindManifest:
			if c.Manifest != nil {
				if err := s.checkManifest(c.Manifest); err != nil {
					return err
				}
			}
		case KindComponent, KindPlacements:
			id := lattice.ComponentID(c.Key.Name())
			if c.Key.Kind() == KindComponent {
				sources[id] = true
			}
			placements := s.Placements(id)
			if err := s.checkPlacements(placements, id); err != nil {
				return err
			}
			gained(hosts, before.Placements(id), placements)
		case KindLink:
			if c.Link != nil {
				sources[c.Link.Source] = true
			}
		case KindMeta:
			if err := s.checkMeta(before); err != nil {
				return err
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(sources)) {
		if err := s.checkLinks(id); err != nil {
			return err
		}
	}
	for _, h := range slices.Sorted(maps.Keys(hosts)) {
		if n := s.NumOn(h); n > wire.MaxComponents {
			return invalid("host %s: %d components, the limit is %d", h, n, wire.MaxComponents)
		}
	}
	return nil
}

// checkAll is checkChanged for a state of which nothing is known.
func (s *State) checkAll() error {
	for m := range s.manifests.all() {
		if err := s.checkManifest(m); err != nil {
			return err
		}
	}
	for p := range s.AllPlacements() {
		if err := s.checkPlacements(p, p.Component); err != nil {
			return err
		}
	}
	for c := range s.Components() {
		if err := s.checkLinks(c.ID); err != nil {
			return err
		}
	}
	for head := range s.index.placed.heads() {
		if n := s.NumOn(lattice.HostID(head)); n > wire.MaxComponents {
			return invalid("host %s: %d components, the limit is %d", head, n, wire.MaxComponents)
		}
	}
	return nil
}

// gained collects the hosts that have a placement which they had not.
func gained(hosts map[lattice.HostID]bool, before, after *Placements) {
	if after == nil {
		return
	}
	var had map[lattice.HostID]bool
	if before != nil && len(before.Hosts) > 0 {
		had = make(map[lattice.HostID]bool, len(before.Hosts))
		for i := range before.Hosts {
			had[before.Hosts[i].Host] = true
		}
	}
	for i := range after.Hosts {
		if h := after.Hosts[i].Host; !had[h] {
			hosts[h] = true
		}
	}
}

func (s *State) checkMeta(before *State) error {
	switch {
	case s.meta.Lattice != before.meta.Lattice:
		return invalid("%s: lattice %q: this is the state of lattice %q", MetaKey, s.meta.Lattice, before.meta.Lattice)
	case before.meta.Cluster != "" && s.meta.Cluster != before.meta.Cluster:
		return invalid("%s: cluster %.80q: this is the state of cluster %q", MetaKey, s.meta.Cluster, before.meta.Cluster)
	case s.meta.TermOffset < before.meta.TermOffset:
		return invalid("%s: term_offset %d: it was %d, and stamps never go back", MetaKey, s.meta.TermOffset, before.meta.TermOffset)
	}
	return nil
}

func (s *State) checkManifests(app lattice.AppName) error {
	for m := range s.Manifests(app) {
		if err := s.checkManifest(m); err != nil {
			return err
		}
	}
	return nil
}

func (s *State) checkManifest(m *Manifest) error {
	a := s.App(m.App)
	if a == nil || a.Version(m.Number) == nil {
		return invalid("manifest %d of application %q: there is no such version", m.Number, m.App)
	}
	return nil
}

// checkPlacements wants that each host knows what it is told to run.
func (s *State) checkPlacements(p *Placements, id lattice.ComponentID) error {
	if p == nil {
		return nil
	}
	c := s.Component(id)
	if c == nil {
		return invalid("placements of component %q: there is no such component", id)
	}
	for i := range p.Hosts {
		if c.Revision(p.Hosts[i].Revision) == nil {
			return invalid("component %q on host %s: there is no revision %d", id, p.Hosts[i].Host, p.Hosts[i].Revision)
		}
	}
	return nil
}

// checkLinks wants no more links than a host is told of.
func (s *State) checkLinks(id lattice.ComponentID) error {
	own := 0
	for range s.LinksFrom(id) {
		own++
	}
	most := 0
	if c := s.Component(id); c != nil {
		for i := range c.Revisions {
			most = max(most, len(c.Revisions[i].Links))
		}
	}
	if own+most > wire.MaxLinks {
		return invalid("component %q: %d links, the limit is %d", id, own+most, wire.MaxLinks)
	}
	return nil
}

// Version returns the version of a number, or nil.
func (a *App) Version(number uint64) *Version {
	i, ok := slices.BinarySearchFunc(a.Versions, number, func(v Version, n uint64) int { return cmp.Compare(v.Number, n) })
	if !ok {
		return nil
	}
	return &a.Versions[i]
}

// VersionNamed returns the newest version of a name, or nil.
func (a *App) VersionNamed(name string) *Version {
	for i := len(a.Versions) - 1; i >= 0; i-- {
		if a.Versions[i].Name == name {
			return &a.Versions[i]
		}
	}
	return nil
}
