package validate

import "github.com/wattle-dev/wattle/host/component/binary"

// externType evaluates an externtype of an import or export.
func (c *checker) externType(s *scope, d binary.ExternType, imported bool) (extern, error) {
	switch d.Sort {
	case binary.SortValue:
		return nil, c.failValues(d.Offset)
	case binary.SortCore:
		t, err := at(c, s.coreTypes, d.Index, "core type", d.Offset)
		if err != nil {
			return nil, err
		}
		if t.module == nil {
			return nil, c.fail(CodeTypeKind, d.Offset, "core type %d is that of a function, not of a module", d.Index)
		}
		return t.module, nil
	case binary.SortType:
		if d.SubResource {
			return typeExtern{&resourceType{resource: s.newResource(imported, false)}}, nil
		}
		t, err := at(c, s.types, d.Index, "type", d.Offset)
		return typeExtern{clone(t)}, err
	}
	t, err := at(c, s.types, d.Index, "type", d.Offset)
	if err != nil {
		return nil, err
	}
	if !isSort(t, d.Sort) {
		return nil, c.fail(CodeTypeKind, d.Offset, "type %d is that of %s, not of a %s", d.Index, kindOf(t), d.Sort)
	}
	return t, nil
}

// typeDepth returns how deep instance and component types nest in x.
func typeDepth(x extern) int {
	switch x := x.(type) {
	case *instanceType:
		return x.depth
	case *componentType:
		return x.depth
	case typeExtern:
		return typeDepth(x.def)
	}
	return 0
}
