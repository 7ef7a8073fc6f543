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

func (d *decider) scaleApp(c *control.ScaleApp) error {
	result := d.answer(c.App)
	app, err := d.app(c.App)
	if err != nil {
		return err
	}
	v := app.Version(app.Deployed)
	if v == nil {
		return notDeployed(app)
	}
	a := &application{App: app}
	m, err := a.load(d, v)
	if err != nil {
		return err
	}
	target, err := scaled(m, c.Component)
	if err != nil {
		return fmt.Errorf("application %q: %w", c.App, err)
	}
	if target.Rules.Instances == c.Instances {
		result.Version, result.Number = v.Name, v.Number
		d.commitApp(a)
		return nil
	}
	next, text, err := m.Rescale(a.text, target.Name, c.Instances, nextName(v, app.Last+1))
	if err != nil {
		return fmt.Errorf("application %q: component %q: %w", c.App, target.Name, err)
	}
	a, stored, err := d.store(next, text, nil, c.By, result)
	if err != nil {
		return err
	}
	// The binaries are those of the version that runs, whatever its images stand for now.
	if have := d.s.Manifest(c.App, v.Number); have != nil && result.NewVersion {
		d.rebind(a, stored, have.Digests)
	}
	return d.deploy(a, stored, "scale", c.By)
}

// rebind gives a new version the digests of another one.
func (d *decider) rebind(a *application, v *state.Version, digests map[string]string) {
	a.digests = digests
	v.Digest = contentOf(a.text, digests)
	key := state.ManifestKey(a.Name, v.Number)
	for i := range d.d.Changes {
		if d.d.Changes[i].Key == key {
			m := *d.d.Changes[i].Manifest
			m.Digests = digests
			d.d.Changes[i] = state.Put(state.Record{Manifest: &m})
		}
	}
}

// scaled returns the component that is meant.
func scaled(m *manifest.Manifest, name string) (*manifest.Component, error) {
	if name == "" {
		var only *manifest.Component
		for i := range m.Components {
			if c := &m.Components[i]; c.SharedFrom == nil {
				if only != nil {
					return nil, fmt.Errorf("%w: it has several components: name one of them", lattice.ErrInvalid)
				}
				only = c
			}
		}
		if only != nil {
			return only, nil
		}
		return nil, fmt.Errorf("%w: it has no component of its own", lattice.ErrNotFound)
	}
	i := slices.IndexFunc(m.Components, func(c manifest.Component) bool { return c.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("component %q: %w in its manifest", name, lattice.ErrNotFound)
	}
	return &m.Components[i], nil
}

// nextName names a version that differs from another one in how much runs only.
func nextName(v *state.Version, number uint64) string {
	base := strings.TrimSuffix(v.Name, fmt.Sprintf("-%d", v.Number))
	return fmt.Sprintf("%s-%d", base, number)
}
