package binary

// Component is one decoded component: its definitions in the order in which
// they stand in the binary, each with the offset of its first byte.
type Component struct {
	// Offset and Size bound the component in the file, preamble included.
	Offset, Size int
	Defs         []Def
	// Customs are the custom sections, in order.
	Customs []Custom
}

// Custom is a custom section. Data aliases the input.
type Custom struct {
	Offset int
	Name   string
	Data   []byte
}

// Def is one definition. The concrete types are *CoreModule, *CoreInstance,
// *CoreTypeDef, *Component (nested), *Instance, *Alias, *TypeDef, *Canon,
// *Start, *Import, *Export and *ValueDef.
type Def interface{ def() }

// CoreModule is a core module embedded in the component (section 1).
// Bytes aliases the input and starts with the core preamble.
type CoreModule struct {
	Offset int
	Bytes  []byte
}

// CoreSort is core:sort.
type CoreSort uint8

// The core sorts, with the opcodes of Binary.md, "Instance Definitions".
const (
	CoreFunc     CoreSort = 0x00
	CoreTable    CoreSort = 0x01
	CoreMemory   CoreSort = 0x02
	CoreGlobal   CoreSort = 0x03
	CoreTag      CoreSort = 0x04
	CoreTypeSort CoreSort = 0x10
	CoreModSort  CoreSort = 0x11
	CoreInstSort CoreSort = 0x12
)

// Sort is sort. For SortCore the core sort stands beside it.
type Sort uint8

// The sorts, with the opcodes of Binary.md, "Instance Definitions".
const (
	SortCore      Sort = 0x00
	SortFunc      Sort = 0x01
	SortValue     Sort = 0x02
	SortType      Sort = 0x03
	SortComponent Sort = 0x04
	SortInstance  Sort = 0x05
)

// SortIdx is sortidx. Core is meaningful only when Sort is SortCore.
type SortIdx struct {
	Sort  Sort
	Core  CoreSort
	Index uint32
}

// CoreInstance is core:instance. Either Module is instantiated with Args, or,
// when Inline, the Exports form the instance.
type CoreInstance struct {
	Offset  int
	Inline  bool
	Module  uint32
	Args    []CoreArg
	Exports []CoreInlineExport
}

// CoreArg is core:instantiatearg: (with Name (instance Instance)).
type CoreArg struct {
	Offset   int
	Name     string
	Instance uint32
}

// CoreInlineExport is core:inlineexport.
type CoreInlineExport struct {
	Offset int
	Name   string
	Sort   CoreSort
	Index  uint32
}

// Instance is instance. Either Component is instantiated with Args, or, when
// Inline, the Exports form the instance.
type Instance struct {
	Offset    int
	Inline    bool
	Component uint32
	Args      []Arg
	Exports   []InlineExport
}

// Arg is instantiatearg.
type Arg struct {
	Offset int
	Name   string
	SortIdx
}

// InlineExport is inlineexport.
type InlineExport struct {
	Offset int
	Name   Name
	SortIdx
}

// Name is nameattributes: an extern name with its attributes. Empty
// attributes are absent ones.
type Name struct {
	Name          string
	Implements    string // 🏷️ (implements "in")
	VersionSuffix string // 🔗 (versionsuffix "vs")
	ExternalID    string // 🏷️ (external-id n)
}

// AliasKind says what an alias refers to.
type AliasKind uint8

// The alias targets of Binary.md, "Alias Definitions".
const (
	AliasExport     AliasKind = 0x00
	AliasCoreExport AliasKind = 0x01
	AliasOuter      AliasKind = 0x02
)

// Alias is alias, and core:alias inside a module type.
type Alias struct {
	Offset   int
	Sort     Sort
	Core     CoreSort
	Kind     AliasKind
	Instance uint32 // AliasExport, AliasCoreExport
	Name     string // AliasExport, AliasCoreExport
	Count    uint32 // AliasOuter: enclosing scopes outward
	Index    uint32 // AliasOuter
}

// TypeDef is type (section 7, and type declarators). Exactly one field of
// Value, Func, Component, Instance and Resource is set.
type TypeDef struct {
	Offset    int
	Value     *ValueType
	Func      *FuncType
	Component *ComponentType
	Instance  *InstanceType
	Resource  *ResourceType
}

// ValKind is the constructor of a value type, with its opcode in Binary.md,
// "Type Definitions".
type ValKind uint8

// The value type constructors.
const (
	Bool         ValKind = 0x7f
	S8           ValKind = 0x7e
	U8           ValKind = 0x7d
	S16          ValKind = 0x7c
	U16          ValKind = 0x7b
	S32          ValKind = 0x7a
	U32          ValKind = 0x79
	S64          ValKind = 0x78
	U64          ValKind = 0x77
	F32          ValKind = 0x76
	F64          ValKind = 0x75
	Char         ValKind = 0x74
	String       ValKind = 0x73
	ErrorContext ValKind = 0x64
	Record       ValKind = 0x72
	Variant      ValKind = 0x71
	List         ValKind = 0x70
	FixedList    ValKind = 0x67
	Tuple        ValKind = 0x6f
	Flags        ValKind = 0x6e
	Enum         ValKind = 0x6d
	Option       ValKind = 0x6b
	Result       ValKind = 0x6a
	Own          ValKind = 0x69
	Borrow       ValKind = 0x68
	Stream       ValKind = 0x66
	Future       ValKind = 0x65
	Map          ValKind = 0x63
)

