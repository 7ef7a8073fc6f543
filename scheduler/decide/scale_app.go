package decide

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

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
	next, text, err := rescale(a.text, m, target, c.Instances, nextName(v, app.Last+1))
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

// errByHand says that the text cannot be changed without doubt.
var errByHand = errors.New("change its instances in the manifest and deploy that")

// rescale returns a manifest with another number of instances of a component, and its
// text: the one that it had, changed in place. A version that is named there gets
// another name.
func rescale(text string, m *manifest.Manifest, c *manifest.Component, instances int, name string) (*manifest.Manifest, string, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, "", fmt.Errorf("%w: its text cannot be changed in place: %w", lattice.ErrInvalid, errByHand)
	}
	root := &doc
	if root.Kind == yaml.DocumentNode && len(root.Content) > 0 {
		root = root.Content[0]
	}
	edits := []edit{{scalerOf(root, c.Name), strconv.Itoa(instances)}}
	if m.Version != "" {
		edits = append(edits, edit{child(child(child(root, "metadata"), "annotations"), "version"), name})
	}
	changed, err := apply(text, edits)
	if err != nil {
		return nil, "", err
	}
	next, err := manifest.Parse("", []byte(changed))
	if err != nil {
		return nil, "", fmt.Errorf("%w: its text cannot be changed in place: %w", lattice.ErrInvalid, errByHand)
	}
	if !onlyScaled(m, next, c.Name, instances) {
		return nil, "", fmt.Errorf("%w: others share the number: %w", lattice.ErrInvalid, errByHand)
	}
	return next, changed, nil
}

// onlyScaled reports whether two manifests differ in the instances of one component,
// and in nothing else that runs.
func onlyScaled(a, b *manifest.Manifest, name string, instances int) bool {
	if len(a.Components) != len(b.Components) || !reflect.DeepEqual(a.Providers, b.Providers) {
		return false
	}
	for i := range a.Components {
		x, y := a.Components[i], b.Components[i]
		if x.Name == name {
			if y.Rules.Instances != instances {
				return false
			}
			x.Rules.Instances = instances
			x.Rules.Mode = y.Rules.Mode
		}
		if !reflect.DeepEqual(x.Rules, y.Rules) || x.Image != y.Image {
			return false
		}
	}
	return true
}

// child is the value of a key of a map, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// scalerOf is the number of instances in the first scaler of a component, or nil.
func scalerOf(root *yaml.Node, name string) *yaml.Node {
	components := child(child(root, "spec"), "components")
	if components == nil {
		return nil
	}
	for _, c := range components.Content {
		if n := child(c, "name"); n == nil || n.Value != name {
			continue
		}
		traits := child(c, "traits")
		if traits == nil {
			return nil
		}
		for _, t := range traits.Content {
			kind := child(t, "type")
			if kind == nil || kind.Value != "spreadscaler" && kind.Value != "daemonscaler" {
				continue
			}
			for _, key := range []string{"instances", "replicas"} {
				if n := child(child(t, "properties"), key); n != nil {
					return n
				}
			}
			return nil
		}
	}
	return nil
}

// edit replaces a scalar.
type edit struct {
	at    *yaml.Node
	value string
}

// apply makes edits in a text, which it leaves as it is otherwise.
func apply(text string, edits []edit) (string, error) {
	type span struct {
		from, to int
		value    string
	}
	var spans []span
	for _, e := range edits {
		if e.at == nil || e.at.Kind != yaml.ScalarNode {
			return "", fmt.Errorf("%w: it has no scaler of its own: %w", lattice.ErrInvalid, errByHand)
		}
		from, ok := offset(text, e.at.Line, e.at.Column)
		raw, value := e.at.Value, e.value
		switch e.at.Style &^ yaml.TaggedStyle {
		case 0:
		case yaml.DoubleQuotedStyle:
			raw, value = `"`+raw+`"`, `"`+value+`"`
		case yaml.SingleQuotedStyle:
			raw, value = "'"+raw+"'", "'"+value+"'"
		default:
			ok = false
		}
		if !ok || e.at.Anchor != "" || !strings.HasPrefix(text[from:], raw) {
			return "", fmt.Errorf("%w: the text in line %d cannot be changed in place: %w", lattice.ErrInvalid, e.at.Line, errByHand)
		}
		spans = append(spans, span{from, from + len(raw), value})
	}
	slices.SortFunc(spans, func(a, b span) int { return b.from - a.from })
	for _, s := range spans {
		text = text[:s.from] + s.value + text[s.to:]
	}
	return text, nil
}

// offset is where in a text a line and column are, which count from 1 and the latter in
// characters.
func offset(text string, line, column int) (int, bool) {
	at := 0
	for ; line > 1; line-- {
		n := strings.IndexByte(text[at:], '\n')
		if n < 0 {
			return 0, false
		}
		at += n + 1
	}
	for ; column > 1; column-- {
		if at >= len(text) {
			return 0, false
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return at, true
}
