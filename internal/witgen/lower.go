package main

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// maxListBytes is MAX_LIST_BYTE_LENGTH of CanonicalABI.md.
const maxListBytes = 1<<28 - 1

// lowerFlat returns the expression of the slot for a value that is passed as one
// core value.
func (f *fileGen) lowerFlat(t *wit.Type, v string) string {
	switch t.Kind {
	case wit.Bool:
		b := f.temp("b")
		f.p("var %s uint64\nif %s {\n%[1]s = 1\n}", b, v)
		return b
	case wit.Result: // without payloads
		return f.lowerFlat(&wit.Type{Kind: wit.Bool}, v+".Failed")
	case wit.U64:
		return v
	case wit.S8, wit.S16, wit.S32:
		return "uint64(uint32(" + v + "))"
	case wit.F32, wit.F64:
		return fmt.Sprintf("uint64(%s.Float%dbits(%s))", f.use("math"), 8*t.Size(), v)
	case wit.Char:
		return "uint64(c.Char(uint32(" + v + ")))"
	case wit.Own:
		return "uint64(" + f.give(t, v) + ")"
	case wit.U8, wit.U16, wit.U32, wit.S64, wit.Enum, wit.Flags:
		return "uint64(" + v + ")"
	case wit.Record:
		return f.lowerFlat(t.Fields[0].Type, v+"."+goName(t.Fields[0].Name))
	case wit.Tuple:
		return f.lowerFlat(t.Types[0], v+".V0")
	case wit.FixedList:
		return f.lowerFlat(t.Elem, v+"[0]")
	case wit.Variant: // without payloads
		return "uint64(" + v + ".Tag)"
	default:
		f.unsupported("result of type " + t.Signature())
		return ""
	}
}

func (f *fileGen) give(t *wit.Type, v string) string {
	n := f.resources[t.Resource]
	if n == nil {
		f.unsupported("resource " + t.Resource.String() + " of a package that is not generated")
		return ""
	}
	return fmt.Sprintf("%s(c, %s, %s)", f.component("Give"), f.qualified(n.pkg, n.name+"Resource"), v)
}

// store generates the statements that lower a value into memory. v is an
// expression of which the address can be taken, or "*" and a pointer.
func (f *fileGen) store(t *wit.Type, v, ptr string, offset uint32) {
	at := place{base: ptr, offset: offset}
	put := func(size uint32, expr string) { f.p("c.PutU%d(%s, %s)", 8*size, at.addr(), expr) }
	switch t.Kind {
	case wit.Bool:
		b := f.temp("b")
		f.p("var %s uint8\nif %s {\n%[1]s = 1\n}", b, v)
		put(1, b)
	case wit.U8, wit.U16, wit.U32, wit.U64:
		put(t.Size(), v)
	case wit.S8, wit.S16, wit.S32, wit.S64:
		put(t.Size(), fmt.Sprintf("uint%d(%s)", 8*t.Size(), v))
	case wit.F32, wit.F64:
		put(t.Size(), fmt.Sprintf("%s.Float%dbits(%s)", f.use("math"), 8*t.Size(), v))
	case wit.Char:
		put(4, "uint32(c.Char(uint32("+v+")))")
	case wit.Enum:
		put(t.Size(), fmt.Sprintf("uint%d(%s)", 8*t.Size(), v))
	case wit.Flags:
		put(t.Size(), fmt.Sprintf("uint%d(%s)", 8*t.Size(), v))
	case wit.Own:
		put(4, f.give(t, v))
	case wit.String:
		f.storePair("c.PutString("+v+")", at)
	case wit.List:
		f.storeList(t, v, at)
	case wit.FixedList:
		i, e := f.temp("i"), f.temp("e")
		f.p("for %s := range %s {", i, v)
		f.p("%s := %s + uint32(%s)*%d", e, at.addr(), i, t.Elem.Size())
		f.store(t.Elem, v+"["+i+"]", e, 0)
		f.p("}")
	case wit.Tuple:
		for i, p := range parts(at, t, t.Types) {
			f.store(t.Types[i], fmt.Sprintf("%s.V%d", v, i), p.base, p.offset)
		}
	case wit.Record, wit.Variant:
		f.storeNamed(t, v, at)
	case wit.Option:
		f.p("if %s.Some {\nc.PutU8(%s, 1)", v, at.addr())
		f.store(t.Elem, v+".Value", ptr, offset+t.PayloadOffset())
		f.p("} else {\nc.PutU8(%s, 0)\n}", at.addr())
	case wit.Result:
		f.p("if %s.Failed {\nc.PutU8(%s, 1)", v, at.addr())
		if t.Err != nil {
			f.store(t.Err, v+".Err", ptr, offset+t.PayloadOffset())
		}
		f.p("} else {\nc.PutU8(%s, 0)", at.addr())
		if t.Ok != nil {
			f.store(t.Ok, v+".OK", ptr, offset+t.PayloadOffset())
		}
		f.p("}")
	default:
		f.unsupported("type " + t.Signature())
	}
}

