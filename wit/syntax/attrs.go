package syntax

// attrs parses what may stand before an item: documentation, feature gates and
// an external identifier.
func (p *parser) attrs() attrs {
	a := attrs{pos: p.here(), docs: p.tok.docs}
	for p.is("@") {
		p.advance()
		at := p.here()
		p.attr(&a, at)
		if docs := p.tok.docs; docs != "" {
			if a.docs != "" {
				a.docs += "\n"
			}
			a.docs += docs
		}
	}
	switch g := a.gate; {
	case g.Since != "" && g.Unstable != "":
		p.failAt(a.pos, "an item has either @since or @unstable, not both")
	case g.Deprecated != "" && g.Since == "" && g.Unstable == "":
		p.failAt(a.pos, "@deprecated needs a @since or @unstable beside it")
	}
	return a
}

// attr parses one attribute after its "@".
func (p *parser) attr(a *attrs, at pos) {
	name := p.tok.text
	if p.tok.kind != identifier {
		name = ""
	}
	var value *string
	switch name {
	case "since":
		value = &a.gate.Since
	case "deprecated":
		value = &a.gate.Deprecated
	case "unstable":
		value = &a.gate.Unstable
	case "external-id":
		value = &a.externalID
	default:
		p.failAt(at, "expected since, unstable, deprecated or external-id after %q, found %v", "@", p.tok)
		return
	}
	p.advance()
	if *value != "" {
		p.failAt(at, "second @%s of an item", name)
	}
	p.expect("(", "after @"+name)
	switch name {
	case "external-id":
		if p.tok.kind != stringLit {
			p.fail("expected a string, found %v", p.tok)
		}
		*value = p.advance().text
	case "unstable":
		p.expect("feature", "in @unstable")
		p.expect("=", "after feature")
		*value = p.ident("the name of a feature").name
	default:
		p.expect("version", "in @"+name)
		if !p.is("=") {
			p.fail("expected %q after version, found %v", "=", p.tok)
		}
		*value = p.version()
	}
	p.expect(")", "to close @"+name)
}

// noExternalID refuses an external identifier where none may be.
func (p *parser) noExternalID(a *attrs) {
	if a.externalID != "" {
		p.failAt(a.pos, "@external-id names an import, an export, a type or a function, and nothing else")
	}
}
