package manifest

import "cmp"

// The types of components.
const (
	typeComponent  = "component"
	typeActor      = "actor" // what components were called once
	typeCapability = "capability"
)

// component reads an element of spec.components. It returns nil if the checks that
// follow could make nothing of it.
func (d *decoder) component(v *value, path string) *oamComponent {
	o, ok := d.object(v, path, forget, "name", "type", "properties", "traits")
	if !ok {
		return nil
	}
	c := &oamComponent{at: v, path: path}
	var named bool
	c.Name, named = o.text("name", "", true)
	if c.Type, ok = o.text("type", "add: type: component, or: type: capability", false); ok {
		switch c.Type {
		case typeComponent, typeCapability:
		case typeActor:
			c.Type = typeComponent
		default:
			fix := cmp.Or(d.near(c.Type, []string{typeComponent, typeCapability}), "a component is of type component, a capability provider of type capability")
			d.errorf(v.get("type"), join(path, "type"), fix, "unknown type %.80q", c.Type)
			ok = false
		}
	}
	if at, path, there := o.want("properties", ""); there {
		ok = d.properties(at, path, &c.Properties) && ok
	} else {
		ok = false
	}
	if at := v.get("traits"); at != nil && at.kind != kindNull {
		traits := []*oamTrait{}
		d.eachOf(at, join(path, "traits"), func(v *value, path string) bool {
			if t := d.trait(v, path); t != nil {
				traits = append(traits, t)
			}
			return true
		})
		c.Traits = &traits
	}
	if !ok || !named {
		return nil
	}
	return c
}

func (d *decoder) properties(v *value, path string, p *oamProperties) bool {
	p.at = v
	o, ok := d.object(v, path, refuse, "image", "application", "id", "config", "secrets")
	if !ok {
		return false
	}
	var image, id bool
	p.Image, image = o.optionalText("image")
	p.ID, id = o.optionalText("id")
	shared := true
	if at := v.get("application"); at != nil && at.kind != kindNull {
		p.Application, shared = d.shared(at, join(path, "application"))
	}
	configs := o.each("config", func(v *value, path string) bool { return d.config(v, path, &p.Config) })
	secrets := o.each("secrets", func(v *value, path string) bool { return d.secret(v, path, &p.Secrets) })
	return image && id && shared && configs && secrets
}

func (d *decoder) shared(v *value, path string) (*oamShared, bool) {
	o, ok := d.object(v, path, forget, "name", "component")
	if !ok {
		return nil, false
	}
	s := &oamShared{at: v}
	var name, component bool
	s.Name, name = o.text("name", "", false)
	s.Component, component = o.text("component", "", false)
	return s, name && component
}

func (d *decoder) config(v *value, path string, to *[]*oamConfig) bool {
	o, ok := d.object(v, path, refuse, "name", "properties")
	if !ok {
		return false
	}
	c := &oamConfig{at: v, path: path}
	if c.Name, ok = o.text("name", "", false); !ok {
		return false
	}
	if at := v.get("properties"); at != nil && at.kind != kindNull {
		m, ok := d.texts(at, join(path, "properties"), false)
		if !ok {
			return false
		}
		c.Properties = &m
	}
	*to = append(*to, c)
	return true
}

func (d *decoder) secret(v *value, path string, to *[]*oamSecret) bool {
	o, ok := d.object(v, path, forget, "name", "properties")
	if !ok {
		return false
	}
	s := &oamSecret{at: v, path: path}
	var named bool
	s.Name, named = o.text("name", "", false)
	at, path, there := o.want("properties", "")
	if !there {
		return false
	}
	if o, ok = d.object(at, path, forget, "policy", "key", "field", "version"); !ok {
		return false
	}
	var policy, key, field, version bool
	s.Properties.Policy, policy = o.text("policy", "", false)
	s.Properties.Key, key = o.text("key", "", false)
	s.Properties.Field, field = o.optionalText("field")
	s.Properties.Version, version = o.optionalText("version")
	if !named || !policy || !key || !field || !version {
		return false
	}
	*to = append(*to, s)
	return true
}
