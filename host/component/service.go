package component

import (
	"cmp"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/compat"
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
	externs := map[string]*wit.Extern{}
	if d.World != nil {
		for i := range d.World.Imports {
			externs[d.World.Imports[i].Key()] = &d.World.Imports[i]
		}
	}
	offers := l.offers()
	out := make([]Service, 0, len(d.Imports))
	for _, im := range d.Imports {
		var v compat.Verdict
		if h := l.find(im.Name); h != nil && h.bind != nil {
			v.By = h.id // its functions are known only to who serves them
		} else if e := externs[im.Name]; e != nil {
			v = offers.Import(e)
		} else {
			v = l.importNamed(im)
		}
		s := Service{Import: im.Name, Served: v.OK()}
		if v.By != (wit.InterfaceID{}) {
			s.By = v.By.String()
		}
		for _, f := range v.Faults[:min(len(v.Faults), maxReasons)] {
			s.Reasons = append(s.Reasons, f.String())
		}
		out = append(out, s)
	}
	return out
}

// importNamed judges an import of which no more is known than its name and kind.
func (l *Linker) importNamed(im ExternDescription) (v compat.Verdict) {
	if im.Kind != "instance" {
		v.Faults = []compat.Fault{compat.Single(cmp.Or(map[string]string{"func": "function"}[im.Kind], im.Kind))}
	} else if h := l.find(im.Name); h != nil {
		v.By = h.id
	} else {
		v.Faults = []compat.Fault{l.whyNot(im.Name)}
	}
	return v
}
