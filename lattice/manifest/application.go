package manifest

import (
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
)

// What a manifest says that it is.
const (
	apiVersion = "core.oam.dev/v1beta1"
	kindApp    = "Application"

	annotationVersion     = "version"
	annotationDescription = "description"
	annotationShared      = "experimental.wasmcloud.dev/shared"
)

// application reads the whole.
func (d *decoder) application(v *value) *oamManifest {
	o, ok := d.object(v, "", refuse, "apiVersion", "kind", "metadata", "spec")
	if !ok {
		return nil
	}
	m := &oamManifest{}
	if m.APIVersion, ok = o.text("apiVersion", fmt.Sprintf("add: apiVersion: %s", apiVersion), true); ok && m.APIVersion != apiVersion {
		d.errorf(v.get("apiVersion"), "apiVersion", "", "%.80q, want %q", m.APIVersion, apiVersion)
	}
	if m.Kind, ok = o.text("kind", "add: kind: "+kindApp, true); ok && m.Kind != kindApp {
		d.errorf(v.get("kind"), "kind", "", "%.80q, want %q", m.Kind, kindApp)
	}
	if at, path, ok := o.want("metadata", ""); ok {
		d.metadata(at, path, &m.Metadata)
	}
	if at, path, ok := o.want("spec", ""); ok {
		d.spec(at, path, &m.Spec)
	}
	return m
}

func (d *decoder) metadata(v *value, path string, m *oamMetadata) {
	m.at = v
	o, ok := d.object(v, path, forget, "name", "annotations", "labels")
	if !ok {
		return
	}
	if m.Name, ok = o.text("name", "", true); ok {
		if _, err := lattice.ParseAppName(m.Name); err != nil {
			d.errorf(v.get("name"), join(path, "name"), "", "%v", err)
		}
	}
	if at, path, ok := o.want("annotations", "add: annotations: {}"); ok {
		m.Annotations, _ = d.texts(at, path, true)
		d.labelKeys(at, path)
		if m.Annotations[annotationVersion] == "latest" {
			d.errorf(at.get(annotationVersion), join(path, annotationVersion), "name the version, or leave it out to have one made up", "no version is called %q: it stands for the newest", "latest")
		} else if s := m.Annotations[annotationVersion]; !shortText(s) {
			d.errorf(at.get(annotationVersion), join(path, annotationVersion), "", "%.80q is too long or cannot be printed", s)
		}
	}
	if at := v.get("labels"); at != nil {
		m.Labels, _ = d.texts(at, join(path, "labels"), true)
		d.labelKeys(at, join(path, "labels"))
	}
}

func (d *decoder) spec(v *value, path string, s *oamSpec) {
	o, ok := d.object(v, path, forget, "components", "policies")
	if !ok {
		return
	}
	if at, path, ok := o.want("components", ""); ok && !empty(at) {
		d.eachOf(at, path, func(v *value, path string) bool {
			if c := d.component(v, path); c != nil {
				s.Components = append(s.Components, c)
			}
			return true
		})
	}
	if at := v.get("policies"); at != nil && !empty(at) {
		d.eachOf(at, join(path, "policies"), func(v *value, path string) bool {
			if p := d.policy(v, path); p != nil {
				s.Policies = append(s.Policies, p)
			}
			return true
		})
	}
}

func (d *decoder) policy(v *value, path string) *oamPolicy {
	o, ok := d.object(v, path, forget, "name", "type", "properties")
	if !ok {
		return nil
	}
	p := &oamPolicy{at: v}
	var named, typed, has bool
	p.Name, named = o.text("name", "", true)
	p.Type, typed = o.text("type", "", true)
	at, path, there := o.want("properties", "add: properties: {}")
	if there {
		p.Properties, has = d.texts(at, path, true)
	}
	if !named || !typed || !has {
		return nil
	}
	return p
}

// labelKeys checks the keys of labels and annotations as OAM has them: a name, with
// a DNS subdomain and a slash in front or not.
func (d *decoder) labelKeys(v *value, path string) {
	for i := range v.entries {
		if k := v.entries[i].key; k.kind < kindList && !oamKey(k.text) {
			d.errorf(k, path, "", "key %.80q: want up to 63 letters, digits and . _ -, which begin and end with a letter or digit, and in front of them a DNS name and a slash if need be", k.text)
		}
	}
}
