package syntax

import (
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// typeDef prints a definition, with the functions of a resource.
func (p *printer) typeDef(d *wit.TypeDef, funcs []*wit.Func) {
	p.attrs(d.Docs, d.Gate, d.ExternalID)
	name := id(d.Name)
	switch {
	case d.Alias != nil:
		p.line("type " + name + " = " + id(d.Alias.Name) + ";")
		return
	case d.Resource != nil:
		if known := p.names.resources[d.Resource]; known != d.Name {
			p.line("type " + name + " = " + id(known) + ";")
			return
		}
		p.resource(d, funcs)
		return
	}
	t := d.Type
	if known := p.names.types[t]; known != d.Name {
		p.line("type " + name + " = " + id(known) + ";")
		return
	}
	switch t.Kind {
	case wit.Record:
		p.open("record " + name + " {")
		for _, f := range t.Fields {
			p.docs(f.Docs)
			p.line(id(f.Name) + ": " + p.typ(f.Type) + ",")
		}
		p.close()
	case wit.Variant:
		p.open("variant " + name + " {")
		for _, c := range t.Fields {
			p.docs(c.Docs)
			payload := ""
			if c.Type != nil {
				payload = "(" + p.typ(c.Type) + ")"
			}
			p.line(id(c.Name) + payload + ",")
		}
		p.close()
	case wit.Enum, wit.Flags:
		p.open(t.Kind.String() + " " + name + " {")
		for i, label := range t.Labels {
			if i < len(t.LabelDocs) {
				p.docs(t.LabelDocs[i])
			}
			p.line(id(label) + ",")
		}
		p.close()
	default:
		p.line("type " + name + " = " + p.structure(t) + ";")
	}
}

func (p *printer) resource(d *wit.TypeDef, funcs []*wit.Func) {
	var own []*wit.Func
	for _, f := range funcs {
		if _, resource, _ := f.Split(); resource == d.Name {
			own = append(own, f)
		}
	}
	if len(own) == 0 {
		p.line("resource " + id(d.Name) + ";")
		return
	}
	p.open("resource " + id(d.Name) + " {")
	for i, f := range own {
		p.separate(i > 0 && f.Docs != "")
		switch kind, _, name := f.Split(); kind {
		case wit.Constructor:
			p.fn(f, "constructor")
		case wit.Static:
			p.fn(f, id(name)+": static ")
		default:
			p.fn(f, id(name)+": ")
		}
	}
	p.close()
}

// typ returns a type as it is mentioned: its name in scope, or its structure.
func (p *printer) typ(t *wit.Type) string {
	if name, ok := p.names.types[t]; ok {
		return id(name)
	}
	return p.structure(t)
}

// structure returns a type as it is written without a name.
func (p *printer) structure(t *wit.Type) string {
	args := func(types ...*wit.Type) string {
		list := make([]string, len(types))
		for i, a := range types {
			if list[i] = "_"; a != nil {
				list[i] = p.typ(a)
			}
		}
		return t.Kind.String() + "<" + strings.Join(list, ", ") + ">"
	}
	switch t.Kind {
	case wit.List, wit.Option:
		return args(t.Elem)
	case wit.FixedList:
		return "list<" + p.typ(t.Elem) + ", " + strconv.FormatUint(uint64(t.Len), 10) + ">"
	case wit.Map:
		return args(t.Elem, t.Value)
	case wit.Tuple:
		return args(t.Types...)
	case wit.Stream, wit.Future:
		if t.Elem != nil {
			return args(t.Elem)
		}
		return t.Kind.String()
	case wit.Result:
		switch {
		case t.Err != nil:
			return args(t.Ok, t.Err)
		case t.Ok != nil:
			return args(t.Ok)
		}
		return "result"
	case wit.Own:
		return p.resourceName(t.Resource)
	case wit.Borrow:
		return "borrow<" + p.resourceName(t.Resource) + ">"
	case wit.Record, wit.Variant, wit.Enum, wit.Flags:
		if t.Name != "" {
			return id(t.Name)
		}
		return t.Signature()
	default:
		return t.Kind.String()
	}
}

func (p *printer) resourceName(r *wit.Resource) string {
	if name, ok := p.names.resources[r]; ok {
		return id(name)
	}
	return id(r.Name)
}
