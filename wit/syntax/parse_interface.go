package syntax

import (
	"fmt"

	"github.com/wattle-dev/wattle/wit"
)

// interfaceBody parses "{ interface-items* }".
func (p *parser) interfaceBody() []item {
	p.expect("{", "to open the interface")
	var items []item
	for p.err == nil && !p.accept("}") {
		a := p.attrs()
		switch {
		case p.is("use"):
			p.noExternalID(&a)
			items = append(items, p.useItem(a))
		case p.isTypeItem():
			items = append(items, p.typeItem(a))
		default:
			name := p.ident(`a function, a type, a use statement or "}"`)
			p.expect(":", fmt.Sprintf("after the name of function %q", name.name))
			items = append(items, p.funcItem(a, name))
		}
	}
	return items
}

// useItem parses "use path.{a, b as c};".
func (p *parser) useItem(a attrs) *useItem {
	p.advance()
	u := &useItem{attrs: a, path: p.usePath()}
	p.expect(".", "and the names to use, in braces")
	p.expect("{", "before the names to use")
	at := p.here()
	if u.names = p.renames(false); len(u.names) == 0 {
		p.failAt(at, "use statement without names")
	}
	p.expect(";", "after the use statement")
	return u
}

// funcItem parses a function after its name and colon, with its semicolon.
func (p *parser) funcItem(a attrs, name ident) *funcItem {
	f := &funcItem{attrs: a, name: name}
	f.async = p.accept("async")
	p.expect("func", fmt.Sprintf("to declare function %q", name.name))
	p.signature(f)
	return f
}

// signature parses "(a: t, …) -> t;".
func (p *parser) signature(f *funcItem) {
	p.expect("(", "before the parameters")
	p.list(")", func() {
		docs := p.tok.docs
		param := field{ident: p.ident("the name of a parameter"), docs: docs}
		p.expect(":", fmt.Sprintf("after the name of parameter %q", param.name))
		param.typ = p.typeExpr(1)
		f.params = append(f.params, param)
	})
	if p.accept("->") {
		f.result = p.typeExpr(1)
	}
	p.expect(";", "after the function")
}

// isTypeItem reports whether a type declaration starts here.
func (p *parser) isTypeItem() bool {
	if p.tok.kind != identifier {
		return false
	}
	switch p.tok.text {
	case "type", "record", "variant", "enum", "flags", "resource":
		return true
	}
	return false
}

// typeItem parses a type declaration.
func (p *parser) typeItem(a attrs) *typeItem {
	keyword := p.advance().text
	t := &typeItem{attrs: a, name: p.ident("the name of a type")}
	switch keyword {
	case "type":
		p.expect("=", fmt.Sprintf("after the name of type %q", t.name.name))
		t.alias = p.typeExpr(1)
		p.expect(";", "after the type")
	case "record":
		t.kind = recordItem
		p.fields(t, func(f *field) {
			p.expect(":", fmt.Sprintf("after the name of field %q", f.name))
			f.typ = p.typeExpr(1)
		})
	case "variant":
		t.kind = variantItem
		p.fields(t, func(f *field) {
			if p.accept("(") {
				f.typ = p.typeExpr(1)
				p.expect(")", fmt.Sprintf("after the type of case %q", f.name))
			}
		})
	case "enum":
		t.kind = enumItem
		p.fields(t, nil)
	case "flags":
		t.kind = flagsItem
		p.fields(t, nil)
	case "resource":
		t.kind = resourceItem
		p.resourceBody(t)
	}
	return t
}

// fields parses the fields, cases or labels of a type in braces; rest parses what
// follows the name of each.
func (p *parser) fields(t *typeItem, rest func(*field)) {
	p.expect("{", fmt.Sprintf("after the name of type %q", t.name.name))
	p.list("}", func() {
		docs := p.tok.docs
		f := field{ident: p.ident("a name"), docs: docs}
		if rest != nil {
			rest(&f)
		}
		t.fields = append(t.fields, f)
	})
	if len(t.fields) == 0 {
		p.failAt(t.name.pos, "%q is empty", t.name.name)
	}
}

// resourceBody parses ";" or the functions of a resource in braces. Their names
// become extern names (WIT.md, "Item: resource").
func (p *parser) resourceBody(t *typeItem) {
	if p.accept(";") {
		return
	}
	p.expect("{", fmt.Sprintf(`or ";" after the name of resource %q`, t.name.name))
	for p.err == nil && !p.accept("}") {
		f := &funcItem{attrs: p.attrs()}
		f.name.pos = p.here()
		if p.accept("constructor") {
			f.kind = wit.Constructor
			f.name.name = "[constructor]" + t.name.name
			p.signature(f)
			t.funcs = append(t.funcs, f)
			continue
		}
		name := p.ident(`a method, a constructor or "}"`)
		p.expect(":", fmt.Sprintf("after the name of function %q", name.name))
		prefix := "[method]"
		f.kind = wit.Method
		if p.accept("static") {
			prefix, f.kind = "[static]", wit.Static
		}
		f.async = p.accept("async")
		p.expect("func", fmt.Sprintf("to declare function %q", name.name))
		f.name = ident{name.pos, prefix + t.name.name + "." + name.name}
		p.signature(f)
		t.funcs = append(t.funcs, f)
	}
}
