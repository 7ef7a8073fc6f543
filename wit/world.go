package wit

// World is a WIT world: all that a component imports and exports.
type World struct {
	// ID names the world; worlds and interfaces share the names of a package.
	ID   InterfaceID
	Docs string
	Gate Gate
	// Imports holds, besides what is written, the interfaces whose types the
	// world uses, each before its first use.
	Imports []Extern
	Exports []Extern
}

// Extern is one import or export of a world. It is named either by Name or, an
// interface only, by ID; and exactly one of Interface, Func and Type is set.
type Extern struct {
	// Name is the plain name, empty if the extern is named by its ID.
	Name string
	// ID is the name of an interface of a package. If Name is set as well, the
	// extern has that name and implements this interface.
	ID   InterfaceID
	Docs string
	Gate Gate

	Interface *Interface
	Func      *Func
	Type      *TypeDef
	// ExternalID is the text of @external-id, if any.
	ExternalID string
}

// Key returns the name by which a component imports or exports the extern.
func (e *Extern) Key() string {
	if e.Name != "" {
		return e.Name
	}
	return e.ID.String()
}