// storePair stores the pointer and length that a call returns.
func (f *fileGen) storePair(call string, at place) {
	p, n := f.temp("p"), f.temp("n")
	f.p("%s, %s := %s", p, n, call)
	f.p("c.PutU32(%s, %s)", at.addr(), p)
	f.p("c.PutU32(%s, %s)", at.at(4).addr(), n)
}

func (f *fileGen) storeList(t *wit.Type, v string, at place) {
	if isBytes(t) {
		f.storePair("c.PutBytes("+v+")", at)
		return
	}
	size := t.Elem.Size()
	p, i, e := f.temp("p"), f.temp("i"), f.temp("e")
	f.p("if len(%s) > %d {\nc.Fail(%s.New(%q))\n}", v, maxListBytes/size, f.use("errors"), "list is too long for a guest")
	f.p("%s := c.Alloc(uint32(len(%s))*%d, %d)", p, v, size, t.Elem.Align())
	f.p("for %s := range %s {", i, v)
	f.p("%s := %s + uint32(%s)*%d", e, p, i, size)
	f.store(t.Elem, v+"["+i+"]", e, 0)
	f.p("}")
	f.p("c.PutU32(%s, %s)", at.addr(), p)
	f.p("c.PutU32(%s, uint32(len(%s)))", at.at(4).addr(), v)
}

// storeNamed lowers a record or variant with a function of its own, made once
// for each package.
func (f *fileGen) storeNamed(t *wit.Type, v string, at place) {
	n := f.origin(t)
	if n == nil {
		f.unsupported("type " + t.Signature() + " of a package that is not generated")
		return
	}
	name := f.helper(n, "store")
	addr, isPointer := strings.CutPrefix(v, "*")
	if !isPointer {
		addr = "&" + v
	}
	f.p("%s(c, %s, %s)", name, at.addr(), addr)
	if f.pkg.helpers[name] {
		return
	}
	f.pkg.helpers[name] = true
	end := f.beginHelper()
	f.p("\nfunc %s(c *%s, ptr uint32, v *%s) {", name, f.component("Call"), f.qualified(n.pkg, n.name))
	if t.Kind == wit.Record {
		types := fieldTypes(t)
		for i, p := range parts(place{base: "ptr"}, t, types) {
			f.store(types[i], "v."+goName(t.Fields[i].Name), p.base, p.offset)
		}
	} else {
		f.storeCases(t)
	}
	f.p("}")
	end()
}

// storeCases lowers variant *v to ptr.
func (f *fileGen) storeCases(t *wit.Type) {
	f.p("c.PutU%d(ptr, uint%[1]d(v.Tag))", 8*t.DiscriminantSize())
	payloads := false
	for _, c := range t.Fields {
		payloads = payloads || c.Type != nil
	}
	if !payloads {
		return
	}
	name := f.goName(t)
	f.p("switch v.Tag {")
	for _, c := range t.Fields {
		switch {
		case c.Type == nil:
			continue
		case boxed(t):
			x := f.temp("x")
			f.p("case %s%s:\n%s := v.Value.(%s)", name, caseName(c.Name), x, f.goType(c.Type))
			f.store(c.Type, x, "ptr", t.PayloadOffset())
		default:
			f.p("case %s%s:", name, caseName(c.Name))
			f.store(c.Type, "v."+caseName(c.Name), "ptr", t.PayloadOffset())
		}
	}
	f.p("}")
}
