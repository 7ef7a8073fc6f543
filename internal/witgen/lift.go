package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// place is where lifting finds a value: in the core values of a call, of which
// each is a slot of 64 bits, or in memory.
//
// A slot holds the bits of its core type, zero-extended, whatever it was joined
// with, so that no join needs a conversion: to take the low 32 bits is the wrap
// and the reinterpretation that CanonicalABI.md, "Flat Lifting", asks for.
type place struct {
	flat bool
	// base is the slice of slots, or the address.
	base string
	// offset counts slots or bytes from base.
	offset uint32
}

// at returns the place offset slots or bytes after p.
func (p place) at(offset uint32) place {
	p.offset += offset
	return p
}

// addr returns the expression of an address in memory.
func (p place) addr() string {
	if p.offset == 0 {
		return p.base
	}
	return fmt.Sprintf("%s+%d", p.base, p.offset)
}

// bits returns the expression of an unsigned integer of a size in bytes.
func (p place) bits(size uint32) string {
	if !p.flat {
		return fmt.Sprintf("c.U%d(%s)", 8*size, p.addr())
	}
	slot := fmt.Sprintf("stack[%d]", p.offset)
	if p.base != "stack" {
		slot = fmt.Sprintf("%s[%d]", p.base, p.offset)
	}
	if size == 8 {
		return slot
	}
	return fmt.Sprintf("uint%d(%s)", 8*size, slot)
}

// pair returns the expressions of the pointer and length of a string or list.
func (p place) pair() (ptr, n string) {
	step := uint32(4)
	if p.flat {
		step = 1
	}
	return p.bits(4), p.at(step).bits(4)
}

// liftFlat generates the lifting of a value from slots, and returns the
// expression of it.
func (f *fileGen) liftFlat(t *wit.Type, base string, slot int) string {
	return f.lift(t, place{flat: true, base: base, offset: uint32(slot)})
}

// load generates the lifting of a value from memory, and returns the expression
// of it.
func (f *fileGen) load(t *wit.Type, ptr string, offset uint32) string {
	return f.lift(t, place{base: ptr, offset: offset})
}

// lift generates the statements that lift a value from a place, and returns the
// expression of it.
func (f *fileGen) lift(t *wit.Type, p place) string {
	switch t.Kind {
	case wit.Bool:
		// Any value but zero is true, in all 32 bits of a flat one.
		if p.flat {
			return p.bits(4) + " != 0"
		}
		return p.bits(1) + " != 0"
	case wit.U8, wit.U16, wit.U32, wit.U64:
		return p.bits(t.Size())
	case wit.S8, wit.S16, wit.S32, wit.S64:
		return fmt.Sprintf("int%d(%s)", 8*t.Size(), p.bits(t.Size()))
	case wit.F32, wit.F64:
		return f.float(t.Size()) + "(" + p.bits(t.Size()) + ")"
	case wit.Char:
		return "c.Char(" + p.bits(4) + ")"
	case wit.String:
		ptr, n := p.pair()
		return fmt.Sprintf("c.String(%s, %s)", ptr, n)
	case wit.Own:
		return f.handle("Taken", t, p)
	case wit.Borrow:
		return f.handle("Borrowed", t, p)
	case wit.List:
		return f.liftList(t, p)
	case wit.FixedList:
		return f.liftFixed(t, p)
	case wit.Flags:
		return f.liftFlags(t, p)
	case wit.Enum:
		v := f.discriminant(t, p)
		f.p("if %s >= %d {\nc.BadDiscriminant(%q, %s)\n}", v, len(t.Labels), t.Name, v)
		return fmt.Sprintf("%s(%s)", f.goType(t), v)
	case wit.Record, wit.Variant:
		return f.liftNamed(t, p)
	case wit.Tuple:
		return f.liftTuple(t, p)
	case wit.Option, wit.Result:
		v := f.temp("v")
		f.p("var %s %s", v, f.goType(t))
		f.liftCases(t, p, v)
		return v
	default:
		f.unsupported("type " + t.Signature())
		return ""
	}
}