// ValueType is defvaltype.
type ValueType struct {
	Kind ValKind
	// Fields are the fields of a record, or the cases of a variant (whose
	// Type.Present is false for a case without payload).
	Fields []Field
	// Labels are those of flags and enum.
	Labels []string
	// Types are the elements of a tuple.
	Types []ValType
	// Elem is the element of list, option, stream and future, the ok type of
	// result, and the key of map.
	Elem ValType
	// Elem2 is the error type of result and the value of map.
	Elem2 ValType
	// Len is the length of a fixed-length list.
	Len uint32
	// Resource is the type index of own and borrow.
	Resource uint32
}

// Field is labelvaltype, or case.
type Field struct {
	Offset int
	Label  string
	Type   ValType
}

// ValType is valtype, where Present is false for an absent optional one.
type ValType struct {
	Present bool
	// Prim is a primitive type's kind, or zero when Index is meant.
	Prim  ValKind
	Index uint32
}

// FuncType is functype.
type FuncType struct {
	Async  bool
	Params []Field
	Result ValType
}

// ResourceType is resourcetype.
type ResourceType struct {
	Rep     byte // core:valtype; 0x7f is i32
	HasDtor bool
	Dtor    uint32
}

// ComponentType is componenttype. Its declarators are *CoreTypeDef, *TypeDef,
// *Alias, *ImportDecl and *ExportDecl.
type ComponentType struct{ Decls []Decl }

// InstanceType is instancetype. Its declarators are those of ComponentType
// without *ImportDecl.
type InstanceType struct{ Decls []Decl }

// Decl is a declarator of a component or instance type.
type Decl interface{ decl() }

// ImportDecl is importdecl.
type ImportDecl struct {
	Offset int
	Name   Name
	Type   ExternType
}

// ExportDecl is exportdecl.
type ExportDecl struct {
	Offset int
	Name   Name
	Type   ExternType
}

// ExternType is externtype.
type ExternType struct {
	Offset int
	Sort   Sort     // SortCore means a core module
	Core   CoreSort // CoreModSort when Sort is SortCore
	// Index is the type index of module, func, component and instance; of an
	// eq bound; and the value index of an eq value bound.
	Index uint32
	// SubResource is set for (type (sub resource)).
	SubResource bool
	// ValueEq is set for (value (eq i)); otherwise Value is the value's type.
	ValueEq bool
	Value   ValType
}

// CoreTypeDef is core:type. Either Module is set (a module type) or Func is (a
// function type). Raw is the whole definition and aliases the input.
type CoreTypeDef struct {
	Offset int
	Module *ModuleType
	Func   *CoreFuncType
	// Open is set for (sub ...) without final, which is another type than the
	// same without it.
	Open bool
	Raw  []byte
}

// CoreFuncType is a core function type over core:valtype bytes.
type CoreFuncType struct{ Params, Results []byte }

// ModuleType is core:moduletype.
type ModuleType struct {
	Imports []CoreImport
	Exports []CoreExport
	// Types is its core type index space, aliases included.
	Types []CoreModuleDecl
}

// CoreModuleDecl is one entry of a module type's type index space: a type of
// its own, or an outer alias.
type CoreModuleDecl struct {
	Type  *CoreTypeDef
	Alias *Alias
}

// CoreImport is core:import inside a module type.
type CoreImport struct {
	Offset       int
	Module, Name string
	Type         CoreExternType
	// TypesBefore is the number of Types that stand before it, the only ones
	// that Type may refer to.
	TypesBefore int
}

// CoreExport is core:exportdecl.
type CoreExport struct {
	Offset int
	Name   string
	Type   CoreExternType
	// TypesBefore is the number of Types that stand before it, the only ones
	// that Type may refer to.
	TypesBefore int
}

// CoreExternType is core:externtype.
type CoreExternType struct {
	Sort    CoreSort
	Type    uint32 // func, tag: index into the module type's type space
	Elem    byte   // table: reference type
	ValType byte   // global
	Mutable bool   // global
	Limits  CoreLimits
}

// CoreLimits is core:limits of a table or memory.
type CoreLimits struct {
	Min, Max  uint64
	HasMax    bool
	Shared    bool
	Is64      bool
	PageSize1 bool
}

// CanonOp is the operation of a canon definition, with its opcode in
// Binary.md, "Canonical Definitions".
type CanonOp uint8

