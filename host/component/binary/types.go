package binary

// The opcodes of types that are not value types (Binary.md, "Type
// Definitions").
const (
	opResource  = 0x3f
	opFunc      = 0x40
	opComponent = 0x41
	opInstance  = 0x42
	opAsyncFunc = 0x43
)

// The declarators of component and instance types.
const (
	declCoreType = 0x00
	declType     = 0x01
	declAlias    = 0x02
	declImport   = 0x03
	declExport   = 0x04
)

// typeDef reads type.
func (d *decoder) typeDef() *TypeDef {
	t := &TypeDef{Offset: d.offset()}
	op := d.byte("a type")
	if d.err != nil {
		return nil
	}
	switch op {
	case opResource:
		t.Resource = d.resourceType()
	case opFunc, opAsyncFunc:
		t.Func = d.funcType(op == opAsyncFunc)
	case opComponent:
		t.Component = &ComponentType{Decls: d.decls("component")}
	case opInstance:
		t.Instance = &InstanceType{Decls: d.decls("instance")}
	default:
		t.Value = d.valueType(op, t.Offset)
	}
	return t
}

func (d *decoder) resourceType() *ResourceType {
	r := &ResourceType{Rep: d.coreValType()}
	if d.flag("whether a resource has a destructor") {
		r.HasDtor = true
		r.Dtor = d.idx("a core function")
	}
	return r
}

func (d *decoder) funcType(async bool) *FuncType {
	return &FuncType{
		Async:  async,
		Params: vec(d, "parameters", (*decoder).labelValType),
		Result: d.resultList(),
	}
}

// resultList reads resultlist: one type or, in the room left for named
// results, none.
func (d *decoder) resultList() ValType {
	if d.oneOf("the form of a result", 0x00, 0x01) == 0x00 {
		return d.valType()
	}
	d.oneOf("the number of results", 0x00)
	return ValType{}
}

// decls reads the declarators of a component or instance type.
func (d *decoder) decls(of string) []Decl {
	if d.typeDepth >= d.opts.MaxTypeDepth {
		d.fail(CodeTooDeep, d.pos, "component and instance types are nested more than %d deep", d.opts.MaxTypeDepth)
		return nil
	}
	d.typeDepth++
	defer func() { d.typeDepth-- }()
	return vec(d, "declarators", func(d *decoder) Decl { return d.decl(of) })
}

func (d *decoder) decl(of string) Decl {
	off := d.pos
	switch op := d.byte("a declarator"); op {
	case declCoreType:
		return d.coreType()
	case declType:
		return d.typeDef()
	case declAlias:
		return d.alias()
	case declImport:
		if of == "component" {
			return d.importDecl()
		}
		d.fail(CodeUnknownDeclarator, off, "an instance type has no imports")
	case declExport:
		return d.exportDecl()
	default:
		d.fail(CodeUnknownDeclarator, off, "declarator %#02x of %s type is not known", op, of)
	}
	return nil
}
