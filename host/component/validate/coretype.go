package validate

import (
	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
)

// The limits of the core specification on what limits may say.
const (
	maxPages    = 1 << 16
	maxPages64  = 1 << 48
	maxElements = 1<<32 - 1
)

// coreTypeDef checks a core type definition, or declarator.
func (c *checker) coreTypeDef(s *scope, d *binary.CoreTypeDef) error {
	t, err := c.coreType(s, d)
	if err != nil {
		return err
	}
	s.coreTypes = append(s.coreTypes, t)
	return nil
}

func (c *checker) coreType(s *scope, d *binary.CoreTypeDef) (*coreType, error) {
	if d.Func != nil {
		f := core.FuncType{Params: valTypes(d.Func.Params), Results: valTypes(d.Func.Results)}
		return &coreType{fn: &f, open: d.Open}, c.spent(c.spend(1+len(f.Params)+len(f.Results)), d.Offset)
	}
	m, err := c.moduleType(s, d.Module, d.Offset)
	return &coreType{module: m}, err
}

func valTypes(in []byte) []core.ValType {
	out := make([]core.ValType, len(in))
	for i, b := range in {
		out[i] = core.ValType(b)
	}
	return out
}

// moduleType evaluates a core:moduletype.
func (c *checker) moduleType(s *scope, d *binary.ModuleType, offset int) (*moduleType, error) {
	types := make([]*coreType, len(d.Types))
	for i, t := range d.Types {
		var err error
		if types[i], err = c.moduleDecl(s, t, types[:i]); err != nil {
			return nil, err
		}
	}
	m := &moduleType{imports: map[coreName]core.ExternType{}, exports: map[string]core.ExternType{}}
	for _, im := range d.Imports {
		t, err := c.coreExternType(types[:im.TypesBefore], im.Type, im.Offset)
		if err != nil {
			return nil, err
		}
		if err := c.addCoreImport(m, coreName{im.Module, im.Name}, t, im.Offset); err != nil {
			return nil, err
		}
	}
	for _, ex := range d.Exports {
		t, err := c.coreExternType(types[:ex.TypesBefore], ex.Type, ex.Offset)
		if err != nil {
			return nil, err
		}
		if _, ok := m.exports[ex.Name]; ok {
			return nil, c.fail(CodeDuplicateCoreName, ex.Offset, "core export %q appears twice", clip(ex.Name))
		}
		m.exports[ex.Name] = t
	}
	return m, c.spent(c.spend(1+len(d.Types)+len(d.Imports)+len(d.Exports)), offset)
}

// moduleDecl evaluates a type declarator, or alias of a type, in a module type
// whose types before it are given.
func (c *checker) moduleDecl(s *scope, d binary.CoreModuleDecl, before []*coreType) (*coreType, error) {
	if d.Type != nil {
		return c.coreType(s, d.Type)
	}
	a := d.Alias
	if a.Count == 0 { // the module type itself
		return at(c, before, a.Index, "core type", a.Offset)
	}
	target, _, err := c.outer(s, a.Count-1, a.Offset)
	if err != nil {
		return nil, err
	}
	t, err := at(c, target.coreTypes, a.Index, "core type", a.Offset)
	if err == nil && t.module != nil {
		err = c.fail(CodeTypeKind, a.Offset, "a module type cannot refer to another one")
	}
	return t, err
}

func (c *checker) addCoreImport(m *moduleType, name coreName, t core.ExternType, offset int) error {
	if _, ok := m.imports[name]; ok {
		return c.fail(CodeDuplicateCoreName, offset, "core import %q %q appears twice", clip(name.module), clip(name.name))
	}
	m.imports[name] = t
	m.order = append(m.order, name)
	return nil
}

// coreExternType evaluates a core:externtype.
func (c *checker) coreExternType(types []*coreType, d binary.CoreExternType, offset int) (t core.ExternType, err error) {
	l := d.Limits
	limits := core.Limits{Min: l.Min, Max: l.Max, HasMax: l.HasMax, Is64: l.Is64}
	switch d.Sort {
	case binary.CoreFunc, binary.CoreTag:
		f, err := at(c, types, d.Type, "core type", offset)
		switch {
		case err != nil:
			return t, err
		case f.fn == nil:
			return t, c.fail(CodeTypeKind, offset, "core type %d is not that of a function", d.Type)
		case f.open:
			return t, c.fail(CodeFeature, offset, "function types with subtypes: not supported")
		case d.Sort == binary.CoreTag && len(f.fn.Results) > 0:
			return t, c.fail(CodeCoreType, offset, "the type of a tag has results")
		}
		t.Kind, t.Func = core.KindFunc, *f.fn
		if d.Sort == binary.CoreTag {
			t.Kind = core.KindTag
		}
	case binary.CoreTable:
		t.Kind, t.Table = core.KindTable, core.TableType{Elem: core.ValType(d.Elem), Limits: limits}
		if l.Shared {
			return t, c.fail(CodeFeature, offset, "shared tables: not supported")
		}
		return t, c.limits(limits, maxElements, offset)
	case binary.CoreMemory:
		t.Kind, t.Memory = core.KindMemory, core.MemoryType{Limits: limits, Shared: l.Shared}
		if l.PageSize1 {
			return t, c.fail(CodeFeature, offset, "memories with pages of another size: not supported")
		}
		if l.Shared && !l.HasMax {
			return t, c.fail(CodeCoreType, offset, "a shared memory has no maximum")
		}
		if l.Is64 {
			return t, c.limits(limits, maxPages64, offset)
		}
		return t, c.limits(limits, maxPages, offset)
	case binary.CoreGlobal:
		t.Kind, t.Global = core.KindGlobal, core.GlobalType{Type: core.ValType(d.ValType), Mutable: d.Mutable}
	case binary.CoreTypeSort, binary.CoreModSort, binary.CoreInstSort:
		return t, c.fail(CodeSort, offset, "a core module cannot import or export a %s", d.Sort)
	}
	return t, nil
}

func (c *checker) limits(l core.Limits, most uint64, offset int) error {
	if l.Min > most || l.HasMax && (l.Max > most || l.Max < l.Min) {
		return c.fail(CodeCoreType, offset, "limits %s are not valid; %d is the most", describeLimits(l), most)
	}
	return nil
}
