package core

import "fmt"

// Module is what a host must know of a core module. Unless it says otherwise a
// field describes the original module, not the rewritten one.
type Module struct {
	// Bytes is the rewritten module; nil from Inspect.
	Bytes []byte
	// Metered reports whether the rewritten module counts fuel: whether it
	// imports the refill function and exports the fuel.
	Metered bool
	// Image is the initial content of the memory if it left the module, or nil.
	Image *Image
	// State is how the host reaches the state of an instance; nil unless
	// [Options.State] asks for it.
	State *State
	// Name is the module's name in the name section, or "".
	Name string
	// Imports holds the imports in order.
	Imports []Import
	// Exports holds the exports in order. Their names are unique.
	Exports []Export
	// Tables holds the types of all tables, imported ones first, as declared.
	Tables []TableType
	// Memories holds the types of all memories, imported ones first.
	Memories []MemoryType
	// Features is the set of features seen.
	Features Features
	// Functions is the number of defined functions.
	Functions int
	// CodeBytes is the size of the code section.
	CodeBytes int
	// DataSegments and DataBytes count the data segments and their contents.
	DataSegments, DataBytes int
	// Work estimates, from Rewrite, what compiling the rewritten module costs an
	// engine, in nanoseconds, give or take an order of magnitude. It is meant to tell
	// code that takes seconds from code that does not, not one program from another.
	Work uint64
	// HasStart reports whether a start function runs on instantiation.
	HasStart bool
}

// Import is an import of a core module.
type Import struct {
	Module, Name string
	Type         ExternType
}

// Export is an export of a core module.
type Export struct {
	Name string
	// Index is in the original index space of the type's kind.
	Index uint32
	Type  ExternType
}

// Kind is the kind of an import or export, encoded as in the binary format.
type Kind byte

// The kinds of imports and exports.
const (
	KindFunc Kind = iota
	KindTable
	KindMemory
	KindGlobal
	KindTag
)

// String returns the kind as the text format has it.
func (k Kind) String() string {
	switch k {
	case KindFunc:
		return "func"
	case KindTable:
		return "table"
	case KindMemory:
		return "memory"
	case KindGlobal:
		return "global"
	case KindTag:
		return "tag"
	}
	return fmt.Sprintf("kind(%#x)", byte(k))
}

// ExternType is the type of an import or export. Only the field that Kind names
// is meaningful; a tag's type is in Func.
type ExternType struct {
	Kind   Kind
	Func   FuncType
	Table  TableType
	Memory MemoryType
	Global GlobalType
}

// ValType is a value type, encoded as in the binary format.
type ValType byte

// The value types.
const (
	I32       ValType = 0x7f
	I64       ValType = 0x7e
	F32       ValType = 0x7d
	F64       ValType = 0x7c
	V128      ValType = 0x7b
	FuncRef   ValType = 0x70
	ExternRef ValType = 0x6f
	ExnRef    ValType = 0x69
)

// String returns the type as the text format has it.
func (t ValType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	case ExnRef:
		return "exnref"
	}
	return fmt.Sprintf("valtype(%#x)", byte(t))
}

// FuncType is the type of a function.
type FuncType struct {
	Params, Results []ValType
}

// TableType is the type of a table.
type TableType struct {
	Elem   ValType
	Limits Limits
}

// MemoryType is the type of a memory; its limits count pages of 64 KiB.
type MemoryType struct {
	Limits Limits
	Shared bool
}

// Limits bounds the size of a table or memory.
type Limits struct {
	Min uint64
	// Max is meaningful only if HasMax.
	Max    uint64
	HasMax bool
	// Is64 reports whether addresses have 64 bits.
	Is64 bool
}

// GlobalType is the type of a global.
type GlobalType struct {
	Type    ValType
	Mutable bool
}
