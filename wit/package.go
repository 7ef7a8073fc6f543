package wit

// PackageID is the name of a WIT package: "wasi:io@0.2.6".
type PackageID struct{ Namespace, Name, Version string }

// String returns the name as WIT writes it.
func (id PackageID) String() string {
	s := id.Namespace + ":" + id.Name
	if id.Version != "" {
		s += "@" + id.Version
	}
	return s
}

// Interface returns the identifier of an interface or world of the package.
func (id PackageID) Interface(name string) InterfaceID {
	return InterfaceID{Namespace: id.Namespace, Package: id.Name, Name: name, Version: id.Version}
}

// Package is a WIT package: interfaces and worlds under one name and version.
type Package struct {
	ID         PackageID
	Docs       string
	Interfaces []*Interface
	Worlds     []*World
}

// Interface returns the interface with a name, or nil.
func (p *Package) Interface(name string) *Interface {
	for _, i := range p.Interfaces {
		if i.ID.Name == name {
			return i
		}
	}
	return nil
}

// World returns the world with a name, or nil.
func (p *Package) World(name string) *World {
	for _, w := range p.Worlds {
		if w.ID.Name == name {
			return w
		}
	}
	return nil
}
