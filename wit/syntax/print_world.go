package syntax

import "github.com/wattle-dev/wattle/wit"

// world prints a world: its types, then its imports, then its exports.
func (p *printer) world(w *wit.World) {
	p.attrs(w.Docs, w.Gate, "")
	p.open("world " + id(w.ID.Name) + " {")
	var defs []*wit.TypeDef
	var methods []*wit.Func
	for i := range w.Imports {
		switch e := &w.Imports[i]; {
		case e.Type != nil:
			defs = append(defs, e.Type)
		case e.Func != nil:
			if kind, _, _ := e.Func.Split(); kind != wit.Freestanding {
				methods = append(methods, e.Func)
			}
		}
	}
	p.scope(defs)
	p.typeDefs(defs, methods)
	something := p.externs(w.Imports, "import ", len(defs) > 0)
	p.externs(w.Exports, "export ", something)
	p.names = names{}
	p.close()
}

// externs prints imports or exports, without the types and their functions. An
// empty line separates what is documented, and imports from exports.
func (p *printer) externs(externs []wit.Extern, verb string, something bool) bool {
	first := true
	for i := range externs {
		e := &externs[i]
		if e.Type != nil {
			continue
		}
		if e.Func != nil {
			if kind, _, _ := e.Func.Split(); kind != wit.Freestanding {
				continue
			}
		}
		p.separate(something && (first || e.Docs != ""))
		first, something = false, true
		p.extern(e, verb)
	}
	return something
}

func (p *printer) extern(e *wit.Extern, verb string) {
	if e.Func != nil {
		f := *e.Func
		f.Docs, f.Gate, f.ExternalID = e.Docs, e.Gate, e.ExternalID
		p.fn(&f, verb+id(e.Name)+": ")
		return
	}
	p.attrs(e.Docs, e.Gate, e.ExternalID)
	switch {
	case e.Name == "":
		p.line(verb + p.path(e.ID) + ";")
	case e.ID != (wit.InterfaceID{}):
		p.line(verb + id(e.Name) + ": " + p.path(e.ID) + ";")
	default:
		p.open(verb + id(e.Name) + ": interface {")
		p.interfaceBody(e.Interface)
		p.close()
	}
}
