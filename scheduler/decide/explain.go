package decide

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

func (v *viewer) explain(q *control.ExplainApp) (*control.AppExplanation, error) {
	app, err := v.app(q.App)
	if err != nil {
		return nil, err
	}
	e := &control.AppExplanation{App: app.Name, Components: []control.ComponentExplanation{}}
	for c := range v.s.ComponentsOf(app.Name) {
		if q.Component == "" || q.Component == c.Name {
			e.Components = append(e.Components, v.explainComponent(c))
		}
	}
	if len(e.Components) == 0 && q.Component != "" {
		return nil, fmt.Errorf("application %q: component %q: %w: nothing of it is deployed", app.Name, q.Component, lattice.ErrNotFound)
	}
	return e, nil
}

func (v *viewer) explainComponent(c *state.Component) control.ComponentExplanation {
	e := control.ComponentExplanation{Name: c.Name, ID: c.ID, Rules: rulesText(&c.Rules), Hosts: []control.PartHost{}}
	if placed := v.s.Placements(c.ID); placed != nil {
		var n tally
		for i := range placed.Hosts {
			e.Hosts = append(e.Hosts, v.host(c, &placed.Hosts[i], &n))
		}
		e.Missing = placed.Missing
		for _, p := range placed.Passed {
			e.Passed = append(e.Passed, control.PassedHosts{Why: p.Why, Count: p.Count, Hosts: p.Hosts})
		}
	}
	r := c.TargetRevision()
	for i := range r.Links {
		e.Links = append(e.Links, v.explainLink(&r.Links[i]))
	}
	for l := range v.s.LinksFrom(c.ID) {
		e.Links = append(e.Links, v.explainLink(&l.Link))
	}
	for l := range v.s.LinksTo(string(c.ID)) {
		if v.s.GrantOf(&l.Link) != nil {
			e.Links = append(e.Links, v.explainLink(&l.Link))
		}
	}
	return e
}

func (v *viewer) explainLink(l *lattice.Link) control.LinkedExplain {
	part := v.link(l)
	var source lattice.ComponentID
	if g := v.s.GrantOf(l); g != nil && g.Calls {
		source = l.Source
	}
	return control.LinkedExplain{
		Source: source,
		Link:   fmt.Sprintf("%s:%s/{%s}", l.Namespace, l.Package, strings.Join(l.Interfaces, ",")), Target: l.Target, Phase: part.Phase, Reason: part.Reason,
	}
}

// rulesText says in words what the hosts of a component must meet.
func rulesText(r *lattice.Rules) []string {
	var texts []string
	add := func(format string, args ...any) { texts = append(texts, fmt.Sprintf(format, args...)) }
	instances := count(r.Instances, "instance", "instances")
	switch r.Mode {
	case lattice.ModeSpread:
		if len(r.Spread) > 0 {
			add("%s in all, divided among shares by their weights", instances)
		} else {
			add("%s in all, evenly over hosts", instances)
		}
		if r.Hosts > 0 {
			add("on at most %s", count(r.Hosts, "host", "hosts"))
		}
	case lattice.ModeDaemon:
		add("%s on each host that fits", instances)
	case lattice.ModeHosts:
		add("%s on each of %s", instances, count(r.Hosts, "host", "hosts"))
	case lattice.ModeNone:
		add("on no host but those that are named")
	}
	for _, s := range r.Spread {
		text := fmt.Sprintf("share %q: weight %d", s.Name, s.Weight)
		if len(s.Requirements) > 0 {
			text += ", hosts with " + labelsText(s.Requirements)
		}
		texts = append(texts, text)
	}
	if r.Group != "" {
		add("hosts of group %q", r.Group)
	}
	if len(r.Labels) > 0 {
		add("hosts with %s", labelsText(r.Labels))
	}
	if len(r.Isolation) > 0 {
		add("hosts of isolation class %s", strings.Join(r.Isolation, " or "))
	}
	if r.Resources.CPUMillis > 0 {
		add("%g processors are set aside on each host", float64(r.Resources.CPUMillis)/1000)
	}
	if r.Resources.MemoryBytes > 0 {
		add("%g MiB of memory are set aside on each host", float64(r.Resources.MemoryBytes)/(1<<20))
	}
	for _, a := range []struct {
		text string
		ids  []lattice.ComponentID
	}{
		{"on a host with component %q", r.With},
		{"better on a host with component %q", r.Near},
		{"never on a host with component %q", r.Apart},
		{"better not on a host with component %q", r.Away},
	} {
		for _, id := range a.ids {
			add(a.text, id)
		}
	}
	if r.LeaseMillis != 0 {
		add("stopped where nothing is heard of the lattice for %g s", float64(r.LeaseMillis)/1000)
	}
	if r.Priority != 0 {
		add("priority %d", r.Priority)
	}
	return texts
}

func labelsText(labels map[string]string) string {
	texts := make([]string, 0, len(labels))
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		texts = append(texts, key+"="+labels[key])
	}
	return strings.Join(texts, ", ")
}
