package component

import (
	"fmt"

	"github.com/wattle-dev/wattle/wit"
)

// Service says whether an import of a component is served by a linker.
type Service struct {
	// Import is the name of the import.
	Import string `json:"import"`
	Served bool   `json:"served"`
	// By is the interface that the host has for it, with its version, or empty.
	By string `json:"by,omitempty"`
	// Reasons say why the import is not served, one for each fault, up to a
	// limit.
	Reasons []string `json:"reasons,omitempty"`
}

// maxReasons bounds the faults that are listed for one import.
const maxReasons = 20

// Services says of each import whether l serves it. l may be nil, which serves
// nothing. A component all of whose imports are served may still be refused by
// [Engine.Load] because of what is inside it.
func (d *Description) Services(l *Linker) []Service {
	ifaces := map[string]*wit.Extern{}
	if d.World != nil {
		for i := range d.World.Imports {
			ifaces[d.World.Imports[i].Key()] = &d.World.Imports[i]
		}
	}
	out := make([]Service, 0, len(d.Imports))
	for _, im := range d.Imports {
		s := Service{Import: im.Name}
		switch e := ifaces[im.Name]; {
		case im.Kind == "type" && e != nil && e.Type != nil && (e.Type.Resource == nil || e.Type.Use != nil || e.Type.Alias != nil):
			// Another name for a type that is known already.
			s.Served = true
		case im.Kind != "instance":
			s.Reasons = []string{"the host serves interfaces, not a single " + im.Kind}
		default:
			s.interfaceFrom(l, e)
		}
		out = append(out, s)
	}
	return out
}

// interfaceFrom completes s for the import of an interface; e may be nil.
func (s *Service) interfaceFrom(l *Linker, e *wit.Extern) {
	h := l.find(s.Import)
	if h == nil {
		s.Reasons = []string{l.whyNot(s.Import)}
		return
	}
	s.By = h.id.String()
	if e != nil && e.Interface != nil {
		s.Reasons = h.faults(e.Interface)
	}
	s.Served = len(s.Reasons) == 0
}

// whyNot says why an import of an interface finds nothing.
func (l *Linker) whyNot(name string) string {
	id, err := wit.ParseInterfaceID(name)
	if err != nil {
		return "the host serves interfaces of packages, and this is none"
	}
	if l == nil {
		return "nothing serves it here"
	}
	if others := l.ifaces[id.Unversioned().String()]; len(others) > 0 {
		return fmt.Sprintf("the host serves version %s, which is not compatible", others[0].id.Version)
	}
	return "nothing serves it here"
}

// faults says what of an interface, as a component declares it, the host does
// not have or has with another type.
func (h *hostInterface) faults(i *wit.Interface) []string {
	var out []string
	for _, d := range i.Types {
		if d.Resource != nil && d.Use == nil && d.Alias == nil && h.resources[d.Name] == nil {
			out = append(out, fmt.Sprintf("the host has no resource %q in %s", d.Name, h.id))
		}
	}
	for _, f := range i.Funcs {
		switch have := h.funcs[f.Name]; {
		case have == nil:
			out = append(out, fmt.Sprintf("the host has no function %q in %s", f.Name, h.id))
		case have.Signature != f.Signature():
			out = append(out, fmt.Sprintf("%q: the component declares %.1000s, the host serves %.1000s", f.Name, f.Signature(), have.Signature))
		}
		if len(out) >= maxReasons {
			return out[:maxReasons]
		}
	}
	return out[:min(len(out), maxReasons)]
}
