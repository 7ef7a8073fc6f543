package decide

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// View answers a query, which must be valid in itself. The error of a command that is
// none is lattice.ErrNotFound, see [IsQuery].
func View(in In, query control.Command) (any, error) {
	v := &viewer{In: in, s: in.State}
	switch q := query.(type) {
	case *control.ListApps:
		return v.list(), nil
	case *control.GetApp:
		return v.get(q)
	case *control.AppStatusOf:
		app, err := v.app(q.App)
		if err != nil {
			return nil, err
		}
		return v.status(app), nil
	case *control.ExplainApp:
		return v.explain(q)
	case *control.AppHistoryOf:
		return v.history(q)
	case *control.ListSecrets:
		return v.secretList(), nil
	case *control.SecretHistoryOf:
		return v.secretHistory(q)
	}
	return nil, fmt.Errorf("query %q: %w", query.Name(), lattice.ErrNotFound)
}

// IsQuery reports whether a command is a question that View answers.
func IsQuery(cmd control.Command) bool {
	switch cmd.(type) {
	case *control.ListApps, *control.GetApp, *control.AppStatusOf, *control.ExplainApp, *control.AppHistoryOf, *control.ListSecrets, *control.SecretHistoryOf:
		return true
	}
	return false
}

// viewer looks at a state.
type viewer struct {
	In
	s *state.State
}

func (v *viewer) app(name lattice.AppName) (*state.App, error) {
	app := v.s.App(name)
	if app == nil {
		return nil, fmt.Errorf("application %q: %w: `wattle app list` lists those that are", name, lattice.ErrNotFound)
	}
	return app, nil
}

func (v *viewer) list() *control.AppList {
	list := &control.AppList{Apps: []control.AppSummary{}}
	for app := range v.s.Apps() {
		list.Apps = append(list.Apps, v.status(app).AppSummary)
	}
	return list
}

func (v *viewer) get(q *control.GetApp) (*control.AppVersion, error) {
	app, err := v.app(q.App)
	if err != nil {
		return nil, err
	}
	have := app.Version(app.Deployed)
	if q.Version != "" || have == nil {
		if have, err = version(app, q.Version); err != nil {
			return nil, err
		}
	}
	stored := v.s.Manifest(app.Name, have.Number)
	if stored == nil {
		return nil, fmt.Errorf("application %q: version %q: %w: its manifest is not kept any more", app.Name, have.Name, lattice.ErrNotFound)
	}
	return &control.AppVersion{
		App: app.Name, Version: have.Name, Number: have.Number, Deployed: have.Number == app.Deployed,
		At: control.Time(have.At), By: have.By, Manifest: stored.Text, Digests: stored.Digests, Versions: versionsOf(app),
	}, nil
}

func versionsOf(app *state.App) []control.VersionSummary {
	list := make([]control.VersionSummary, len(app.Versions))
	for i, v := range app.Versions {
		list[i] = control.VersionSummary{Version: v.Name, Number: v.Number, Deployed: v.Number == app.Deployed, At: control.Time(v.At), By: v.By}
	}
	return list
}

func (v *viewer) history(q *control.AppHistoryOf) (*control.AppHistory, error) {
	app, err := v.app(q.App)
	if err != nil {
		return nil, err
	}
	h := &control.AppHistory{App: app.Name, Deployments: []control.Deployed{}}
	for _, d := range app.History {
		h.Deployments = append(h.Deployments, control.Deployed{
			Version: d.Name, Number: d.Number, What: d.What, At: control.Time(d.At), By: d.By,
			Outcome: string(d.Outcome), Ended: control.Time(d.Ended), Reason: d.Reason,
		})
	}
	return h, nil
}

// rank orders phases from the best to the worst, as an application has the worst of its
// parts.
func rank(p control.AppPhase) int {
	switch p {
	case control.AppReady:
		return 0
	case control.AppDegraded:
		return 1
	case control.AppCanary:
		return 2
	case control.AppProgressing:
		return 3
	case control.AppWaiting:
		return 4
	case control.AppUndeployed:
		return 5
	case control.AppFailed:
	}
	return 6
}

// status is how an application is doing.
func (v *viewer) status(app *state.App) *control.AppStatus {
	s := &control.AppStatus{Parts: []control.PartStatus{}}
	s.App, s.Versions, s.Phase = app.Name, len(app.Versions), control.AppUndeployed
	shown := app.Version(app.Deployed)
	if n := len(app.Versions); n > 0 {
		s.Newest = app.Versions[n-1].Name
		if shown == nil {
			shown = &app.Versions[n-1]
		}
	}
	if app.Deployed != 0 && shown != nil {
		s.Deployed, s.Phase = shown.Name, control.AppReady
	}
	if v, err := before(app); err == nil && app.Deployed != 0 {
		s.Before = v.Name
	}
	if shown != nil {
		s.Version, s.Description, s.Changed = shown.Name, shown.Description, control.Time(shown.At)
	}
	last := latest(app)
	if last != nil {
		s.Changed = control.Time(max(last.At, last.Ended))
	}
	if app.Deployed == 0 {
		return s
	}
	v.parts(app.Name, s)
	for i := range s.Parts {
		p := &s.Parts[i]
		if p.Kind == "component" {
			s.Components++
			if p.Phase == control.AppReady {
				s.Ready++
			}
		}
		if rank(p.Phase) > rank(s.Phase) {
			s.Phase, s.Reason = p.Phase, ""
			if p.Reason != "" {
				s.Reason = fmt.Sprintf("%s %q: %s", p.Kind, p.Name, p.Reason)
			}
		}
	}
	if s.Reason == "" && last != nil && last.What == "automatic rollback" {
		if n := len(app.History); n > 1 && app.History[n-2].Outcome == state.OutcomeRolledBack {
			s.Reason = fmt.Sprintf("version %q was rolled back: %s", app.History[n-2].Name, app.History[n-2].Reason)
		}
	}
	return s
}

