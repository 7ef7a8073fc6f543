package validate

import (
	bin "encoding/binary"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
)

var kinds = map[binary.ValKind]wit.Kind{
	binary.Bool: wit.Bool, binary.S8: wit.S8, binary.U8: wit.U8, binary.S16: wit.S16, binary.U16: wit.U16,
	binary.S32: wit.S32, binary.U32: wit.U32, binary.S64: wit.S64, binary.U64: wit.U64, binary.F32: wit.F32,
	binary.F64: wit.F64, binary.Char: wit.Char, binary.String: wit.String, binary.ErrorContext: wit.ErrorContext,
	binary.Record: wit.Record, binary.Variant: wit.Variant, binary.List: wit.List, binary.FixedList: wit.FixedList,
	binary.Tuple: wit.Tuple, binary.Flags: wit.Flags, binary.Enum: wit.Enum, binary.Option: wit.Option,
	binary.Result: wit.Result, binary.Own: wit.Own, binary.Borrow: wit.Borrow, binary.Stream: wit.Stream,
	binary.Future: wit.Future, binary.Map: wit.Map,
}

// anyResource stands for every resource in shapes.
var anyResource = &wit.Resource{Name: "resource"}

// nominal says whether a type of the shape needs a name in imports and exports.
func (s *shape) nominal() bool {
	switch s.typ.Kind {
	case wit.Record, wit.Variant, wit.Enum, wit.Flags:
		return true
	default:
		return false
	}
}

// valType evaluates a valtype; the result is nil for an absent one.
func (c *checker) valType(s *scope, v binary.ValType, offset int) (*value, error) {
	if !v.Present {
		return nil, nil //nolint:nilnil // an absent type is a nil type
	}
	if v.Prim != 0 {
		return c.primitive(v.Prim, offset)
	}
	t, err := at(c, s.types, v.Index, "type", offset)
	if err != nil {
		return nil, err
	}
	if t, ok := t.(*value); ok {
		return t, nil
	}
	return nil, c.fail(CodeTypeKind, offset, "type %d is that of %s, not a value type", v.Index, kindOf(t))
}

func (c *checker) primitive(k binary.ValKind, offset int) (*value, error) {
	kind := kinds[k]
	if !kind.Primitive() {
		return nil, c.fail(CodeTypeKind, offset, "%#x is not a primitive type", uint8(k))
	}
	if kind == wit.ErrorContext {
		if err := c.need(ErrorContext, offset, "error-context 📝"); err != nil {
			return nil, err
		}
	}
	sh, err := c.shape(&wit.Type{Kind: kind}, nil, offset)
	if err != nil {
		return nil, err
	}
	if c.values[sh] == nil {
		c.values[sh] = &value{shape: sh}
	}
	return c.values[sh], nil
}

// value evaluates a defvaltype.
func (c *checker) value(s *scope, v *binary.ValueType, offset int) (*value, error) {
	t := &wit.Type{Kind: kinds[v.Kind], Len: v.Len}
	if t.Kind.Primitive() {
		p, err := c.primitive(v.Kind, offset)
		if err != nil {
			return nil, err
		}
		return &value{shape: p.shape}, nil
	}
	out := &value{}
	var err error
	if out.parts, err = c.parts(s, t, v, offset); err != nil {
		return nil, err
	}
	if t.Kind == wit.Own || t.Kind == wit.Borrow {
		if out.resource, err = c.resourceAt(s, v.Resource, offset); err != nil {
			return nil, err
		}
		t.Resource = anyResource
	}
	if err := c.checkValue(t, out.parts, offset); err != nil {
		return nil, err
	}
	out.shape, err = c.shape(t, out.parts, offset)
	return out, err
}

// parts evaluates the types inside a defvaltype and puts their shapes, and the
// labels, into t.
func (c *checker) parts(s *scope, t *wit.Type, v *binary.ValueType, offset int) ([]*value, error) {
	var in []binary.ValType
	switch t.Kind {
	case wit.Record, wit.Variant:
		for _, f := range v.Fields {
			in = append(in, f.Type)
			t.Fields = append(t.Fields, wit.Field{Name: f.Label})
		}
	case wit.Flags, wit.Enum:
		t.Labels = v.Labels
	case wit.Tuple:
		in = v.Types
		t.Types = make([]*wit.Type, len(in))
	case wit.Result, wit.Map:
		in = []binary.ValType{v.Elem, v.Elem2}
	case wit.List, wit.FixedList, wit.Option, wit.Stream, wit.Future:
		in = []binary.ValType{v.Elem}
	default:
	}
	if err := c.spent(c.spend(1+len(in)+len(v.Labels)), offset); err != nil {
		return nil, err
	}
	out := make([]*value, len(in))
	for i, p := range in {
		at := offset
		if t.Fields != nil {
			at = v.Fields[i].Offset
		}
		var err error
		if out[i], err = c.valType(s, p, at); err != nil {
			return nil, err
		}
	}
	typ := func(v *value) *wit.Type {
		if v == nil {
			return nil
		}
		return v.shape.typ
	}
	for i, p := range out {
		switch t.Kind {
		case wit.Record, wit.Variant:
			t.Fields[i].Type = typ(p)
		case wit.Tuple:
			t.Types[i] = typ(p)
		}
	}
	switch t.Kind {
	case wit.Result:
		t.Ok, t.Err = typ(out[0]), typ(out[1])
	case wit.Map:
		t.Elem, t.Value = typ(out[0]), typ(out[1])
	case wit.List, wit.FixedList, wit.Option, wit.Stream, wit.Future:
		t.Elem = typ(out[0])
	default:
	}
	return out, nil
}

