package decide

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/manifest"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// Bounds of what is kept of applications.
const (
	// MaxVersions is how many versions an application keeps, besides the one that is
	// deployed and the last that was ready.
	MaxVersions = 20
	// MaxHistory is how many deployments of an application are remembered.
	MaxHistory = 50
	// MaxApps is how many applications there are.
	MaxApps = 10_000
	// MaxManifests bounds the manifests of an application together, in bytes.
	MaxManifests = 4 << 20
)

// application is one under way: what commands do to it.
type application struct {
	*state.App
	// text is the manifest of a version that is not in the state yet, and digests
	// those of its images.
	text    string
	digests map[string]string
}

// app returns an application, which may be changed.
func (d *decider) app(name lattice.AppName) (*state.App, error) {
	app := d.s.App(name)
	if app == nil {
		return nil, fmt.Errorf("application %q: %w: `wattle app list` lists those that are", name, lattice.ErrNotFound)
	}
	next := *app
	next.Versions, next.History = slices.Clone(app.Versions), slices.Clone(app.History)
	return &next, nil
}

// version returns the version of a name, or the newest if the name is empty.
func version(app *state.App, name string) (*state.Version, error) {
	if name == "" && len(app.Versions) > 0 {
		return &app.Versions[len(app.Versions)-1], nil
	}
	if v := app.VersionNamed(name); v != nil {
		return v, nil
	}
	return nil, fmt.Errorf("application %q: version %q: %w: `wattle app history %s` lists those that are", app.Name, name, lattice.ErrNotFound, app.Name)
}

func (d *decider) putApp(c *control.PutApp) error {
	m, warnings, err := parse(c.Manifest)
	if err != nil {
		return err
	}
	result := d.answer(m.Name)
	result.Notes = warnings
	app, v, err := d.store(m, c.Manifest, c.Digests, c.By, result)
	if err != nil {
		return err
	}
	if c.Deploy {
		return d.deploy(app, v, "deploy", c.By)
	}
	for i := range m.Components {
		if image := m.Components[i].Image; image != "" && app.digest(d, image) == "" {
			d.note(imageUnknown(m.Components[i].Name, image))
		}
	}
	d.commitApp(app)
	return nil
}

// maxWarnings bounds the warnings about a manifest that an answer has.
const maxWarnings = 20

// parse reads a manifest, and returns the warnings as notes.
func parse(text string) (*manifest.Manifest, []string, error) {
	m, err := manifest.Parse("", []byte(text))
	if err != nil {
		return nil, nil, err
	}
	notes := make([]string, min(len(m.Warnings), maxWarnings))
	for i := range notes {
		notes[i] = m.Warnings[i].Error()
	}
	return m, notes, nil
}

// imagesOf returns the images that stand for binaries, each once.
func imagesOf(m *manifest.Manifest) []string {
	var images []string
	for i := range m.Components {
		if image := m.Components[i].Image; image != "" && !slices.Contains(images, image) {
			images = append(images, image)
		}
	}
	return images
}

func imageUnknown(name, image string) string {
	return fmt.Sprintf("component %q: the binary of image %q is not known: store it with `wattle component push`, or have `wattle app deploy FILE` do it", name, image)
}

// answer begins the result of a command on an application.
func (d *decider) answer(name lattice.AppName) *control.AppResult {
	r := &control.AppResult{App: name}
	d.d.Result = r
	return r
}

// store makes a manifest a version of its application, a new one unless it is there.
func (d *decider) store(m *manifest.Manifest, text string, digests map[string]string, by string, result *control.AppResult) (*application, *state.Version, error) {
	known := map[string]string{}
	for _, image := range imagesOf(m) {
		switch digest, ref := digests[image], d.s.Ref(image); {
		case digest != "":
			known[image] = digest
		case ref != nil:
			known[image] = ref.Digest
		}
	}
	for _, image := range slices.Sorted(maps.Keys(digests)) {
		if known[image] == "" {
			return nil, nil, fmt.Errorf("application %q: digest of image %q: %w: the manifest does not name it", m.Name, image, lattice.ErrInvalid)
		}
		d.needs(digests[image])
	}
	digest := contentOf(text, known)
	app, err := d.app(m.Name)
	if err != nil {
		if n := d.s.Len(state.KindApp); n >= MaxApps {
			return nil, nil, fmt.Errorf("application %q: %w: there are %d; delete one that is not needed with `wattle app delete`", m.Name, lattice.ErrExhausted, n)
		}
		app = &state.App{Name: m.Name}
		result.Created = true
	}
	if have, err := same(app, m, digest); have != nil || err != nil {
		return &application{App: app}, have, err
	}
	app.Last++
	v := state.Version{Number: app.Last, Name: m.Version, Description: m.Description, Digest: digest, At: d.Now, By: by}
	if v.Name == "" {
		v.Name = madeUp(app, v.Number)
	}
	app.Versions = append(app.Versions, v)
	result.NewVersion = true
	d.put(state.Record{Manifest: &state.Manifest{App: app.Name, Number: v.Number, Text: text, Digests: known}})
	for _, image := range slices.Sorted(maps.Keys(digests)) {
		d.remember(image, digests[image])
	}
	d.trim(app, v.Number, len(text))
	d.happens(lattice.EventAppPut, string(app.Name), map[string]any{"app": app.Name, "version": v.Name})
	return &application{app, text, known}, app.Version(v.Number), nil
}

