package manifest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/wit"
)

// maxParts bounds the components and providers of an application.
const maxParts = 4096

// builder makes a Manifest of the shapes, and checks that they fit together.
type builder struct {
	*decoder
	oam   *oamManifest
	app   string
	parts map[string]*oamComponent
	// names are those of parts, in their order.
	names []string
	ids   map[string]lattice.ComponentID
	// policies are those of the manifest by name.
	policies    map[string]*oamPolicy
	policyNames []string
	// values are those of the configurations that the manifest makes, with the place of
	// the first.
	values map[lattice.ConfigName]*oamConfig
}

func (d *decoder) build(oam *oamManifest) *Manifest {
	b := &builder{
		decoder: d, oam: oam, app: oam.Metadata.Name,
		parts: map[string]*oamComponent{}, ids: map[string]lattice.ComponentID{},
		policies: map[string]*oamPolicy{}, values: map[lattice.ConfigName]*oamConfig{},
	}
	notes := oam.Metadata.Annotations
	m := &Manifest{
		Name: lattice.AppName(oam.Metadata.Name), Version: notes[annotationVersion], Description: oneLine(notes[annotationDescription]),
		Shared:      notes[annotationShared] == "true",
		Annotations: maps.Clone(notes), Labels: maps.Clone(oam.Metadata.Labels), oam: oam,
	}
	for _, p := range oam.Spec.Policies {
		b.policies[p.Name] = p // of several the last one counts, as in wadm
		m.Policies = append(m.Policies, Policy{Name: p.Name, Type: p.Type, Properties: maps.Clone(p.Properties)})
	}
	b.policyNames = slices.Sorted(maps.Keys(b.policies))
	if len(oam.Spec.Components) > maxParts {
		b.errorf(oam.Spec.Components[maxParts].at, oam.Spec.Components[maxParts].path, "", "%d components, the limit is %d", len(oam.Spec.Components), maxParts)
		return m
	}
	b.identify(oam.Spec.Components)
	b.names = slices.Sorted(maps.Keys(b.parts))
	for _, c := range oam.Spec.Components {
		if c.Type == typeComponent {
			m.Components = append(m.Components, b.component(c))
		} else {
			m.Providers = append(m.Providers, b.provider(c))
		}
	}
	b.routes(m)
	b.cycles(m)
	if len(b.errs) == 0 {
		b.grants(m)
	}
	return m
}

// identify gives every part its ID, and finds names and IDs that are there twice.
func (b *builder) identify(parts []*oamComponent) {
	taken := map[lattice.ComponentID]*oamComponent{}
	for _, c := range parts {
		if first, ok := b.parts[c.Name]; ok {
			b.errorf(c.at.get("name"), join(c.path, "name"), "give one of them another name", "%.80q is the name of two components, the first in line %d", c.Name, first.at.line)
			continue
		}
		b.parts[c.Name] = c
		if c.Name == "" || !shortText(c.Name) {
			b.errorf(c.at.get("name"), join(c.path, "name"), "", "want 1 to %d bytes that can be printed", wire.MaxText)
		}
		at, where, id := c.at.get("name"), join(c.path, "name"), madeUp(b.app, c.Name)
		switch p := &c.Properties; {
		case p.ID != nil:
			at, where, id = p.at.get("id"), join(c.path, "properties.id"), *p.ID
		case p.Image == nil && p.Application != nil:
			id = madeUp(p.Application.Name, p.Application.Component)
		}
		parsed, err := lattice.ParseComponentID(id)
		if err != nil {
			b.errorf(at, where, "", "%v", err)
			continue
		}
		b.ids[c.Name] = parsed
		if first, ok := taken[parsed]; ok {
			b.errorf(at, where, "give one of them an id of its own: properties: {id: …}", "%q is the ID of %.80q as well, in line %d", parsed, first.Name, first.at.line)
			continue
		}
		taken[parsed] = c
	}
}

