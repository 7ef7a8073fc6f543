package wit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxSignatureLen bounds what ParseSignature reads, in bytes.
const MaxSignatureLen = 1 << 20

// ParseSignature is the inverse of [Func.Signature]: it returns a function, with
// no name, that has the signature. A resource in it has the name and the owner
// that the signature gives, and is one resource however often it is mentioned.
func ParseSignature(s string) (*Func, error) {
	if len(s) > MaxSignatureLen {
		return nil, fmt.Errorf("signature is longer than %d bytes", MaxSignatureLen)
	}
	p := &signatureParser{rest: s, size: len(s), resources: map[string]*Resource{}}
	f := p.function()
	if p.err == nil && p.rest != "" {
		p.fail("the end")
	}
	if p.err != nil {
		return nil, fmt.Errorf("signature %q: %w", clip(s), p.err)
	}
	if err := f.Check(); err != nil {
		return nil, fmt.Errorf("signature %q: %w", clip(s), err)
	}
	return f, nil
}

// signatureParser reads a signature from left to right. After an error, nothing
// is left to read.
type signatureParser struct {
	rest        string
	size, depth int
	resources   map[string]*Resource
	err         error
}

func (p *signatureParser) fail(want string) {
	p.stop(fmt.Errorf("offset %d: expected %s", p.size-len(p.rest), want))
}

func (p *signatureParser) stop(err error) {
	if p.err == nil {
		p.err = err
	}
	p.rest = ""
}

func (p *signatureParser) accept(s string) (ok bool) {
	p.rest, ok = strings.CutPrefix(p.rest, s)
	return ok
}

func (p *signatureParser) expect(s string) {
	if !p.accept(s) {
		p.fail(strconv.Quote(s))
	}
}

// word reads up to the first byte that ends a name.
func (p *signatureParser) word() string {
	i := strings.IndexAny(p.rest, "<>{}(), ")
	if i < 0 {
		i = len(p.rest)
	}
	w := p.rest[:i]
	p.rest = p.rest[i:]
	return w
}

// list reads items up to a closing mark, separated by commas.
func (p *signatureParser) list(end string, item func()) {
	for p.err == nil && !p.accept(end) {
		item()
		if !p.accept(", ") && !strings.HasPrefix(p.rest, end) {
			p.fail(strconv.Quote(end))
		}
	}
}

func (p *signatureParser) function() *Func {
	f := &Func{Async: p.accept("async ")}
	p.expect("func(")
	p.list(")", func() { f.Params = append(f.Params, p.field()) })
	if p.accept(" -> ") {
		f.Result = p.typ()
	}
	return f
}

// field reads "name: type".
func (p *signatureParser) field() Field {
	name := p.word()
	name, ok := strings.CutSuffix(name, ":")
	if !ok {
		p.fail(`":" after a name`)
	}
	p.expect(" ")
	return Field{Name: name, Type: p.typ()}
}

// kindOf maps the keywords of types to kinds. A list of fixed length shares its
// keyword with the other.
var kindOf = func() map[string]Kind {
	m := map[string]Kind{}
	for k := Bool; k <= Future; k++ {
		if k != FixedList {
			m[k.String()] = k
		}
	}
	return m
}()

func (p *signatureParser) typ() *Type {
	if p.depth++; p.depth > MaxTypeDepth {
		p.stop(fmt.Errorf("types nest deeper than %d", MaxTypeDepth))
	}
	defer func() { p.depth-- }()
	t := &Type{Kind: kindOf[p.word()]}
	if t.Kind == 0 {
		p.fail("a type")
		return t
	}
	switch t.Kind {
	case Record:
		p.expect("{")
		p.list("}", func() { t.Fields = append(t.Fields, p.field()) })
	case Variant:
		p.expect("{")
		p.list("}", func() {
			c := Field{Name: p.word()}
			if p.accept("(") {
				c.Type = p.typ()
				p.expect(")")
			}
			t.Fields = append(t.Fields, c)
		})
	case Enum, Flags:
		p.expect("{")
		p.list("}", func() { t.Labels = append(t.Labels, p.word()) })
	case Own, Borrow:
		p.expect("<")
		t.Resource = p.resource()
		p.expect(">")
	case Tuple:
		p.expect("<")
		p.list(">", func() { t.Types = append(t.Types, p.typ()) })
	case List:
		p.expect("<")
		t.Elem = p.typ()
		if p.accept(", ") {
			n, err := strconv.ParseUint(p.word(), 10, 32)
			if err != nil {
				p.fail("a length")
			}
			t.Kind, t.Len = FixedList, uint32(n)
		}
		p.expect(">")
	default:
		p.arguments(t)
	}
	return t
}

// arguments reads the arguments that a type has, of which some may be absent.
func (p *signatureParser) arguments(t *Type) {
	if t.Kind.Primitive() || !p.accept("<") {
		return
	}
	var args []*Type
	p.list(">", func() {
		if p.accept("_") {
			args = append(args, nil)
			return
		}
		args = append(args, p.typ())
	})
	most := 1
	if t.Kind == Result || t.Kind == Map {
		most = 2
	}
	if len(args) > most {
		p.stop(errors.New("a type has too many arguments"))
	}
	args = append(args, nil, nil)
	if t.Kind == Result {
		t.Ok, t.Err = args[0], args[1]
		return
	}
	t.Elem, t.Value = args[0], args[1]
}

// resource reads what [Resource.String] writes.
func (p *signatureParser) resource() *Resource {
	s := p.word()
	if r := p.resources[s]; r != nil {
		return r
	}
	r := &Resource{Name: s}
	if i := strings.LastIndexByte(s, '.'); i >= 0 {
		owner, err := ParseInterfaceID(s[:i])
		if err != nil {
			p.stop(err)
		}
		r.Name, r.Owner = s[i+1:], owner
	}
	p.resources[s] = r
	return r
}
