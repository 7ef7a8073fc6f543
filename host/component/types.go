package component

import (
	"encoding/binary"
	"errors"
	"fmt"

	bin "github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
)

// Limits of one type, so that no type costs more than it is worth: types share
// their parts, and a small binary can describe an enormous one.
const (
	maxTypeNodes = 1 << 16 // parts of a type, shared ones counted each time
	maxTypeDepth = 100
	maxSignature = 1 << 16 // bytes of a signature that is written out
)

// interner makes value types such that equal types are the same pointer.
type interner struct {
	byKey map[string]*wit.Type
	info  map[*wit.Type]typeInfo
	// checker refuses what is no type, such as a record without fields. The rest
	// of the package relies on it.
	checker wit.Checker
}

type typeInfo struct {
	id    uint32
	nodes int
	// spread is the parts of a value: those of a fixed-length list count as often
	// as it has elements. No function has a type with more than maxTypeNodes; one
	// that nobody passes may have, and then this is not exact.
	spread int
	depth  int
	text   int // bytes of the signature, about; no less than half
}

func newInterner() *interner {
	return &interner{byKey: map[string]*wit.Type{}, info: map[*wit.Type]typeInfo{}}
}

var errTypeTooLarge = errors.New("type is too large (limits: 65536 parts, depth 100)")

// intern returns the type equal to t that was interned first. The parts of t
// are interned already.
func (n *interner) intern(t *wit.Type, parts ...*wit.Type) (*wit.Type, error) {
	info := typeInfo{nodes: 1 + len(t.Labels), spread: 1 + len(t.Labels)}
	key := []byte{byte(t.Kind)}
	key = binary.AppendUvarint(key, uint64(t.Len))
	key = binary.AppendUvarint(key, uint64(len(parts))) // or else names could pass for parts
	for _, p := range parts {
		if p == nil {
			key = append(key, 0)
			continue
		}
		pi := n.info[p]
		info.nodes += pi.nodes
		info.spread = min(info.spread+pi.spread, maxTypeNodes+1)
		info.depth = max(info.depth, pi.depth)
		info.text = min(info.text+pi.text, maxSignature+1)
		key = binary.AppendUvarint(key, uint64(pi.id))
	}
	if t.Kind == wit.FixedList {
		info.spread = min(info.spread*int(min(t.Len, maxTypeNodes)), maxTypeNodes+1)
	}
	if info.depth++; info.nodes > maxTypeNodes || info.depth > maxTypeDepth {
		return nil, errTypeTooLarge
	}
	name := func(s string) {
		key = append(binary.AppendUvarint(key, uint64(len(s))), s...)
		info.text = min(info.text+len(s), maxSignature+1)
	}
	info.text += 8
	for _, f := range t.Fields {
		name(f.Name)
	}
	for _, l := range t.Labels {
		name(l)
	}
	if t.Resource != nil {
		key = fmt.Appendf(key, "%p", t.Resource)
	}
	if have := n.byKey[string(key)]; have != nil {
		return have, nil
	}
	if err := n.checker.Type(t); err != nil {
		return nil, err
	}
	info.id = uint32(len(n.info) + 1)
	n.byKey[string(key)], n.info[t] = t, info
	return t, nil
}

var primKinds = map[bin.ValKind]wit.Kind{
	bin.Bool: wit.Bool, bin.S8: wit.S8, bin.U8: wit.U8, bin.S16: wit.S16, bin.U16: wit.U16, bin.S32: wit.S32,
	bin.U32: wit.U32, bin.S64: wit.S64, bin.U64: wit.U64, bin.F32: wit.F32, bin.F64: wit.F64, bin.Char: wit.Char,
	bin.String: wit.String, bin.ErrorContext: wit.ErrorContext,
}

// valType evaluates a valtype; nil for an absent one.
func (n *interner) valType(s *scope, v bin.ValType) (*wit.Type, error) {
	if !v.Present {
		return nil, nil //nolint:nilnil // an absent type is a nil type
	}
	if v.Prim != 0 {
		return n.intern(&wit.Type{Kind: primKinds[v.Prim]})
	}
	t, err := at(s.types, v.Index, "type")
	if err != nil {
		return nil, err
	}
	if t.value == nil {
		return nil, fmt.Errorf("type %d is not a value type", v.Index)
	}
	return t.value, nil
}