// source checks where a part comes from.
func (b *builder) source(c *oamComponent) (image string, shared *Shared) {
	p := &c.Properties
	at := join(c.path, "properties")
	switch {
	case p.Image != nil && p.Application != nil:
		b.errorf(p.at, at, "delete one of them", "both image and application are given")
	case p.Image != nil:
		if *p.Image == "" || len(*p.Image) > wire.MaxRef || !wire.Printable(*p.Image) {
			b.errorf(p.at.get("image"), join(at, "image"), "", "want 1 to %d bytes that can be printed", wire.MaxRef)
		}
		return *p.Image, nil
	case p.Application == nil:
		b.errorf(p.at, at, "say where it comes from: image: …, or application: {name: …, component: …}", "neither image nor application is given")
	default:
		app := p.Application
		if _, err := lattice.ParseAppName(app.Name); err != nil {
			b.errorf(app.at.get("name"), join(at, "application.name"), "", "%v", err)
		}
		for _, key := range []string{"config", "secrets"} {
			if v := p.at.get(key); v != nil && len(v.list) > 0 {
				b.errorf(v, join(at, key), fmt.Sprintf("give it to the component in the application %.80q", app.Name), "a component of another application cannot be given %s here", key)
			}
		}
		for _, t := range c.traits() {
			if t.Type == traitSpread || t.Type == traitDaemon {
				b.errorf(t.at, t.path, "delete it", "a component of another application is scaled there")
			}
		}
		return "", &Shared{App: lattice.AppName(app.Name), Component: app.Component}
	}
	return "", nil
}

func (b *builder) component(c *oamComponent) Component {
	out := Component{Name: c.Name, ID: b.ids[c.Name], Rules: lattice.Rules{Mode: lattice.ModeNone}}
	out.Image, out.SharedFrom = b.source(c)
	out.Configs = b.configs(c.Properties.Config)
	out.Secrets = b.secrets(c.Properties.Secrets)
	b.scale(c, &out.Rules)
	out.Links = b.links(c, out.ID)
	b.custom(c, &out)
	return out
}

func (b *builder) provider(c *oamComponent) Provider {
	out := Provider{Name: c.Name, ID: b.ids[c.Name], Rules: lattice.Rules{Mode: lattice.ModeNone}}
	if out.Image, out.SharedFrom = b.source(c); out.Image != "" {
		out.Rules = lattice.Rules{Mode: lattice.ModeSpread, Instances: 1} // wadm runs one if nothing is said
	}
	out.Kind = b.kindOf(c, out.Image)
	out.Configs = b.configs(c.Properties.Config)
	out.Secrets = b.secrets(c.Properties.Secrets)
	b.scale(c, &out.Rules)
	out.Links = b.links(c, out.ID)
	for _, t := range c.traits() {
		if strings.HasSuffix(t.Type, wattleSuffix) {
			b.errorf(t.at, t.path, "delete it", "%q is for components of type component", t.Type)
		}
	}
	return out
}

// kindOf returns the capability that an image stands for.
func (b *builder) kindOf(c *oamComponent, image string) string {
	k, err := capability.ForImage(image)
	switch {
	case err != nil:
		b.errorf(c.Properties.at.get("image"), join(c.path, "properties.image"), b.near(image, addresses()), "%v", err)
	case k != nil:
		return k.Name
	}
	return ""
}

// addresses are those of all capabilities.
func addresses() []string {
	var all []string
	for _, k := range capability.All() {
		all = append(all, k.Address())
	}
	return all
}

