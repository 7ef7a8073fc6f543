package main

import (
	"fmt"
	"go/token"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// glue generates the function that a guest calls: it lifts the parameters from
// the core values of the call, calls the Go method, and lowers what that returns
// (CanonicalABI.md, "canon lower").
func (f *fileGen) glue(fn *wit.Func) {
	if fn.Async {
		f.unsupported("async function " + fn.Name)
		return
	}
	f.temps = 0
	core := fn.Lowered()
	kind, _, _ := fn.Split()
	impl := ""
	if kind != wit.Method {
		impl = "impl " + implName(f.iface) + ", "
	}
	f.p("\nfunc %s(c *%s, %sstack []uint64) {", f.glueName(fn), f.component("Call"), impl)

	args := f.params(fn, core)
	if core.SpilledResult {
		f.p("ret := uint32(stack[%d])", len(core.Params)-1)
	}
	target := "impl"
	if kind == wit.Method {
		target, args = args[0], args[1:]
	}
	call := fmt.Sprintf("%s.%s(%s)", target, f.funcName(fn), strings.Join(append([]string{"c"}, args...), ", "))
	f.result(fn, core, call)
	f.p("}")
}

// params lifts the parameters of a call and returns their names.
func (f *fileGen) params(fn *wit.Func, core wit.CoreFunc) []string {
	names := make([]string, len(fn.Params))
	var load func(i int) string
	if core.SpilledParams {
		tuple := fn.ParamsType()
		offsets := tuple.Offsets()
		f.p("args := uint32(stack[0])")
		f.p("c.Check(args, %d, %d)", tuple.Size(), tuple.Align())
		load = func(i int) string { return f.load(fn.Params[i].Type, "args", offsets[i]) }
	} else {
		offset := 0
		load = func(i int) string {
			expr := f.liftFlat(fn.Params[i].Type, "stack", offset)
			offset += fn.Params[i].Type.FlatCount()
			return expr
		}
	}
	kind, _, _ := fn.Split()
	for i, p := range fn.Params {
		expr := load(i)
		names[i] = f.paramName(p.Name)
		if i == 0 && kind == wit.Method {
			names[i] = "self"
		}
		if token.IsIdentifier(expr) {
			names[i] = expr // lifted into a temporary of its own
			continue
		}
		f.p("%s := %s", names[i], expr)
	}
	return names
}

// result generates a call and what becomes of its result.
func (f *fileGen) result(fn *wit.Func, core wit.CoreFunc, call string) {
	t := fn.Result
	fail := "if err != nil {\nc.Fail(err)\n}"
	switch {
	case t == nil:
		f.p("if err := %s; err != nil {\nc.Fail(err)\n}", call)
		return
	case t.Kind != wit.Result:
		f.p("v, err := %s\n%s", call, fail)
		if !core.SpilledResult {
			f.p("stack[0] = %s", f.lowerFlat(t, "v"))
			return
		}
		f.p("c.Check(ret, %d, %d)", t.Size(), t.Align())
		f.store(t, "v", "ret", 0)
		return
	case t.Ok != nil:
		f.p("v, err := %s", call)
	default:
		f.p("err := %s", call)
	}
	// A result whose payloads are passed flat has none.
	if !core.SpilledResult {
		f.p("stack[0] = 0")
		f.p("if err != nil {")
		f.errorValue(t)
		f.p("stack[0] = 1\n}")
		return
	}
	f.p("c.Check(ret, %d, %d)", t.Size(), t.Align())
	f.p("if err != nil {")
	e := f.errorValue(t)
	f.p("c.PutU8(ret, 1)")
	if t.Err != nil {
		f.store(t.Err, e, "ret", t.PayloadOffset())
	}
	f.p("return\n}")
	f.p("c.PutU8(ret, 0)")
	if t.Ok != nil {
		f.store(t.Ok, "v", "ret", t.PayloadOffset())
	}
}

// errorValue generates the conversion of err into the payload of a result's
// error, and returns the expression of that. Any other error traps.
func (f *fileGen) errorValue(t *wit.Type) (expr string) {
	if t.Err == nil {
		f.p("if err != %s {\nc.Fail(err)\n}", f.component("ErrResult"))
		return ""
	}
	typ, expr := f.errorType(t.Err)
	f.p("e, ok := err.(%s)", typ)
	f.p("if !ok {\nc.Fail(err)\n}")
	return expr
}

// errorType returns the Go type that a function returns as an error of a WIT
// type, and the expression of its value in a variable e.
func (f *fileGen) errorType(t *wit.Type) (typ, expr string) {
	if n := f.origin(t); n != nil {
		name := f.qualified(n.pkg, n.name)
		if k := n.def.Type.Kind; k == wit.Record || k == wit.Variant {
			return "*" + name, "*e"
		}
		return name, "e"
	}
	name := wrapperName(f.goStructure(t)) + "Error"
	if !f.pkg.wrappers[name] {
		f.pkg.wrappers[name] = true
		if err := f.pkg.take(name, "error type for "+t.Signature()); err != nil && f.err == nil {
			f.err = err
		}
		w := f.w
		f.w = &f.tail
		f.p("\n// %s is the error of functions whose error is a %s.", name, t.Signature())
		f.p("type %s struct{ Value %s }", name, f.goStructure(t))
		f.p("\n// Error returns the value.")
		f.p("func (e *%s) Error() string { return %s.Sprint(e.Value) }", name, f.use("fmt"))
		f.w = w
	}
	return "*" + name, "e.Value"
}

// wrapperName makes a name of a Go type.
func wrapperName(goType string) string {
	fields := strings.FieldsFunc(goType, func(r rune) bool { return strings.ContainsRune("[]*., ", r) })
	var b strings.Builder
	for _, s := range fields {
		b.WriteString(strings.ToUpper(s[:1]) + s[1:])
	}
	if strings.HasPrefix(goType, "[]") {
		b.WriteString("List")
	}
	return b.String()
}
