package main

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// goType returns the Go type of a WIT type.
func (f *fileGen) goType(t *wit.Type) string {
	if n := f.types[t]; n != nil {
		return f.qualified(n.pkg, n.name)
	}
	return f.goStructure(t)
}

// qualified returns the name of something in a package, as this file writes it.
func (f *fileGen) qualified(pkg *goPackage, name string) string {
	if pkg == f.pkg {
		return name
	}
	return f.use(pkg.path) + "." + name
}

// component returns the name of something in the runtime.
func (f *fileGen) component(name string) string { return f.use(f.runtime) + "." + name }

// goStructure returns the Go type of a WIT type, whatever its name.
func (f *fileGen) goStructure(t *wit.Type) string {
	switch t.Kind {
	case wit.Bool:
		return "bool"
	case wit.S8:
		return "int8"
	case wit.U8:
		return "uint8"
	case wit.S16:
		return "int16"
	case wit.U16:
		return "uint16"
	case wit.S32:
		return "int32"
	case wit.U32:
		return "uint32"
	case wit.S64:
		return "int64"
	case wit.U64:
		return "uint64"
	case wit.F32:
		return "float32"
	case wit.F64:
		return "float64"
	case wit.Char:
		return "rune"
	case wit.String:
		return "string"
	case wit.List:
		if isBytes(t) {
			return "[]byte"
		}
		return "[]" + f.goType(t.Elem)
	case wit.FixedList:
		return fmt.Sprintf("[%d]%s", t.Len, f.goType(t.Elem))
	case wit.Option:
		return f.component("Option") + "[" + f.goType(t.Elem) + "]"
	case wit.Result:
		return f.component("Result") + "[" + f.payload(t.Ok) + ", " + f.payload(t.Err) + "]"
	case wit.Tuple:
		args := make([]string, len(t.Types))
		for i, e := range t.Types {
			args[i] = f.goType(e)
		}
		return fmt.Sprintf("%s[%s]", f.component(fmt.Sprintf("Tuple%d", len(args))), strings.Join(args, ", "))
	case wit.Own, wit.Borrow:
		n := f.resources[t.Resource]
		if n == nil {
			f.unsupported("resource " + t.Resource.String() + " of a package that is not generated")
			return ""
		}
		return "*" + f.qualified(n.pkg, n.name)
	default:
		f.unsupported("type " + t.Signature())
		return ""
	}
}

// payload returns the Go type of a payload that may be absent.
func (f *fileGen) payload(t *wit.Type) string {
	if t == nil {
		return "struct{}"
	}
	return f.goType(t)
}

// isBytes reports whether t is list<u8>, which is passed as a whole.
func isBytes(t *wit.Type) bool { return t.Kind == wit.List && t.Elem.Kind == wit.U8 }

// caseName returns the Go name of a variant's case: of the field for its payload
// and, after that of the variant, of the constant for its tag.
func caseName(label string) string {
	switch name := goName(label); name {
	case "Tag", "Error", "String":
		return name + "Case"
	default:
		return name
	}
}

// uintOf returns the unsigned Go integer of a size in bytes.
func uintOf(size uint32) string { return fmt.Sprintf("uint%d", 8*size) }

// typeDef declares a type.
func (f *fileGen) typeDef(d *wit.TypeDef) {
	if d.Type == nil {
		if d.Alias != nil {
			n := f.resources[d.Resource]
			f.p("\n%stype %s = %s", comment(goName(d.Name)+" is another name for "+n.name+".", d.Docs), goName(d.Name), f.qualified(n.pkg, n.name))
		}
		return
	}
	n := f.types[d.Type]
	if d.Alias != nil {
		f.p("\n%stype %s = %s", comment(n.name+" is another name for "+f.goType(d.Alias.Type)+".", d.Docs), n.name, f.goType(d.Alias.Type))
		return
	}
	id := f.iface.ID.Unversioned()
	head := func(kind string) string {
		return comment(fmt.Sprintf("%s is %s %s of %s.", n.name, kind, d.Name, id), d.Docs)
	}
	switch d.Type.Kind {
	case wit.Record:
		f.p("\n%stype %s struct {", head("record"), n.name)
		for _, field := range d.Type.Fields {
			f.docs(field.Docs)
			f.p("%s %s", goName(field.Name), f.goType(field.Type))
		}
		f.p("}")
	case wit.Variant:
		f.variant(n, head("variant"))
	case wit.Enum:
		f.enum(n.name, uintOf(d.Type.DiscriminantSize()), d.Type.Labels, d.Type.LabelDocs, head("enum"), goName)
	case wit.Flags:
		f.p("\n%stype %s uint%d", head("flags"), n.name, 8*d.Type.Size())
		f.p("\n// The labels of %s.\nconst (", n.name)
		for i, label := range d.Type.Labels {
			f.labelDocs(d.Type.LabelDocs, i)
			f.p("%s%s %s = 1 << %d", n.name, goName(label), n.name, i)
		}
		f.p(")")
	default:
		f.p("\n%stype %s = %s", head("type"), n.name, f.goStructure(d.Type))
	}
	if n.isError {
		f.errorMethod(n)
	}
}

