package component

import (
	"fmt"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
)

// scope is the index spaces of a component that is being elaborated, or of a
// component or instance type that is being evaluated (Explainer.md, "Index
// Spaces"). Index spaces only grow.
type scope struct {
	parent *scope
	comp   int // the component instance; meaningless in a type

	coreModules []*binary.CoreModule
	coreInsts   []*coreInstance
	coreTypes   []*binary.CoreTypeDef
	core        map[binary.CoreSort][]coreItem // func, table, memory, global, tag

	funcs []*function
	types []*typ
	comps []*closure
	insts []*instance
}

// coreInstance is a core instance: the exports by name.
type coreInstance struct {
	exports map[string]coreExport
}

type coreExport struct {
	sort binary.CoreSort
	item coreItem
}

// typ is an entry of the type index space. Exactly one field is set.
type typ struct {
	value     *wit.Type
	fn        *wit.Func
	resource  *wit.Resource
	component *typeClosure
	instance  *typeClosure
}

// typeClosure is a component or instance type with the scope it stands in.
type typeClosure struct {
	decls []binary.Decl
	scope *scope
}

// closure is a component with the scope it stands in.
type closure struct {
	ast   *binary.Component
	scope *scope
}

// instance is a component-level instance. Either exports are known, or host
// serves it and they are found as they are asked for.
type instance struct {
	exports map[string]any // *function, *typ, *closure, *instance, *binary.CoreModule
	names   []string       // in order of definition
	host    *hostInterface
	wanted  wit.InterfaceID // what host serves it as
}

func newInstance() *instance { return &instance{exports: map[string]any{}} }

func (i *instance) add(name string, x any) error {
	if _, ok := i.exports[name]; ok {
		return fmt.Errorf("%q is exported twice", name)
	}
	i.names = append(i.names, name)
	i.exports[name] = x
	return nil
}

// push appends a definition to the index space of its kind.
func (s *scope) push(x any) {
	switch x := x.(type) {
	case *function:
		s.funcs = append(s.funcs, x)
	case *typ:
		s.types = append(s.types, x)
	case *closure:
		s.comps = append(s.comps, x)
	case *instance:
		s.insts = append(s.insts, x)
	case *binary.CoreModule:
		s.coreModules = append(s.coreModules, x)
	case *binary.CoreTypeDef:
		s.coreTypes = append(s.coreTypes, x)
	default:
		panic(fmt.Sprintf("component: push of %T", x))
	}
}

func (s *scope) pushCore(sort binary.CoreSort, it coreItem) {
	if s.core == nil {
		s.core = map[binary.CoreSort][]coreItem{}
	}
	s.core[sort] = append(s.core[sort], it)
}

// at returns entry i of an index space.
func at[T any](space []T, i uint32, what string) (T, error) {
	if uint64(i) >= uint64(len(space)) {
		var zero T
		return zero, fmt.Errorf("%s index %d is out of range (%d defined)", what, i, len(space))
	}
	return space[i], nil
}

// get returns the definition at an index of a sort.
func (s *scope) get(x binary.SortIdx) (any, error) {
	switch x.Sort {
	case binary.SortFunc:
		return wrap(at(s.funcs, x.Index, "function"))
	case binary.SortType:
		return wrap(at(s.types, x.Index, "type"))
	case binary.SortComponent:
		return wrap(at(s.comps, x.Index, "component"))
	case binary.SortInstance:
		return wrap(at(s.insts, x.Index, "instance"))
	case binary.SortCore:
		switch x.Core {
		case binary.CoreModSort:
			return wrap(at(s.coreModules, x.Index, "core module"))
		case binary.CoreTypeSort:
			return wrap(at(s.coreTypes, x.Index, "core type"))
		}
	}
	return nil, fmt.Errorf("%s definitions cannot stand here", binary.SortName(x.Sort, x.Core))
}

func wrap[T any](x T, err error) (any, error) { return x, err }

// coreAt returns a core function, table, memory, global or tag.
func (s *scope) coreAt(sort binary.CoreSort, i uint32) (coreItem, error) {
	return at(s.core[sort], i, binary.SortName(binary.SortCore, sort))
}

// inline returns the instance that the inline exports of d form.
func (s *scope) inline(d *binary.Instance) (*instance, error) {
	i := newInstance()
	for _, x := range d.Exports {
		v, err := s.get(x.SortIdx)
		if err != nil {
			return nil, fmt.Errorf("export %q: %w", x.Name.Name, err)
		}
		if err := i.add(x.Name.Name, v); err != nil {
			return nil, err
		}
	}
	return i, nil
}

// arguments returns what d instantiates its component with, by name.
func (s *scope) arguments(d *binary.Instance) (map[string]any, error) {
	args := make(map[string]any, len(d.Args))
	for _, a := range d.Args {
		v, err := s.get(a.SortIdx)
		if err != nil {
			return nil, fmt.Errorf("argument %q: %w", a.Name, err)
		}
		args[a.Name] = v
	}
	return args, nil
}
