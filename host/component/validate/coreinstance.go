package validate

import (
	"fmt"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
)

// coreModule checks a core module, as far as its imports and exports go.
func (c *checker) coreModule(s *scope, d *binary.CoreModule) error {
	info, err := c.opts.Module(d)
	if err != nil {
		return fmt.Errorf("core module at %#x: %w", d.Offset, err)
	}
	if err := c.spent(c.spend(1+len(info.Imports)+len(info.Exports)), d.Offset); err != nil {
		return err
	}
	m := &moduleType{
		imports: make(map[coreName]core.ExternType, len(info.Imports)),
		exports: make(map[string]core.ExternType, len(info.Exports)),
	}
	for _, im := range info.Imports {
		if err := c.addCoreImport(m, coreName{im.Module, im.Name}, im.Type, d.Offset); err != nil {
			return err
		}
	}
	for _, ex := range info.Exports {
		m.exports[ex.Name] = ex.Type
	}
	s.modules = append(s.modules, m)
	return nil
}

// coreInstance checks a core instance definition.
func (c *checker) coreInstance(s *scope, d *binary.CoreInstance) error {
	i, err := c.coreExports(s, d)
	if err != nil {
		return err
	}
	s.coreInstances = append(s.coreInstances, i)
	return nil
}

// coreExports returns the exports of a core instance.
func (c *checker) coreExports(s *scope, d *binary.CoreInstance) (coreInstance, error) {
	if !d.Inline {
		return c.instantiateModule(s, d)
	}
	i := make(coreInstance, len(d.Exports))
	for _, e := range d.Exports {
		t, err := c.coreExtern(s, e.Sort, e.Index, e.Offset)
		if err != nil {
			return nil, err
		}
		if _, ok := i[e.Name]; ok {
			return nil, c.fail(CodeDuplicateCoreName, e.Offset, "core export %q appears twice", clip(e.Name))
		}
		i[e.Name] = t
	}
	return i, nil
}

// instantiateModule checks the instantiation of a core module: each import is
// exported by the argument of its module name, with a type that matches.
func (c *checker) instantiateModule(s *scope, d *binary.CoreInstance) (coreInstance, error) {
	m, err := at(c, s.modules, d.Module, "core module", d.Offset)
	if err != nil {
		return nil, err
	}
	args := make(map[string]coreInstance, len(d.Args))
	for _, a := range d.Args {
		i, err := at(c, s.coreInstances, a.Instance, "core instance", a.Offset)
		if err != nil {
			return nil, err
		}
		if _, ok := args[a.Name]; ok {
			return nil, c.fail(CodeDuplicateArgument, a.Offset, "argument %q is given twice", clip(a.Name))
		}
		args[a.Name] = i
	}
	if err := c.spent(c.spend(1+len(m.order)), d.Offset); err != nil {
		return nil, err
	}
	for _, name := range m.order {
		arg, ok := args[name.module]
		if !ok {
			return nil, c.fail(CodeMissingArgument, d.Offset, "core module %d imports from %q, which is not among the arguments", d.Module, clip(name.module))
		}
		have, ok := arg[name.name]
		if !ok {
			return nil, c.fail(CodeMissingArgument, d.Offset, "core module %d imports %q, which the argument %q does not export", d.Module, clip(name.name), clip(name.module))
		}
		if err := matchCore(have, m.imports[name]); err != nil {
			return nil, c.fail(CodeCoreMismatch, d.Offset, "import %q %q: %v", clip(name.module), clip(name.name), err)
		}
	}
	return m.exports, nil
}