// docs writes documentation inside a declaration.
func (f *fileGen) docs(docs string) {
	if docs == "" {
		return
	}
	for line := range strings.SplitSeq(docs, "\n") {
		f.p("%s", strings.TrimRight("// "+line, " "))
	}
}

func (f *fileGen) labelDocs(docs []string, i int) {
	if docs != nil {
		f.docs(docs[i])
	}
}

// enum declares a named integer with a constant for each label, which goName
// names.
func (f *fileGen) enum(name, integer string, labels, docs []string, head string, goName func(string) string) {
	f.p("\n%stype %s %s", head, name, integer)
	prefix := strings.TrimSuffix(name, "Tag")
	f.p("\n// The cases of %s.\nconst (", prefix)
	for i, label := range labels {
		f.labelDocs(docs, i)
		f.p("%s%s %s = %d", prefix, goName(label), name, i)
	}
	f.p(")")
	names := strings.ToLower(name[:1]) + name[1:] + "Names"
	f.p("\nvar %s = [...]string{", names)
	for _, label := range labels {
		f.p("%q,", label)
	}
	f.p("}")
	f.p("\n// String returns the name of the case, as WIT writes it.")
	f.p("func (x %s) String() string {", name)
	f.p("if int(x) < len(%s) {\nreturn %[1]s[x]\n}\nreturn \"invalid\"\n}", names)
}

// manyCases is how many cases with a payload a variant has at most whose struct has a
// field for each.
const manyCases = 64

// boxed reports whether a type is a variant whose struct has one field for all payloads:
// with one for each of so many, a value would take thousands of bytes.
func boxed(t *wit.Type) bool {
	n := 0
	for _, c := range t.Fields {
		if c.Type != nil {
			n++
		}
	}
	return t.Kind == wit.Variant && n > manyCases
}

// variant declares a struct of a tag and a field for each payload, or for all of them.
func (f *fileGen) variant(n *namedType, head string) {
	t := n.def.Type
	f.p("\n%stype %s struct {", head, n.name)
	f.p("// Tag says which case it is. The fields of the others are zero.")
	f.p("Tag %sTag", n.name)
	var labels, docs []string
	for _, c := range t.Fields {
		labels = append(labels, c.Name)
		docs = append(docs, c.Docs)
		if c.Type != nil && !boxed(t) {
			f.p("%s %s", caseName(c.Name), f.goType(c.Type))
		}
	}
	if boxed(t) {
		f.p("// Value is the payload, of the type that it has in the case:\n//")
		for _, c := range t.Fields {
			if c.Type != nil {
				f.p("//\t%s %s", c.Name, f.goType(c.Type))
			}
		}
		f.p("Value any")
	}
	f.p("}")
	f.enum(n.name+"Tag", uintOf(t.DiscriminantSize()), labels, docs, fmt.Sprintf("// %sTag says which case a %[1]s is.\n", n.name), caseName)
}

// errorMethod makes a type an error.
func (f *fileGen) errorMethod(n *namedType) {
	f.p("\n// Error returns the name of the error, as WIT writes it.")
	switch n.def.Type.Kind {
	case wit.Enum:
		f.p("func (x %s) Error() string { return x.String() }", n.name)
	case wit.Variant:
		f.p("func (x *%s) Error() string { return x.Tag.String() }", n.name)
	case wit.Flags:
		f.p("func (x %s) Error() string { return %q }", n.name, n.def.Name)
	default:
		f.p("func (x *%s) Error() string { return %q }", n.name, n.def.Name)
	}
}
