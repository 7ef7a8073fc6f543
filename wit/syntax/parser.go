package syntax

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/wit"
)

// parser is a recursive descent parser with one token of lookahead. The first
// error ends it: from then on the current token is the end of the file, which
// no rule accepts and every loop stops at.
type parser struct {
	lexer
	tok token
	end int // of the token before tok
	err *Error
}

// parseFile parses one file.
func parseFile(f *File) (*fileNode, *Error) {
	if err := checkText(f); err != nil {
		return nil, err
	}
	p := &parser{lexer: lexer{file: f}}
	p.advance()
	node := p.parseFile()
	return node, p.err
}

// fail ends the parser with an error at the current token.
func (p *parser) fail(format string, args ...any) { p.failAt(p.here(), format, args...) }

// failAt ends the parser with an error.
func (p *parser) failAt(at pos, format string, args ...any) { p.stop(at.errorf(format, args...)) }

func (p *parser) stop(err *Error) {
	if p.err == nil {
		p.err = err
	}
	p.tok = token{offset: p.tok.offset, end: p.tok.offset}
}

// here returns the place of the current token.
func (p *parser) here() pos { return pos{p.file, p.tok.offset} }

func (p *parser) advance() token {
	t := p.tok
	p.end = t.end
	if p.err != nil {
		return t
	}
	next, err := p.next()
	if err != nil {
		p.stop(err)
		return t
	}
	p.tok = next
	return t
}

// is reports whether the current token is an operator or a keyword.
func (p *parser) is(text string) bool {
	return p.tok.text == text && (p.tok.kind == operator || p.tok.kind == identifier)
}

// accept skips the current token if it is the operator or keyword.
func (p *parser) accept(text string) bool {
	if !p.is(text) {
		return false
	}
	p.advance()
	return true
}

// expect skips the operator or keyword that must be here.
func (p *parser) expect(text, where string) {
	if !p.accept(text) {
		p.fail("expected %q %s, found %v", text, where, p.tok)
	}
}

// hint returns which of some keywords the current token may stand for.
func (p *parser) hint(of string) string {
	if p.tok.kind != identifier {
		return ""
	}
	return nearest.Hint(p.tok.text, strings.Fields(of))
}

// keywords are the names that need a "%" (WIT.md, "Keywords").
var keywords = func() map[string]bool {
	m := map[string]bool{}
	for k := range strings.FieldsSeq(`as async bool borrow char constructor enum export f32 f64 flags from func future
		import include interface list map option own package record resource result s16 s32 s64 s8 static stream
		string tuple type u16 u32 u64 u8 use variant with world`) {
		m[k] = true
	}
	return m
}()

// ident parses a name.
func (p *parser) ident(what string) ident {
	switch {
	case p.tok.kind == identifier && keywords[p.tok.text]:
		p.fail("%q is a keyword; write %q to use it as %s", p.tok.text, "%"+p.tok.text, what)
	case p.tok.kind != identifier && p.tok.kind != explicitID:
		p.fail("expected %s, found %v", what, p.tok)
	}
	at := p.here()
	return ident{at, p.advance().text}
}

// list parses items up to a closing operator, separated by commas; a comma may
// follow the last.
func (p *parser) list(end string, parse func()) {
	for p.err == nil && !p.accept(end) {
		parse()
		if p.accept(end) {
			return
		}
		if !p.accept(",") {
			p.fail("expected %q or %q, found %v", ",", end, p.tok)
		}
	}
}

// version parses the version after the current token, an "@" or "=", and makes
// the token after it the current one.
func (p *parser) version() string {
	if p.err != nil {
		return ""
	}
	v, err := p.lexer.version()
	if err != nil {
		p.stop(err)
		return ""
	}
	p.advance()
	return v
}