// contentOf is the digest of all that a version is: its manifest, and the binaries that
// its images stand for.
func contentOf(text string, digests map[string]string) string {
	h := sha256.New()
	h.Write([]byte(text))
	for _, image := range slices.Sorted(maps.Keys(digests)) {
		h.Write([]byte("\x00" + image + "\x00" + digests[image]))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// same returns the version that a manifest is already, or nil. The error is that of a
// name which stands for another one.
func same(app *state.App, m *manifest.Manifest, digest string) (*state.Version, error) {
	if m.Version == "" {
		if n := len(app.Versions); n > 0 && app.Versions[n-1].Digest == digest {
			return &app.Versions[n-1], nil
		}
		return nil, nil //nolint:nilnil // neither is there
	}
	v := app.VersionNamed(m.Version)
	if v != nil && v.Digest != digest {
		return nil, fmt.Errorf("application %q: version %q %w with another manifest or other binaries: give this one another name in metadata.annotations.version, or none to have one made up", app.Name, m.Version, lattice.ErrExists)
	}
	return v, nil
}

// madeUp is the name of a version that was given none.
func madeUp(app *state.App, number uint64) string {
	name := fmt.Sprintf("v%d", number)
	for app.VersionNamed(name) != nil {
		name += "-1"
	}
	return name
}

// trim removes the oldest versions when there are too many of them, or too much.
func (d *decider) trim(app *state.App, newest uint64, added int) {
	bytes := added
	for m := range d.s.Manifests(app.Name) {
		bytes += len(m.Text)
	}
	app.Versions = slices.DeleteFunc(app.Versions, func(v state.Version) bool {
		if v.Number == app.Deployed || v.Number == app.Good || v.Number == newest || d.underWay(app, v.Number) {
			return false
		}
		if app.Last-v.Number < MaxVersions && bytes <= MaxManifests {
			return false
		}
		if m := d.s.Manifest(app.Name, v.Number); m != nil {
			bytes -= len(m.Text)
		}
		d.remove(state.ManifestKey(app.Name, v.Number))
		return true
	})
}

func (d *decider) underWay(app *state.App, number uint64) bool {
	last := latest(app)
	return last != nil && last.Number == number && last.Outcome == state.OutcomeUnderWay
}

// latest is the last deployment, or nil.
func latest(app *state.App) *state.Deployment {
	if n := len(app.History); n > 0 {
		return &app.History[n-1]
	}
	return nil
}

// commitApp writes an application, if it is another than it was, and completes the
// answer.
func (d *decider) commitApp(app *application) {
	if old := d.s.App(app.Name); old == nil || !sameApp(old, app.App) {
		d.put(state.Record{App: app.App})
	}
	if r, ok := d.d.Result.(*control.AppResult); ok {
		r.Versions = len(app.Versions)
		if v := app.Version(app.Deployed); v != nil {
			r.Deployed = v.Name
		}
		if r.Version == "" && len(app.Versions) > 0 {
			v := app.Versions[len(app.Versions)-1]
			r.Version, r.Number = v.Name, v.Number
		}
	}
}

func sameApp(a, b *state.App) bool {
	return a.Last == b.Last && a.Deployed == b.Deployed && a.Good == b.Good &&
		slices.Equal(a.Versions, b.Versions) && slices.Equal(a.History, b.History)
}

func (d *decider) deployApp(c *control.DeployApp) error {
	d.answer(c.App)
	app, err := d.app(c.App)
	if err != nil {
		return err
	}
	v, err := version(app, c.Version)
	if err != nil {
		return err
	}
	return d.deploy(&application{App: app}, v, "deploy", c.By)
}

func (d *decider) rollbackApp(c *control.RollbackApp) error {
	d.answer(c.App)
	app, err := d.app(c.App)
	if err != nil {
		return err
	}
	var v *state.Version
	if c.Version != "" {
		v, err = version(app, c.Version)
	} else {
		v, err = before(app)
	}
	if err != nil {
		return err
	}
	return d.deploy(&application{App: app}, v, "rollback", c.By)
}

// before is the version that was last ready before the one that is deployed.
func before(app *state.App) (*state.Version, error) {
	if app.Good != 0 && app.Good != app.Deployed {
		if v := app.Version(app.Good); v != nil {
			return v, nil
		}
	}
	for _, h := range slices.Backward(app.History) {
		if h.Number == app.Deployed || h.Outcome == state.OutcomeFailed || h.Outcome == state.OutcomeRolledBack {
			continue
		}
		if v := app.Version(h.Number); v != nil && (h.Outcome == state.OutcomeReady || h.Outcome == state.OutcomeReplaced || h.Outcome == state.OutcomeUndeployed) {
			return v, nil
		}
	}
	return nil, fmt.Errorf("application %q: %w: no version was ready before the one that is deployed; `wattle app history %s` tells of all", app.Name, lattice.ErrNotFound, app.Name)
}

func (d *decider) promoteApp(c *control.PromoteApp) error {
	result := d.answer(c.App)
	app, err := d.app(c.App)
	if err != nil {
		return err
	}
	v := app.Version(app.Deployed)
	if v == nil {
		return notDeployed(app)
	}
	result.Version, result.Number = v.Name, v.Number
	n := 0
	for component := range d.s.ComponentsOf(c.App) {
		if component.Rollout.Canary == nil || component.Promoted || component.Failed != "" || len(component.Revisions) < 2 {
			continue
		}
		next := *component
		next.Promoted = true
		d.put(state.Record{Component: &next})
		d.touch(next.ID)
		n++
	}
	if n == 0 {
		result.Notes = append(result.Notes, "no canary of it is under way")
	}
	d.commitApp(&application{App: app})
	return nil
}

func notDeployed(app *state.App) error {
	return fmt.Errorf("application %q: %w: it is not deployed; `wattle app deploy %s` deploys its newest version", app.Name, lattice.ErrNotFound, app.Name)
}

func (d *decider) undeployApp(c *control.UndeployApp) error {
	d.answer(c.App)
	app, err := d.app(c.App)
	if err != nil {
		return err
	}
	d.undeploy(app, c.By)
	d.commitApp(&application{App: app})
	return nil
}

// undeploy removes what runs of an application.
func (d *decider) undeploy(app *state.App, by string) {
	if app.Deployed == 0 {
		d.note("it was not deployed")
	} else {
		if last := latest(app); last != nil {
			last.Ended = d.Now
			if last.Outcome == state.OutcomeUnderWay || last.Outcome == state.OutcomeReady {
				last.Outcome = state.OutcomeUndeployed
			}
			if by != "" && last.Reason == "" {
				last.Reason = "undeployed by " + by
			}
		}
		d.noteUsers(app.Name)
		d.happens(lattice.EventAppUndeployed, string(app.Name), map[string]any{"app": app.Name})
	}
	app.Deployed = 0
	d.removeParts(app.Name, nil)
}

func (d *decider) deleteApp(c *control.DeleteApp) error {
	result := d.answer(c.App)
	if d.s.App(c.App) == nil {
		result.Notes = []string{"there was none"}
		return nil
	}
	app, err := d.app(c.App)
	if err != nil {
		return err
	}
	if c.Version != "" {
		return d.deleteVersion(app, c.Version, c.By)
	}
	if v := app.Version(app.Deployed); v != nil {
		d.note(fmt.Sprintf("version %q of it was deployed: it is undeployed, and what runs of it is stopped", v.Name))
		d.undeploy(app, c.By)
	} else {
		d.removeParts(app.Name, nil)
	}
	for _, v := range app.Versions {
		d.remove(state.ManifestKey(app.Name, v.Number))
	}
	d.remove(state.AppKey(app.Name))
	d.happens(lattice.EventAppDeleted, string(app.Name), map[string]any{"app": app.Name})
	return nil
}

// deleteVersion removes one version. With the last of them the application goes.
func (d *decider) deleteVersion(app *state.App, name, by string) error {
	v := app.VersionNamed(name)
	result := d.answer(app.Name)
	result.Version = name
	if v == nil {
		result.Notes = []string{"there was no such version"}
		d.commitApp(&application{App: app})
		return nil
	}
	number := v.Number
	result.Number = number
	if number == app.Deployed {
		d.note("it was deployed: the application is undeployed, and what runs of it is stopped")
		d.undeploy(app, by)
	}
	if number == app.Good {
		app.Good = 0
	}
	d.remove(state.ManifestKey(app.Name, number))
	app.Versions = slices.DeleteFunc(app.Versions, func(v state.Version) bool { return v.Number == number })
	if len(app.Versions) == 0 {
		d.remove(state.AppKey(app.Name))
	} else {
		d.commitApp(&application{App: app})
	}
	d.happens(lattice.EventAppDeleted, string(app.Name), map[string]any{"app": app.Name, "version": name})
	return nil
}

// removeParts removes what an application has, but for what is kept.
func (d *decider) removeParts(app lattice.AppName, keep map[state.Key]bool) {
	for c := range d.s.ComponentsOf(app) {
		if !keep[state.ComponentKey(c.ID)] {
			d.forget(c)
			d.rescaled(rescaled{Component: c.ID})
		}
	}
	remove := func(k state.Key) {
		if !keep[k] {
			d.remove(k)
		}
	}
	for p := range d.s.ProvidersOf(app) {
		remove(state.ProviderKey(p.ID))
	}
	for l := range d.s.LinksOf(app) {
		remove(state.LinkKey(&l.Link))
	}
	for c := range d.s.ConfigsOf(app) {
		remove(state.ConfigKey(c.Name))
	}
}

// reasonOf cuts a reason to what a record may have.
func reasonOf(text string) string {
	const most = 1 << 10
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
