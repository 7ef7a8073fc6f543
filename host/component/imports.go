package component

import (
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/compat"
)

// maxFaults bounds how many imports that cannot be satisfied are reported.
const maxFaults = 100

var errFaults = errors.New("too many imports cannot be satisfied")

// rootImport elaborates an import of the root, which the host serves. What it
// cannot serve is noted, and something else stands in for it, so that every
// such import is reported at once.
func (e *elaborator) rootImport(s *scope, d *binary.Import) error {
	name := d.Name.Name
	switch d.Type.Sort {
	case binary.SortInstance:
		if h := e.linker.find(name); h != nil {
			return e.served(s, d, h)
		}
		return e.unserved(s, d, e.linker.whyNot(name))
	case binary.SortType:
		if d.Type.SubResource {
			return e.unserved(s, d, compat.Single("resource"))
		}
		t, err := at(s.types, d.Type.Index, "type") // an equal type is matched by itself
		s.push(t)
		return err
	default:
		return e.unserved(s, d, compat.Single(sortWord(d.Type)))
	}
}

// served elaborates the import of an interface of the host.
func (e *elaborator) served(s *scope, d *binary.Import, h *hostInterface) error {
	t, err := at(s.types, d.Type.Index, "type")
	switch {
	case err != nil:
		return err
	case t.instance == nil:
		return fmt.Errorf("import %q: type %d is not an instance type", d.Name.Name, d.Type.Index)
	}
	wanted, err := wit.ParseInterfaceID(d.Name.Name)
	if err != nil {
		return fmt.Errorf("import %q: %w", d.Name.Name, err)
	}
	view, err := e.matchInstance(&instance{host: h, wanted: wanted}, t.instance)
	if err != nil {
		faults, ok := err.(linkErrors) //nolint:errorlint // made by matchInstance, never wrapped
		if !ok {
			return fmt.Errorf("import %q: %w", d.Name.Name, err)
		}
		for _, f := range faults {
			f.Import = d.Name.Name
			e.faults = append(e.faults, f)
		}
		if view == nil || len(e.faults) > maxFaults {
			return errFaults
		}
	}
	s.push(view)
	return nil
}

// unserved notes an import that the host does not serve.
func (e *elaborator) unserved(s *scope, d *binary.Import, why compat.Fault) error {
	fault := linkError(why)
	fault.Import = d.Name.Name
	e.faults = append(e.faults, fault)
	id, _ := wit.ParseInterfaceID(d.Name.Name) // none if it is no interface
	x := e.standIn(d.Type, s, d.Name.Name, id)
	if x == nil || len(e.faults) > maxFaults {
		return errFaults
	}
	s.push(x)
	return nil
}

// sortWord names the sort of an import that is not an interface.
func sortWord(d binary.ExternType) string {
	switch {
	case d.Sort == binary.SortFunc:
		return "function"
	case d.Sort == binary.SortType && d.SubResource:
		return "resource"
	}
	return binary.SortName(d.Sort, d.Core)
}

// whyNot says why an import of an interface finds nothing.
func (l *Linker) whyNot(name string) compat.Fault {
	id, err := wit.ParseInterfaceID(name)
	if err != nil {
		return compat.NotPublic(name)
	}
	_, fault := l.offers().Find(id)
	return *fault
}

// standIn returns a definition of the declared type in place of one that does
// not exist, or nil if there is no such. The component will not be linked; it
// only has to be read to its end. A resource has the name, and an interface the
// identifier, that it would have, so that what mentions it is not at fault too.
func (e *elaborator) standIn(d binary.ExternType, s *scope, name string, in wit.InterfaceID) any {
	if d.Sort == binary.SortType && d.SubResource {
		id := &wit.Resource{Name: name, Owner: in}
		e.plan.resources[id] = &resource{id: id, comp: -1, dtor: -1}
		return &typ{resource: id}
	}
	t, err := at(s.types, d.Index, "type")
	if err != nil {
		return nil
	}
	switch {
	case d.Sort == binary.SortType:
		return t
	case d.Sort == binary.SortFunc && t.fn != nil:
		return &function{typ: t.fn, host: &HostFunc{}}
	case d.Sort == binary.SortInstance && t.instance != nil:
		if view, _ := e.matchInstance(&instance{host: &hostInterface{offer: compat.Offer{Interface: &wit.Interface{}}}, wanted: in}, t.instance); view != nil {
			return view
		}
	}
	return nil
}
