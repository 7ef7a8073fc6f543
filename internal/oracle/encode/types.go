package encode

import (
	"encoding/binary"

	bin "github.com/wattle-dev/wattle/host/component/binary"
)

// The opcodes of types that are not value types (Binary.md, "Type Definitions").
const (
	opResource = iota + 0x3f
	opFunc
	opComponent
	opInstance
	opAsyncFunc
)

// The declarators of component and instance types.
const (
	declCoreType = iota
	declType
	declAlias
	declImport
	declExport
)

func (w *writer) typeDef(t *bin.TypeDef) {
	switch {
	case t.Resource != nil:
		w.byte(opResource)
		w.byte(t.Resource.Rep)
		w.flag(t.Resource.HasDtor)
		if t.Resource.HasDtor {
			w.u32(t.Resource.Dtor)
		}
	case t.Func != nil:
		op := byte(opFunc)
		if t.Func.Async {
			op = opAsyncFunc
		}
		w.byte(op)
		vec(w, t.Func.Params, w.field)
		w.result(t.Func.Result)
	case t.Component != nil:
		w.byte(opComponent)
		vec(w, t.Component.Decls, w.decl)
	case t.Instance != nil:
		w.byte(opInstance)
		vec(w, t.Instance.Decls, w.decl)
	default:
		w.valueType(t.Value)
	}
}

func (w *writer) decl(d bin.Decl) {
	switch d := d.(type) {
	case *bin.CoreTypeDef:
		w.byte(declCoreType)
		w.coreType(d)
	case *bin.TypeDef:
		w.byte(declType)
		w.typeDef(d)
	case *bin.Alias:
		w.byte(declAlias)
		w.alias(d)
	case *bin.ImportDecl:
		w.byte(declImport)
		w.name(d.Name)
		w.externType(d.Type)
	case *bin.ExportDecl:
		w.byte(declExport)
		w.name(d.Name)
		w.externType(d.Type)
	}
}

func (w *writer) field(f bin.Field) { w.string(f.Label); w.valType(f.Type) }

// result writes resultlist.
func (w *writer) result(t bin.ValType) {
	if !t.Present {
		w.raw([]byte{1, 0})
		return
	}
	w.byte(0)
	w.valType(t)
}

// valType writes valtype. An index is an s33: its sign bit must be clear.
func (w *writer) valType(t bin.ValType) {
	if t.Prim != 0 {
		w.byte(byte(t.Prim))
		return
	}
	n := binary.PutUvarint(make([]byte, binary.MaxVarintLen64), uint64(t.Index))
	if uint64(t.Index)>>(7*n-1) == 0 {
		w.u32(t.Index)
		return
	}
	w.u32(t.Index)
	w.out[len(w.out)-1] |= 0x80
	w.byte(0)
}

func (w *writer) optValType(t bin.ValType) {
	w.flag(t.Present)
	if t.Present {
		w.valType(t)
	}
}

func (w *writer) valueType(t *bin.ValueType) {
	w.byte(byte(t.Kind))
	switch t.Kind {
	case bin.Record:
		vec(w, t.Fields, w.field)
	case bin.Variant:
		vec(w, t.Fields, func(f bin.Field) { w.string(f.Label); w.optValType(f.Type); w.byte(0) })
	case bin.List, bin.Option:
		w.valType(t.Elem)
	case bin.FixedList:
		w.valType(t.Elem)
		w.u32(t.Len)
	case bin.Tuple:
		vec(w, t.Types, w.valType)
	case bin.Flags, bin.Enum:
		vec(w, t.Labels, w.string)
	case bin.Result:
		w.optValType(t.Elem)
		w.optValType(t.Elem2)
	case bin.Own, bin.Borrow:
		w.u32(t.Resource)
	case bin.Stream, bin.Future:
		w.optValType(t.Elem)
	case bin.Map:
		w.valType(t.Elem)
		w.valType(t.Elem2)
	}
}
