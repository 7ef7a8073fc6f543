package validate

import "github.com/wattle-dev/wattle/host/component/binary"

// typeDef checks a type definition, or declarator.
func (c *checker) typeDef(s *scope, d *binary.TypeDef) error {
	t, err := c.deftype(s, d)
	if err != nil {
		return err
	}
	s.types = append(s.types, t)
	return nil
}

func (c *checker) deftype(s *scope, d *binary.TypeDef) (deftype, error) {
	switch {
	case d.Value != nil:
		return c.value(s, d.Value, d.Offset)
	case d.Func != nil:
		return c.function(s, d.Func, d.Offset)
	case d.Component != nil:
		return c.componentType(s, d.Component, d.Offset)
	case d.Instance != nil:
		return c.instanceType(s, d.Instance, d.Offset)
	default:
		return c.resourceType(s, d.Resource, d.Offset)
	}
}
