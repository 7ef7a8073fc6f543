package validate

// substitution replaces resources, and named types, within types. A type in
// which nothing is replaced stays the same pointer; parts that are shared are
// copied once and stay shared.
type substitution struct {
	c         *checker
	resources map[*resource]*resource
	// types holds what replaces a type: given for the types that have another
	// name, remembered for those that have been copied.
	types map[deftype]deftype
	// renames says that types were given, so that a type without handles may
	// change as well.
	renames bool
}

func newSubstitution(c *checker, types map[deftype]deftype) *substitution {
	s := &substitution{c: c, resources: map[*resource]*resource{}, types: types, renames: len(types) > 0}
	if s.types == nil {
		s.types = map[deftype]deftype{}
	}
	return s
}

// memo returns what replaces t, calling replace the first time.
func memo[T deftype](s *substitution, t T, replace func() (T, error)) (T, error) {
	if have, ok := s.types[t].(T); ok {
		return have, nil
	}
	if err := s.c.spend(1); err != nil {
		return t, err
	}
	out, err := replace()
	if err != nil {
		return t, err
	}
	s.types[t] = out
	return out, nil
}

func (s *substitution) resource(t *resourceType) (*resourceType, error) {
	return memo(s, t, func() (*resourceType, error) {
		if r := s.resources[t.resource]; r != nil {
			return &resourceType{resource: r}, nil
		}
		return t, nil
	})
}

func (s *substitution) value(v *value) (*value, error) {
	if v == nil || !s.renames && !v.shape.handle {
		return v, nil
	}
	return memo(s, v, func() (*value, error) {
		out := *v
		changed := false
		if v.resource != nil {
			r, err := s.resource(v.resource)
			if err != nil {
				return nil, err
			}
			out.resource, changed = r, r != v.resource
		}
		for i, p := range v.parts {
			q, err := s.value(p)
			if err != nil {
				return nil, err
			}
			if q != p {
				if !changed {
					out.parts, changed = append([]*value(nil), v.parts...), true
				}
				out.parts[i] = q
			}
		}
		if !changed {
			return v, nil
		}
		return &out, s.c.spend(len(v.parts))
	})
}

func (s *substitution) function(f *funcType) (*funcType, error) {
	return memo(s, f, func() (*funcType, error) {
		out := &funcType{async: f.async, params: append([]field(nil), f.params...)}
		result, err := s.value(f.result)
		if err != nil {
			return nil, err
		}
		out.result = result
		changed := result != f.result
		for i, p := range f.params {
			v, err := s.value(p.value)
			if err != nil {
				return nil, err
			}
			out.params[i].value = v
			changed = changed || v != p.value
		}
		if !changed {
			return f, nil
		}
		return out, s.c.spend(len(f.params))
	})
}

// externs returns the imports or exports with the replacements, and whether
// there were any.
func (s *substitution) externs(e externs) (externs, bool, error) {
	if err := s.c.spend(len(e.list)); err != nil {
		return e, false, err
	}
	out := externs{list: append([]namedExtern(nil), e.list...), index: e.index}
	changed := false
	for i, x := range e.list {
		y, err := s.extern(x.extern)
		if err != nil {
			return e, false, err
		}
		out.list[i].extern = y
		changed = changed || y != x.extern
	}
	return out, changed, nil
}

func (s *substitution) instance(t *instanceType) (*instanceType, error) {
	return memo(s, t, func() (*instanceType, error) {
		exports, changed, err := s.externs(t.exports)
		if err != nil || !changed {
			return t, err
		}
		return &instanceType{exports: exports, abstract: t.abstract, depth: t.depth}, nil
	})
}

func (s *substitution) component(t *componentType) (*componentType, error) {
	return memo(s, t, func() (*componentType, error) {
		imports, changed, err := s.externs(t.imports)
		if err != nil {
			return nil, err
		}
		exports, also, err := s.externs(t.exports)
		if err != nil || !changed && !also {
			return t, err
		}
		return &componentType{imports: imports, exports: exports, params: t.params, fresh: t.fresh, depth: t.depth}, nil
	})
}

func (s *substitution) deftype(t deftype) (deftype, error) {
	switch t := t.(type) {
	case *value:
		return s.value(t)
	case *resourceType:
		return s.resource(t)
	case *funcType:
		return s.function(t)
	case *instanceType:
		return s.instance(t)
	case *componentType:
		return s.component(t)
	}
	return t, nil
}

func (s *substitution) extern(x extern) (extern, error) {
	if t, ok := x.(typeExtern); ok {
		def, err := s.deftype(t.def)
		return typeExtern{def}, err
	}
	return s.deftype(x)
}

// open returns an instance type for an instance that is in a scope: the
// resources of which the type says only that they exist become new resources of
// the scope.
func (c *checker) open(s *scope, t *instanceType, imported bool) (*instanceType, error) {
	if len(t.abstract) == 0 {
		return t, nil
	}
	sub := newSubstitution(c, nil)
	for _, r := range t.abstract {
		sub.resources[r] = s.newResource(imported, false)
	}
	out, err := sub.instance(t)
	if err != nil {
		return nil, err
	}
	return &instanceType{exports: out.exports, depth: t.depth}, nil
}
