package validate

// finder finds the resources that types mention.
type finder struct {
	c           *checker
	seen        map[deftype]bool
	used, bound map[*resource]bool
}

func newFinder(c *checker) *finder {
	return &finder{c: c, seen: map[deftype]bool{}, used: map[*resource]bool{}, bound: map[*resource]bool{}}
}

// free says whether a resource was found that no type around it binds.
func (f *finder) free(r *resource) bool { return f.used[r] && !f.bound[r] }

// anyFree says whether any such resource was found.
func (f *finder) anyFree() bool {
	for r := range f.used {
		if !f.bound[r] {
			return true
		}
	}
	return false
}

func (f *finder) bind(rs []*resource) {
	for _, r := range rs {
		f.bound[r] = true
	}
}

func (f *finder) externs(e externs) error {
	for _, x := range e.list {
		if err := f.extern(x.extern); err != nil {
			return err
		}
	}
	return nil
}

func (f *finder) extern(x extern) error {
	if t, ok := x.(typeExtern); ok {
		return f.deftype(t.def)
	}
	return f.deftype(x)
}

func (f *finder) deftype(t deftype) error {
	if err := f.c.spend(1); err != nil {
		return err
	}
	if f.seen[t] {
		return nil
	}
	f.seen[t] = true
	switch t := t.(type) {
	case *value:
		return f.value(t)
	case *resourceType:
		f.used[t.resource] = true
	case *funcType:
		for _, p := range t.params {
			if err := f.value(p.value); err != nil {
				return err
			}
		}
		return f.value(t.result)
	case *instanceType:
		f.bind(t.abstract)
		return f.externs(t.exports)
	case *componentType:
		f.bind(t.params)
		f.bind(t.fresh)
		if err := f.externs(t.imports); err != nil {
			return err
		}
		return f.externs(t.exports)
	}
	return nil
}

func (f *finder) value(v *value) error {
	if v == nil || !v.shape.handle {
		return nil
	}
	if v.resource != nil {
		f.used[v.resource.resource] = true
	}
	for _, p := range v.parts {
		if p == nil || !p.shape.handle || f.seen[p] {
			continue
		}
		if err := f.deftype(p); err != nil {
			return err
		}
	}
	return f.c.spend(len(v.parts))
}
