package state

import (
	"iter"

	"github.com/wattle-dev/wattle/lattice"
)

// State is what there is after a number of entries of the log. It never changes, and
// neither may what its methods return. They may be called by any number of goroutines.
type State struct {
	// Seq counts the entries that are in the state.
	Seq uint64
	// Stamp is that of the last of them, and of all that follows from the state.
	Stamp lattice.Stamp

	meta       *Meta
	apps       table[*App]
	manifests  table[*Manifest]
	components table[*Component]
	placements table[*Placements]
	providers  table[*Provider]
	links      table[*Link]
	configs    table[*Config]
	secrets    table[*Secret]
	hosts      table[*Host]
	refs       table[*Ref]
	index      index
}

// New returns the state of a lattice for which nothing was ever decided.
func New(name lattice.Name) *State {
	return &State{meta: &Meta{Lattice: name}}
}

// fork returns a state with the same content that may be written.
func (s *State) fork() *State {
	return &State{
		Seq:        s.Seq,
		Stamp:      s.Stamp,
		meta:       s.meta,
		apps:       s.apps.fork(),
		manifests:  s.manifests.fork(),
		components: s.components.fork(),
		placements: s.placements.fork(),
		providers:  s.providers.fork(),
		links:      s.links.fork(),
		configs:    s.configs.fork(),
		secrets:    s.secrets.fork(),
		hosts:      s.hosts.fork(),
		refs:       s.refs.fork(),
		index:      s.index.fork(),
	}
}

// put carries out a change, which has been checked, on a state that nobody else has.
func (s *State) put(c *Change) {
	s.index.update(c.Key, s.Record(c.Key), c.Record)
	name := c.Key.Name()
	switch c.Key.Kind() {
	case KindApp:
		s.apps.put(name, c.App, c.App != nil)
	case KindManifest:
		s.manifests.put(name, c.Manifest, c.Manifest != nil)
	case KindComponent:
		s.components.put(name, c.Component, c.Component != nil)
	case KindPlacements:
		s.placements.put(name, c.Placements, c.Placements != nil)
	case KindProvider:
		s.providers.put(name, c.Provider, c.Provider != nil)
	case KindLink:
		s.links.put(name, c.Link, c.Link != nil)
	case KindConfig:
		s.configs.put(name, c.Config, c.Config != nil)
	case KindSecret:
		s.secrets.put(name, c.Secret, c.Secret != nil)
	case KindHost:
		s.hosts.put(name, c.Host, c.Host != nil)
	case KindRef:
		s.refs.put(name, c.Ref, c.Ref != nil)
	case KindMeta:
		s.meta = c.Meta
	}
}

// Record returns what is under a key.
func (s *State) Record(k Key) (r Record) {
	name := k.Name()
	switch k.Kind() {
	case KindApp:
		r.App = s.apps.get(name)
	case KindManifest:
		r.Manifest = s.manifests.get(name)
	case KindComponent:
		r.Component = s.components.get(name)
	case KindPlacements:
		r.Placements = s.placements.get(name)
	case KindProvider:
		r.Provider = s.providers.get(name)
	case KindLink:
		r.Link = s.links.get(name)
	case KindConfig:
		r.Config = s.configs.get(name)
	case KindSecret:
		r.Secret = s.secrets.get(name)
	case KindHost:
		r.Host = s.hosts.get(name)
	case KindRef:
		r.Ref = s.refs.get(name)
	case KindMeta:
		r.Meta = s.meta
	}
	return r
}

// Len is how many records of a kind there are.
func (s *State) Len(k Kind) int {
	switch k {
	case KindApp:
		return s.apps.m.Len()
	case KindManifest:
		return s.manifests.m.Len()
	case KindComponent:
		return s.components.m.Len()
	case KindPlacements:
		return s.placements.m.Len()
	case KindProvider:
		return s.providers.m.Len()
	case KindLink:
		return s.links.m.Len()
	case KindConfig:
		return s.configs.m.Len()
	case KindSecret:
		return s.secrets.m.Len()
	case KindHost:
		return s.hosts.m.Len()
	case KindRef:
		return s.refs.m.Len()
	case KindMeta:
		return 1
	}
	return 0
}