// float returns the function that lifts a float of a size, with the NaNs made
// canonical.
func (f *fileGen) float(size uint32) string {
	name := fmt.Sprintf("liftF%d", 8*size)
	if !f.pkg.helpers[name] {
		f.pkg.helpers[name] = true
		nan := map[uint32]string{4: "0x7fc00000", 8: "0x7ff8000000000000"}[size]
		w := f.w
		f.w = &f.tail
		f.p("\n// %s returns the float with the given bits, and the canonical NaN for any NaN.", name)
		f.p("func %s(bits uint%d) float%[2]d {", name, 8*size)
		f.p("if v := %s.Float%dfrombits(bits); v == v {\nreturn v\n}", f.use("math"), 8*size)
		f.p("return math.Float%dfrombits(%s)\n}", 8*size, nan)
		f.w = w
	}
	return name
}

func (f *fileGen) handle(verb string, t *wit.Type, p place) string {
	n := f.resources[t.Resource]
	if n == nil {
		f.unsupported("resource " + t.Resource.String() + " of a package that is not generated")
		return ""
	}
	return fmt.Sprintf("%s[%s](c, %s, %s)", f.component(verb), f.goType(t), f.qualified(n.pkg, n.name+"Resource"), p.bits(4))
}

// discriminant lifts a discriminant into a variable, a uint32, and returns its
// name.
func (f *fileGen) discriminant(t *wit.Type, p place) string {
	v := f.temp("d")
	if size := t.DiscriminantSize(); p.flat || size == 4 {
		f.p("%s := %s", v, p.bits(4))
	} else {
		f.p("%s := uint32(%s)", v, p.bits(size))
	}
	return v
}

func (f *fileGen) liftFlags(t *wit.Type, p place) string {
	bits := fmt.Sprintf("%s(%s)", f.goType(t), p.bits(t.Size()))
	if n := uint32(len(t.Labels)); n < 8*t.Size() {
		return fmt.Sprintf("%s & %#x", bits, 1<<n-1)
	}
	return bits
}

func (f *fileGen) liftList(t *wit.Type, p place) string {
	ptrExpr, nExpr := p.pair()
	ptr, n := f.temp("p"), f.temp("n")
	f.p("%s, %s := %s, %s", ptr, n, ptrExpr, nExpr)
	f.p("c.ListLen(%s, %s, %d, %d)", ptr, n, t.Elem.Size(), t.Elem.Align())
	if isBytes(t) {
		return fmt.Sprintf("c.Bytes(%s, %s)", ptr, n)
	}
	v, i, e := f.temp("v"), f.temp("i"), f.temp("e")
	f.p("%s := make([]%s, %s)", v, f.goType(t.Elem), n)
	f.p("for %s := range %s {", i, v)
	f.p("%s := %s + uint32(%s)*%d", e, ptr, i, t.Elem.Size())
	f.p("%s[%s] = %s", v, i, f.load(t.Elem, e, 0))
	f.p("}")
	return v
}

func (f *fileGen) liftFixed(t *wit.Type, p place) string {
	v := f.temp("v")
	f.p("var %s %s", v, f.goStructure(t))
	if !p.flat {
		i, e := f.temp("i"), f.temp("e")
		f.p("for %s := range %s {", i, v)
		f.p("%s := %s + uint32(%s)*%d", e, p.addr(), i, t.Elem.Size())
		f.p("%s[%s] = %s\n}", v, i, f.load(t.Elem, e, 0))
		return v
	}
	// What is passed flat has 16 elements at most.
	for i := range t.Len {
		f.p("%s[%d] = %s", v, i, f.lift(t.Elem, p.at(i*uint32(t.Elem.FlatCount()))))
	}
	return v
}

// parts returns the place of each field of a record or element of a tuple.
func parts(p place, t *wit.Type, types []*wit.Type) []place {
	places := make([]place, len(types))
	offsets := t.Offsets()
	slot := uint32(0)
	for i, e := range types {
		if p.flat {
			places[i] = p.at(slot)
			slot += uint32(e.FlatCount())
		} else {
			places[i] = p.at(offsets[i])
		}
	}
	return places
}

func (f *fileGen) liftTuple(t *wit.Type, p place) string {
	exprs := make([]string, len(t.Types))
	for i, at := range parts(p, t, t.Types) {
		exprs[i] = fmt.Sprintf("V%d: %s", i, f.lift(t.Types[i], at))
	}
	return fmt.Sprintf("%s{%s}", f.goStructure(t), strings.Join(exprs, ", "))
}