// scale reads the scaler of a part.
func (b *builder) scale(c *oamComponent, rules *lattice.Rules) {
	var first *oamTrait
	for _, t := range c.traits() {
		switch {
		case t.Type != traitSpread && t.Type != traitDaemon:
			continue
		case first != nil:
			b.warnf(t.at, t.path, "delete one of them", "a second scaler is ignored, the first is in line %d", first.at.line)
			continue
		}
		first = t
		s := t.Scaler
		if s.Instances > wire.MaxInstances {
			b.errorf(t.at.get("properties").spot("instances"), join(t.path, "properties.instances"), "", "%d is more than %d", s.Instances, wire.MaxInstances)
			continue
		}
		rules.Mode, rules.Instances = lattice.ModeSpread, int(s.Instances)
		if t.Type == traitDaemon {
			rules.Mode = lattice.ModeDaemon
		}
		if rules.Instances == 0 {
			rules.Mode = lattice.ModeNone
		}
		rules.Spread = b.spreads(s.Spread)
	}
}

const (
	defaultWeight = 100
	maxWeight     = 1e6
	maxSpreads    = 256
)

func (b *builder) spreads(list []*oamSpread) []lattice.Spread {
	var out []lattice.Spread
	for i, s := range list {
		one := lattice.Spread{Name: s.Name, Requirements: s.Requirements, Weight: defaultWeight}
		if s.Weight != nil {
			if *s.Weight > maxWeight {
				b.errorf(s.at.get("weight"), join(s.path, "weight"), "", "%d is more than %d", *s.Weight, int(maxWeight))
				continue
			}
			one.Weight = int(*s.Weight)
		}
		if !shortText(s.Name) {
			b.errorf(s.at.get("name"), join(s.path, "name"), "", "%.80q is too long or cannot be printed", s.Name)
		}
		if i == maxSpreads {
			b.errorf(s.at, s.path, "", "%d shares, the limit is %d", len(list), maxSpreads)
			break
		}
		b.labels(s.at.get("requirements"), join(s.path, "requirements"), s.Requirements)
		out = append(out, one)
	}
	return out
}

// labels checks labels that hosts must have.
func (b *builder) labels(at *value, where string, labels map[string]string) {
	if len(labels) > wire.MaxLabels {
		b.errorf(at, where, "", "%d labels, the limit is %d", len(labels), wire.MaxLabels)
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if err := cmpErr(wire.CheckLabelKey(key), wire.CheckLabelValue(labels[key])); err != nil {
			b.errorf(at, where, "", "no host can have it: %v", err)
		}
	}
}

func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// configs names configurations as the lattice knows them.
func (b *builder) configs(list []*oamConfig) []Config {
	if len(list) > wire.MaxConfigNames {
		b.errorf(list[0].at, list[0].path, "", "%d configurations, the limit is %d", len(list), wire.MaxConfigNames)
		return nil
	}
	var out []Config
	for _, c := range list {
		one := Config{Name: lattice.ConfigName(c.Name)}
		if c.Properties != nil {
			one.Name = lattice.ConfigName(madeUp(b.app, c.Name))
			one.Values = *c.Properties
			b.configValues(c, one)
		}
		if _, err := lattice.ParseConfigName(string(one.Name)); err != nil {
			b.errorf(c.at.get("name"), join(c.path, "name"), "", "%v", err)
		}
		out = append(out, one)
	}
	if len(out) > wire.MaxConfigNames {
		b.errorf(list[0].at, list[0].path, "", "%d configurations, the limit is %d", len(out), wire.MaxConfigNames)
	}
	return out
}

func (b *builder) configValues(c *oamConfig, one Config) {
	where := join(c.path, "properties")
	b.configBounds(c.at, where, one.Values)
	first, ok := b.values[one.Name]
	switch {
	case !ok:
		b.values[one.Name] = c
	case !maps.Equal(*first.Properties, one.Values):
		b.errorf(c.at, join(c.path, "name"), "give it another name", "configuration %q has other values in line %d", one.Name, first.at.line)
	}
}

// maxConfig bounds the keys and values of a configuration together. It is
// control.MaxConfig.
const maxConfig = 192 << 10

