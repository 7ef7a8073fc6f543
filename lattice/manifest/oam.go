package manifest

import (
	"bytes"
	"encoding/json"
	"math"

	"github.com/wattle-dev/wattle/lattice"
)

// The shapes of a manifest as wadm has them, in the order in which wadm writes them.
// What it forgets is not in them. Unlike wadm, they write annotations and requirements
// when they are empty: what wadm leaves out there, its clients cannot read.

type oamManifest struct {
	APIVersion string      `json:"apiVersion"`
	Kind       string      `json:"kind"`
	Metadata   oamMetadata `json:"metadata"`
	Spec       oamSpec     `json:"spec"`
}

type oamMetadata struct {
	Name        string            `json:"name"`
	Annotations map[string]string `json:"annotations"`
	Labels      map[string]string `json:"labels,omitempty"`
	at          *value
}

type oamSpec struct {
	Components []*oamComponent `json:"components"`
	Policies   []*oamPolicy    `json:"policies,omitempty"`
}

type oamPolicy struct {
	Name       string            `json:"name"`
	Properties map[string]string `json:"properties"`
	Type       string            `json:"type"`
	at         *value
}

type oamComponent struct {
	Name       string        `json:"name"`
	Type       string        `json:"type"`
	Properties oamProperties `json:"properties"`
	Traits     *[]*oamTrait  `json:"traits,omitempty"`

	at   *value
	path string
}

func (c *oamComponent) traits() []*oamTrait {
	if c.Traits == nil {
		return nil
	}
	return *c.Traits
}

type oamProperties struct {
	Image       *string      `json:"image,omitempty"`
	Application *oamShared   `json:"application,omitempty"`
	ID          *string      `json:"id,omitempty"`
	Config      []*oamConfig `json:"config,omitempty"`
	Secrets     []*oamSecret `json:"secrets,omitempty"`

	at *value
}

type oamShared struct {
	Name      string `json:"name"`
	Component string `json:"component"`

	at *value
}

type oamConfig struct {
	Name       string             `json:"name"`
	Properties *map[string]string `json:"properties,omitempty"`

	at   *value
	path string
}

type oamSecret struct {
	Name       string          `json:"name"`
	Properties oamSecretSource `json:"properties"`

	at   *value
	path string
}

type oamSecretSource struct {
	Policy  string  `json:"policy"`
	Key     string  `json:"key"`
	Field   *string `json:"field,omitempty"`
	Version *string `json:"version,omitempty"`
}

// oamTrait has one of the three shapes.
type oamTrait struct {
	Type   string
	Link   *oamLink
	Scaler *oamScaler
	Custom *value

	at   *value
	path string
}

// MarshalJSON implements json.Marshaler.
func (t *oamTrait) MarshalJSON() ([]byte, error) {
	var properties any = t.Custom
	switch {
	case t.Link != nil:
		properties = t.Link
	case t.Scaler != nil:
		properties = t.Scaler
	}
	return marshal(struct {
		Type       string `json:"type"`
		Properties any    `json:"properties"`
	}{t.Type, properties})
}

type oamLink struct {
	Namespace  string         `json:"namespace"`
	Package    string         `json:"package"`
	Interfaces []string       `json:"interfaces"`
	Source     *oamLinkSource `json:"source,omitempty"`
	Target     oamLinkTarget  `json:"target"`
	Name       *string        `json:"name,omitempty"`

	at *value
}

// name returns the name of the link.
func (l *oamLink) name() string {
	if l.Name == nil {
		return string(lattice.DefaultLink)
	}
	return *l.Name
}

type oamLinkSource struct {
	Config  []*oamConfig `json:"config,omitempty"`
	Secrets []*oamSecret `json:"secrets,omitempty"`
}

type oamLinkTarget struct {
	Name    string       `json:"name"`
	Config  []*oamConfig `json:"config,omitempty"`
	Secrets []*oamSecret `json:"secrets,omitempty"`

	at   *value
	path string
}

type oamScaler struct {
	Instances uint64       `json:"instances"`
	Spread    []*oamSpread `json:"spread,omitempty"`
}

type oamSpread struct {
	Name         string            `json:"name"`
	Requirements map[string]string `json:"requirements"`
	Weight       *uint64           `json:"weight,omitempty"`

	at   *value
	path string
}

// MarshalJSON implements json.Marshaler for what is kept as it is: the properties of
// custom traits. Keys are sorted, as wadm's are.
func (v *value) MarshalJSON() ([]byte, error) {
	return marshal(v.plainValue())
}

func (v *value) plainValue() any {
	switch v.kind {
	case kindBool:
		return v.text[0] == 't' || v.text[0] == 'T'
	case kindInteger:
		if v.negative {
			return -int64(v.integer) //nolint:gosec // at most 1<<63, whose negative is itself
		}
		return v.integer
	case kindFloat:
		if !math.IsNaN(v.float) && !math.IsInf(v.float, 0) {
			return v.float
		}
	case kindText:
		return v.text
	case kindList:
		list := make([]any, len(v.list))
		for i, e := range v.list {
			list[i] = e.plainValue()
		}
		return list
	case kindMap:
		m := make(map[string]any, len(v.entries))
		for i := range v.entries {
			m[v.entries[i].key.text] = v.entries[i].value.plainValue()
		}
		return m
	case kindNull:
	}
	return nil
}

// marshal is json.Marshal without escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
