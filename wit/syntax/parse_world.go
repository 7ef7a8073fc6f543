package syntax

import "fmt"

// worldBody parses "{ world-items* }".
func (p *parser) worldBody() []item {
	p.expect("{", "to open the world")
	var items []item
	for p.err == nil && !p.accept("}") {
		a := p.attrs()
		switch {
		case p.is("import"), p.is("export"):
			items = append(items, p.externItem(a))
		case p.is("use"):
			p.noExternalID(&a)
			items = append(items, p.useItem(a))
		case p.is("include"):
			p.noExternalID(&a)
			items = append(items, p.includeItem(a))
		case p.isTypeItem():
			items = append(items, p.typeItem(a))
		default:
			p.fail(`expected an import, an export, an include, a use statement, a type or "}", found %v%s`, p.tok, p.hint("import export include use type record variant enum flags resource"))
		}
	}
	return items
}

// externItem parses an import or export:
//
//	'import' id ':' extern-type
//	'import' use-path ';'
func (p *parser) externItem(a attrs) *externItem {
	e := &externItem{attrs: a, export: p.is("export")}
	p.advance()
	first := p.ident("a name or an interface")
	if !p.is(":") {
		e.path = &usePath{ident: first}
		p.expect(";", "after the interface")
		return e
	}
	nameEnd := p.end
	colon := p.advance()
	switch {
	case p.is("interface"):
		p.advance()
		e.name = first
		e.inline = &interfaceItem{attrs: a, items: p.interfaceBody()}
		return e
	case p.is("func"), p.is("async"):
		e.name = first
		e.fn = p.funcItem(a, first)
		return e
	}
	// "a:b/c" is a path, "a: b" a name for one, and "a:b" a package, which can be
	// neither imported nor exported.
	adjacent := nameEnd == colon.offset && colon.end == p.tok.offset
	second := p.ident("func, interface or the name of an interface")
	switch {
	case p.is("/"):
		path := p.pathAfter(first, second.name)
		e.path = &path
	case p.is(":"):
		p.advance()
		path := p.pathAfter(second, p.packageWord("the name of a package"))
		e.name, e.path = first, &path
	case adjacent:
		p.failAt(second.pos, `"%s:%s" is a package; name one of its interfaces, as in "%[1]s:%[2]s/name", or write "%[1]s: %[2]s"`, first.name, second.name)
	default:
		e.name, e.path = first, &usePath{ident: second}
	}
	p.expect(";", "after the interface")
	return e
}

// includeItem parses "include path with { a as b }". A semicolon may follow the
// braces too.
func (p *parser) includeItem(a attrs) *includeItem {
	p.advance()
	i := &includeItem{attrs: a, path: p.usePath()}
	if !p.accept("with") {
		p.expect(";", fmt.Sprintf("after include %s", i.path.String()))
		return i
	}
	p.expect("{", "before the names to replace")
	i.with = p.renames(true)
	p.accept(";")
	return i
}