// checkValue checks the rules of a type's own constructor.
func (c *checker) checkValue(t *wit.Type, parts []*value, offset int) error {
	switch t.Kind {
	case wit.Record, wit.Variant:
		what := map[wit.Kind]string{wit.Record: "field", wit.Variant: "case"}[t.Kind]
		if len(t.Fields) == 0 {
			return c.fail(CodeEmptyType, offset, "%s without a %s", t.Kind, what)
		}
		return c.labels(what, len(t.Fields), func(i int) string { return t.Fields[i].Name }, offset)
	case wit.Enum, wit.Flags:
		if len(t.Labels) == 0 {
			return c.fail(CodeEmptyType, offset, "%s without a label", t.Kind)
		}
		if t.Kind == wit.Flags && len(t.Labels) > wit.MaxFlags {
			return c.fail(CodeFlags, offset, "flags have %d labels; %d is the most", len(t.Labels), wit.MaxFlags)
		}
		return c.labels("label", len(t.Labels), func(i int) string { return t.Labels[i] }, offset)
	case wit.Tuple:
		if len(parts) == 0 {
			return c.fail(CodeEmptyType, offset, "tuple without an element")
		}
	case wit.FixedList:
		if t.Len == 0 {
			return c.fail(CodeEmptyType, offset, "list of a fixed length of 0")
		}
		return c.need(FixedLists, offset, "lists of a fixed length 🔧")
	case wit.Map:
		switch k := parts[0].shape.typ.Kind; {
		case !k.Primitive(), k == wit.F32, k == wit.F64, k == wit.ErrorContext:
			return c.fail(CodeMapKey, offset, "%s cannot be the key of a map", k)
		}
		return c.need(Maps, offset, "map 🗺️")
	case wit.Stream, wit.Future:
		return c.checkAsyncValue(t.Kind, parts[0], offset)
	default:
	}
	return nil
}

func (c *checker) checkAsyncValue(k wit.Kind, elem *value, offset int) error {
	if elem != nil {
		if elem.shape.borrow {
			return c.fail(CodeElement, offset, "%s of a borrow", k)
		}
		if k == wit.Stream && elem.shape.typ.Kind == wit.Char {
			return c.fail(CodeElement, offset, "stream of char is not allowed yet; use a stream of bytes, or of strings")
		}
	}
	return c.need(Async, offset, k.String()+" 🔀")
}

// labels checks that labels are in kebab case and strongly unique.
func (c *checker) labels(what string, n int, label func(int) string, offset int) error {
	if n > wit.MaxTypeLabels {
		return c.fail(CodeTooComplex, offset, "%d %ss; %d is the most", n, what, wit.MaxTypeLabels)
	}
	seen := make(map[string]bool, n)
	for i := range n {
		l := label(i)
		if !wit.IsLabel(l) {
			return c.fail(CodeLabel, offset, "%s %q is not in kebab case", what, clip(l))
		}
		key := canonical(l)
		if seen[key] {
			return c.fail(CodeDuplicateName, offset, "%s %q appears twice, upper case and lower case being the same", what, l)
		}
		seen[key] = true
	}
	return nil
}

// shape returns the shape of a type, given those of its parts.
func (c *checker) shape(t *wit.Type, parts []*value, offset int) (*shape, error) {
	key := bin.AppendUvarint([]byte{byte(t.Kind)}, uint64(t.Len))
	sh := &shape{
		typ: t, nodes: 1, depth: 1,
		borrow:  t.Kind == wit.Borrow,
		handle:  t.Kind == wit.Own || t.Kind == wit.Borrow,
		pointer: t.Kind == wit.String || t.Kind == wit.List || t.Kind == wit.Map,
	}
	for _, p := range parts {
		if p == nil {
			key = append(key, 0)
			continue
		}
		key = bin.AppendUvarint(key, uint64(p.shape.id))
		sh.nodes += p.shape.nodes
		sh.depth = max(sh.depth, p.shape.depth+1)
		sh.borrow = sh.borrow || p.shape.borrow
		sh.handle = sh.handle || p.shape.handle
		sh.pointer = sh.pointer || p.shape.pointer && t.Kind != wit.Stream && t.Kind != wit.Future
	}
	if sh.nodes > wit.MaxTypeNodes || sh.depth > wit.MaxTypeDepth {
		return nil, c.fail(CodeTooComplex, offset, "type is too large: %d types inside it and %d levels are the most", wit.MaxTypeNodes, wit.MaxTypeDepth)
	}
	name := func(s string) { key = append(bin.AppendUvarint(key, uint64(len(s))), s...) }
	for _, f := range t.Fields {
		name(f.Name)
	}
	for _, l := range t.Labels {
		name(l)
	}
	if have := c.shapes[string(key)]; have != nil {
		return have, nil
	}
	// All else that Check could say has been checked.
	if err := c.sizes.Type(t); err != nil {
		return nil, c.fail(CodeValueSize, offset, "%v", err)
	}
	sh.id = uint32(len(c.shapes) + 1)
	c.shapes[string(key)] = sh
	return sh, nil
}

// flat returns the flattening of a shape, as [wit.Type.Flat] does.
func (c *checker) flat(s *shape) ([]wit.Core, error) {
	if s.flat == nil {
		if err := c.spend(s.nodes); err != nil {
			return nil, err
		}
		s.flat = s.typ.Flat()
	}
	return s.flat, nil
}
