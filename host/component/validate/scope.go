package validate

import (
	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
)

// scopeKind is what a scope is.
type scopeKind uint8

const (
	componentScope scopeKind = iota
	componentTypeScope
	instanceTypeScope
)

// scope is a component, component type or instance type while its definitions
// or declarators are checked: its index spaces, imports and exports so far.
type scope struct {
	kind   scopeKind
	parent *scope

	coreFuncs     []core.FuncType
	coreTables    []core.TableType
	coreMemories  []core.MemoryType
	coreGlobals   []core.GlobalType
	coreTags      []core.FuncType
	coreTypes     []*coreType
	modules       []*moduleType
	coreInstances []coreInstance

	funcs      []*funcType
	types      []deftype
	components []*componentType
	instances  []*instanceType

	imports, exports         externs
	importNames, exportNames names
	// importable and exportable are the types that have a name in the imports,
	// and in the imports or exports (Explainer.md, "External Visibility of
	// Types").
	importable, exportable map[deftype]bool
	// resources are all that were made in the scope, in order.
	resources []*resource
	depth     int // of the types in imports and exports
}

func newScope(kind scopeKind, parent *scope) *scope {
	return &scope{kind: kind, parent: parent, importable: map[deftype]bool{}, exportable: map[deftype]bool{}}
}

// newResource makes a resource that is unequal to all others.
func (s *scope) newResource(imported, local bool) *resource {
	r := &resource{scope: s, imported: imported, local: local}
	s.resources = append(s.resources, r)
	return r
}

// at returns the i-th entry of an index space.
func at[T any](c *checker, space []T, i uint32, sort string, offset int) (T, error) {
	if uint64(i) < uint64(len(space)) {
		return space[i], nil
	}
	var zero T
	return zero, c.fail(CodeIndex, offset, "%s %d does not exist; there are %d before this", sort, i, len(space))
}

// extern returns the type of what an index refers to.
func (c *checker) extern(s *scope, x binary.SortIdx, offset int) (extern, error) {
	switch x.Sort {
	case binary.SortFunc:
		return anyOf(at(c, s.funcs, x.Index, "function", offset))
	case binary.SortType:
		t, err := at(c, s.types, x.Index, "type", offset)
		return typeExtern{t}, err
	case binary.SortComponent:
		return anyOf(at(c, s.components, x.Index, "component", offset))
	case binary.SortInstance:
		return anyOf(at(c, s.instances, x.Index, "instance", offset))
	case binary.SortValue:
		return nil, c.failValues(offset)
	case binary.SortCore:
		if x.Core == binary.CoreModSort {
			return anyOf(at(c, s.modules, x.Index, "core module", offset))
		}
	}
	return nil, c.fail(CodeSort, offset, "a %s cannot be passed between components", binary.SortName(x.Sort, x.Core))
}

// anyOf keeps a nil pointer from becoming an extern that is not nil.
func anyOf[T any](x *T, err error) (extern, error) {
	if err != nil {
		return nil, err
	}
	return x, nil
}

// push adds an extern to the index space of its sort.
func (s *scope) push(x extern) {
	switch x := x.(type) {
	case *moduleType:
		s.modules = append(s.modules, x)
	case *funcType:
		s.funcs = append(s.funcs, x)
	case *componentType:
		s.components = append(s.components, x)
	case *instanceType:
		s.instances = append(s.instances, x)
	case typeExtern:
		s.types = append(s.types, x.def)
	}
}

// isSort says whether an extern is of a sort.
func isSort(x extern, sort binary.Sort) bool {
	switch x.(type) {
	case *moduleType:
		return sort == binary.SortCore
	case *funcType:
		return sort == binary.SortFunc
	case *componentType:
		return sort == binary.SortComponent
	case *instanceType:
		return sort == binary.SortInstance
	case typeExtern:
		return sort == binary.SortType
	}
	return false
}

// coreExtern returns the type of what a core index refers to.
func (c *checker) coreExtern(s *scope, sort binary.CoreSort, i uint32, offset int) (t core.ExternType, err error) {
	switch sort {
	case binary.CoreFunc:
		t.Kind = core.KindFunc
		t.Func, err = at(c, s.coreFuncs, i, "core function", offset)
	case binary.CoreTable:
		t.Kind = core.KindTable
		t.Table, err = at(c, s.coreTables, i, "core table", offset)
	case binary.CoreMemory:
		t.Kind = core.KindMemory
		t.Memory, err = at(c, s.coreMemories, i, "core memory", offset)
	case binary.CoreGlobal:
		t.Kind = core.KindGlobal
		t.Global, err = at(c, s.coreGlobals, i, "core global", offset)
	case binary.CoreTag:
		t.Kind = core.KindTag
		t.Func, err = at(c, s.coreTags, i, "core tag", offset)
	case binary.CoreTypeSort, binary.CoreModSort, binary.CoreInstSort:
		err = c.fail(CodeSort, offset, "a core instance cannot export a %s", binary.SortName(binary.SortCore, sort))
	}
	return t, err
}

// pushCore adds a core extern to the index space of its kind.
func (s *scope) pushCore(t core.ExternType) {
	switch t.Kind {
	case core.KindFunc:
		s.coreFuncs = append(s.coreFuncs, t.Func)
	case core.KindTable:
		s.coreTables = append(s.coreTables, t.Table)
	case core.KindMemory:
		s.coreMemories = append(s.coreMemories, t.Memory)
	case core.KindGlobal:
		s.coreGlobals = append(s.coreGlobals, t.Global)
	case core.KindTag:
		s.coreTags = append(s.coreTags, t.Func)
	}
}

// isCoreSort says whether a kind of core extern is a core sort.
func isCoreSort(k core.Kind, sort binary.CoreSort) bool {
	switch sort {
	case binary.CoreFunc:
		return k == core.KindFunc
	case binary.CoreTable:
		return k == core.KindTable
	case binary.CoreMemory:
		return k == core.KindMemory
	case binary.CoreGlobal:
		return k == core.KindGlobal
	case binary.CoreTag:
		return k == core.KindTag
	case binary.CoreTypeSort, binary.CoreModSort, binary.CoreInstSort:
	}
	return false
}
