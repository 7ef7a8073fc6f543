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

// Packages returns what a world needs to be printed or resolved: its own
// package, with it and those interfaces alone that it imports, exports or takes
// types from, and after it every other package these are in, likewise. The world
// of a component may have two interfaces of one name, an import and an export,
// each with what the component knows of it; the packages have one then, which is
// both, and a copy of the world.
func (w *World) Packages() []*Package {
	own := &Package{ID: w.ID.PackageID(), Worlds: []*World{w}}
	packages := []*Package{own}
	byID := map[PackageID]*Package{own.ID: own}
	seen := map[*Interface]bool{}
	named := map[InterfaceID]bool{}
	twice := false
	var add func(i *Interface)
	add = func(i *Interface) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, d := range i.Types {
			if d.From != nil {
				add(d.From)
			}
		}
		if i.ID.Package == "" { // written inside the world
			return
		}
		twice = twice || named[i.ID]
		named[i.ID] = true
		p := byID[i.ID.PackageID()]
		if p == nil {
			p = &Package{ID: i.ID.PackageID()}
			byID[p.ID] = p
			packages = append(packages, p)
		}
		p.Interfaces = append(p.Interfaces, i)
	}
	for _, externs := range [...][]Extern{w.Imports, w.Exports} {
		for i := range externs {
			e := &externs[i]
			if e.Interface != nil {
				add(e.Interface)
			}
			if e.Type != nil && e.Type.From != nil {
				add(e.Type.From)
			}
		}
	}
	if twice {
		// If the two contradict each other, both are shown: WIT has no words for it.
		if u := NewUnion(); u.World(w) == nil {
			return u.Packages()
		}
	}
	return packages
}
