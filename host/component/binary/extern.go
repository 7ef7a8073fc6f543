package binary

// importDef reads import (Binary.md, "Import and Export Definitions").
func (d *decoder) importDef() *Import {
	return &Import{Offset: d.offset(), Name: d.externName(), Type: d.externType()}
}

// exportDef reads export.
func (d *decoder) exportDef() *Export {
	e := &Export{Offset: d.offset(), Name: d.externName(), SortIdx: d.sortIdx()}
	if d.flag("whether an export has a type") {
		t := d.externType()
		e.Type = &t
	}
	return e
}

func (d *decoder) importDecl() *ImportDecl {
	return &ImportDecl{Offset: d.offset(), Name: d.externName(), Type: d.externType()}
}

func (d *decoder) exportDecl() *ExportDecl {
	return &ExportDecl{Offset: d.offset(), Name: d.externName(), Type: d.externType()}
}

// externType reads externtype (Binary.md, "Type Definitions").
func (d *decoder) externType() ExternType {
	t := ExternType{Offset: d.offset()}
	t.Sort = Sort(d.byte("an extern type"))
	if d.err != nil {
		return ExternType{}
	}
	switch t.Sort {
	case SortCore:
		t.Core = CoreSort(d.oneOf("the core sort of an extern type", byte(CoreModSort)))
		t.Index = d.idx("a core type")
	case SortFunc, SortComponent, SortInstance:
		t.Index = d.idx("a type")
	case SortValue:
		if d.flag("the bound of a value") {
			t.Value = d.valType()
		} else {
			t.ValueEq = true
			t.Index = d.idx("a value")
		}
	case SortType:
		if d.flag("the bound of a type") {
			t.SubResource = true
		} else {
			t.Index = d.idx("a type")
		}
	default:
		d.fail(CodeUnknownSort, t.Offset, "extern type %#02x is not known", uint8(t.Sort))
	}
	return t
}
