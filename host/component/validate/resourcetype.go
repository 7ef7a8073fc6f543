package validate

import (
	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
)

// resourceType checks the definition of a resource type.
func (c *checker) resourceType(s *scope, d *binary.ResourceType, offset int) (deftype, error) {
	if s.kind != componentScope {
		return nil, c.fail(CodeResourceInType, offset, "a resource type cannot be defined in the type of a component or instance; declare it with sub resource")
	}
	if core.ValType(d.Rep) != core.I32 {
		return nil, c.fail(CodeResourceRep, offset, "the representation of a resource type is %v, not i32", core.ValType(d.Rep))
	}
	if d.HasDtor {
		f, err := at(c, s.coreFuncs, d.Dtor, "core function", offset)
		if err != nil {
			return nil, err
		}
		if want := sig(params(core.I32)); !sameSig(f, want) {
			return nil, c.fail(CodeCoreSignature, offset, "the destructor has type %s, not %s", describeSig(f), describeSig(want))
		}
	}
	return &resourceType{resource: s.newResource(false, true)}, nil
}

// resourceAt returns the resource type that a type index refers to.
func (c *checker) resourceAt(s *scope, i uint32, offset int) (*resourceType, error) {
	t, err := at(c, s.types, i, "type", offset)
	if err != nil {
		return nil, err
	}
	if t, ok := t.(*resourceType); ok {
		return t, nil
	}
	return nil, c.fail(CodeTypeKind, offset, "type %d is that of %s, not of a resource", i, kindOf(t))
}