// value evaluates a defvaltype.
func (n *interner) value(s *scope, v *bin.ValueType) (*wit.Type, error) {
	if k, ok := primKinds[v.Kind]; ok {
		return n.intern(&wit.Type{Kind: k})
	}
	elem, err := n.valType(s, v.Elem)
	if err != nil {
		return nil, err
	}
	elem2, err := n.valType(s, v.Elem2)
	if err != nil {
		return nil, err
	}
	t := &wit.Type{Labels: v.Labels}
	switch v.Kind {
	case bin.Record, bin.Variant:
		t.Kind = wit.Record
		if v.Kind == bin.Variant {
			t.Kind = wit.Variant
		}
		if t.Fields, err = n.fields(s, v.Fields); err != nil {
			return nil, err
		}
		parts := make([]*wit.Type, len(t.Fields))
		for i, f := range t.Fields {
			parts[i] = f.Type
		}
		return n.intern(t, parts...)
	case bin.Tuple:
		t.Kind = wit.Tuple
		for _, e := range v.Types {
			et, err := n.valType(s, e)
			if err != nil {
				return nil, err
			}
			t.Types = append(t.Types, et)
		}
		return n.intern(t, t.Types...)
	case bin.Flags:
		t.Kind = wit.Flags
		return n.intern(t)
	case bin.Enum:
		t.Kind = wit.Enum
		return n.intern(t)
	case bin.Result:
		t.Kind, t.Ok, t.Err = wit.Result, elem, elem2
		return n.intern(t, elem, elem2)
	case bin.Map:
		t.Kind, t.Elem, t.Value = wit.Map, elem, elem2
		return n.intern(t, elem, elem2)
	case bin.Own, bin.Borrow:
		rt, err := at(s.types, v.Resource, "type")
		if err != nil {
			return nil, err
		}
		if rt.resource == nil {
			return nil, fmt.Errorf("type %d is not a resource type", v.Resource)
		}
		t.Kind, t.Resource = wit.Own, rt.resource
		if v.Kind == bin.Borrow {
			t.Kind = wit.Borrow
		}
		return n.intern(t)
	}
	t.Elem = elem
	switch v.Kind {
	case bin.List:
		t.Kind = wit.List
	case bin.FixedList:
		t.Kind, t.Len = wit.FixedList, v.Len
	case bin.Option:
		t.Kind = wit.Option
	case bin.Stream:
		t.Kind = wit.Stream
	case bin.Future:
		t.Kind = wit.Future
	default:
		return nil, fmt.Errorf("value type %#x is unknown", uint8(v.Kind))
	}
	return n.intern(t, elem)
}

func (n *interner) fields(s *scope, fs []bin.Field) ([]wit.Field, error) {
	out := make([]wit.Field, len(fs))
	for i, f := range fs {
		t, err := n.valType(s, f.Type)
		if err != nil {
			return nil, err
		}
		out[i] = wit.Field{Name: f.Label, Type: t}
	}
	return out, nil
}

// define evaluates a type definition that is not a resource.
func (n *interner) define(s *scope, d *bin.TypeDef) (*typ, error) {
	switch {
	case d.Value != nil:
		v, err := n.value(s, d.Value)
		return &typ{value: v}, err
	case d.Func != nil:
		params, err := n.fields(s, d.Func.Params)
		if err != nil {
			return nil, err
		}
		result, err := n.valType(s, d.Func.Result)
		if err != nil {
			return nil, err
		}
		fn := &wit.Func{Async: d.Func.Async, Params: params, Result: result}
		for _, p := range params {
			if n.info[p.Type].spread > maxTypeNodes {
				return nil, errTypeTooLarge
			}
		}
		if result != nil && n.info[result].spread > maxTypeNodes {
			return nil, errTypeTooLarge
		}
		return &typ{fn: fn}, n.checker.Func(fn)
	case d.Component != nil:
		return &typ{component: &typeClosure{decls: d.Component.Decls, scope: s}}, nil
	case d.Instance != nil:
		return &typ{instance: &typeClosure{decls: d.Instance.Decls, scope: s}}, nil
	}
	return nil, errors.New("a resource type cannot be defined here")
}

// textOf is about how long the signature of a function is.
func (n *interner) textOf(f *wit.Func) int {
	text := 0
	if f.Result != nil {
		text = n.info[f.Result].text
	}
	for _, p := range f.Params {
		text += len(p.Name) + n.info[p.Type].text
	}
	return text
}

// walk is how much work it is to flatten a function: its types are walked with
// their parts, shared or not, a part taking little time.
func (n *interner) walk(f *wit.Func) int {
	const partsPerStep = 16
	nodes := 0
	if f.Result != nil {
		nodes = n.info[f.Result].spread
	}
	for _, p := range f.Params {
		nodes += n.info[p.Type].spread
	}
	return nodes / partsPerStep
}

// show returns the signature of a function for a message, unless it is too long.
func (n *interner) show(f *wit.Func) string {
	if n.textOf(f) > maxSignature {
		return "a very large type"
	}
	return f.Signature()
}

// parts is how much work it is to evaluate a type definition.
func parts(d *bin.TypeDef) int {
	n := 1
	if d.Value != nil {
		n += len(d.Value.Fields) + len(d.Value.Types) + len(d.Value.Labels)
	}
	if d.Func != nil {
		n += len(d.Func.Params)
	}
	return n
}

// sameFunc says whether two function types are equal. Their value types are
// interned.
func sameFunc(a, b *wit.Func) bool {
	if a.Async != b.Async || a.Result != b.Result || len(a.Params) != len(b.Params) {
		return false
	}
	for i := range a.Params {
		if a.Params[i].Name != b.Params[i].Name || a.Params[i].Type != b.Params[i].Type {
			return false
		}
	}
	return true
}
