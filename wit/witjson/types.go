package witjson

import (
	"bytes"

	"github.com/wattle-dev/wattle/wit"
)

// def returns the index of a definition in a scope.
func (e *encoder) def(s *scope, d *wit.TypeDef) int {
	n, ok := e.defIDs[d]
	if !ok {
		o := object{{"name", d.Name}, {"kind", e.defKind(s, d)}, {"owner", s.owner}}
		n = len(e.types)
		e.types = append(e.types, documented(o, d.Docs, d.Gate, d.ExternalID))
		e.defIDs[d] = n
	}
	s.name(d, n)
	return n
}

// name makes a definition the one that mentions of its type refer to, unless
// there is one: the first name of a type in a scope is the one it has.
func (s *scope) name(d *wit.TypeDef, n int) {
	if d.Resource != nil {
		s.named[d.Name] = n
		if _, named := s.resources[d.Resource]; !named {
			s.resources[d.Resource] = n
		}
	} else if _, named := s.types[d.Type]; !named {
		s.types[d.Type] = n
	}
}

func (e *encoder) defKind(s *scope, d *wit.TypeDef) any {
	switch {
	case d.Use != nil:
		return object{{"type", e.def(newScope("interface", e.iface(d.From, 0)), d.Use)}}
	case d.Alias != nil:
		return object{{"type", e.def(s, d.Alias)}}
	case d.Resource != nil:
		return "resource"
	case d.Type.Kind.Primitive():
		return object{{"type", d.Type.Kind.String()}}
	}
	return e.structure(s, d.Type)
}

// typ returns what stands for a type where it is mentioned.
func (e *encoder) typ(s *scope, t *wit.Type) any {
	if t == nil {
		return nil
	}
	if n, ok := s.types[t]; ok {
		return n
	}
	if t.Kind.Primitive() {
		return t.Kind.String()
	}
	kind := e.structure(s, t)
	var key bytes.Buffer
	appendValue(&key, kind)
	n, ok := e.anonymous[key.String()]
	if !ok {
		n = len(e.types)
		e.types = append(e.types, object{{"name", nil}, {"kind", kind}, {"owner", nil}})
		e.anonymous[key.String()] = n
	}
	return n
}

// structure returns the kind of a type that is not primitive.
func (e *encoder) structure(s *scope, t *wit.Type) any {
	name := t.Kind.String()
	var value any
	switch t.Kind {
	case wit.Record:
		value = object{{"fields", e.fields(s, t.Fields)}}
	case wit.Variant:
		value = object{{"cases", e.fields(s, t.Fields)}}
	case wit.Enum:
		value = object{{"cases", labels(t)}}
	case wit.Flags:
		value = object{{"flags", labels(t)}}
	case wit.Tuple:
		types := []any{}
		for _, m := range t.Types {
			types = append(types, e.typ(s, m))
		}
		value = object{{"types", types}}
	case wit.Result:
		value = object{{"ok", e.typ(s, t.Ok)}, {"err", e.typ(s, t.Err)}}
	case wit.Own, wit.Borrow:
		name, value = "handle", object{{name, e.resource(s, t.Resource)}}
	case wit.Map:
		value = []any{e.typ(s, t.Elem), e.typ(s, t.Value)}
	case wit.FixedList:
		name, value = "fixed-length-list", []any{e.typ(s, t.Elem), t.Len}
	default:
		value = e.typ(s, t.Elem)
	}
	return object{{name, value}}
}

func (e *encoder) fields(s *scope, fields []wit.Field) []any {
	out := []any{}
	for _, f := range fields {
		out = append(out, documented(object{{"name", f.Name}, {"type", e.typ(s, f.Type)}}, f.Docs, wit.Gate{}, ""))
	}
	return out
}

func labels(t *wit.Type) []any {
	out := []any{}
	for i, l := range t.Labels {
		docs := ""
		if t.LabelDocs != nil {
			docs = t.LabelDocs[i]
		}
		out = append(out, documented(object{{"name", l}}, docs, wit.Gate{}, ""))
	}
	return out
}

// resource returns the index of a resource. One without a name in the scope, of
// which the text format knows nothing, becomes an item of its own.
func (e *encoder) resource(s *scope, r *wit.Resource) int {
	n, ok := s.resources[r]
	if !ok {
		n = len(e.types)
		e.types = append(e.types, object{{"name", r.Name}, {"kind", "resource"}, {"owner", nil}})
		s.resources[r] = n
	}
	return n
}
