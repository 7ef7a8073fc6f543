package mutant

import (
	"math/rand/v2"
	"reflect"

	bin "github.com/wattle-dev/wattle/host/component/binary"
)

// donors are the parts of the corpus, by type, and its names.
type donors struct {
	parts map[reflect.Type][]reflect.Value
	names []string
}

func newDonors() *donors { return &donors{parts: map[reflect.Type][]reflect.Value{}} }

// maxPart bounds the parts that are given from one component to another.
const maxPart = 4 << 10

func (d *donors) add(ast *bin.Component) {
	if ast.Size > maxPart {
		return
	}
	seen := map[string]bool{}
	walk(reflect.ValueOf(ast).Elem(), func(v reflect.Value, _ string) {
		switch v.Kind() {
		case reflect.String:
			if s := v.String(); !seen[s] {
				seen[s] = true
				d.names = append(d.names, s)
			}
		case reflect.Struct, reflect.Interface:
			d.parts[v.Type()] = append(d.parts[v.Type()], v)
		}
	})
}

// part returns a copy of a part of the given type, if there is any.
func (d *donors) part(rng *rand.Rand, t reflect.Type) (reflect.Value, bool) {
	all := d.parts[t]
	if len(all) == 0 {
		return reflect.Value{}, false
	}
	return clone(all[rng.IntN(len(all))]), true
}

// walk calls f with all settable places of a tree, outer ones first, and the
// name of the field in which each stands.
func walk(v reflect.Value, f func(v reflect.Value, field string)) { walkIn(v, "", f) }

func walkIn(v reflect.Value, field string, f func(v reflect.Value, field string)) {
	if v.CanSet() {
		f(v, field)
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			walkIn(v.Elem(), field, f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			switch name := v.Type().Field(i).Name; name {
			case "Offset", "Size", "Customs", "Raw", "TypesBefore":
			default:
				walkIn(v.Field(i), name, f)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			walkIn(v.Index(i), field, f)
		}
	}
}

// clone returns a copy that shares nothing with v but bytes and strings.
func clone(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return out
		}
		if v.Kind() == reflect.Interface {
			out.Set(clone(v.Elem()))
			return out
		}
		out.Set(reflect.New(v.Type().Elem()))
		out.Elem().Set(clone(v.Elem()))
	case reflect.Struct:
		for i := range v.NumField() {
			out.Field(i).Set(clone(v.Field(i)))
		}
	case reflect.Slice:
		if v.IsNil() || v.Type().Elem().Kind() == reflect.Uint8 {
			out.Set(v)
			return out
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(clone(v.Index(i)))
		}
	default:
		out.Set(v)
	}
	return out
}
