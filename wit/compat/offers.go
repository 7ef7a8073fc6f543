package compat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/wit"
)

// Offers are the interfaces that are on offer to imports. No two of one name are
// on the same track of versions.
type Offers []Offer

// Verdict says what comes of an import or an export.
type Verdict struct {
	// Name is the name of the import or export.
	Name string
	// By is the interface that was found for it, zero if none was.
	By wit.InterfaceID
	// Faults say why that does not do, or why nothing was found. There are none
	// if all is well.
	Faults []Fault
}

// OK reports whether all is well.
func (v *Verdict) OK() bool { return len(v.Faults) == 0 }

// Import decides whether an import of a world is satisfied: by which offer, or
// why not.
func (o Offers) Import(x *wit.Extern) Verdict {
	v := Verdict{Name: x.Key()}
	switch {
	case x.Func != nil:
		v.Faults = []Fault{Single("function")}
	case x.Interface == nil:
		v.typeImport(x.Type)
	case x.Name != "":
		v.Faults = []Fault{NotPublic(v.Name)}
	default:
		offer, fault := o.Find(x.ID)
		if fault != nil {
			v.Faults = []Fault{*fault}
			break
		}
		v.By, v.Faults = offer.ID, Interface(*offer, x.Interface)
	}
	return v
}

// typeImport judges the import of a type: a second name for one that is known
// needs nobody.
func (v *Verdict) typeImport(d *wit.TypeDef) {
	if d.Resource != nil && d.Use == nil && d.Alias == nil {
		v.Faults = []Fault{Single("resource")}
	}
}

// Single is the fault of an import of something that is not an interface.
func Single(what string) Fault {
	return Fault{Message: fmt.Sprintf("a single %s is expected, and interfaces are what is offered", what), Next: "declare it in an interface"}
}

// NotPublic is the fault of an import of an interface under a name that only its
// world knows.
func NotPublic(name string) Fault {
	return Fault{
		Message: fmt.Sprintf("%.200q is a name of its own, and interfaces of packages are what is offered", name),
		Next:    "import an interface by the name of its package, or compose the component with one that exports this",
	}
}

// Find returns the offer that an import of an interface meets, or why there is
// none.
func (o Offers) Find(id wit.InterfaceID) (*Offer, *Fault) {
	i := slices.IndexFunc(o, func(x Offer) bool { return x.ID.Compatible(id) })
	if i >= 0 {
		return &o[i], nil
	}
	f := o.missing(id)
	return nil, &f
}

// missing says why no offer meets an import: no such package, no such interface
// in it, or no version of it on the same track.
func (o Offers) missing(id wit.InterfaceID) Fault {
	var versions, siblings []wit.InterfaceID
	for i := range o {
		switch x := o[i].ID; {
		case x.Unversioned() == id.Unversioned():
			versions = append(versions, x)
		case x.Namespace == id.Namespace && x.Package == id.Package:
			siblings = append(siblings, x)
		}
	}
	switch {
	case len(versions) > 0:
		return otherTrack(id, versions)
	case len(siblings) > 0:
		return otherInterface(id, siblings)
	}
	f := Fault{
		Message: fmt.Sprintf("nothing serves package %s:%s", id.Namespace, id.Package),
		Next:    "compose the component with one that exports the interface, or do without",
	}
	var packages []string
	for i := range o {
		if o[i].ID.Namespace == id.Namespace {
			packages = append(packages, o[i].ID.Package)
		}
	}
	if near, ok := nearest.Of(id.Package, packages); ok {
		f.Next = fmt.Sprintf("did you mean %s:%s?", id.Namespace, near)
	}
	return f
}

// otherTrack is the fault of an interface that is there in other versions only.
func otherTrack(id wit.InterfaceID, versions []wit.InterfaceID) Fault {
	slices.SortFunc(versions, compareIDs)
	names := make([]string, len(versions))
	for i, x := range versions {
		names[i] = orNone(x.Version)
	}
	f := Fault{
		Message: fmt.Sprintf("is offered as %s, which an import of %s cannot use: %s", list("version", names), orNone(id.Version), because(id.Version)),
		Next:    fmt.Sprintf("build against %s@%s", id.Unversioned(), versions[0].Version),
	}
	if versions[0].Version == "" {
		f.Next = fmt.Sprintf("build against %s, without a version", id.Unversioned())
	}
	return f
}

func orNone(version string) string {
	if version == "" {
		return "none"
	}
	return version
}

// because says which versions an import may use.
func because(version string) string {
	v, err := wit.ParseVersion(version)
	switch {
	case version == "":
		return "only an interface without a version is compatible with it"
	case err != nil: // a canonical version
		return fmt.Sprintf("only versions %s.x are compatible with it", version)
	case v.Pre != "":
		return "a pre-release is compatible with itself alone"
	case v.Major > 0:
		return fmt.Sprintf("only versions %s.x.y are compatible with it", v.Track())
	case v.Minor > 0:
		return fmt.Sprintf("only versions %s.x are compatible with it", v.Track())
	}
	return "it is compatible with itself alone"
}

// otherInterface is the fault of an interface whose package is there without it.
func otherInterface(id wit.InterfaceID, siblings []wit.InterfaceID) Fault {
	names := make([]string, len(siblings))
	for i, x := range siblings {
		names[i] = x.Name
	}
	slices.Sort(names)
	names = slices.Compact(names)
	f := Fault{Message: fmt.Sprintf("package %s:%s is served without an interface %.100q", id.Namespace, id.Package, id.Name)}
	if near, ok := nearest.Of(id.Name, names); ok {
		f.Next = fmt.Sprintf("did you mean %q?", near)
	} else {
		f.Next = "there is " + list("", names)
	}
	return f
}

// list joins names, the first few of many.
func list(what string, names []string) string {
	const most = 5
	if len(names) > 1 && what != "" {
		what += "s"
	}
	if what != "" {
		what += " "
	}
	if len(names) > most {
		return fmt.Sprintf("%s%s and %d more", what, strings.Join(names[:most], ", "), len(names)-most)
	}
	return what + strings.Join(names, ", ")
}
