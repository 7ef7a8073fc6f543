package manifest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/lattice"
)

// errByHand says that the text cannot be changed without doubt.
var errByHand = errors.New("change its instances in the manifest and deploy that")

// Rescale returns the manifest with another number of instances of a component, and its
// text: the one that m was parsed from, changed in place, so that all that a person
// wrote there stays. A version that is named there gets the name that is given. What
// cannot be changed without doubt is lattice.ErrInvalid.
func (m *Manifest) Rescale(text, component string, instances int, version string) (*Manifest, string, error) {
	root := parseTree(&report{}, []byte(text))
	if root == nil {
		return nil, "", fmt.Errorf("%w: its text cannot be read: %w", lattice.ErrInvalid, errByHand)
	}
	edits := []edit{{scalerOf(root, component), strconv.Itoa(instances)}}
	if m.Version != "" {
		edits = append(edits, edit{root.child("metadata", "annotations", annotationVersion), version})
	}
	changed, err := apply(text, edits)
	if err != nil {
		return nil, "", err
	}
	next, err := Parse("", []byte(changed))
	if err != nil {
		return nil, "", fmt.Errorf("%w: its text cannot be changed in place: %w", lattice.ErrInvalid, errByHand)
	}
	if !onlyScaled(m, next, component, instances) {
		return nil, "", fmt.Errorf("%w: others share the number: %w", lattice.ErrInvalid, errByHand)
	}
	return next, changed, nil
}

// onlyScaled reports whether two manifests differ in the instances of one component,
// and in nothing else that runs.
func onlyScaled(a, b *Manifest, name string, instances int) bool {
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

// scalerOf is the number of instances in the first scaler of a component, or nil.
func scalerOf(root *value, name string) *value {
	for _, c := range root.child("spec", "components").elements() {
		if n := c.child("name"); n == nil || n.text != name {
			continue
		}
		for _, t := range c.child("traits").elements() {
			if kind := t.child("type"); kind == nil || kind.text != traitSpread && kind.text != traitDaemon {
				continue
			}
			if n := t.child("properties", "instances"); n != nil {
				return n
			}
			return t.child("properties", "replicas")
		}
		return nil
	}
	return nil
}

// child is the value that keys lead to, or nil.
func (v *value) child(keys ...string) *value {
	for _, key := range keys {
		if v == nil {
			return nil
		}
		v = v.get(key)
	}
	return v
}

// elements are those of a list, none of anything else.
func (v *value) elements() []*value {
	if v == nil {
		return nil
	}
	return v.list
}

// edit replaces a scalar.
type edit struct {
	at    *value
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
		if e.at == nil || e.at.kind >= kindList {
			return "", fmt.Errorf("%w: it has no scaler of its own: %w", lattice.ErrInvalid, errByHand)
		}
		from, ok := offset(text, e.at.line, e.at.column)
		quote := ""
		if ok && from < len(text) && (text[from] == '"' || text[from] == '\'') {
			quote = text[from : from+1]
		}
		// Only what stands there as it is meant: no escapes, tags, anchors or blocks.
		raw := quote + e.at.text + quote
		if !ok || !strings.HasPrefix(text[from:], raw) {
			return "", fmt.Errorf("%w: the text in line %d cannot be changed in place: %w", lattice.ErrInvalid, e.at.line, errByHand)
		}
		spans = append(spans, span{from, from + len(raw), quote + e.value + quote})
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
