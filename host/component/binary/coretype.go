package binary

// The opcodes of core types (Binary.md, "Type Definitions", and the core
// specification, "Types").
const (
	opCoreFunc     = 0x60
	opCoreStruct   = 0x5f
	opCoreArray    = 0x5e
	opCoreModule   = 0x50 // where a rectype may also stand; see coreType
	opCoreSub      = 0x50
	opCoreSubFinal = 0x4f
	opCoreRec      = 0x4e
	// opSubPrefix tells a non-final core:subtype from a core:moduletype.
	opSubPrefix = 0x00
)

// The declarators of module types.
const (
	coreDeclImport = 0x00
	coreDeclType   = 0x01
	coreDeclAlias  = 0x02
	coreDeclExport = 0x03
)

// coreType reads core:type as it stands in a component, where 0x50 is a module
// type and a non-final subtype has a 0x00 before it.
func (d *decoder) coreType() *CoreTypeDef {
	off := d.pos
	if d.err == nil && d.pos < d.end && d.data[d.pos] == opCoreModule {
		d.pos++
		t := &CoreTypeDef{Offset: off, Module: d.moduleType()}
		t.Raw = d.data[off:d.pos:d.pos]
		return t
	}
	if d.err == nil && d.pos < d.end && d.data[d.pos] == opSubPrefix {
		d.pos++
		d.oneOf("the opcode after the prefix of a subtype", opCoreSub)
		return d.subType(off, true)
	}
	return d.recType(off)
}

// recType reads core:rectype, as far as it is a function type on its own. Raw
// starts at off.
func (d *decoder) recType(off int) *CoreTypeDef {
	opOff := d.pos
	switch op := d.byte("a core type"); op {
	case opCoreFunc:
		t := &CoreTypeDef{Offset: off, Func: d.coreFuncType()}
		t.Raw = d.data[off:d.pos:d.pos]
		return t
	case opCoreSubFinal:
		return d.subType(off, false)
	case opCoreStruct, opCoreArray, opCoreRec:
		d.fail(CodeUnsupported, opOff, "not supported: GC types (%#02x)", op)
	default:
		d.fail(CodeUnknownType, opOff, "core type %#02x is not known", op)
	}
	return nil
}

// subType reads the rest of core:subtype after its opcode.
func (d *decoder) subType(off int, open bool) *CoreTypeDef {
	supersOff := d.pos
	if d.count("supertypes") > 0 {
		d.fail(CodeUnsupported, supersOff, "not supported: GC types (supertypes)")
		return nil
	}
	opOff := d.pos
	switch op := d.byte("a core type"); op {
	case opCoreFunc:
		t := &CoreTypeDef{Offset: off, Func: d.coreFuncType(), Open: open}
		t.Raw = d.data[off:d.pos:d.pos]
		return t
	case opCoreStruct, opCoreArray:
		d.fail(CodeUnsupported, opOff, "not supported: GC types (%#02x)", op)
	default:
		d.fail(CodeUnknownType, opOff, "core type %#02x is not known", op)
	}
	return nil
}

func (d *decoder) coreFuncType() *CoreFuncType {
	return &CoreFuncType{
		Params:  vec(d, "parameters", (*decoder).coreValType),
		Results: vec(d, "results", (*decoder).coreValType),
	}
}

// The core value types that are one byte.
const (
	coreI32       = 0x7f
	coreV128      = 0x7b
	coreFuncRef   = 0x70
	coreExternRef = 0x6f
	coreExnRef    = 0x69
)

// coreValType reads core:valtype.
func (d *decoder) coreValType() byte {
	off := d.pos
	b := d.byte("a core value type")
	if d.err == nil && (b < coreV128 || b > coreI32) && !isRefType(b) {
		d.failRefType(off, b)
		return 0
	}
	return b
}

// coreRefType reads core:reftype.
func (d *decoder) coreRefType() byte {
	off := d.pos
	b := d.byte("a core reference type")
	if d.err == nil && !isRefType(b) {
		d.failRefType(off, b)
		return 0
	}
	return b
}

func isRefType(b byte) bool { return b == coreFuncRef || b == coreExternRef || b == coreExnRef }

// failRefType tells the reference types of the GC proposals, which are not
// supported, from bytes that are no type.
func (d *decoder) failRefType(off int, b byte) {
	if b >= 0x68 && b <= 0x75 || b == 0x63 || b == 0x64 {
		d.fail(CodeUnsupported, off, "not supported: GC types (%#02x)", b)
		return
	}
	d.fail(CodeUnknownType, off, "core value type %#02x is not known", b)
}

// moduleType reads the rest of core:moduletype after its opcode.
func (d *decoder) moduleType() *ModuleType {
	m := &ModuleType{}
	for range d.count("module type declarators") {
		if d.err != nil {
			return nil
		}
		d.moduleDecl(m)
	}
	return m
}

func (d *decoder) moduleDecl(m *ModuleType) {
	off := d.pos
	switch op := d.byte("a declarator"); op {
	case coreDeclImport:
		m.Imports = append(m.Imports, CoreImport{
			Offset:      d.offset(),
			Module:      d.name("the module name of an import"),
			Name:        d.name("the name of an import"),
			Type:        d.coreExternType(),
			TypesBefore: len(m.Types),
		})
	case coreDeclType:
		m.Types = append(m.Types, CoreModuleDecl{Type: d.moduleTypeType()})
	case coreDeclAlias:
		m.Types = append(m.Types, CoreModuleDecl{Alias: d.coreAlias()})
	case coreDeclExport:
		m.Exports = append(m.Exports, CoreExport{
			Offset:      d.offset(),
			Name:        d.name("the name of an export"),
			Type:        d.coreExternType(),
			TypesBefore: len(m.Types),
		})
	default:
		d.fail(CodeUnknownDeclarator, off, "declarator %#02x of module type is not known", op)
	}
}

// moduleTypeType reads core:type inside a module type, where a module type
// cannot stand.
func (d *decoder) moduleTypeType() *CoreTypeDef {
	if d.err == nil && d.pos < d.end && d.data[d.pos] == opCoreModule {
		d.fail(CodeUnknownDeclarator, d.pos, "a module type cannot stand inside a module type")
		return nil
	}
	return d.coreType()
}