// configBounds checks values as the command that puts them would.
func (b *builder) configBounds(at *value, where string, values map[string]string) {
	if len(values) > wire.MaxConfigValues {
		b.errorf(at, where, "", "%d values, the limit is %d", len(values), wire.MaxConfigValues)
	}
	total := 0
	for _, key := range slices.Sorted(maps.Keys(values)) {
		value := values[key]
		total += len(key) + len(value)
		switch {
		case key == "" || len(key) > wire.MaxConfigKey || !wire.Printable(key):
			b.errorf(at, where, "", "key %.80q: want 1 to %d bytes that can be printed", key, wire.MaxConfigKey)
		case len(value) > wire.MaxConfigValue:
			b.errorf(at, join(where, key), "", "%d bytes, the limit is %d", len(value), wire.MaxConfigValue)
		case !wire.PrintableText(value):
			b.errorf(at, join(where, key), "", "it has characters that cannot be printed")
		}
	}
	if total > maxConfig {
		b.errorf(at, where, "", "%d bytes of keys and values, the limit is %d", total, maxConfig)
	}
}

func (b *builder) secrets(list []*oamSecret) []Secret {
	var out []Secret
	for _, s := range list {
		p := s.Properties
		one := Secret{Name: s.Name, Policy: p.Policy, Key: p.Key}
		if p.Field != nil {
			one.Field = *p.Field
		}
		if p.Version != nil {
			one.Version = *p.Version
		}
		at, where := s.at.get("properties").get("policy"), join(s.path, "properties.policy")
		policy, ok := b.policies[p.Policy]
		switch {
		case !ok:
			b.errorf(at, where, b.near(p.Policy, b.policyNames), "the manifest has no policy %.80q", p.Policy)
		case policy.Type != PolicySecret:
			b.errorf(at, where, "", "policy %.80q is of type %.80q, want %q", p.Policy, policy.Type, PolicySecret)
		default:
			backend, ok := policy.Properties["backend"]
			if !ok {
				b.errorf(policy.at, "spec.policies", "add to its properties: backend: …", "policy %.80q names no backend", p.Policy)
			}
			one.Backend = backend
		}
		out = append(out, one)
	}
	return out
}

// links reads the links of a part.
func (b *builder) links(c *oamComponent, id lattice.ComponentID) []Link {
	var out []Link
	type key struct {
		name                lattice.LinkName
		namespace, pkg, one string
	}
	seen := map[key]*oamTrait{}
	for _, t := range c.traits() {
		if t.Link == nil {
			continue
		}
		l := b.link(c, t, id)
		if t.Type != traitLink {
			continue // wadm looks at its target, and not any further
		}
		for _, iface := range l.Interfaces {
			k := key{l.Name, l.Namespace, l.Package, iface}
			if first, ok := seen[k]; ok {
				b.errorf(t.at, t.path, "give one of them a name: name: …", "the link for %s:%s/%s is there twice, first in line %d", k.namespace, k.pkg, k.one, first.at.line)
			}
			seen[k] = t
		}
		if target := b.parts[l.To]; c.Type == typeComponent || target == nil || target.Type == typeComponent {
			out = append(out, l)
		}
	}
	if len(out) > wire.MaxLinks {
		b.errorf(c.at, join(c.path, "traits"), "", "%d links, the limit is %d", len(out), wire.MaxLinks)
		return nil
	}
	return out
}

