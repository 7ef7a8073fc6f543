package main

import (
	"bytes"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// signatures generates the file of an interface that the guest implements.
func (f *fileGen) signatures() {
	f.p("\n// The signatures of the functions that a guest exports in %s.\nconst (", f.iface.ID.Unversioned())
	for _, fn := range f.iface.Funcs {
		f.p("%s%sSignature = %q", goName(f.iface.ID.Name), f.funcName(fn), fn.Signature())
	}
	f.p(")")
}

// hostInterface generates the file of an interface that the host implements.
func (f *fileGen) hostInterface() {
	for _, d := range f.iface.Types {
		if d.Use == nil {
			f.typeDef(d)
		}
	}
	var resources []*wit.TypeDef
	for _, d := range f.iface.Types {
		if d.Use == nil && d.Alias == nil && d.Resource != nil {
			resources = append(resources, d)
			f.resource(d)
		}
	}
	if needsImpl(f.iface) {
		f.implInterface()
	}
	f.define(resources)
	for _, fn := range f.iface.Funcs {
		f.glue(fn)
	}
}

// resource declares the resource type, and what its Go type must have.
func (f *fileGen) resource(d *wit.TypeDef) {
	n := f.resources[d.Resource]
	id := f.iface.ID.Unversioned().String()
	head := n.name + "Resource is resource " + d.Name + " of " + id + ", a *" + n.name + " in Go."
	f.p("\n%svar %sResource = &%s{Interface: %q, Name: %q}", comment(head, d.Docs), n.name, f.component("HostResource"), id, d.Name)
	var methods []*wit.Func
	for _, fn := range f.iface.Funcs {
		if kind, resource, _ := fn.Split(); kind == wit.Method && resource == d.Name {
			methods = append(methods, fn)
		}
	}
	if methods == nil {
		f.p("\nvar _ = (*%s)(nil)", n.name)
		return
	}
	f.p("\nvar _ interface {")
	for _, fn := range methods {
		f.method(fn)
	}
	f.p("} = (*%s)(nil)", n.name)
}

// implInterface declares the Go interface of all functions that are no methods.
func (f *fileGen) implInterface() {
	name := implName(f.iface)
	f.p("\n%stype %s interface {", comment(name+" implements the functions of "+f.iface.ID.Unversioned().String()+".", f.iface.Docs), name)
	for _, fn := range f.iface.Funcs {
		if kind, _, _ := fn.Split(); kind != wit.Method {
			f.method(fn)
		}
	}
	f.p("}")
}

// method writes a method of a Go interface, below an empty line unless it is the
// first.
func (f *fileGen) method(fn *wit.Func) {
	if !bytes.HasSuffix(f.w.Bytes(), []byte("interface {\n")) {
		f.p("")
	}
	f.docs(fn.Docs)
	f.p("%s%s", f.funcName(fn), f.goSignature(fn))
}

// funcName returns the Go name of a function: of the method, or of its method in
// the interface of the rest.
func (f *fileGen) funcName(fn *wit.Func) string {
	kind, resource, name := fn.Split()
	switch kind {
	case wit.Constructor:
		return "New" + goName(resource)
	case wit.Static:
		return goName(resource) + goName(name)
	default:
		return goName(name)
	}
}

// goSignature returns the parameters and results of a function in Go.
func (f *fileGen) goSignature(fn *wit.Func) string {
	var b strings.Builder
	b.WriteString("(c *" + f.component("Call"))
	for _, p := range params(fn) {
		b.WriteString(", " + f.paramName(p.Name) + " " + f.goType(p.Type))
	}
	b.WriteByte(')')
	if t := okType(fn.Result); t != nil {
		b.WriteString(" (" + f.goType(t) + ", error)")
	} else {
		b.WriteString(" error")
	}
	return b.String()
}

// params returns the parameters without the self of a method.
func params(fn *wit.Func) []wit.Field {
	if kind, _, _ := fn.Split(); kind == wit.Method {
		return fn.Params[1:]
	}
	return fn.Params
}

// okType returns the type of what a function returns besides its error.
func okType(result *wit.Type) *wit.Type {
	if result != nil && result.Kind == wit.Result {
		return result.Ok
	}
	return result
}

// define generates the function that offers the interface to a linker.
func (f *fileGen) define(resources []*wit.TypeDef) {
	name := goName(f.iface.ID.Name)
	id := f.iface.ID.Unversioned().String()
	impl := ""
	f.p("\n// Define%s offers %s to l.", name, id)
	if needsImpl(f.iface) {
		impl = ", impl func(c *" + f.component("Call") + ") " + implName(f.iface)
		f.p("// For each call, impl returns what implements it.")
	}
	f.p("func Define%s(l *%s%s) error {", name, f.component("Linker"), impl)
	f.p("return l.Define(%s{\nID: %q,\nVersion: %q,", f.component("HostInterface"), id, f.iface.ID.Version)
	if len(resources) > 0 {
		f.p("Resources: []*%s{", f.component("HostResource"))
		for _, d := range resources {
			f.p("%sResource,", f.resources[d.Resource].name)
		}
		f.p("},")
	}
	if len(f.iface.Funcs) > 0 {
		f.p("Funcs: []%s{", f.component("HostFunc"))
		for _, fn := range f.iface.Funcs {
			call := f.glueName(fn)
			if kind, _, _ := fn.Split(); kind != wit.Method {
				call = "func(c *" + f.component("Call") + ", stack []uint64) { " + call + "(c, impl(c), stack) }"
			}
			f.p("{\nName: %q,\nSignature: %q,\nCall: %s,\n},", fn.Name, fn.Signature(), call)
		}
		f.p("},")
	}
	f.p("})\n}")
}

// glueName returns the name of the glue of a function.
func (f *fileGen) glueName(fn *wit.Func) string {
	_, resource, name := fn.Split()
	s := localName(f.iface.ID.Name)
	switch {
	case resource == "":
		return s + goName(name)
	case name == "":
		return s + "New" + goName(resource)
	default:
		return s + goName(resource) + goName(name)
	}
}