// liftNamed lifts a record or variant with a function of its own, made once for
// each package.
func (f *fileGen) liftNamed(t *wit.Type, p place) string {
	n := f.origin(t)
	if n == nil {
		f.unsupported("type " + t.Signature() + " of a package that is not generated")
		return ""
	}
	name, param, at := "load", "ptr uint32", p.addr()
	from := place{base: "ptr"}
	if p.flat {
		name, param, at = "lift", "stack []uint64", fmt.Sprintf("%s[%d:]", p.base, p.offset)
		if p.offset == 0 {
			at = p.base
		}
		from = place{flat: true, base: "stack"}
	}
	name = f.helper(n, name)
	if f.pkg.helpers[name] {
		return fmt.Sprintf("%s(c, %s)", name, at)
	}
	f.pkg.helpers[name] = true
	typ := f.qualified(n.pkg, n.name)
	end := f.beginHelper()
	f.p("\nfunc %s(c *%s, %s) (v %s) {", name, f.component("Call"), param, typ)
	if t.Kind == wit.Record {
		types := fieldTypes(t)
		for i, at := range parts(from, t, types) {
			f.p("v.%s = %s", goName(t.Fields[i].Name), f.lift(types[i], at))
		}
	} else {
		f.liftCases(t, from, "v")
	}
	f.p("return v\n}")
	end()
	return fmt.Sprintf("%s(c, %s)", name, at)
}

// helper returns the name of a function for a named type in this package.
func (f *fileGen) helper(n *namedType, verb string) string {
	if n.pkg == f.pkg {
		return verb + n.name
	}
	return verb + goName(n.pkg.name) + n.name
}

// beginHelper directs what is generated to a function of its own, until end is
// called.
func (f *fileGen) beginHelper() (end func()) {
	w, temps := f.w, f.temps
	f.w, f.temps = &bytes.Buffer{}, 0
	inner := f.w
	return func() {
		f.tail.Write(inner.Bytes())
		f.w, f.temps = w, temps
	}
}

func fieldTypes(t *wit.Type) []*wit.Type {
	types := make([]*wit.Type, len(t.Fields))
	for i, field := range t.Fields {
		types[i] = field.Type
	}
	return types
}

// liftCases lifts a variant, option or result into variable v.
func (f *fileGen) liftCases(t *wit.Type, p place, v string) {
	payload := p.at(t.PayloadOffset())
	if p.flat {
		payload = p.at(1)
	}
	d := f.discriminant(t, p)
	name := t.Kind.String()
	if t.Kind == wit.Variant {
		name = f.origin(t).def.Name
	}
	f.p("switch %s {", d)
	for i, c := range t.Cases() {
		if t.Kind == wit.Variant && c.Type == nil {
			continue
		}
		f.p("case %d:", i)
		target := ""
		switch {
		case boxed(t):
			target = v + ".Value"
		case t.Kind == wit.Variant:
			target = v + "." + caseName(c.Name)
		case t.Kind == wit.Option && i == 1:
			f.p("%s.Some = true", v)
			target = v + ".Value"
		case t.Kind == wit.Result && i == 0:
			target = v + ".OK"
		case t.Kind == wit.Result:
			f.p("%s.Failed = true", v)
			target = v + ".Err"
		}
		if c.Type != nil {
			f.p("%s = %s", target, f.lift(c.Type, payload))
		}
	}
	bad := fmt.Sprintf("c.BadDiscriminant(%q, %s)", name, d)
	if slices.ContainsFunc(t.Fields, func(c wit.Field) bool { return c.Type == nil }) {
		bad = fmt.Sprintf("if %s >= %d {\n%s\n}", d, len(t.Fields), bad)
	}
	f.p("default:\n%s\n}", bad)
	if t.Kind == wit.Variant {
		f.p("%s.Tag = %sTag(%s)", v, f.goName(t), d)
	}
}

// goName returns the qualified Go name of a record or variant, behind aliases.
func (f *fileGen) goName(t *wit.Type) string {
	n := f.origin(t)
	return f.qualified(n.pkg, n.name)
}
