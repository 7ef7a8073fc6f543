package decide

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/manifest"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// maxSecretNames bounds the names of secrets that a reason has.
const maxSecretNames = 5

// withoutSecrets says what something with secrets, its own and those of its links, has to
// do without, or nothing.
func withoutSecrets(own []manifest.Secret, links []manifest.Link) string {
	var names []string
	add := func(secrets []manifest.Secret) {
		for i := range secrets {
			if name := fmt.Sprintf("%.80q", secrets[i].Name); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	add(own)
	for i := range links {
		add(links[i].SourceSecrets)
		add(links[i].TargetSecrets)
	}
	if len(names) == 0 {
		return ""
	}
	if n := len(names) - maxSecretNames; n > 0 {
		names = append(names[:maxSecretNames], fmt.Sprintf("%d more", n))
	}
	return "secrets are not handed out by this version of Wattle: it runs without " + strings.Join(names, ", ")
}

// noteSecrets says in the answer what a part of a manifest has to do without.
func (d *decider) noteSecrets(kind, name string, own []manifest.Secret, links []manifest.Link) {
	if without := withoutSecrets(own, links); without != "" {
		d.note(fmt.Sprintf("%s %q: %s", kind, name, without))
	}
}

// secrets says of each part of an application that is ready which secrets it has to do
// without.
func (v *viewer) secrets(app *state.App, s *control.AppStatus) {
	stored := v.s.Manifest(app.Name, app.Deployed)
	if stored == nil {
		return
	}
	m, err := manifest.Parse("", []byte(stored.Text))
	if err != nil {
		return // an older version of Wattle has stored it; it is not this which is wrong
	}
	without := map[lattice.ComponentID]string{}
	for i := range m.Components {
		c := &m.Components[i]
		without[c.ID] = withoutSecrets(c.Secrets, c.Links)
	}
	for i := range m.Providers {
		p := &m.Providers[i]
		without[p.ID] = withoutSecrets(p.Secrets, p.Links)
	}
	for i := range s.Parts {
		p := &s.Parts[i]
		if (p.Kind == "component" || p.Kind == "provider") && p.Phase == control.AppReady && p.Reason == "" {
			p.Reason = without[lattice.ComponentID(p.ID)]
		}
	}
}