// Meta returns what the state is about.
func (s *State) Meta() *Meta { return s.meta }

// Lattice returns the lattice whose state it is.
func (s *State) Lattice() lattice.Name { return s.meta.Lattice }

// App returns an application, or nil.
func (s *State) App(name lattice.AppName) *App { return s.apps.get(string(name)) }

// Apps returns all applications by name.
func (s *State) Apps() iter.Seq[*App] { return s.apps.all() }

// Manifest returns the manifest of a version, or nil.
func (s *State) Manifest(app lattice.AppName, number uint64) *Manifest {
	return s.manifests.get(manifestName(app, number))
}

// Manifests returns the manifests of an application, oldest first.
func (s *State) Manifests(app lattice.AppName) iter.Seq[*Manifest] {
	return values(s.manifests.under(string(app) + "."))
}

// Component returns a component, or nil.
func (s *State) Component(id lattice.ComponentID) *Component { return s.components.get(string(id)) }

// Components returns all components by ID.
func (s *State) Components() iter.Seq[*Component] { return s.components.all() }

// Placements returns where a component runs. If that was not decided, it is nil.
func (s *State) Placements(id lattice.ComponentID) *Placements { return s.placements.get(string(id)) }

// AllPlacements returns where all components run, by their IDs.
func (s *State) AllPlacements() iter.Seq[*Placements] { return s.placements.all() }

// Provider returns a capability, or nil.
func (s *State) Provider(id lattice.ComponentID) *Provider { return s.providers.get(string(id)) }

// Providers returns all capabilities by ID.
func (s *State) Providers() iter.Seq[*Provider] { return s.providers.all() }

// Link returns the link under a key of package lattice/wire, or nil. Links of revisions
// are not among those of the state.
func (s *State) Link(key string) *Link { return s.links.get(key) }

// Links returns all links by their keys.
func (s *State) Links() iter.Seq[*Link] { return s.links.all() }

// LinksFrom returns the links of a source by their keys.
func (s *State) LinksFrom(source lattice.ComponentID) iter.Seq[*Link] {
	return values(s.links.under(string(source) + "."))
}

// Config returns a configuration, or nil.
func (s *State) Config(name lattice.ConfigName) *Config { return s.configs.get(string(name)) }

// Configs returns all configurations by name.
func (s *State) Configs() iter.Seq[*Config] { return s.configs.all() }

// Secret returns a secret, or nil.
func (s *State) Secret(name lattice.SecretName) *Secret { return s.secrets.get(string(name)) }

// Secrets returns all secrets by name.
func (s *State) Secrets() iter.Seq[*Secret] { return s.secrets.all() }

// Host returns what operators have asked of a host, nil if nobody was ever told
// anything of it.
func (s *State) Host(id lattice.HostID) *Host { return s.hosts.get(string(id)) }

// Hosts returns all hosts that were ever told anything, by ID.
func (s *State) Hosts() iter.Seq[*Host] { return s.hosts.all() }

// Wish is the state that operators want a host to have.
func (s *State) Wish(id lattice.HostID) lattice.HostState {
	if h := s.Host(id); h != nil {
		return h.State
	}
	return lattice.HostReady
}

// Ref returns what a binary's origin is known to be, or nil.
func (s *State) Ref(ref string) *Ref { return s.refs.get(refName(ref)) }

// Refs returns all origins of binaries, in no order that means anything.
func (s *State) Refs() iter.Seq[*Ref] { return s.refs.all() }

// On returns the components that are placed on a host, by ID, each with its placement
// there.
func (s *State) On(host lattice.HostID) iter.Seq2[*Component, *Placement] {
	return func(yield func(*Component, *Placement) bool) {
		for id := range s.index.placed.of(string(host)) {
			if !yield(s.components.get(id), s.placements.get(id).On(host)) {
				return
			}
		}
	}
}

// NumOn is how many components are placed on a host.
func (s *State) NumOn(host lattice.HostID) int {
	n := 0
	for range s.index.placed.of(string(host)) {
		n++
	}
	return n
}