// The canonical operations.
const (
	CanonLift                 CanonOp = 0x00
	CanonLower                CanonOp = 0x01
	CanonResourceNew          CanonOp = 0x02
	CanonResourceDrop         CanonOp = 0x03
	CanonResourceRep          CanonOp = 0x04
	CanonTaskCancel           CanonOp = 0x05
	CanonSubtaskCancel        CanonOp = 0x06
	CanonTaskReturn           CanonOp = 0x09
	CanonContextGet           CanonOp = 0x0a
	CanonContextSet           CanonOp = 0x0b
	CanonThreadYield          CanonOp = 0x0c
	CanonSubtaskDrop          CanonOp = 0x0d
	CanonStreamNew            CanonOp = 0x0e
	CanonStreamRead           CanonOp = 0x0f
	CanonStreamWrite          CanonOp = 0x10
	CanonStreamCancelRead     CanonOp = 0x11
	CanonStreamCancelWrite    CanonOp = 0x12
	CanonStreamDropReadable   CanonOp = 0x13
	CanonStreamDropWritable   CanonOp = 0x14
	CanonFutureNew            CanonOp = 0x15
	CanonFutureRead           CanonOp = 0x16
	CanonFutureWrite          CanonOp = 0x17
	CanonFutureCancelRead     CanonOp = 0x18
	CanonFutureCancelWrite    CanonOp = 0x19
	CanonFutureDropReadable   CanonOp = 0x1a
	CanonFutureDropWritable   CanonOp = 0x1b
	CanonErrorContextNew      CanonOp = 0x1c
	CanonErrorContextMessage  CanonOp = 0x1d
	CanonErrorContextDrop     CanonOp = 0x1e
	CanonWaitableSetNew       CanonOp = 0x1f
	CanonWaitableSetWait      CanonOp = 0x20
	CanonWaitableSetPoll      CanonOp = 0x21
	CanonWaitableSetDrop      CanonOp = 0x22
	CanonWaitableJoin         CanonOp = 0x23
	CanonBackpressureInc      CanonOp = 0x24
	CanonBackpressureDec      CanonOp = 0x25
	CanonThreadIndex          CanonOp = 0x26
	CanonThreadNewIndirect    CanonOp = 0x27
	CanonThreadResumeLater    CanonOp = 0x28
	CanonThreadSuspend        CanonOp = 0x29
	CanonThreadSuspendResume  CanonOp = 0x2a
	CanonThreadYieldResume    CanonOp = 0x2b
	CanonThreadSuspendPromote CanonOp = 0x2c
	CanonThreadYieldPromote   CanonOp = 0x2d
	CanonThreadSpawnRef       CanonOp = 0x40
	CanonThreadSpawnIndirect  CanonOp = 0x41
	CanonThreadParallelism    CanonOp = 0x42
)

// Canon is canon.
type Canon struct {
	Offset int
	Op     CanonOp
	// Func is the core function of lift and the component function of lower.
	Func uint32
	// Type is the type index of lift, resource, stream and future operations,
	// and the core type index of thread operations.
	Type   uint32
	Opts   CanonOpts
	Result ValType // task.return
	Value  byte    // context.get, context.set: core:valtype
	Slot   uint32  // context.get, context.set
	Flag   bool    // async?, cancel?, sh?
	Memory uint32  // waitable-set.wait, waitable-set.poll
	Table  uint32  // thread operations
}

// Encoding is string-encoding.
type Encoding uint8

// The string encodings.
const (
	UTF8        Encoding = 0x00
	UTF16       Encoding = 0x01
	Latin1UTF16 Encoding = 0x02
)

// CanonOpts is opts. Duplicate or conflicting options are a decoding error.
type CanonOpts struct {
	HasEncoding   bool
	Encoding      Encoding
	HasMemory     bool
	Memory        uint32
	HasRealloc    bool
	Realloc       uint32
	HasPostReturn bool
	PostReturn    uint32
	Async         bool
	HasCallback   bool
	Callback      uint32
}

// Start is start 🪙. Decoded, then refused by validation: values are gated.
type Start struct {
	Offset  int
	Func    uint32
	Args    []uint32
	Results uint32
}

// Import is import.
type Import struct {
	Offset int
	Name   Name
	Type   ExternType
}

// Export is export.
type Export struct {
	Offset int
	Name   Name
	SortIdx
	// Type is the ascribed type, or nil.
	Type *ExternType
}

// ValueDef is value 🪙. Decoded, then refused by validation: values are gated.
type ValueDef struct {
	Offset int
	Type   ValType
	Data   []byte
}

func (*CoreModule) def()   {}
func (*CoreInstance) def() {}
func (*CoreTypeDef) def()  {}
func (*Component) def()    {}
func (*Instance) def()     {}
func (*Alias) def()        {}
func (*TypeDef) def()      {}
func (*Canon) def()        {}
func (*Start) def()        {}
func (*Import) def()       {}
func (*Export) def()       {}
func (*ValueDef) def()     {}

func (*CoreTypeDef) decl() {}
func (*TypeDef) decl()     {}
func (*Alias) decl()       {}
func (*ImportDecl) decl()  {}
func (*ExportDecl) decl()  {}
