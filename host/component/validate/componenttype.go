package validate

import "github.com/wattle-dev/wattle/host/component/binary"

// maxDepth bounds the nesting of instance and component types, by whatever way
// they refer to each other.
const maxDepth = 100

// componentType evaluates a componenttype.
func (c *checker) componentType(parent *scope, d *binary.ComponentType, offset int) (deftype, error) {
	s := newScope(componentTypeScope, parent)
	for _, decl := range d.Decls {
		if err := c.declare(s, decl); err != nil {
			return nil, err
		}
	}
	t, err := c.closeComponent(s, offset)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// instanceType evaluates an instancetype. All resources that it makes are
// abstract.
func (c *checker) instanceType(parent *scope, d *binary.InstanceType, offset int) (deftype, error) {
	s := newScope(instanceTypeScope, parent)
	for _, decl := range d.Decls {
		if err := c.declare(s, decl); err != nil {
			return nil, err
		}
	}
	return &instanceType{exports: s.exports, abstract: s.resources, depth: s.depth + 1}, nil
}

// declare checks a declarator of a component or instance type.
func (c *checker) declare(s *scope, d binary.Decl) error {
	switch d := d.(type) {
	case *binary.CoreTypeDef:
		return c.coreTypeDef(s, d)
	case *binary.TypeDef:
		return c.typeDef(s, d)
	case *binary.Alias:
		return c.alias(s, d)
	case *binary.ImportDecl:
		x, err := c.externType(s, d.Type, true)
		if err != nil {
			return err
		}
		return c.importExtern(s, d.Name, x, d.Offset)
	case *binary.ExportDecl:
		x, err := c.externType(s, d.Type, false)
		if err != nil {
			return err
		}
		return c.exportExtern(s, d.Name, x, d.Offset)
	}
	return nil
}