// parts adds the parts of an application that is deployed.
func (v *viewer) parts(app lattice.AppName, s *control.AppStatus) {
	var links []control.PartStatus
	for c := range v.s.ComponentsOf(app) {
		s.Parts = append(s.Parts, v.component(c))
		links = append(links, v.links(c)...)
	}
	for p := range v.s.ProvidersOf(app) {
		s.Parts = append(s.Parts, v.provider(p))
		for l := range v.s.LinksFrom(p.ID) {
			links = append(links, v.link(&l.Link))
		}
	}
	s.Parts = append(s.Parts, links...)
	for c := range v.s.ConfigsOf(app) {
		s.Parts = append(s.Parts, control.PartStatus{Kind: "config", Name: string(c.Name), ID: string(c.Name), Phase: control.AppReady})
	}
}

func (v *viewer) provider(p *state.Provider) control.PartStatus {
	part := control.PartStatus{Kind: "provider", Name: p.Name, ID: string(p.ID), Phase: control.AppReady, Ref: p.Image}
	if p.Kind == "" {
		part.Phase = control.AppFailed
		part.Reason = noCapability(p)
		return part
	}
	for _, name := range p.Configs {
		if v.s.Config(name) == nil {
			part.Phase, part.Reason = control.AppWaiting, configMissing(name)
		}
	}
	return part
}

func noCapability(p *state.Provider) string {
	return fmt.Sprintf("Wattle has no capability for image %q: take it and the links to it from the manifest", p.Image)
}

func configMissing(name lattice.ConfigName) string {
	return fmt.Sprintf("config %q is missing: make it with `wattle config put %s KEY=VALUE`", name, name)
}

// links are those of a component, each once: those of the revision that it ought to
// have, and those of the state.
func (v *viewer) links(c *state.Component) []control.PartStatus {
	var parts []control.PartStatus
	r := c.TargetRevision()
	for i := range r.Links {
		parts = append(parts, v.link(&r.Links[i]))
	}
	for l := range v.s.LinksFrom(c.ID) {
		parts = append(parts, v.link(&l.Link))
	}
	return parts
}

// link is how a link is doing.
func (v *viewer) link(l *lattice.Link) control.PartStatus {
	part := control.PartStatus{
		Kind: "link", Name: fmt.Sprintf("%s → %s", l.Source, l.Target), ID: fmt.Sprintf("%s:%s (%s)", l.Namespace, l.Package, l.Name),
	}
	part.Phase, part.Reason = v.target(l.Target)
	if part.Phase != control.AppReady {
		return part
	}
	if g := v.s.GrantOf(l); g != nil {
		if len(g.MissingConfigs) > 0 {
			part.Phase, part.Reason = control.AppWaiting, configMissing(g.MissingConfigs[0])
		} else if err := judge(v.s, g, componentOf(g)); err != nil {
			part.Phase, part.Reason = control.AppFailed, err.Error()
		}
		return part
	}
	for _, names := range [][]lattice.ConfigName{l.SourceConfig, l.TargetConfig} {
		for _, name := range names {
			if v.s.Config(name) == nil {
				part.Phase, part.Reason = control.AppWaiting, configMissing(name)
			}
		}
	}
	return part
}

// componentOf is the component at one end of a link to or from a capability.
func componentOf(g *state.Grant) lattice.ComponentID {
	if g.Calls {
		return lattice.ComponentID(g.Link.Target)
	}
	return g.Link.Source
}

// target is how what a link leads to is doing.
func (v *viewer) target(id string) (control.AppPhase, string) {
	if strings.HasPrefix(id, capability.Scheme) {
		return control.AppReady, "" // every host has it
	}
	if c := v.s.Component(lattice.ComponentID(id)); c != nil {
		if p := v.s.Placements(c.ID); p == nil || len(p.Hosts) == 0 {
			return control.AppWaiting, fmt.Sprintf("component %q runs nowhere", id)
		}
		return control.AppReady, ""
	}
	switch p := v.s.Provider(lattice.ComponentID(id)); {
	case p == nil:
		return control.AppWaiting, fmt.Sprintf("its target %q is not there: deploy the application that shares it", id)
	case p.Kind == "":
		return control.AppFailed, noCapability(p)
	}
	return control.AppReady, ""
}
