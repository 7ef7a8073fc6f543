package manifest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// MaxBytes bounds the text of a manifest.
const MaxBytes = wire.MaxManifest

// Manifest is an application as its manifest has it.
type Manifest struct {
	Name lattice.AppName
	// Version is the name of the version, empty if one is to be made up.
	Version string
	// Description says what it is, in one line.
	Description string
	// Shared says that other applications may use its components.
	Shared      bool
	Annotations map[string]string
	Labels      map[string]string
	// Components and Providers are in the order of the manifest.
	Components []Component
	Providers  []Provider
	Policies   []Policy
	// Warnings are what is strange and no error, in the order of the text.
	Warnings []*FieldError

	file string
	oam  *oamManifest
	// refused has what no host would grant.
	refused *report
}

// Component is a component of an application.
type Component struct {
	// Name is its name in the manifest, ID that in the lattice: of a shared component the
	// one that it has in the other application.
	Name string
	ID   lattice.ComponentID
	// Image is where the binary comes from, as it is written. It is empty if the
	// component is shared.
	Image string
	// SharedFrom is the component of another application that this one stands for.
	SharedFrom *Shared
	Configs    []Config
	Secrets    []Secret
	// Rules say where it runs: by its scaler, and its placement and resources traits. One
	// without a scaler, or with no instances, has lattice.ModeNone.
	Rules lattice.Rules
	// Links are those that it is the source of.
	Links   []Link
	Limits  lattice.Limits
	Rollout lattice.Rollout
	// Routes are those of its trait, and those of links of HTTP servers to it.
	Routes  []lattice.Route
	Probe   *lattice.Probe
	Preinit bool
	// MCP says that it is an MCP server. If nil, it is none.
	MCP *lattice.MCP
}

// Provider is a capability of an application.
type Provider struct {
	Name  string
	ID    lattice.ComponentID
	Image string
	// SharedFrom is the capability of another application that this one stands for.
	SharedFrom *Shared
	// Kind is the capability of package lattice/capability that the image stands for,
	// empty if there is none.
	Kind    string
	Configs []Config
	Secrets []Secret
	Rules   lattice.Rules
	// Links are those that it is the source of.
	Links []Link
}

// Shared names a component of another application.
type Shared struct {
	App       lattice.AppName
	Component string
}

// Config is a configuration that something is given.
type Config struct {
	// Name is its name in the lattice.
	Name lattice.ConfigName
	// Values are those that the manifest gives it. If nil, the configuration has to be
	// there.
	Values lattice.Config
}

// Secret is a secret that something may ask for by its name.
type Secret struct {
	Name string
	// Policy is the name of one of Manifest.Policies, Backend what that says.
	Policy, Backend string
	// Key, Field and Version say which secret of the backend it is.
	Key, Field, Version string
}

// Ref returns the secret in the lattice, of version zero if the newest is meant. It is
// false for a secret of another backend, or one that Manifest.Refused tells of.
func (s *Secret) Ref() (ref lattice.SecretRef, ok bool) {
	name, err := lattice.ParseSecretName(s.Key)
	if s.Backend != BackendWattle || s.Field != "" || err != nil || wire.CheckSecretKey(s.Name) != nil {
		return ref, false
	}
	ref.Name = name
	if s.Version != "" {
		if ref.Version, err = parseSecretVersion(s.Version); err != nil {
			return lattice.SecretRef{}, false
		}
	}
	return ref, true
}

// Link is a link of a component or provider.
type Link struct {
	// Link has IDs and the names of configurations in the lattice.
	lattice.Link
	// To is the name of the target in the manifest.
	To string
	// Source and Target are the configurations with their values, Link has the names.
	Source, Target               []Config
	SourceSecrets, TargetSecrets []Secret
}

// Policy is a policy of an application.
type Policy struct {
	Name       string
	Type       string
	Properties map[string]string
}

// PolicySecret is the type of policies that secrets name.
const PolicySecret = "policy.secret.wasmcloud.dev/v1alpha1"

// Parse reads the text of a manifest, YAML or JSON. The name of the file is for
// errors. The error is an *Errors with everything that is wrong.
func Parse(file string, text []byte) (*Manifest, error) {
	r := &report{file: file}
	tree := parseTree(r, text)
	if tree == nil {
		return nil, r.err()
	}
	d := &decoder{report: r}
	oam := d.application(tree)
	if oam == nil {
		return nil, r.err()
	}
	m := d.build(oam)
	if err := r.err(); err != nil {
		return nil, err
	}
	m.file, m.Warnings = file, sorted(r.warnings)
	return m, nil
}

func parseTree(r *report, text []byte) *value {
	first := &value{line: 1, column: 1}
	switch {
	case len(text) > MaxBytes:
		r.errorf(first, "", "", "%d bytes, the limit is %d", len(text), MaxBytes)
		return nil
	case !utf8.Valid(text):
		r.errorf(first, "", "", "it is not UTF-8")
		return nil
	}
	reader := &reader{report: r}
	if bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) && json.Valid(text) {
		return reader.readJSON(text)
	}
	return reader.readYAML(text)
}

// JSON returns the manifest as wadm gives it back: what Wattle and wadm do not
// know is dropped where wadm drops it, custom traits, policies, annotations and labels
// are as they were. A version that was made up is added.
func (m *Manifest) JSON(version string) ([]byte, error) {
	oam := *m.oam
	oam.Metadata.Annotations = maps.Clone(oam.Metadata.Annotations)
	if oam.Metadata.Annotations == nil {
		oam.Metadata.Annotations = map[string]string{}
	}
	if _, ok := oam.Metadata.Annotations[annotationVersion]; !ok && version != "" {
		oam.Metadata.Annotations[annotationVersion] = version
	}
	if oam.Spec.Components == nil {
		oam.Spec.Components = []*oamComponent{}
	}
	return marshal(&oam)
}

// sanitized returns a half of an ID that was made up, as wadm makes them up.
func sanitized(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, strings.ToLower(s))
}

// Defines reports whether a part of the manifest gives values to a configuration of a name, as
// it is written there: in the lattice that one is called after the application.
func (m *Manifest) Defines(name lattice.ConfigName) bool {
	own := lattice.ConfigName(madeUp(string(m.Name), string(name)))
	is := func(c Config) bool { return c.Values != nil && c.Name == own }
	linked := func(l Link) bool { return slices.ContainsFunc(l.Source, is) || slices.ContainsFunc(l.Target, is) }
	return slices.ContainsFunc(m.Components, func(c Component) bool {
		return slices.ContainsFunc(c.Configs, is) || slices.ContainsFunc(c.Links, linked)
	}) || slices.ContainsFunc(m.Providers, func(p Provider) bool {
		return slices.ContainsFunc(p.Configs, is) || slices.ContainsFunc(p.Links, linked)
	})
}

// madeUp returns the ID, or name of a configuration, of something in an application.
func madeUp(app, name string) string { return sanitized(app) + "-" + sanitized(name) }
