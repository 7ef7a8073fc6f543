package validate

import (
	"github.com/wattle-dev/wattle/host/component/binary"
)

// component checks a component and returns its type.
func (c *checker) component(ast *binary.Component, parent *scope) (*componentType, error) {
	s := newScope(componentScope, parent)
	for _, d := range ast.Defs {
		if err := c.define(s, d); err != nil {
			return nil, err
		}
	}
	return c.closeComponent(s, ast.Offset)
}

// define checks one definition.
func (c *checker) define(s *scope, d binary.Def) error {
	switch d := d.(type) {
	case *binary.CoreModule:
		return c.coreModule(s, d)
	case *binary.CoreInstance:
		return c.coreInstance(s, d)
	case *binary.CoreTypeDef:
		return c.coreTypeDef(s, d)
	case *binary.Component:
		t, err := c.component(d, s)
		s.components = append(s.components, t)
		return err
	case *binary.Instance:
		return c.instance(s, d)
	case *binary.Alias:
		return c.alias(s, d)
	case *binary.TypeDef:
		return c.typeDef(s, d)
	case *binary.Canon:
		return c.canon(s, d)
	case *binary.Import:
		x, err := c.externType(s, d.Type, true)
		if err != nil {
			return err
		}
		return c.importExtern(s, d.Name, x, d.Offset)
	case *binary.Export:
		return c.export(s, d)
	case *binary.Start:
		return c.failValues(d.Offset)
	case *binary.ValueDef:
		return c.failValues(d.Offset)
	}
	return nil
}

// export checks an export definition. What is ascribed to it is what others
// see of it, and what the new index refers to.
func (c *checker) export(s *scope, d *binary.Export) error {
	x, err := c.extern(s, d.SortIdx, d.Offset)
	if err != nil {
		return err
	}
	if t, ok := x.(typeExtern); ok {
		x = typeExtern{clone(t.def)}
	}
	if d.Type != nil {
		as, err := c.externType(s, *d.Type, false)
		if err != nil {
			return err
		}
		m := newMatcher(c)
		if t, ok := as.(typeExtern); ok {
			// Of a type that is made abstract here nothing is known but that it
			// is a resource.
			if r, ok := t.def.(*resourceType); ok && d.Type.SubResource {
				m.vars[r.resource] = nil
			}
		}
		if err := m.bindAndMatch(x, as); err != nil {
			return c.because(err, CodeMismatch, d.Type.Offset, "export %q is not what its type says", clip(d.Name.Name))
		}
		x = as
	}
	return c.exportExtern(s, d.Name, x, d.Offset)
}

// closeComponent returns the type of a component or component type, all of
// whose definitions have been checked. Its resources become variables.
func (c *checker) closeComponent(s *scope, offset int) (*componentType, error) {
	t := &componentType{imports: s.imports, exports: s.exports, depth: s.depth + 1}
	own := map[*resource]bool{}
	for _, r := range s.resources {
		if r.imported {
			t.params = append(t.params, r)
		} else {
			own[r] = true
		}
	}
	if len(own) == 0 {
		return t, nil
	}
	// A resource that is used must have a name: among the exports, since imports
	// come first from the point of view of whoever instantiates.
	used := newFinder(c)
	for _, im := range s.imports.list {
		if err := used.extern(im.extern); err != nil {
			return nil, c.spent(err, offset)
		}
	}
	for _, r := range s.resources {
		if own[r] && used.free(r) {
			return nil, c.fail(CodeHiddenResource, offset, "an import of the component uses a resource that the component makes itself")
		}
	}
	used = newFinder(c)
	named := map[*resource]bool{}
	for _, ex := range s.exports.list {
		if err := used.extern(ex.extern); err != nil {
			return nil, c.spent(err, offset)
		}
		if err := c.findNames(ex.extern, named); err != nil {
			return nil, c.spent(err, offset)
		}
	}
	for _, r := range s.resources {
		switch {
		case !own[r] || !used.free(r):
		case !named[r]:
			return nil, c.fail(CodeHiddenResource, offset, "an export of the component uses a resource that is not exported itself")
		default:
			t.fresh = append(t.fresh, r)
		}
	}
	return t, nil
}

// findNames adds the resources that an export names, itself or through the
// exports of an instance.
func (c *checker) findNames(x extern, named map[*resource]bool) error {
	if err := c.spend(1); err != nil {
		return err
	}
	switch x := x.(type) {
	case typeExtern:
		if r, ok := x.def.(*resourceType); ok {
			named[r.resource] = true
		}
	case *instanceType:
		for _, ex := range x.exports.list {
			if err := c.findNames(ex.extern, named); err != nil {
				return err
			}
		}
	}
	return nil
}
