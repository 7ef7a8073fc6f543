package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// BackendWattle is the backend of policies for secrets that Wattle keeps itself.
const BackendWattle = "wattle"

// Refused returns what no host would grant of a manifest that is in order otherwise: links
// to capabilities for what they do not serve, configurations that they do not take,
// secrets of other backends, capabilities that there are not. It can be stored, and not be
// deployed. Configurations that are not in the manifest are for the scheduler to judge. The
// error is an *Errors, or nil.
func (m *Manifest) Refused() error { return m.refused.err() }

// grants fills in what is refused.
func (b *builder) grants(m *Manifest) {
	g := &granter{report: &report{file: b.file}, b: b, kinds: map[string]*capability.Kind{}}
	m.refused = g.report
	for i := range m.Providers {
		p := &m.Providers[i]
		g.kinds[p.Name] = capability.Find(p.Kind)
		if p.Kind == "" && p.SharedFrom == nil && p.Image != "" {
			part := b.parts[p.Name]
			g.errorf(part.Properties.at.spot("image"), join(part.path, "properties.image"), "take it and the links to it from the manifest, or name one of those that `wattle capability list` prints",
				"Wattle has no capability for image %.200q", p.Image)
		}
	}
	for _, c := range b.oam.Spec.Components {
		g.secrets(c.Properties.Secrets)
		g.links = nil
		for _, t := range c.traits() {
			if t.Link != nil && t.Type == traitLink {
				g.link(c, t)
			}
		}
		g.together()
	}
	// What is wrong with a capability's own configuration is found with each link to it.
	g.errs = slices.CompactFunc(sorted(g.errs), func(a, b *FieldError) bool { return *a == *b })
}

// granter finds what is refused.
type granter struct {
	*report
	b     *builder
	kinds map[string]*capability.Kind
	// links are those of a component to capabilities.
	links []grantedLink
}

// grantedLink is a link of a component to a capability, and its configuration.
type grantedLink struct {
	kind   *capability.Kind
	trait  *oamTrait
	config *capability.Config
	from   map[string]*oamConfig // by key: what has the value
}

// secrets checks secrets that are asked for under a name.
func (g *granter) secrets(list []*oamSecret) {
	if len(list) > wire.MaxSecrets {
		g.errorf(list[wire.MaxSecrets].at, list[wire.MaxSecrets].path, "", "%d secrets, the limit is %d", len(list), wire.MaxSecrets)
		return
	}
	var names []string
	for _, s := range list {
		from, where := s.at.get("properties"), join(s.path, "properties")
		if err := wire.CheckSecretKey(s.Name); err != nil {
			g.errorf(s.at.spot("name"), join(s.path, "name"), "", "%v", err)
		}
		if slices.Contains(names, s.Name) {
			g.errorf(s.at.spot("name"), join(s.path, "name"), "delete one of them", "secret %.80q is there twice", s.Name)
		}
		names = append(names, s.Name)
		policy := g.b.policies[s.Properties.Policy]
		if backend := policy.Properties["backend"]; backend != BackendWattle {
			g.errorf(from.spot("policy"), join(where, "policy"), fmt.Sprintf("store it with `wattle secret put %.128s`, and have a policy with backend: %s", s.Properties.Key, BackendWattle),
				"policy %.80q names the backend %.80q: Wattle asks no other for secrets, it keeps them itself", s.Properties.Policy, backend)
			continue
		}
		if _, err := lattice.ParseSecretName(s.Properties.Key); err != nil {
			g.errorf(from.spot("key"), join(where, "key"), "", "%v", err)
		}
		if s.Properties.Field != nil {
			g.errorf(from.spot("field"), join(where, "field"), "store each field as a secret of its own", "secrets of the backend %q have no fields", BackendWattle)
		}
		if v := s.Properties.Version; v != nil {
			if _, err := parseSecretVersion(*v); err != nil {
				g.errorf(from.spot("version"), join(where, "version"), "leave it out for the newest one, whichever that is", "%.80q is no version: `wattle secret history` lists them", *v)
			}
		}
	}
}

// parseSecretVersion reads the number of a version of a secret.
func parseSecretVersion(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 53)
	if err == nil && n == 0 {
		err = lattice.ErrInvalid
	}
	return n, err
}

