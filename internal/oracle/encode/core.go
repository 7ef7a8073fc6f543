package encode

import (
	bin "github.com/wattle-dev/wattle/host/component/binary"
)

// The opcodes of core types.
const (
	opCoreModule = 0x50
	opCoreFunc   = 0x60
)

// The declarators of module types.
const (
	coreDeclImport = iota
	coreDeclType
	coreDeclAlias
	coreDeclExport
)

func (w *writer) coreType(t *bin.CoreTypeDef) {
	switch {
	case t.Module != nil:
		w.byte(opCoreModule)
		w.moduleType(t.Module)
	case t.Open:
		w.raw([]byte{0x00, opCoreModule, 0x00})
		w.coreFunc(t.Func)
	default:
		w.coreFunc(t.Func)
	}
}

func (w *writer) coreFunc(f *bin.CoreFuncType) {
	w.byte(opCoreFunc)
	w.string(string(f.Params))
	w.string(string(f.Results))
}

// moduleType writes the declarators of a module type. Those between two types
// are put in the order imports, exports.
func (w *writer) moduleType(m *bin.ModuleType) {
	w.u32(uint32(len(m.Types) + len(m.Imports) + len(m.Exports)))
	imports, exports := m.Imports, m.Exports
	before := func(n int) {
		for ; len(imports) > 0 && imports[0].TypesBefore <= n; imports = imports[1:] {
			w.byte(coreDeclImport)
			w.string(imports[0].Module)
			w.string(imports[0].Name)
			w.coreExtern(imports[0].Type)
		}
		for ; len(exports) > 0 && exports[0].TypesBefore <= n; exports = exports[1:] {
			w.byte(coreDeclExport)
			w.string(exports[0].Name)
			w.coreExtern(exports[0].Type)
		}
	}
	for i, t := range m.Types {
		before(i)
		if a := t.Alias; a != nil {
			w.raw([]byte{coreDeclAlias, byte(bin.CoreTypeSort), 1})
			w.u32(a.Count)
			w.u32(a.Index)
			continue
		}
		w.byte(coreDeclType)
		w.coreType(t.Type)
	}
	for i := range m.Imports {
		before(max(len(m.Types), m.Imports[i].TypesBefore))
	}
	for i := range m.Exports {
		before(max(len(m.Types), m.Exports[i].TypesBefore))
	}
}

func (w *writer) coreExtern(t bin.CoreExternType) {
	w.byte(byte(t.Sort))
	switch t.Sort {
	case bin.CoreTable:
		w.byte(t.Elem)
		w.limits(t.Limits)
	case bin.CoreMemory:
		w.limits(t.Limits)
	case bin.CoreGlobal:
		w.byte(t.ValType)
		w.flag(t.Mutable)
	case bin.CoreTag:
		w.byte(0)
		w.u32(t.Type)
	default:
		w.u32(t.Type)
	}
}

func (w *writer) limits(l bin.CoreLimits) {
	flags := byte(0)
	for i, set := range []bool{l.HasMax, l.Shared, l.Is64, l.PageSize1} {
		if set {
			flags |= 1 << i
		}
	}
	w.byte(flags)
	w.u64(l.Min)
	if l.HasMax {
		w.u64(l.Max)
	}
	if l.PageSize1 {
		w.byte(0)
	}
}
