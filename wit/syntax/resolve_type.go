package syntax

import (
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/wit"
)

// typeDef resolves the definition of a name in a scope, for a mention of it at a
// place. It returns nil, having reported an error, if there is none.
func (r *resolver) typeDef(s *typeScope, t *typeEntry, at pos) *wit.TypeDef {
	switch {
	case t.shut != "":
		r.errorf(at, "type %q is left out: %s", t.name.name, t.shut)
		return nil
	case t.state == done:
		return t.def
	case t.state == failed:
		return nil
	case t.state == underWay:
		r.errorf(at, "type %q contains itself", t.name.name)
		t.state = failed
		return nil
	case !r.deeper(at):
		t.state = failed
		return nil
	}
	defer func() { r.chain-- }()
	t.state = underWay
	def := r.declared(s, t.item)
	if def == nil || t.state == failed {
		t.state = failed
		return nil
	}
	if def.Type != nil {
		if err := r.checker.Type(def.Type); err != nil {
			r.errorf(t.name.pos, "type %q: %v", t.name.name, err)
			t.state = failed
			return nil
		}
	}
	t.def, t.state = def, done
	s.order = append(s.order, def)
	return def
}

// declared returns the definition that an item declares, or nil.
func (r *resolver) declared(s *typeScope, it *typeItem) *wit.TypeDef {
	def := &wit.TypeDef{Name: it.name.name, Docs: it.docs, Gate: it.gate, ExternalID: it.externalID}
	switch it.kind {
	case resourceItem:
		def.Resource = &wit.Resource{Name: it.name.name, Docs: it.docs}
		if s.owner != nil {
			def.Resource.Owner = s.owner.ID
		}
		return def
	case aliasItem:
		return r.alias(s, it, def)
	}
	t := &wit.Type{Name: it.name.name, Owner: s.owner, Docs: it.docs}
	def.Type = t
	switch it.kind {
	case recordItem:
		t.Kind = wit.Record
	case variantItem:
		t.Kind = wit.Variant
	case enumItem:
		t.Kind = wit.Enum
	case flagsItem:
		t.Kind = wit.Flags
	}
	if t.Kind == wit.Enum || t.Kind == wit.Flags {
		setLabels(t, it.fields)
		return def
	}
	ok := true
	for _, f := range it.fields {
		field := wit.Field{Name: f.name, Docs: f.docs}
		if f.typ != nil {
			field.Type = r.typeOf(s, f.typ)
			ok = ok && field.Type != nil
		}
		t.Fields = append(t.Fields, field)
	}
	if !ok {
		return nil
	}
	return def
}

func setLabels(t *wit.Type, fields []field) {
	documented := false
	docs := make([]string, len(fields))
	for i, f := range fields {
		t.Labels = append(t.Labels, f.name)
		docs[i] = f.docs
		documented = documented || f.docs != ""
	}
	if documented {
		t.LabelDocs = docs
	}
}

// alias completes the definition of "type a = b".
func (r *resolver) alias(s *typeScope, it *typeItem, def *wit.TypeDef) *wit.TypeDef {
	if it.alias.kind == 0 {
		of := r.named(s, it.alias)
		if of == nil {
			return nil
		}
		def.Alias, def.Type, def.Resource = of, of.Type, of.Resource
		if of.Type == nil {
			return def
		}
	} else if def.Type = r.typeOf(s, it.alias); def.Type == nil {
		return nil
	}
	// The alias shares the structure under a name of its own.
	t := *def.Type
	t.Name, t.Owner, t.Docs = it.name.name, s.owner, it.docs
	def.Type = &t
	return def
}

// named returns the definition that a name in a type stands for.
func (r *resolver) named(s *typeScope, e *typeExpr) *wit.TypeDef {
	t := s.types[e.name]
	if t == nil {
		names := slices.Concat(slices.Sorted(maps.Keys(s.types)), slices.Sorted(maps.Keys(typeKeywords)))
		r.errorf(e.pos, "no type %q in %s%s", e.name, s.where, nearest.Hint(e.name, names))
		return nil
	}
	return r.typeDef(s, t, e.pos)
}

// typeOf resolves a type where it is mentioned. It returns nil, having reported
// an error, if that fails.
func (r *resolver) typeOf(s *typeScope, e *typeExpr) *wit.Type {
	switch e.kind {
	case 0:
		def := r.named(s, e)
		if def == nil {
			return nil
		}
		if def.Resource != nil {
			return &wit.Type{Kind: wit.Own, Resource: def.Resource}
		}
		return def.Type
	case wit.Own, wit.Borrow:
		arg := e.args[0]
		if arg.kind != 0 {
			r.errorf(arg.pos, "%s takes the name of a resource", e.name)
			return nil
		}
		def := r.named(s, arg)
		if def == nil {
			return nil
		}
		if def.Resource == nil {
			r.errorf(arg.pos, "%s takes the name of a resource, and %q is none", e.name, arg.name)
			return nil
		}
		return &wit.Type{Kind: e.kind, Resource: def.Resource}
	}
	args := make([]*wit.Type, 2, max(2, len(e.args)))
	for i, a := range e.args {
		if a == nil {
			continue
		}
		t := r.typeOf(s, a)
		if t == nil {
			return nil
		}
		if i < len(args) {
			args[i] = t
		} else {
			args = append(args, t)
		}
	}
	t := &wit.Type{Kind: e.kind, Len: e.len}
	switch e.kind {
	case wit.Tuple:
		t.Types = args[:len(e.args)]
	case wit.Result:
		t.Ok, t.Err = args[0], args[1]
	default:
		t.Elem, t.Value = args[0], args[1]
	}
	return t
}
