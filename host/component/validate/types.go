package validate

import (
	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/wit"
)

// A deftype is an entry of the type index space: a *value, *resourceType,
// *funcType, *instanceType or *componentType. Its pointer is the identity that
// a name gives it: the import or export of a type makes a copy, which is the
// same type under a name that is visible from outside.
type deftype any

// An extern is what an import, export or argument is: a *moduleType, *funcType,
// *componentType, *instanceType, or a typeExtern.
type extern any

// typeExtern is the import or export of a type.
type typeExtern struct{ def deftype }

// value is a value type (defvaltype).
type value struct {
	// shape is the same for two value types if and only if they are equal, but
	// for the resources that their handles refer to.
	shape *shape
	// parts are the types in the constructor, in order, nil for an absent one.
	parts []*value
	// resource is what an own or borrow is a handle of.
	resource *resourceType
}

// shape is the structure of a value type, resources left out.
type shape struct {
	typ   *wit.Type
	id    uint32
	nodes int // types in the tree of the type, at most wit.MaxTypeNodes
	depth int
	// borrow, handle and pointer say whether the type contains a borrow, any
	// handle, or something that lies in a memory of its own (a string, list or
	// map) and not behind a stream or future.
	borrow, handle, pointer bool
	flat                    []wit.Core // memo of checker.flat
}

// resourceType is a name of a resource: all names of it share the resource.
type resourceType struct{ resource *resource }

// resource is the identity of a resource type. Each is made by one scope, and
// is bound there: by the type of the component or instance that the scope is.
type resource struct {
	scope *scope
	// imported: made by an import of the scope, and not by a definition or
	// export in it.
	imported bool
	// local: made by a resource type definition, so that the scope has access to
	// its representation.
	local bool
}

// field is a parameter.
type field struct {
	name  string
	value *value
}

// funcType is a function type. The result is nil if there is none.
type funcType struct {
	async  bool
	params []field
	result *value
}

// namedExtern is an import or export of a type.
type namedExtern struct {
	name   string
	extern extern
}

// externs are imports or exports in the order of their declaration.
type externs struct {
	list  []namedExtern
	index map[string]int
}

func (e *externs) add(name string, x extern) {
	if e.index == nil {
		e.index = map[string]int{}
	}
	e.index[name] = len(e.list)
	e.list = append(e.list, namedExtern{name, x})
}

func (e *externs) get(name string) (extern, bool) {
	i, ok := e.index[name]
	if !ok {
		return nil, false
	}
	return e.list[i].extern, true
}

// instanceType is the type of an instance: ∃ abstract. exports. The abstract
// resources of an instance that exists belong to a scope; only the type
// definitions of instances have any of their own.
type instanceType struct {
	exports  externs
	abstract []*resource
	depth    int
}

// componentType is the type of a component: ∀ params. imports → ∃ fresh. exports.
type componentType struct {
	imports, exports externs
	params, fresh    []*resource
	depth            int
}

// coreType is an entry of the core type index space: a module type or a
// function type.
type coreType struct {
	module *moduleType
	fn     *core.FuncType
	// open marks a function type that is not final.
	open bool
}

// moduleType is the type of a core module.
type moduleType struct {
	imports map[coreName]core.ExternType
	order   []coreName // of imports
	exports map[string]core.ExternType
}

// coreName is the two-level name of a core import.
type coreName struct{ module, name string }

// coreInstance is the type of a core instance: its exports.
type coreInstance map[string]core.ExternType

// kindOf names the kind of an extern or deftype, for messages.
func kindOf(x any) string {
	switch x := x.(type) {
	case *moduleType:
		return "a core module"
	case *funcType:
		return "a function"
	case *componentType:
		return "a component"
	case *instanceType:
		return "an instance"
	case typeExtern:
		return "the type of " + kindOf(x.def)
	case *resourceType:
		return "a resource"
	case *value:
		return "a value (" + x.shape.typ.Kind.String() + ")"
	}
	return "nothing"
}

// clone returns a type that is equal to t and another entry of the index space.
func clone(t deftype) deftype {
	switch t := t.(type) {
	case *value:
		c := *t
		return &c
	case *resourceType:
		c := *t
		return &c
	case *funcType:
		c := *t
		return &c
	case *instanceType:
		c := *t
		return &c
	case *componentType:
		c := *t
		return &c
	}
	return t
}
