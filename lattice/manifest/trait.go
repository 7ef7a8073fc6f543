package manifest

import "strings"

// The types of traits that wadm knows.
const (
	traitSpread = "spreadscaler"
	traitDaemon = "daemonscaler"
	traitLink   = "link"
)

// trait reads a trait. As in wadm its properties have the first shape that fits: that
// of a link, of a scaler, or anything. It returns nil for what is broken.
func (d *decoder) trait(v *value, path string) *oamTrait {
	o, ok := d.object(v, path, refuse, "type", "properties")
	if !ok {
		return nil
	}
	t := &oamTrait{at: v, path: path}
	var typed bool
	t.Type, typed = o.text("type", "", true)
	at, path, there := o.want("properties", "")
	if !typed || !there {
		return nil
	}
	switch {
	case t.Type == traitLink:
		t.Link = d.link(at, path)
		return t.orNil(t.Link != nil)
	case t.Type == traitSpread, t.Type == traitDaemon:
		t.Scaler = d.scaler(at, path)
		return t.orNil(t.Scaler != nil)
	case strings.HasSuffix(t.Type, wattleSuffix):
		t.Custom = at
		return t
	}
	d.warnf(v, path, d.near(t.Type, []string{traitLink, traitSpread, traitDaemon}), "nothing knows traits of type %.80q: it is ignored", t.Type)
	switch link, scaler := silent((*decoder).link, at, path), silent((*decoder).scaler, at, path); {
	case link != nil:
		t.Link = link
	case scaler != nil:
		t.Scaler = scaler
	default:
		t.Custom = at
		if big := at.tooBig(); big != nil {
			d.errorf(big, path, "", "the number %.40s does not fit into 64 bits", big.text)
		}
	}
	return t
}

// silent reads a shape that may not fit, which is no error.
func silent[T any](read func(d *decoder, v *value, path string) *T, v *value, path string) *T {
	trial := &decoder{report: &report{hints: maxHints}}
	shape := read(trial, v, path)
	if trial.err() != nil {
		return nil
	}
	return shape
}

func (t *oamTrait) orNil(ok bool) *oamTrait {
	if !ok {
		return nil
	}
	return t
}

// link reads the properties of a link, of which wadm tolerates every other key.
func (d *decoder) link(v *value, path string) *oamLink {
	o, ok := d.object(v, path, forget, "namespace", "package", "interfaces", "target", "source", "name", "source_config", "target_config")
	if !ok {
		return nil
	}
	l := &oamLink{at: v}
	const fix = "a link names what it is for, as in: namespace: wasi, package: keyvalue, interfaces: [store]"
	var namespace, pkg, interfaces, named, source bool
	l.Namespace, namespace = o.text("namespace", fix, false)
	l.Package, pkg = o.text("package", fix, false)
	if at, path, there := o.want("interfaces", fix); there {
		l.Interfaces = []string{}
		interfaces = d.eachOf(at, path, func(v *value, path string) bool {
			s, ok := d.textOf(v, path, false)
			l.Interfaces = append(l.Interfaces, s)
			return ok
		})
	}
	named = true
	if at := v.get("name"); at != nil {
		var name string
		name, named = d.textOf(at, join(path, "name"), false)
		l.Name = &name
	}
	target := d.linkTarget(o, &l.Target)
	l.Source, source = d.linkSource(o)
	if !namespace || !pkg || !interfaces || !named || !target || !source {
		return nil
	}
	return l
}

