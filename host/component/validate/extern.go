package validate

import "github.com/wattle-dev/wattle/host/component/binary"

// importExtern checks an import, definition or declarator, and adds it to the
// scope.
func (c *checker) importExtern(s *scope, name binary.Name, x extern, offset int) error {
	x, err := c.addExtern(s, &s.importNames, name, x, true, offset)
	if err != nil {
		return err
	}
	s.imports.add(name.Name, x)
	return nil
}

// exportExtern checks an export, definition or declarator, and adds it to the
// scope.
func (c *checker) exportExtern(s *scope, name binary.Name, x extern, offset int) error {
	x, err := c.addExtern(s, &s.exportNames, name, x, false, offset)
	if err != nil {
		return err
	}
	s.exports.add(name.Name, x)
	return nil
}

func (c *checker) addExtern(s *scope, n *names, name binary.Name, x extern, imported bool, offset int) (extern, error) {
	parsed, err := c.addName(n, name, x, offset)
	if err != nil {
		return nil, err
	}
	if s.depth = max(s.depth, typeDepth(x)); s.depth >= maxDepth {
		return nil, c.fail(CodeTooComplex, offset, "types of instances and components nest deeper than %d", maxDepth)
	}
	if i, ok := x.(*instanceType); ok {
		if x, err = anyOf(c.open(s, i, imported)); err != nil {
			return nil, c.spent(err, offset)
		}
	}
	n.addResource(name.Name, x)
	ok, err := c.name(s, x, imported)
	if err != nil {
		return nil, c.spent(err, offset)
	}
	if !ok {
		which := "an import or export"
		if imported {
			which = "an import"
		}
		return nil, c.fail(CodeUnnamedType, offset, "%q uses a record, variant, enum, flags or resource that is not the type of %s before it", clip(name.Name), which)
	}
	if err := c.annotated(n, name.Name, parsed, x, offset); err != nil {
		return nil, err
	}
	s.push(x)
	return x, nil
}
