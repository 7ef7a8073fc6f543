package validate

import "github.com/wattle-dev/wattle/host/component/binary"

// alias checks an alias definition, or declarator.
func (c *checker) alias(s *scope, d *binary.Alias) error {
	if s.kind != componentScope && !declarable(d) {
		return c.fail(CodeAliasSort, d.Offset, "an alias in the type of a component or instance cannot refer to a %s", binary.SortName(d.Sort, d.Core))
	}
	switch d.Kind {
	case binary.AliasExport:
		return c.aliasExport(s, d)
	case binary.AliasCoreExport:
		return c.aliasCoreExport(s, d)
	default:
		return c.aliasOuter(s, d)
	}
}

// declarable says whether an alias may be a declarator.
func declarable(d *binary.Alias) bool {
	switch d.Kind {
	case binary.AliasExport:
		return d.Sort == binary.SortType || d.Sort == binary.SortInstance
	case binary.AliasOuter:
		return d.Sort == binary.SortType || d.Sort == binary.SortCore && d.Core == binary.CoreTypeSort
	default:
		return false
	}
}

func (c *checker) aliasExport(s *scope, d *binary.Alias) error {
	if d.Sort == binary.SortValue {
		return c.failValues(d.Offset)
	}
	i, err := at(c, s.instances, d.Instance, "instance", d.Offset)
	if err != nil {
		return err
	}
	x, ok := i.exports.get(d.Name)
	if !ok {
		return c.fail(CodeNoExport, d.Offset, "instance %d has no export %q", d.Instance, clip(d.Name))
	}
	if !isSort(x, d.Sort) {
		return c.fail(CodeSort, d.Offset, "export %q of instance %d is %s, not a %s", clip(d.Name), d.Instance, kindOf(x), binary.SortName(d.Sort, d.Core))
	}
	s.push(x)
	return nil
}

func (c *checker) aliasCoreExport(s *scope, d *binary.Alias) error {
	i, err := at(c, s.coreInstances, d.Instance, "core instance", d.Offset)
	if err != nil {
		return err
	}
	x, ok := i[d.Name]
	if !ok {
		return c.fail(CodeNoExport, d.Offset, "core instance %d has no export %q", d.Instance, clip(d.Name))
	}
	if !isCoreSort(x.Kind, d.Core) {
		return c.fail(CodeSort, d.Offset, "export %q of core instance %d is a %s, not a %s", clip(d.Name), d.Instance, x.Kind, d.Core)
	}
	s.pushCore(x)
	return nil
}

func (c *checker) aliasOuter(s *scope, d *binary.Alias) error {
	target, crossed, err := c.outer(s, d.Count, d.Offset)
	if err != nil {
		return err
	}
	switch d.Sort {
	case binary.SortCore:
		if d.Core == binary.CoreTypeSort {
			t, err := at(c, target.coreTypes, d.Index, "core type", d.Offset)
			s.coreTypes = append(s.coreTypes, t)
			return err
		}
		m, err := at(c, target.modules, d.Index, "core module", d.Offset)
		s.modules = append(s.modules, m)
		return err
	case binary.SortComponent:
		t, err := at(c, target.components, d.Index, "component", d.Offset)
		s.components = append(s.components, t)
		return err
	}
	t, err := at(c, target.types, d.Index, "type", d.Offset)
	if err != nil {
		return err
	}
	if crossed {
		f := newFinder(c)
		if err := f.deftype(t); err != nil {
			return c.spent(err, d.Offset)
		}
		if f.anyFree() {
			return c.fail(CodeAliasResource, d.Offset, "type %d of the component around uses a resource, which the component inside cannot know; pass it as an import", d.Index)
		}
	}
	s.types = append(s.types, t)
	return nil
}

// outer returns the scope that is count scopes outward, and whether the way
// there leaves a component.
func (c *checker) outer(s *scope, count uint32, offset int) (target *scope, crossed bool, err error) {
	target = s
	for range count {
		crossed = crossed || target.kind == componentScope
		if target = target.parent; target == nil {
			return nil, false, c.fail(CodeOuterCount, offset, "there are fewer than %d scopes around this one", count)
		}
	}
	return target, crossed, nil
}