// link checks a link against the capability at one of its ends.
func (g *granter) link(c *oamComponent, t *oamTrait) {
	l := t.Link
	g.secrets(l.Target.Secrets)
	layers := [][]*oamConfig{l.Target.Config}
	secrets := [][]*oamSecret{l.Target.Secrets}
	if l.Source != nil {
		g.secrets(l.Source.Secrets)
		layers, secrets = append(layers, l.Source.Config), append(secrets, l.Source.Secrets)
	}
	target := g.b.parts[l.Target.Name]
	if target == nil {
		return // it was told of
	}
	var of *oamComponent // the capability
	var check func(k *capability.Kind) error
	switch {
	case target.Type == typeCapability && c.Type == typeComponent:
		of = target
		check = func(k *capability.Kind) error { return k.CheckLink(l.Namespace, l.Package, l.Interfaces) }
	case target.Type == typeComponent && c.Type == typeCapability:
		of = c
		check = func(k *capability.Kind) error { return k.CheckCalls(l.Namespace, l.Package, l.Interfaces) }
	default:
		if len(slices.Concat(secrets...)) > 0 {
			g.errorf(t.at, join(t.path, "properties"), "give them to the component itself: properties: {secrets: …}", "a link from a component to a component has no secrets")
		}
		return
	}
	kind := g.kinds[of.Name]
	if kind == nil {
		return // of another application, or none
	}
	if err := check(kind); err != nil {
		g.errorf(l.at.spot("interfaces"), join(t.path, "properties.interfaces"), "", "%v", err)
		return
	}
	granted := g.config(kind, t, append([][]*oamConfig{of.Properties.Config}, layers...), append([][]*oamSecret{of.Properties.Secrets}, secrets...))
	if of == target {
		g.links = append(g.links, granted)
	}
}

// together checks the links of a component that are right each by itself. A configuration
// that is not in the manifest takes no key from those that are.
func (g *granter) together() {
	for _, k := range capability.All() {
		var links []grantedLink
		var configs []*capability.Config
		for _, l := range g.links {
			if l.kind == k {
				links, configs = append(links, l), append(configs, l.config)
			}
		}
		c := k.Together(configs)
		if c == nil {
			continue
		}
		first, second := &links[c.First], &links[c.Second]
		config, key := second.from[c.Keys[1]], c.Keys[1]
		one, other := first.trait.Link, second.trait.Link
		g.errorf(config.at.spot("properties").spot(key), join(join(config.path, "properties"), key), "give one of the directories another path, or take one of the links away",
			"%s: link %q to %q and link %q to %q cannot be there together: %s", k.Address(), one.name(), one.Target.Name, other.name(), other.Target.Name, c.Reason)
	}
}

// config checks what a capability is configured with for a link: layers of configurations,
// later ones over earlier ones.
func (g *granter) config(kind *capability.Kind, t *oamTrait, layers [][]*oamConfig, secrets [][]*oamSecret) grantedLink {
	c := &capability.Config{Values: map[string]string{}, Component: g.b.ids[t.Link.Target.Name]}
	from := map[string]*oamConfig{}
	whole := true
	for _, config := range slices.Concat(layers...) {
		if config.Properties == nil {
			whole = false
			continue
		}
		for key, value := range *config.Properties {
			c.Values[key], from[key] = value, config
		}
	}
	for _, s := range slices.Concat(secrets...) {
		if !slices.Contains(c.Secrets, s.Name) {
			c.Secrets = append(c.Secrets, s.Name)
		}
	}
	granted := grantedLink{kind, t, c, from}
	err := kind.Check(c)
	faulty, ok := errors.AsType[*capability.Error](err)
	if !ok {
		return granted
	}
	for _, f := range faulty.Faults {
		config := from[f.Key]
		switch {
		case config == nil && whole:
			g.errorf(t.Link.at, join(t.path, "properties"), "add it to a configuration of the link's target", "%s: %q: %s", kind.Address(), f.Key, f.Reason)
		case config == nil: // it may be in a configuration that is not in the manifest
		case whole:
			g.errorf(config.at.spot("properties").spot(f.Key), join(join(config.path, "properties"), f.Key), "", "%s: %s", kind.Address(), f.Reason)
		default:
			g.b.warnf(config.at.spot("properties").spot(f.Key), join(join(config.path, "properties"), f.Key), "", "%s, as far as the manifest alone says: %s", kind.Address(), f.Reason)
		}
	}
	return granted
}
