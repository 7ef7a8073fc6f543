package state

import (
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
)

// KindOf returns the kind of capability that a link's target is, empty if it is none, or
// one that Wattle does not have. provider is its record, nil for an address.
func (s *State) KindOf(target string) (kind string, provider *Provider) {
	if kind, ok := strings.CutPrefix(target, lattice.CapabilityScheme); ok {
		return kind, nil
	}
	if p := s.Provider(lattice.ComponentID(target)); p != nil {
		return p.Kind, p
	}
	return "", nil
}

// Grant is a link to or from a capability, and what comes of it.
type Grant struct {
	lattice.Capability
	// Link is the link, and Calls says that it is from the capability.
	Link  *lattice.Link
	Calls bool
	// MissingConfigs and MissingSecrets are named, and not there.
	MissingConfigs []lattice.ConfigName
	MissingSecrets []lattice.SecretRef
}

// Grants are the links of a component to capabilities and from them, those of its target
// revision among them. They are in the order of hosts' documents.
func (s *State) Grants(id lattice.ComponentID) []Grant {
	c := s.Component(id)
	if c == nil {
		return nil
	}
	_, all := s.grants(id, c.TargetRevision())
	return all
}

// GrantOf returns what comes of a link, nil if it is between components, or if it gives a
// component routes.
func (s *State) GrantOf(l *lattice.Link) *Grant {
	if kind, provider := s.KindOf(l.Target); kind != "" {
		return s.grant(kind, provider, l)
	}
	kind, provider := s.KindOf(string(l.Source))
	if kind == "" || provider == nil || kind == capability.HTTPServer {
		return nil
	}
	g := s.grant(kind, provider, l)
	g.Calls = true
	return g
}

// grants divides the links of a component into those to components and those to
// capabilities, and adds those from capabilities to it. HTTP servers are no part of
// it: what they give to a component are its routes.
func (s *State) grants(id lattice.ComponentID, r *Revision) (links []lattice.Link, grants []Grant) {
	for _, l := range s.linksOf(id, r) {
		switch kind, provider := s.KindOf(l.Target); {
		case kind != "":
			grants = append(grants, *s.grant(kind, provider, &l))
		case provider == nil:
			links = append(links, l)
		}
	}
	for l := range s.LinksTo(string(id)) {
		if g := s.GrantOf(&l.Link); g != nil {
			grants = append(grants, *g)
		}
	}
	return links, grants
}

// grant is what a link to or from a capability comes to.
func (s *State) grant(kind string, provider *Provider, l *lattice.Link) *Grant {
	g := &Grant{Link: l}
	var configs []lattice.Config
	add := func(names []lattice.ConfigName) {
		for _, name := range names {
			if c := s.Config(name); c != nil {
				configs = append(configs, c.Values)
			} else {
				g.MissingConfigs = append(g.MissingConfigs, name)
			}
		}
	}
	secrets := l.Secrets
	if provider != nil {
		add(provider.Configs)
		if len(provider.Secrets) > 0 {
			secrets = maps.Clone(provider.Secrets)
			maps.Copy(secrets, l.Secrets)
		}
	}
	add(l.TargetConfig)
	add(l.SourceConfig)
	g.Capability = lattice.Capability{
		Kind: kind, Name: l.Name, Namespace: l.Namespace, Package: l.Package, Interfaces: l.Interfaces, Config: capability.Merge(configs...),
	}
	g.Secrets, g.MissingSecrets = s.Resolve(secrets)
	return g
}

// Resolve gives each secret the version that is the newest now, unless it has one.
// missing are those that are not there.
func (s *State) Resolve(secrets map[string]lattice.SecretRef) (found map[string]lattice.SecretRef, missing []lattice.SecretRef) {
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		ref := secrets[name]
		secret := s.Secret(ref.Name)
		if secret != nil && ref.Version == 0 {
			ref.Version = secret.Newest().Number
		}
		if secret == nil || secret.Version(ref.Version) == nil {
			missing = append(missing, ref)
			continue
		}
		if found == nil {
			found = map[string]lattice.SecretRef{}
		}
		found[name] = ref
	}
	return found, missing
}

// Newest returns the newest version.
func (s *Secret) Newest() *SecretVersion { return &s.Versions[len(s.Versions)-1] }

// Version returns the version of a number, or nil.
func (s *Secret) Version(number uint64) *SecretVersion {
	for i := range s.Versions {
		if s.Versions[i].Number == number {
			return &s.Versions[i]
		}
	}
	return nil
}

// Asks reports whether a host is told to run something that may ask for a version of a
// secret.
func (s *State) Asks(host lattice.HostID, ref lattice.SecretRef) bool {
	for k := range s.AskersOf(ref.Name) {
		for _, id := range s.concerns(k) {
			c, at := s.Component(id), s.Placements(id).On(host)
			if c == nil || at == nil {
				continue
			}
			spec := s.Spec(c, at)
			if has(spec.Secrets, ref) {
				return true
			}
			for i := range spec.Capabilities {
				if has(spec.Capabilities[i].Secrets, ref) {
					return true
				}
			}
		}
	}
	return false
}

func has(secrets map[string]lattice.SecretRef, ref lattice.SecretRef) bool {
	for _, have := range secrets {
		if have == ref {
			return true
		}
	}
	return false
}

// concerns returns the components whose hosts are told something else if what is under a
// key of a component, link or capability means something else.
func (s *State) concerns(k Key) []lattice.ComponentID {
	switch k.Kind() {
	case KindComponent:
		return []lattice.ComponentID{lattice.ComponentID(k.Name())}
	case KindLink:
		if l := s.Link(k.Name()); l != nil {
			return []lattice.ComponentID{l.Source, lattice.ComponentID(l.Target)} // one may be no component
		}
	case KindProvider:
		var all []lattice.ComponentID
		for from := range s.LinkersTo(k.Name()) {
			source, _, _ := strings.Cut(from.Name(), ".") // of a component or of a link
			all = append(all, lattice.ComponentID(source))
		}
		for l := range s.LinksFrom(lattice.ComponentID(k.Name())) {
			all = append(all, lattice.ComponentID(l.Target))
		}
		return all
	}
	return nil
}

// Concerned returns the components that are granted something else, or may be, after
// changes, in order.
func (s *State) Concerned(changes []Change) []lattice.ComponentID {
	var all []lattice.ComponentID
	for i := range changes {
		switch k := changes[i].Key; k.Kind() {
		case KindComponent, KindLink, KindProvider:
			all = append(all, s.concerns(k)...)
		case KindConfig:
			for user := range s.UsersOf(lattice.ConfigName(k.Name())) {
				all = append(all, s.concerns(user)...)
			}
		case KindSecret:
			for user := range s.AskersOf(lattice.SecretName(k.Name())) {
				all = append(all, s.concerns(user)...)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