func (d *decoder) linkTarget(o object, t *oamLinkTarget) bool {
	v, path, ok := o.want("target", "name a component of this manifest: target: {name: …}")
	if !ok {
		return false
	}
	t.at, t.path = v, path
	legacy := o.at.get("target_config")
	if v.kind == kindText { // as it was before wadm 0.13
		t.Name = v.text
		if legacy == nil {
			return true
		}
		at := join(o.path, "target_config")
		d.warnf(legacy, at, "write target: {name: …, config: […]}", "the form is deprecated")
		return d.eachOf(legacy, at, func(v *value, path string) bool { return d.config(v, path, &t.Config) })
	}
	if legacy != nil {
		d.warnf(legacy, join(o.path, "target_config"), "move it into target: {config: […]}", "it is ignored next to a target that is a map")
	}
	if o, ok = d.object(v, path, forget, "name", "config", "secrets"); !ok {
		return false
	}
	var configs, secrets bool
	t.Name, ok = o.text("name", "", false)
	configs = o.each("config", func(v *value, path string) bool { return d.config(v, path, &t.Config) })
	secrets = o.each("secrets", func(v *value, path string) bool { return d.secret(v, path, &t.Secrets) })
	return ok && configs && secrets
}

func (d *decoder) linkSource(o object) (*oamLinkSource, bool) {
	var s *oamLinkSource
	ok := true
	if legacy := o.at.get("source_config"); legacy != nil {
		path := join(o.path, "source_config")
		d.warnf(legacy, path, "write source: {config: […]}", "the form is deprecated")
		s = &oamLinkSource{}
		ok = d.eachOf(legacy, path, func(v *value, path string) bool { return d.config(v, path, &s.Config) })
	}
	v := o.at.get("source")
	if v == nil {
		return s, ok
	}
	s = &oamLinkSource{}
	o, is := d.object(v, join(o.path, "source"), forget, "config", "secrets")
	if !is {
		return nil, false
	}
	configs := o.each("config", func(v *value, path string) bool { return d.config(v, path, &s.Config) })
	secrets := o.each("secrets", func(v *value, path string) bool { return d.secret(v, path, &s.Secrets) })
	return s, ok && configs && secrets
}

// scaler reads the properties of a scaler.
func (d *decoder) scaler(v *value, path string) *oamScaler {
	o, ok := d.object(v, path, refuse, "instances", "replicas", "spread")
	if !ok {
		return nil
	}
	s := &oamScaler{}
	key := "instances"
	if v.get("replicas") != nil {
		if v.get(key) != nil {
			d.errorf(v, join(path, key), "delete replicas", "instances and replicas are given: they are the same")
			return nil
		}
		key = "replicas"
	}
	at, counted, there := o.want(key, "say how many: instances: 1")
	if there {
		s.Instances, ok = d.number(at, counted)
	}
	spread := o.each("spread", func(v *value, path string) bool {
		one := d.spread(v, path)
		s.Spread = append(s.Spread, one)
		return one != nil
	})
	if !there || !ok || !spread {
		return nil
	}
	return s
}

func (d *decoder) spread(v *value, path string) *oamSpread {
	o, ok := d.object(v, path, refuse, "name", "requirements", "weight")
	if !ok {
		return nil
	}
	s := &oamSpread{at: v, path: path}
	var named, has, weighed bool
	s.Name, named = o.text("name", "", false)
	if at, path, there := o.want("requirements", "add: requirements: {}"); there {
		s.Requirements, has = d.texts(at, path, false)
	}
	weighed = true
	if at := v.get("weight"); at != nil && at.kind != kindNull {
		var n uint64
		n, weighed = d.number(at, join(path, "weight"))
		s.Weight = &n
	}
	if !named || !has || !weighed {
		return nil
	}
	return s
}

// number reads a whole number that is not negative.
func (d *decoder) number(v *value, path string) (uint64, bool) {
	if v.kind != kindInteger || v.negative {
		fix := ""
		if v.kind == kindText && allDigits(v.text, 10) {
			fix = "write it without quotes"
		}
		d.errorf(v, path, fix, "%s, want a whole number from 0", v.what())
		return 0, false
	}
	if v.big {
		d.errorf(v, path, "", "%.40s is out of range", v.text)
		return 0, false
	}
	return v.integer, true
}
