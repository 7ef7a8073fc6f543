package appview

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// Next says what can be done about an application that is not ready, a step each.
func Next(s *control.AppStatus) []string {
	app := show.Text(string(s.App))
	if s.Phase == control.AppReady && s.Reason != "" {
		// The version before runs, and that of which the reason tells does not.
		return []string{
			fmt.Sprintf("see when, and who deployed it: wattle app history %s", app),
			fmt.Sprintf("see its manifest: wattle app get %s --version VERSION", app),
			"mend it and deploy it as a version of another name: wattle app deploy FILE",
		}
	}
	if s.Phase == control.AppReady {
		return faultSteps(s)
	}
	var steps []string
	add := func(format string, args ...any) {
		if step := fmt.Sprintf(format, args...); !slices.Contains(steps, step) && len(steps) < maxSteps {
			steps = append(steps, step)
		}
	}
	back := func() {
		if s.Before != "" {
			add("go back to version %s: wattle app rollback %s", brief(s.Before), app)
		}
	}
	if s.Phase == control.AppUndeployed {
		add("run it: wattle app deploy %s", app)
		return steps
	}
	for _, p := range Trouble(s) {
		name := show.Text(p.Name)
		switch {
		case p.Phase == control.AppCanary:
			add("have the new version take all calls: wattle app promote %s", app)
			back()
		case p.Kind == "component" && p.Placed < p.Wanted && p.Phase != control.AppProgressing:
			add("see which hosts were passed over, and why: wattle app explain %s %s", app, name)
			add("start hosts that fit, or change their labels: wattle hostgroup run, wattle host label")
			add("or ask for less: wattle app scale %s %s --instances N", app, name)
		case p.Kind == "component" && failing(p):
			add("read what component %s writes: wattle component logs %s", name, show.Text(p.ID))
		case p.Kind == "config":
			add("give configuration %s its values: wattle config put %s KEY=VALUE", name, name)
		case p.Kind == "link" && p.Phase != control.AppProgressing:
			add("deploy what link %s leads to, or take the link out of the manifest", name)
		}
	}
	if s.Phase == control.AppFailed {
		add("see what became of its versions: wattle app history %s", app)
		back()
	}
	return steps
}

// faultSteps says what can be done about links that do not work.
func faultSteps(s *control.AppStatus) []string {
	for i := range s.Parts {
		for j := range s.Parts[i].Hosts {
			if h := &s.Parts[i].Hosts[j]; len(h.Faults) > 0 {
				return []string{
					fmt.Sprintf("see that what link %s leads to is up, and lets the host in: it is tried again with each call", show.Text(string(h.Faults[0].Link))),
					fmt.Sprintf("read what the host of it says: wattle component logs %s", show.Text(s.Parts[i].ID)),
				}
			}
		}
	}
	return nil
}

// maxSteps bounds what is proposed: nobody does more than that.
const maxSteps = 6

// failing reports whether a component does not run on a host that has it.
func failing(p *control.PartStatus) bool {
	if p.Phase == control.AppFailed {
		return true
	}
	return slices.ContainsFunc(p.Hosts, func(h control.PartHost) bool {
		return h.State == lattice.ComponentFailed || h.State != lattice.ComponentRunning && h.State != "" && h.Reason != ""
	})
}

func writeNext(b *strings.Builder, steps []string) {
	if len(steps) == 0 {
		return
	}
	b.WriteString("\nwhat can be done\n")
	for _, s := range steps {
		b.WriteString("  " + s + "\n")
	}
}
