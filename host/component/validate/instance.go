package validate

import "github.com/wattle-dev/wattle/host/component/binary"

// instance checks an instance definition.
func (c *checker) instance(s *scope, d *binary.Instance) error {
	define := c.instantiate
	if d.Inline {
		define = c.inlineInstance
	}
	i, err := define(s, d)
	if err != nil {
		return err
	}
	s.instances = append(s.instances, i)
	return nil
}

// inlineInstance checks an instance that is made of its exports. No index
// space is built from them, so that no resource has a name there.
func (c *checker) inlineInstance(s *scope, d *binary.Instance) (*instanceType, error) {
	t := &instanceType{depth: 1}
	var n names
	for _, e := range d.Exports {
		x, err := c.extern(s, e.SortIdx, e.Offset)
		if err != nil {
			return nil, err
		}
		parsed, err := c.addName(&n, e.Name, x, e.Offset)
		if err != nil {
			return nil, err
		}
		if err := c.annotated(&n, e.Name.Name, parsed, x, e.Offset); err != nil {
			return nil, err
		}
		if t.depth = max(t.depth, typeDepth(x)+1); t.depth > maxDepth {
			return nil, c.fail(CodeTooComplex, e.Offset, "instances nest deeper than %d", maxDepth)
		}
		t.exports.add(e.Name.Name, x)
	}
	return t, nil
}

// instantiate checks the instantiation of a component: the arguments match the
// imports, and take their place in the types of the exports.
func (c *checker) instantiate(s *scope, d *binary.Instance) (*instanceType, error) {
	t, err := at(c, s.components, d.Component, "component", d.Offset)
	if err != nil {
		return nil, err
	}
	var args externs
	for _, a := range d.Args {
		x, err := c.extern(s, a.SortIdx, a.Offset)
		if err != nil {
			return nil, err
		}
		if _, ok := args.get(a.Name); ok {
			return nil, c.fail(CodeDuplicateArgument, a.Offset, "argument %q is given twice", clip(a.Name))
		}
		args.add(a.Name, x)
	}
	m := newMatcher(c)
	m.enter(t.params)
	types := map[deftype]deftype{}
	for _, im := range t.imports.list {
		x, ok := args.get(im.name)
		if !ok {
			return nil, c.fail(CodeMissingArgument, d.Offset, "component %d imports %q, which is not among the arguments", d.Component, clip(im.name))
		}
		if err := m.bindAndMatch(x, im.extern); err != nil {
			return nil, c.because(err, CodeMismatch, d.Offset, "argument %q", clip(im.name))
		}
		if err := c.rename(types, x, im.extern); err != nil {
			return nil, c.spent(err, d.Offset)
		}
	}
	sub := newSubstitution(c, types)
	sub.resources = m.vars
	for _, r := range t.fresh {
		sub.resources[r] = s.newResource(false, false)
	}
	exports, _, err := sub.externs(t.exports)
	if err != nil {
		return nil, c.spent(err, d.Offset)
	}
	return &instanceType{exports: exports, depth: t.depth}, nil
}

// rename records that the types of an import stand for those of its argument.
func (c *checker) rename(types map[deftype]deftype, arg, im extern) error {
	if err := c.spend(1); err != nil {
		return err
	}
	switch im := im.(type) {
	case typeExtern:
		types[im.def] = arg.(typeExtern).def //nolint:forcetypeassert // they match
	case *instanceType:
		arg := arg.(*instanceType) //nolint:forcetypeassert // they match
		for _, x := range im.exports.list {
			have, _ := arg.exports.get(x.name)
			if err := c.rename(types, have, x.extern); err != nil {
				return err
			}
		}
	}
	return nil
}