// ComponentsOf returns the components of an application, by ID.
func (s *State) ComponentsOf(app lattice.AppName) iter.Seq[*Component] {
	return parts(s, app, KindComponent, func(r Record) *Component { return r.Component })
}

// ProvidersOf returns the capabilities of an application, by ID.
func (s *State) ProvidersOf(app lattice.AppName) iter.Seq[*Provider] {
	return parts(s, app, KindProvider, func(r Record) *Provider { return r.Provider })
}

// LinksOf returns the links of an application that are not part of a revision, by their
// keys.
func (s *State) LinksOf(app lattice.AppName) iter.Seq[*Link] {
	return parts(s, app, KindLink, func(r Record) *Link { return r.Link })
}

// ConfigsOf returns the configurations of an application that are not part of a
// revision, by name.
func (s *State) ConfigsOf(app lattice.AppName) iter.Seq[*Config] {
	return parts(s, app, KindConfig, func(r Record) *Config { return r.Config })
}

// UsersOf returns the keys of the components, capabilities and links that name a
// configuration of the state, in order. A component that comes with values of its own
// for the name is none.
func (s *State) UsersOf(name lattice.ConfigName) iter.Seq[Key] {
	return s.index.configs.keys(string(name))
}

// AskersOf returns the keys of the components, capabilities and links that name a secret,
// in order.
func (s *State) AskersOf(name lattice.SecretName) iter.Seq[Key] {
	return s.index.secrets.keys(string(name))
}

// LinkersTo returns the keys of the components that have a link to a target in one of
// their revisions, and of the links of the state to it, in order.
func (s *State) LinkersTo(target string) iter.Seq[Key] { return s.index.targets.keys(target) }

// LinksTo returns the links of the state to a target, by their keys.
func (s *State) LinksTo(target string) iter.Seq[*Link] {
	return func(yield func(*Link) bool) {
		prefix := target + between + string(KindLink) + "."
		for key := range s.index.targets.t.under(prefix) {
			if !yield(s.links.get(key[len(prefix):])) {
				return
			}
		}
	}
}

// Routed returns the components that have a route in one of their revisions, by ID.
func (s *State) Routed(r lattice.Route) iter.Seq[*Component] {
	return func(yield func(*Component) bool) {
		for id := range s.index.routes.of(r.Host + r.Path) {
			if !yield(s.components.get(id)) {
				return
			}
		}
	}
}

// Named returns the components that are an MCP server of a name in one of their
// revisions, by ID.
func (s *State) Named(name lattice.ServerName) iter.Seq[*Component] {
	return s.servers(byServerName + string(name))
}

// Aliased returns the components that are an MCP server with an alias in one of their
// revisions, by ID.
func (s *State) Aliased(alias string) iter.Seq[*Component] { return s.servers(byServerAlias + alias) }

func (s *State) servers(by string) iter.Seq[*Component] {
	return func(yield func(*Component) bool) {
		for id := range s.index.servers.of(by) {
			if !yield(s.components.get(id)) {
				return
			}
		}
	}
}

// On returns the placement on a host, or nil.
func (p *Placements) On(host lattice.HostID) *Placement {
	if p == nil {
		return nil
	}
	for i := range p.Hosts {
		if p.Hosts[i].Host == host {
			return &p.Hosts[i]
		}
	}
	return nil
}

// Revision returns the revision of a number, or nil.
func (c *Component) Revision(number uint64) *Revision {
	for i := range c.Revisions {
		if c.Revisions[i].Number == number {
			return &c.Revisions[i]
		}
	}
	return nil
}

// TargetRevision returns the revision that all hosts ought to have in the end.
func (c *Component) TargetRevision() *Revision { return c.Revision(c.Target) }

func values[V any](pairs iter.Seq2[string, V]) iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, v := range pairs {
			if !yield(v) {
				return
			}
		}
	}
}

// parts returns the records of a kind that are part of an application.
func parts[R any](s *State, app lattice.AppName, kind Kind, of func(Record) R) iter.Seq[R] {
	return func(yield func(R) bool) {
		for k := range s.index.parts.of(string(app)) {
			if key := Key(k); key.Kind() == kind && !yield(of(s.Record(key))) {
				return
			}
		}
	}
}
