package binary

import "fmt"

// primitive says whether a kind is primvaltype.
func (k ValKind) primitive() bool { return k >= String && k <= Bool || k == ErrorContext }

// valType reads valtype.
func (d *decoder) valType() ValType {
	if d.err == nil && d.pos < d.end {
		if k := ValKind(d.data[d.pos]); k.primitive() {
			d.pos++
			return ValType{Present: true, Prim: k}
		}
	}
	return ValType{Present: true, Index: d.index33("a value type")}
}

// optValType reads valtype?.
func (d *decoder) optValType(what string) ValType {
	if !d.flag("whether there is " + what) {
		return ValType{}
	}
	return d.valType()
}

// valueType reads the rest of defvaltype after its opcode, which stands at off.
func (d *decoder) valueType(op byte, off int) *ValueType {
	t := &ValueType{Kind: ValKind(op)}
	switch t.Kind {
	case Record:
		t.Fields = vec(d, "record fields", (*decoder).labelValType)
	case Variant:
		t.Fields = vec(d, "variant cases", (*decoder).variantCase)
	case List, Option:
		t.Elem = d.valType()
	case FixedList:
		t.Elem = d.valType()
		t.Len = d.u32("the length of a list")
	case Tuple:
		t.Types = vec(d, "tuple elements", (*decoder).valType)
	case Flags:
		t.Labels = vec(d, "flags", (*decoder).label)
	case Enum:
		t.Labels = vec(d, "enum cases", (*decoder).label)
	case Result:
		t.Elem = d.optValType("an ok type")
		t.Elem2 = d.optValType("an error type")
	case Own, Borrow:
		t.Resource = d.idx("a resource type")
	case Stream, Future:
		t.Elem = d.optValType("an element type")
	case Map:
		t.Elem = d.valType()
		t.Elem2 = d.valType()
	default:
		if !t.Kind.primitive() {
			d.fail(CodeUnknownType, off, "type %#02x is not known", op)
		}
	}
	return t
}

func (d *decoder) label() string { return d.name("a label") }

// labelValType reads labelvaltype.
func (d *decoder) labelValType() Field {
	return Field{Offset: d.offset(), Label: d.label(), Type: d.valType()}
}

// variantCase reads case, whose last byte is kept for later versions.
func (d *decoder) variantCase() Field {
	f := Field{Offset: d.offset(), Label: d.label(), Type: d.optValType("a case type")}
	d.oneOf("the end of a variant case", 0x00)
	return f
}

var valKindNames = map[ValKind]string{
	Bool: "bool", S8: "s8", U8: "u8", S16: "s16", U16: "u16", S32: "s32", U32: "u32", S64: "s64", U64: "u64",
	F32: "f32", F64: "f64", Char: "char", String: "string", ErrorContext: "error-context",
	Record: "record", Variant: "variant", List: "list", FixedList: "list", Tuple: "tuple", Flags: "flags",
	Enum: "enum", Option: "option", Result: "result", Own: "own", Borrow: "borrow", Stream: "stream",
	Future: "future", Map: "map",
}

// String returns the constructor as the text format writes it.
func (k ValKind) String() string {
	if s, ok := valKindNames[k]; ok {
		return s
	}
	return fmt.Sprintf("valtype(%#02x)", uint8(k))
}
