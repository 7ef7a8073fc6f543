package validate

import (
	"errors"
	"fmt"
)

// matcher compares types (Explainer.md, "Type Checking"). On either side may
// stand variables: resources that the type being matched against binds, which
// are found by looking at what has the same name on the other side.
//
// Each type binds resources of its own, so that one table serves both sides and
// all depths.
type matcher struct {
	c    *checker
	vars map[*resource]*resource // nil for what has not been found yet
}

func newMatcher(c *checker) *matcher {
	return &matcher{c: c, vars: map[*resource]*resource{}}
}

func (m *matcher) resolve(r *resource) *resource {
	if found := m.vars[r]; found != nil {
		return found
	}
	return r
}

func (m *matcher) enter(rs []*resource) {
	for _, r := range rs {
		m.vars[r] = nil
	}
}

func (m *matcher) leave(rs []*resource) {
	for _, r := range rs {
		delete(m.vars, r)
	}
}

// bind finds the variables in super that have the name of a resource in sub.
func (m *matcher) bind(sub, super extern) error {
	if err := m.c.spend(1); err != nil {
		return err
	}
	switch super := super.(type) {
	case typeExtern:
		v, ok := super.def.(*resourceType)
		if !ok {
			return nil
		}
		t, ok := sub.(typeExtern)
		if !ok {
			return nil
		}
		r, ok := t.def.(*resourceType)
		if !ok {
			return nil
		}
		if found, ok := m.vars[v.resource]; ok && found == nil {
			m.vars[v.resource] = m.resolve(r.resource)
		}
	case *instanceType:
		i, ok := sub.(*instanceType)
		if !ok {
			return nil
		}
		return m.bindAll(i.exports, super.exports)
	}
	return nil
}

// bindAll is bind for all names of super.
func (m *matcher) bindAll(sub, super externs) error {
	for _, want := range super.list {
		if have, ok := sub.get(want.name); ok {
			if err := m.bind(have, want.extern); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *matcher) bindAndMatch(sub, super extern) error {
	if err := m.bind(sub, super); err != nil {
		return err
	}
	return m.match(sub, super)
}

// match reports why sub is not a subtype of super, or nil if it is.
func (m *matcher) match(sub, super extern) error {
	if err := m.c.spend(1); err != nil {
		return err
	}
	switch super := super.(type) {
	case *moduleType:
		if sub, ok := sub.(*moduleType); ok {
			return m.c.matchModule(sub, super)
		}
	case *funcType:
		if sub, ok := sub.(*funcType); ok {
			return m.function(sub, super)
		}
	case *componentType:
		if sub, ok := sub.(*componentType); ok {
			return m.component(sub, super)
		}
	case *instanceType:
		if sub, ok := sub.(*instanceType); ok {
			return m.instance(sub, super)
		}
	case typeExtern:
		if sub, ok := sub.(typeExtern); ok {
			return m.equal(sub.def, super.def)
		}
	}
	return fmt.Errorf("expected %s, found %s", kindOf(super), kindOf(sub))
}

// matchAll matches what sub has under each name of super.
func (m *matcher) matchAll(what string, sub, super externs) error {
	for _, want := range super.list {
		have, ok := sub.get(want.name)
		if !ok {
			return fmt.Errorf("%s %q is missing", what, clip(want.name))
		}
		if err := m.match(have, want.extern); err != nil {
			return fmt.Errorf("%s %q: %w", what, clip(want.name), err)
		}
	}
	return nil
}

func (m *matcher) instance(sub, super *instanceType) error {
	if sub == super {
		return nil
	}
	if len(super.abstract) > 0 {
		m.enter(super.abstract)
		defer m.leave(super.abstract)
		if err := m.bindAll(sub.exports, super.exports); err != nil {
			return err
		}
	}
	return m.matchAll("export", sub.exports, super.exports)
}

// component matches components: what super imports must do for sub, and what
// sub then exports must do for super.
func (m *matcher) component(sub, super *componentType) error {
	if sub == super {
		return nil
	}
	m.enter(sub.params)
	defer m.leave(sub.params)
	if err := m.bindAll(super.imports, sub.imports); err != nil {
		return err
	}
	if err := m.matchAll("import", super.imports, sub.imports); err != nil {
		return err
	}
	m.enter(super.fresh)
	defer m.leave(super.fresh)
	if err := m.bindAll(sub.exports, super.exports); err != nil {
		return err
	}
	return m.matchAll("export", sub.exports, super.exports)
}

func (m *matcher) function(sub, super *funcType) error {
	switch {
	case sub == super:
		return nil
	case sub.async != super.async:
		return fmt.Errorf("one function is async, the other is not")
	case len(sub.params) != len(super.params):
		return fmt.Errorf("expected %d parameters, found %d", len(super.params), len(sub.params))
	}
	for i, want := range super.params {
		have := sub.params[i]
		if have.name != want.name {
			return fmt.Errorf("expected a parameter %q, found %q", want.name, have.name)
		}
		if err := m.value(have.value, want.value); err != nil {
			return fmt.Errorf("parameter %q: %w", want.name, err)
		}
	}
	if err := m.value(sub.result, super.result); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	return nil
}

// errResource says that two resource types differ. They have no names of their
// own.
var errResource = errors.New("resource types are not the same")

// equal reports why two types are not equal: each is a subtype of the other.
func (m *matcher) equal(a, b deftype) error {
	if a == b {
		return nil
	}
	switch b := b.(type) {
	case *value:
		if a, ok := a.(*value); ok {
			return m.value(a, b)
		}
	case *resourceType:
		if a, ok := a.(*resourceType); ok {
			if m.resolve(a.resource) != m.resolve(b.resource) {
				return errResource
			}
			return nil
		}
	case *funcType, *instanceType, *componentType:
		if err := m.match(a, b); err != nil {
			return err
		}
		return m.match(b, a)
	}
	return fmt.Errorf("expected %s, found %s", kindOf(b), kindOf(a))
}

// value reports why two value types are not equal.
func (m *matcher) value(a, b *value) error {
	switch {
	case a == b:
		return nil
	case a == nil || b == nil:
		return fmt.Errorf("expected %s, found %s", describe(b), describe(a))
	}
	if err := m.c.spend(1); err != nil {
		return err
	}
	switch {
	case a.shape != b.shape:
		return fmt.Errorf("expected %s, found %s", describe(b), describe(a))
	case !a.shape.handle:
		return nil
	case a.resource != nil && m.resolve(a.resource.resource) != m.resolve(b.resource.resource):
		return errResource
	}
	for i, p := range a.parts {
		if err := m.value(p, b.parts[i]); err != nil {
			return err
		}
	}
	return nil
}

// describe returns a short description of a value type.
func describe(v *value) string {
	const most = 10 // types: more would not be read
	switch {
	case v == nil:
		return "no value"
	case v.shape.nodes > most:
		return v.shape.typ.Kind.String()
	}
	return clip(v.shape.typ.Signature())
}
