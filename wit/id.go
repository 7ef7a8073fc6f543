package wit

import (
	"errors"
	"fmt"
	"strings"
)

// InterfaceID is the name of an interface, or of a world, in a package. An
// interface that is written inside a world has a Name only.
type InterfaceID struct{ Namespace, Package, Name, Version string }

// ParseInterfaceID parses an interface name, such as "wasi:io/streams@0.2.6".
// The version may be absent, a semantic version, or a canonical version such as
// "0.2" (explainer, "Canonical Interface Name"). Nested namespaces and packages
// are not supported.
func ParseInterfaceID(s string) (InterfaceID, error) {
	id, err := parseInterfaceID(s)
	if err != nil {
		return InterfaceID{}, fmt.Errorf("interface name %q: %w", clip(s), err)
	}
	return id, nil
}

func parseInterfaceID(s string) (id InterfaceID, err error) {
	var versioned bool
	s, id.Version, versioned = strings.Cut(s, "@")
	var ok bool
	if id.Namespace, s, ok = strings.Cut(s, ":"); !ok {
		return id, errors.New(`no ":" after a namespace`)
	}
	if id.Package, id.Name, ok = strings.Cut(s, "/"); !ok {
		return id, errors.New(`no "/" before the name of the interface`)
	}
	switch {
	case !isWords(id.Namespace):
		return id, fmt.Errorf("namespace %q is not a lower-case kebab-case name", id.Namespace)
	case !isWords(id.Package):
		return id, fmt.Errorf("package %q is not a lower-case kebab-case name", id.Package)
	case !IsLabel(id.Name):
		return id, fmt.Errorf("%q is not a kebab-case name", id.Name)
	case versioned:
		return id, checkVersion(id.Version)
	}
	return id, nil
}

// clip bounds what an error message quotes.
func clip(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// String returns the interface name as components and WIT write it.
func (id InterfaceID) String() string {
	if id.Package == "" {
		return id.Name
	}
	s := id.Namespace + ":" + id.Package + "/" + id.Name
	if id.Version != "" {
		s += "@" + id.Version
	}
	return s
}

// PackageID returns the name of the package.
func (id InterfaceID) PackageID() PackageID {
	return PackageID{Namespace: id.Namespace, Name: id.Package, Version: id.Version}
}

// Unversioned returns the identifier without its version.
func (id InterfaceID) Unversioned() InterfaceID {
	id.Version = ""
	return id
}

// Canonical returns the identifier with its version track for a version, equal
// for all identifiers that are compatible with each other: a map key.
func (id InterfaceID) Canonical() InterfaceID {
	id.Version = Track(id.Version)
	return id
}

// Compatible reports whether an import of one may meet an export of the other:
// the names are equal and the versions are on one track. Whether their types
// agree is another question.
func (id InterfaceID) Compatible(other InterfaceID) bool {
	return id.Canonical() == other.Canonical()
}
