package component

import (
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
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
		return e.unserved(s, d, "nothing serves it here")
	case binary.SortType:
		if d.Type.SubResource {
			return e.unserved(s, d, "the host serves interfaces, not single types")
		}
		t, err := at(s.types, d.Type.Index, "type") // an equal type is matched by itself
		s.push(t)
		return err
	default:
		return e.unserved(s, d, "the host serves interfaces, not a single "+binary.SortName(d.Type.Sort, d.Type.Core))
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
	view, err := e.matchInstance(&instance{host: h}, t.instance)
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
func (e *elaborator) unserved(s *scope, d *binary.Import, why string) error {
	e.faults = append(e.faults, &LinkError{Import: d.Name.Name, Reason: why})
	x := e.standIn(d.Type, s)
	if x == nil || len(e.faults) > maxFaults {
		return errFaults
	}
	s.push(x)
	return nil
}

// standIn returns a definition of the declared type in place of one that does
// not exist, or nil if there is no such. The component will not be linked; it
// only has to be read to its end.
func (e *elaborator) standIn(d binary.ExternType, s *scope) any {
	if d.Sort == binary.SortType && d.SubResource {
		id := &wit.Resource{}
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
		if view, _ := e.matchInstance(&instance{host: &hostInterface{}}, t.instance); view != nil {
			return view
		}
	}
	return nil
}