func (b *builder) link(c *oamComponent, t *oamTrait, id lattice.ComponentID) Link {
	l, at := t.Link, join(t.path, "properties")
	out := Link{To: l.Target.Name, Link: lattice.Link{
		Source: id, Target: string(b.ids[l.Target.Name]), Name: lattice.DefaultLink,
		Namespace: l.Namespace, Package: l.Package, Interfaces: l.Interfaces,
	}}
	target, ok := b.parts[l.Target.Name]
	switch {
	case !ok:
		b.errorf(l.Target.at, l.Target.path, cmp.Or(b.near(l.Target.Name, b.names), "add it to spec.components; one of another application as well, with application: {name: …, component: …}"),
			"the manifest has no component %.80q", l.Target.Name)
	case c.Type == typeCapability && target.Type == typeCapability:
		b.warnf(l.Target.at, l.Target.path, "delete it", "a capability can only be linked to a component, and %.80q is a capability: the link is ignored", l.Target.Name)
	case target == c:
		b.errorf(l.Target.at, l.Target.path, "", "%.80q is linked to itself", c.Name)
	}
	if t.Type != traitLink {
		return out
	}
	if l.Name != nil {
		name, err := lattice.ParseLinkName(*l.Name)
		if err != nil || *l.Name == "" {
			b.errorf(l.at.spot("name"), join(at, "name"), "", "%.80q is no name of a link: want letters, digits, hyphens and underscores", *l.Name)
		}
		out.Name = name
	}
	b.words(l.at.spot("namespace"), join(at, "namespace"), l.Namespace)
	b.words(l.at.spot("package"), join(at, "package"), l.Package)
	interfaces := l.at.spot("interfaces")
	if n := len(l.Interfaces); n == 0 || n > wire.MaxInterfaces {
		b.errorf(interfaces, join(at, "interfaces"), "", "%d interfaces, want 1 to %d", n, wire.MaxInterfaces)
	}
	for i, iface := range l.Interfaces {
		b.words(interfaces.list[i], index(join(at, "interfaces"), i), iface)
	}
	out.Target, out.TargetSecrets = b.configs(l.Target.Config), b.secrets(l.Target.Secrets)
	if l.Source != nil {
		out.Source, out.SourceSecrets = b.configs(l.Source.Config), b.secrets(l.Source.Secrets)
	}
	out.TargetConfig, out.SourceConfig = namesOf(out.Target), namesOf(out.Source)
	return out
}

func (b *builder) words(at *value, where, s string) {
	if len(s) > wire.MaxText || !wit.IsLabel(s) || s != strings.ToLower(s) {
		fix := ""
		if name, _, ok := strings.Cut(s, "@"); ok && wit.IsLabel(name) {
			fix = fmt.Sprintf("write %q: links are for all versions", name)
		}
		b.errorf(at, where, fix, "%.80q: want words of a-z and 0-9 with hyphens between", s)
	}
}

func namesOf(configs []Config) []lattice.ConfigName {
	var names []lattice.ConfigName
	for _, c := range configs {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// routes gives components those of the links that HTTP servers have to them.
func (b *builder) routes(m *Manifest) {
	byID := map[string]*Component{}
	for i := range m.Components {
		byID[string(m.Components[i].ID)] = &m.Components[i]
	}
	for i := range m.Providers {
		p := &m.Providers[i]
		if p.Kind != capability.HTTPServer {
			continue
		}
		for j := range p.Links {
			l := &p.Links[j]
			c, ok := byID[l.Link.Target]
			if !ok || l.Namespace != "wasi" || l.Package != "http" || !slices.Contains(l.Interfaces, "incoming-handler") {
				continue
			}
			route, err := RouteOf(l.Source)
			if err != nil {
				part := b.parts[p.Name]
				b.errorf(part.at, part.path, "", "link to %.80q: %v", l.To, err)
				continue
			}
			if !slices.Contains(c.Routes, route) {
				c.Routes = append(c.Routes, route)
			}
		}
	}
}

// RouteOf returns the route that the configurations of a link say, one over the
// other: their values "host" and "path". Without them it is every request.
func RouteOf(configs []Config) (lattice.Route, error) {
	var route lattice.Route
	for _, c := range configs {
		if host, ok := c.Values["host"]; ok {
			route.Host = host
		}
		if path, ok := c.Values["path"]; ok {
			route.Path = path
		}
	}
	return wire.NormalRoute(route)
}