// parseFile parses
//
//	(package-decl ';')? (package-items | nested-package-definition)*
func (p *parser) parseFile() *fileNode {
	f := &fileNode{file: p.file}
	for p.err == nil && p.tok.kind != endOfFile {
		a := p.attrs()
		if !p.is("package") {
			p.packageItem(a, &f.packageBody)
			continue
		}
		start := p.tok.offset
		decl := p.packageDecl(a)
		if p.accept("{") {
			n := &nestedPackage{packageDecl: decl}
			for p.err == nil && !p.accept("}") {
				a := p.attrs()
				p.packageItem(a, &n.packageBody)
			}
			n.text = p.file.Text[start:p.end]
			f.nested = append(f.nested, n)
			continue
		}
		p.expect(";", "after the name of the package")
		switch {
		case f.decl != nil:
			p.failAt(decl.pos, "second package declaration in a file; put the other package in braces")
		case len(f.uses)+len(f.interfaces)+len(f.worlds)+len(f.nested) > 0:
			p.failAt(decl.pos, "package declaration must come first in a file")
		}
		f.decl = &decl
	}
	return f
}

// packageDecl parses "package a:b@1.0.0", without what ends it.
func (p *parser) packageDecl(a attrs) packageDecl {
	if a.gate != (wit.Gate{}) {
		p.failAt(a.pos, "a package cannot be gated")
	}
	a.pos = p.here()
	p.advance()
	decl := packageDecl{attrs: a}
	decl.id.Namespace = p.packageWord("a namespace")
	p.expect(":", "between the namespace and the name of the package")
	decl.id.Name = p.packageWord("the name of a package")
	if p.is(":") || p.is("/") {
		p.fail("nested namespaces and packages are not supported")
	}
	if p.is("@") {
		decl.id.Version = p.version()
	}
	return decl
}

// packageWord parses the name of a namespace or package, which is in lower case.
func (p *parser) packageWord(what string) string {
	id := p.ident(what)
	if strings.ToLower(id.name) != id.name {
		p.failAt(id.pos, "%q: %s is in lower case", id.name, what)
	}
	return id.name
}

// packageItem parses an item of a package: use, interface or world.
func (p *parser) packageItem(a attrs, body *packageBody) {
	switch {
	case p.is("use"):
		body.uses = append(body.uses, p.topUse(a))
	case p.is("interface"):
		p.advance()
		i := &interfaceItem{attrs: a, name: p.ident("the name of an interface")}
		i.items = p.interfaceBody()
		body.interfaces = append(body.interfaces, i)
	case p.is("world"):
		p.advance()
		w := &worldItem{attrs: a, name: p.ident("the name of a world")}
		w.items = p.worldBody()
		body.worlds = append(body.worlds, w)
	default:
		p.fail(`expected "interface", "world", "use" or "package", found %v%s`, p.tok, p.hint("interface world use package"))
	}
}

// topUse parses "use path as name;".
func (p *parser) topUse(a attrs) *topUse {
	p.advance()
	u := &topUse{attrs: a, path: p.usePath()}
	u.as = u.path.ident
	if p.accept("as") {
		u.as = p.ident("a name")
	}
	p.expect(";", "after the use statement")
	return u
}

// usePath parses "name" or "a:b/name@1.0.0".
func (p *parser) usePath() usePath {
	first := p.ident("the name of an interface or world, or of a package")
	if !p.is(":") {
		return usePath{ident: first}
	}
	p.advance()
	return p.pathAfter(first, p.packageWord("the name of a package"))
}

// pathAfter parses the rest of a path after its namespace and package.
func (p *parser) pathAfter(namespace ident, pkg string) usePath {
	path := usePath{pkg: wit.PackageID{Namespace: namespace.name, Name: pkg}}
	if strings.ToLower(namespace.name) != namespace.name {
		p.failAt(namespace.pos, "%q: a namespace is in lower case", namespace.name)
	}
	if !p.is("/") {
		p.fail(`expected "/" and the name of an interface or world of package "%s:%s", found %v`, namespace.name, pkg, p.tok)
	}
	p.advance()
	path.name = p.ident("the name of an interface or world").name
	path.pos = namespace.pos
	if p.is("/") {
		p.fail("nested namespaces and packages are not supported")
	}
	if p.is("@") {
		path.pkg.Version = p.version()
	}
	return path
}

// renames parses "{a, b as c}" after its brace.
func (p *parser) renames(needAs bool) []rename {
	var names []rename
	p.list("}", func() {
		r := rename{from: p.ident("a name")}
		r.to = r.from
		if needAs {
			p.expect("as", fmt.Sprintf("after %q", r.from.name))
			r.to = p.ident("a name")
		} else if p.accept("as") {
			r.to = p.ident("a name")
		}
		names = append(names, r)
	})
	return names
}
