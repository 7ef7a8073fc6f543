package validate

import "maps"

// name checks that an import or export uses only types that have a name among
// the imports, or among the imports and exports, and gives a name to those that
// it brings. See Explainer.md, "External Visibility of Types".
//
// Exporting an instance names the types that the instance exports, whichever
// index they are reached by.
func (c *checker) name(s *scope, x extern, imported bool) (bool, error) {
	if s.kind == instanceTypeScope {
		return true, nil // checked where the type is used
	}
	if err := c.spend(1); err != nil {
		return false, err
	}
	set := s.exportable
	if imported {
		set = s.importable
	}
	switch x := x.(type) {
	case typeExtern:
		if ok, err := c.contentNamed(x.def, set); !ok || err != nil {
			return false, err
		}
		s.exportable[x.def] = true
		if imported {
			s.importable[x.def] = true
		}
		return true, nil
	case *instanceType:
		for _, ex := range x.exports.list {
			if ok, err := c.name(s, ex.extern, imported); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	case *funcType:
		return c.contentNamed(x, set)
	}
	return true, nil // components and modules are closed
}

// contentNamed says whether all that a type refers to is in set; the type itself
// need not be.
func (c *checker) contentNamed(t deftype, set map[deftype]bool) (bool, error) {
	if err := c.spend(1); err != nil {
		return false, err
	}
	switch t := t.(type) {
	case *value:
		if t.resource != nil {
			return set[t.resource], nil
		}
		return c.allNamed(t.parts, set)
	case *funcType:
		for _, p := range t.params {
			if ok, err := c.valueNamed(p.value, set); !ok || err != nil {
				return false, err
			}
		}
		return c.valueNamed(t.result, set)
	case *instanceType:
		if err := c.spend(len(set)); err != nil {
			return false, err
		}
		return c.exportsNamed(t, maps.Clone(set))
	}
	return true, nil
}

// exportsNamed says whether all that the exports of an instance type refer to is
// in set or has a name among these exports, and adds those names to set.
func (c *checker) exportsNamed(t *instanceType, set map[deftype]bool) (bool, error) {
	for _, ex := range t.exports.list {
		var ok bool
		var err error
		switch x := ex.extern.(type) {
		case typeExtern:
			ok, err = c.contentNamed(x.def, set)
			set[x.def] = true
		case *instanceType:
			ok, err = c.exportsNamed(x, set)
		default:
			ok, err = c.contentNamed(x, set)
		}
		if !ok || err != nil {
			return false, err
		}
	}
	return true, c.spend(1)
}

func (c *checker) allNamed(vs []*value, set map[deftype]bool) (bool, error) {
	for _, v := range vs {
		if ok, err := c.valueNamed(v, set); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// valueNamed says whether a value type may be mentioned: it has a name, or is of
// a kind that needs none and all that it refers to may be mentioned.
func (c *checker) valueNamed(v *value, set map[deftype]bool) (bool, error) {
	switch {
	case v == nil || set[v]:
		return true, nil
	case v.shape.nominal():
		return false, nil
	}
	return c.contentNamed(v, set)
}
