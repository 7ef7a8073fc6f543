package manifest

import (
	"fmt"
	"slices"
	"strings"
)

// decoder reads the tree into the shapes.
type decoder struct {
	*report
}

// strictness says what becomes of keys that a shape does not have.
type strictness uint8

const (
	refuse strictness = iota // as wadm does
	forget                   // as wadm does: a warning
)

// object is a map that is read as a shape.
type object struct {
	*decoder
	at   *value
	path string
}

// object returns v as a map, after a look at its keys.
func (d *decoder) object(v *value, path string, unknown strictness, keys ...string) (object, bool) {
	o := object{decoder: d, at: v, path: path}
	if v.kind != kindMap {
		d.errorf(v, path, "", "%s, want a map of %s", v.what(), strings.Join(keys, ", "))
		return o, false
	}
	for i := range v.entries {
		k := v.entries[i].key
		if slices.Contains(keys, k.text) {
			continue
		}
		fix := d.near(k.text, keys)
		switch {
		case fix != "":
		case unknown == refuse:
			fix = "the keys here are " + strings.Join(keys, ", ")
		default:
			fix = "delete it"
		}
		if unknown == refuse {
			d.errorf(k, join(path, k.text), fix, "unknown key %.80q", k.text)
		} else {
			d.warnf(k, join(path, k.text), fix, "unknown key %.80q is ignored", k.text)
		}
	}
	return o, true
}

func join(path, key string) string {
	if len(key) > 80 {
		key = key[:80] + "…"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// want returns the value of a key that has to be there.
func (o object) want(key, fix string) (*value, string, bool) {
	v := o.at.get(key)
	path := join(o.path, key)
	if v == nil {
		o.errorf(o.at, path, fix, "%q is missing", key)
	}
	return v, path, v != nil
}

// text reads a text that has to be there. With loose, numbers and the like are taken
// as they are written: wadm does so where it reads a field on its own, and not where
// it keeps values to try several shapes.
func (o object) text(key, fix string, loose bool) (string, bool) {
	v, path, ok := o.want(key, fix)
	if !ok {
		return "", false
	}
	return o.textOf(v, path, loose)
}

func (d *decoder) textOf(v *value, path string, loose bool) (string, bool) {
	switch {
	case v.kind == kindText, loose && v.kind < kindList:
		return v.text, true
	case v.kind == kindBool, v.kind == kindInteger, v.kind == kindFloat:
		d.errorf(v, path, fmt.Sprintf("put it in quotes: %.80q", v.text), "%s, want a text", v.what())
	default:
		d.errorf(v, path, "", "%s, want a text", v.what())
	}
	return "", false
}

// optionalText reads a text that may be absent or null.
func (o object) optionalText(key string) (*string, bool) {
	v := o.at.get(key)
	if v == nil || v.kind == kindNull {
		return nil, true
	}
	s, ok := o.textOf(v, join(o.path, key), false)
	return &s, ok
}

// each reads a list that may be absent.
func (o object) each(key string, read func(v *value, path string) bool) bool {
	v := o.at.get(key)
	if v == nil {
		return true
	}
	return o.eachOf(v, join(o.path, key), read)
}

func (d *decoder) eachOf(v *value, path string, read func(v *value, path string) bool) bool {
	if v.kind != kindList {
		d.errorf(v, path, "", "%s, want a list", v.what())
		return false
	}
	ok := true
	for i, e := range v.list {
		ok = read(e, index(path, i)) && ok
	}
	return ok
}

// texts reads a map of texts.
func (d *decoder) texts(v *value, path string, loose bool) (map[string]string, bool) {
	if v.kind != kindMap && (!loose || !empty(v)) {
		d.errorf(v, path, "", "%s, want a map of texts", v.what())
		return nil, false
	}
	m := make(map[string]string, len(v.entries))
	ok := true
	for i := range v.entries {
		e := &v.entries[i]
		key, isText := d.textOf(e.key, path, loose)
		text, valueIsText := d.textOf(e.value, join(path, e.key.text), loose)
		ok = ok && isText && valueIsText
		m[key] = text
	}
	return m, ok
}

// empty reports whether nothing is written where a value could be. wadm takes it for
// an empty map or list where it reads a field on its own.
func empty(v *value) bool { return v.kind == kindNull && v.text == "" }
