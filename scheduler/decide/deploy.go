package decide

import (
	"fmt"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/manifest"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// digest returns the digest of an image of a version, empty if it is not known.
func (a *application) digest(d *decider, image string) string {
	if digest := a.digests[image]; digest != "" {
		return digest
	}
	if wire.CheckDigest(image) == nil {
		return image
	}
	if ref := d.s.Ref(image); ref != nil {
		return ref.Digest
	}
	return ""
}

// load has the manifest of a version be at hand.
func (a *application) load(d *decider, v *state.Version) (*manifest.Manifest, error) {
	if a.text == "" {
		stored := d.s.Manifest(a.Name, v.Number)
		if stored == nil {
			return nil, fmt.Errorf("application %q: version %q: %w: its manifest is not kept any more", a.Name, v.Name, lattice.ErrNotFound)
		}
		a.text, a.digests = stored.Text, stored.Digests
	}
	m, _, err := parse(a.text)
	return m, err
}

// deploy has a version of an application run.
func (d *decider) deploy(a *application, v *state.Version, what, by string) error {
	m, err := a.load(d, v)
	if err != nil {
		return err
	}
	if r, ok := d.d.Result.(*control.AppResult); ok {
		r.Version, r.Number = v.Name, v.Number
	}
	decided := len(d.d.Changes)
	if what == "deploy" || what == "scale" {
		if err := m.Refused(); err != nil {
			return fmt.Errorf("application %q: %w", a.Name, err)
		}
	} else {
		d.d.anyway = true
	}
	p := &parts{decider: d, app: a, m: m, back: what != "deploy" && what != "scale", keep: map[state.Key]bool{}, routes: map[lattice.Route]string{}, servers: map[string]string{}}
	if err := p.all(); err != nil {
		return fmt.Errorf("application %q: %w", a.Name, err)
	}
	p.drop(v.Number)
	d.removeParts(a.Name, p.keep)
	last := latest(a.App)
	if a.Deployed == v.Number && last != nil && last.Number == v.Number && (len(d.d.Changes) == decided || last.Outcome == state.OutcomeUnderWay) {
		// It is so already, or this is what was still to be done.
		d.commitApp(a)
		return nil
	}
	if last != nil && last.Outcome == state.OutcomeUnderWay {
		last.Outcome, last.Ended = state.OutcomeReplaced, d.Now
	}
	if len(a.History) >= MaxHistory {
		a.History = slices.Delete(a.History, 0, len(a.History)-MaxHistory+1)
	}
	a.History = append(a.History, state.Deployment{
		Number: v.Number, Name: v.Name, What: what, At: d.Now, By: by, Outcome: state.OutcomeUnderWay,
	})
	a.Deployed = v.Number
	d.commitApp(a)
	d.happens(lattice.EventAppDeployed, string(a.Name), map[string]any{"app": a.Name, "version": v.Name, "what": what})
	return nil
}

// parts turns a manifest into records.
type parts struct {
	*decider
	app *application
	m   *manifest.Manifest
	// back says that what is deployed was there before: it needs no canary.
	back bool
	// keep are the keys that the version has.
	keep map[state.Key]bool
	// routes are those of the components so far, by whose they are.
	routes map[lattice.Route]string
	// servers are the names and aliases of MCP servers so far, by whose they are.
	servers map[string]string
	// shared are the IDs of what other applications have.
	shared map[lattice.ComponentID]lattice.ComponentID
}

func (p *parts) all() error {
	if err := p.resolveShared(); err != nil {
		return err
	}
	for i := range p.m.Providers {
		if err := p.provider(&p.m.Providers[i]); err != nil {
			return err
		}
	}
	for i := range p.m.Components {
		if err := p.component(&p.m.Components[i]); err != nil {
			return err
		}
	}
	return nil
}

// drop has the components that the version has no more go when it is ready: until then
// others may call them.
func (p *parts) drop(number uint64) {
	for c := range p.s.ComponentsOf(p.m.Name) {
		key := state.ComponentKey(c.ID)
		if p.keep[key] || p.keep[state.ProviderKey(c.ID)] {
			continue // it stays, or something else has its name
		}
		p.keep[key] = true
		if c.Dropped == 0 {
			next := *c
			next.Dropped = number
			p.put(state.Record{Component: &next})
		}
	}
}

// Tidy removes what the version of an application that is deployed has no more, if it is
// ready.
func Tidy(in In, name lattice.AppName) (*Decision, error) {
	d := &decider{In: in, s: in.State}
	d.answer(name)
	app := d.s.App(name)
	if app == nil || app.Deployed == 0 || app.Good != app.Deployed {
		return &d.d, nil
	}
	for c := range d.s.ComponentsOf(name) {
		if c.Dropped != 0 {
			d.forget(c)
			d.rescaled(rescaled{Component: c.ID})
		}
	}
	return &d.d, nil
}

// resolveShared looks up what belongs to other applications. One that is not there yet
// is waited for, under the ID that it has unless its manifest says otherwise.
func (p *parts) resolveShared() error {
	p.shared = map[lattice.ComponentID]lattice.ComponentID{}
	for i := range p.m.Components {
		if c := &p.m.Components[i]; c.SharedFrom != nil {
			if err := p.resolve(c.Name, c.ID, c.SharedFrom); err != nil {
				return err
			}
		}
	}
	for i := range p.m.Providers {
		if c := &p.m.Providers[i]; c.SharedFrom != nil {
			if err := p.resolve(c.Name, c.ID, c.SharedFrom); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *parts) resolve(name string, id lattice.ComponentID, from *manifest.Shared) error {
	p.shared[id] = id
	if from.App == p.m.Name {
		return fmt.Errorf("component %q: %w: it is shared from its own application", name, lattice.ErrInvalid)
	}
	other := p.s.App(from.App)
	if other == nil || len(other.Versions) == 0 {
		p.note(fmt.Sprintf("component %q is shared from application %q, which is not there yet", name, from.App))
		return nil
	}
	number := other.Deployed
	if number == 0 {
		number = other.Versions[len(other.Versions)-1].Number
	}
	stored := p.s.Manifest(from.App, number)
	if stored == nil {
		return nil
	}
	theirs, _, err := parse(stored.Text)
	if err != nil {
		return fmt.Errorf("component %q: application %q: %w", name, from.App, err)
	}
	if !theirs.Shared {
		return fmt.Errorf("component %q: %w: application %q does not share its components: give it the annotation experimental.wasmcloud.dev/shared: \"true\"", name, lattice.ErrDenied, from.App)
	}
	for i := range theirs.Components {
		if c := &theirs.Components[i]; c.Name == from.Component && c.SharedFrom == nil {
			p.shared[id] = c.ID
			return nil
		}
	}
	for i := range theirs.Providers {
		if c := &theirs.Providers[i]; c.Name == from.Component && c.SharedFrom == nil {
			p.shared[id] = c.ID
			return nil
		}
	}
	return fmt.Errorf("component %q: application %q has no component %q: %w", name, from.App, from.Component, lattice.ErrNotFound)
}

// own reports a name that something else has.
func (p *parts) own(id lattice.ComponentID) error {
	app, taken := lattice.AppName(""), false
	if c := p.s.Component(id); c != nil && c.App != p.m.Name {
		app, taken = c.App, true
	}
	if c := p.s.Provider(id); c != nil && c.App != p.m.Name {
		app, taken = c.App, true
	}
	switch {
	case !taken:
		return nil
	case app == "":
		return fmt.Errorf("component %q: %w: it was started by itself; stop it with `wattle component stop %s`, or give this one another id", id, lattice.ErrExists, id)
	default:
		return fmt.Errorf("component %q: %w: application %q has it; give this one another id", id, lattice.ErrExists, app)
	}
}

func (p *parts) provider(c *manifest.Provider) error {
	if c.SharedFrom != nil {
		return p.links(c.Links)
	}
	if err := p.own(c.ID); err != nil {
		return err
	}
	if err := p.configs(c.Configs); err != nil {
		return err
	}
	want := &state.Provider{ID: c.ID, App: p.m.Name, Name: c.Name, Image: c.Image, Kind: c.Kind, Configs: namesOf(c.Configs), Secrets: refsOf(c.Secrets)}
	p.keep[state.ProviderKey(c.ID)] = true
	if have := p.s.Provider(c.ID); have == nil || have.Name != want.Name || have.Image != want.Image || have.Kind != want.Kind ||
		!slices.Equal(have.Configs, want.Configs) || !maps.Equal(have.Secrets, want.Secrets) {
		p.put(state.Record{Provider: want})
	}
	return p.links(c.Links)
}

// links writes the links of a capability, which are part of no revision.
func (p *parts) links(links []manifest.Link) error {
	merged, err := p.merge(links)
	if err != nil {
		return err
	}
	for i := range merged {
		l := &merged[i]
		key := state.LinkKey(l)
		have := p.s.Link(wire.LinkKey(l))
		if have != nil && have.App != p.m.Name {
			if have.App != "" {
				return fmt.Errorf("%s: %w: application %q has it; give this one another name", linkText(l), lattice.ErrExists, have.App)
			}
			return fmt.Errorf("%s: %w: it was made by itself; remove it with `wattle link delete`, or give this one another name", linkText(l), lattice.ErrExists)
		}
		p.keep[key] = true
		if have == nil || !have.Equal(l) {
			p.put(state.Record{Link: &state.Link{Link: *l, App: p.m.Name}})
			p.happens(lattice.EventLinkPut, wire.LinkKey(l), l)
		}
	}
	return nil
}

// merge returns links with their configurations written down, one for each key.
func (p *parts) merge(links []manifest.Link) ([]lattice.Link, error) {
	var merged []lattice.Link
	for i := range links {
		if err := p.configs(links[i].Source); err != nil {
			return nil, err
		}
		if err := p.configs(links[i].Target); err != nil {
			return nil, err
		}
		l := links[i].Link
		l.Secrets = refsOf(links[i].TargetSecrets, links[i].SourceSecrets)
		if id, ok := p.shared[lattice.ComponentID(l.Target)]; ok {
			l.Target = string(id)
		}
		if id, ok := p.shared[l.Source]; ok {
			l.Source = id
		}
		l.Interfaces = slices.Compact(slices.Sorted(slices.Values(l.Interfaces)))
		at := slices.IndexFunc(merged, func(have lattice.Link) bool { return wire.LinkKey(&have) == wire.LinkKey(&l) })
		if at < 0 {
			merged = append(merged, l)
			continue
		}
		have := &merged[at]
		if have.Target != l.Target || !slices.Equal(have.SourceConfig, l.SourceConfig) || !slices.Equal(have.TargetConfig, l.TargetConfig) || !maps.Equal(have.Secrets, l.Secrets) {
			return nil, fmt.Errorf("%s: %w: it is there twice, with different targets, configurations or secrets: give one of them another name", linkText(&l), lattice.ErrExists)
		}
		have.Interfaces = slices.Compact(slices.Sorted(slices.Values(slices.Concat(have.Interfaces, l.Interfaces))))
	}
	return merged, nil
}

// configs writes the configurations that the manifest gives values.
func (p *parts) configs(configs []manifest.Config) error {
	for i := range configs {
		c := &configs[i]
		if c.Values == nil {
			if err := p.there(c.Name); err != nil {
				return err
			}
			continue
		}
		key := state.ConfigKey(c.Name)
		if p.keep[key] {
			continue // another part names it too, with the same values
		}
		have := p.s.Config(c.Name)
		if have != nil && have.App != p.m.Name {
			if have.App != "" {
				return fmt.Errorf("config %q: %w: application %q has it; give this one another name", c.Name, lattice.ErrExists, have.App)
			}
			return fmt.Errorf("config %q: %w: it was made by itself; remove it with `wattle config delete %s`, or name it without properties", c.Name, lattice.ErrExists, c.Name)
		}
		p.keep[key] = true
		if have == nil || !maps.Equal(have.Values, c.Values) {
			p.put(state.Record{Config: &state.Config{Name: c.Name, Values: c.Values, App: p.m.Name}})
			p.happens(lattice.EventConfigPut, string(c.Name), map[string]any{"config_name": c.Name})
		}
	}
	return nil
}

// there refuses a configuration that the lattice ought to have, and has not. What goes back to
// a version that was there before waits for it.
func (p *parts) there(name lattice.ConfigName) error {
	if p.s.Config(name) != nil {
		return nil
	}
	text := fmt.Sprintf("make it with `wattle config put %s KEY=VALUE`", name)
	if p.m.Defines(name) {
		text += ", or repeat the properties: without them the name is that of a configuration of the lattice, and another one than that with properties elsewhere in the manifest"
	}
	if p.back {
		p.note(fmt.Sprintf("config %q is not there yet: %s", name, text))
		return nil
	}
	return fmt.Errorf("config %q: %w: %s", name, lattice.ErrNotFound, text)
}

func namesOf(configs []manifest.Config) []lattice.ConfigName {
	var names []lattice.ConfigName
	for i := range configs {
		if !slices.Contains(names, configs[i].Name) {
			names = append(names, configs[i].Name)
		}
	}
	return names
}

func (p *parts) component(c *manifest.Component) error {
	if c.SharedFrom != nil {
		if len(c.Routes) > 0 {
			return fmt.Errorf("component %q: %w: application %q has it, and gives it its routes", c.Name, lattice.ErrDenied, c.SharedFrom.App)
		}
		return p.links(c.Links)
	}
	if err := p.own(c.ID); err != nil {
		return err
	}
	digest := p.app.digest(p.decider, c.Image)
	if digest == "" {
		return fmt.Errorf("%w: %s", lattice.ErrNotFound, imageUnknown(c.Name, c.Image))
	}
	p.needs(digest)
	if err := p.free(c.ID, p.m.Name, c.Routes, c.MCP); err != nil {
		return err
	}
	for _, r := range c.Routes {
		if first, ok := p.routes[r]; ok {
			return fmt.Errorf("component %q: route %q: %w: component %q of the manifest has it", c.Name, r.Host+r.Path, lattice.ErrExists, first)
		}
		p.routes[r] = c.Name
	}
	if c.MCP != nil {
		for _, by := range []string{"name " + string(c.MCP.Name), "alias " + c.MCP.Alias} {
			if first, ok := p.servers[by]; ok {
				return fmt.Errorf("component %q: MCP server with the %s: %w: component %q of the manifest has it", c.Name, by, lattice.ErrExists, first)
			}
			p.servers[by] = c.Name
		}
	}
	if err := p.configs(c.Configs); err != nil {
		return err
	}
	links, err := p.merge(c.Links)
	if err != nil {
		return err
	}
	r := state.Revision{
		Ref: c.Image, Digest: digest, Limits: c.Limits, Links: links, Routes: c.Routes, Preinit: c.Preinit, Probe: c.Probe, MCP: c.MCP,
		Secrets: refsOf(c.Secrets),
	}
	for i := range c.Configs {
		r.Configs = append(r.Configs, state.RevisionConfig{Name: c.Configs[i].Name, Values: c.Configs[i].Values})
	}
	p.keep[state.ComponentKey(c.ID)] = true
	old := p.s.Component(c.ID)
	next := &state.Component{ID: c.ID, App: p.m.Name, Name: c.Name, Rules: c.Rules, Rollout: c.Rollout}
	revised, err := revise(old, next, r, 0)
	if err != nil {
		return err
	}
	if !revised && old != nil && sameComponent(old, next) {
		return nil
	}
	if revised && p.back {
		next.Promoted = true
	}
	p.put(state.Record{Component: next})
	p.touch(c.ID)
	p.rescaled(rescaled{Component: c.ID, Ref: r.Ref, Digest: r.Digest, Revision: next.Target})
	return nil
}

// Rollback returns what it comes to that an application goes back to the version that
// was last ready, by itself. If there is none, its deployment has failed, and what runs
// stays.
func Rollback(in In, name lattice.AppName, reason string) (*Decision, error) {
	d := &decider{In: in, s: in.State}
	d.answer(name)
	app, err := d.app(name)
	if err != nil {
		return nil, err
	}
	last := latest(app)
	if last != nil && last.Number == app.Deployed && last.Outcome == state.OutcomeUnderWay {
		last.Ended, last.Reason = d.Now, reasonOf(reason)
		last.Outcome = state.OutcomeFailed
		if app.Good != 0 && app.Good != app.Deployed {
			last.Outcome = state.OutcomeRolledBack
		}
	}
	v := app.Version(app.Good)
	if v == nil || app.Good == app.Deployed || app.Deployed == 0 {
		d.commitApp(&application{App: app})
		return &d.d, nil
	}
	failed := app.Version(app.Deployed)
	if err := d.deploy(&application{App: app}, v, "automatic rollback", ""); err != nil {
		return nil, err
	}
	event := map[string]any{"app": name, "version": v.Name, "reason": reasonOf(reason)}
	if failed != nil {
		event["from"] = failed.Name
	}
	d.happens(lattice.EventAppRolledBack, string(name), event)
	return &d.d, nil
}

// Resume returns what is still to be done of the deployment of an application that is
// under way: nothing, unless whoever decided on it could not finish.
func Resume(in In, name lattice.AppName) (*Decision, error) {
	d := &decider{In: in, s: in.State}
	d.answer(name)
	app, err := d.app(name)
	if err != nil {
		return nil, err
	}
	v, last := app.Version(app.Deployed), latest(app)
	if v == nil || last == nil || last.Outcome != state.OutcomeUnderWay {
		return &d.d, nil
	}
	if err := d.deploy(&application{App: app}, v, last.What, last.By); err != nil {
		return nil, err
	}
	return &d.d, nil
}
