package wit

// Interface is a WIT interface: types, and functions over them.
type Interface struct {
	// ID names the interface. Only its Name is set for an interface that is
	// written inside a world, and that is the name it has there.
	ID   InterfaceID
	Docs string
	Gate Gate
	// Types are the names in the scope of the interface, in an order in which
	// each stands after those it refers to.
	Types []*TypeDef
	// Funcs are the functions, with those of its resources, in source order.
	Funcs []*Func
}

// Type returns the definition of a name, or nil.
func (i *Interface) Type(name string) *TypeDef {
	for _, d := range i.Types {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// Func returns the function with an extern name, or nil.
func (i *Interface) Func(name string) *Func {
	for _, f := range i.Funcs {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// TypeDef is a name for a type in the scope of an interface or world.
type TypeDef struct {
	Name string
	Docs string
	Gate Gate
	// Type is the value type; nil if the name is that of a resource.
	Type *Type
	// Resource is the resource; nil if the name is that of a value type.
	Resource *Resource
	// Alias is what "type a = b" makes this another name for, if b is a name.
	Alias *TypeDef
	// Use is the definition that a use statement brought here, in From. Type
	// and Resource are those of that definition.
	Use *TypeDef
	// From is the interface in which Use stands.
	From *Interface
	// ExternalID is the text of @external-id, if any.
	ExternalID string
}

// Origin follows Use and Alias to the definition that declares the type.
func (d *TypeDef) Origin() *TypeDef {
	for {
		switch {
		case d.Use != nil:
			d = d.Use
		case d.Alias != nil:
			d = d.Alias
		default:
			return d
		}
	}
}
