package syntax

import (
	"strconv"

	"github.com/wattle-dev/wattle/wit"
)

// typeKeywords are the types that are keywords. "error-context" is none, but no
// other type can be meant by it.
var typeKeywords = map[string]wit.Kind{
	"bool": wit.Bool, "s8": wit.S8, "u8": wit.U8, "s16": wit.S16, "u16": wit.U16, "s32": wit.S32, "u32": wit.U32,
	"s64": wit.S64, "u64": wit.U64, "f32": wit.F32, "f64": wit.F64, "char": wit.Char, "string": wit.String,
	"error-context": wit.ErrorContext,
	"list":          wit.List, "tuple": wit.Tuple, "option": wit.Option, "result": wit.Result, "map": wit.Map,
	"own": wit.Own, "borrow": wit.Borrow, "stream": wit.Stream, "future": wit.Future,
}

// typeExpr parses a type (WIT.md, "Types").
func (p *parser) typeExpr(depth int) *typeExpr {
	if depth > wit.MaxTypeDepth {
		p.fail("types nest deeper than %d", wit.MaxTypeDepth)
	}
	t := &typeExpr{pos: p.here()}
	if p.tok.kind == identifier {
		t.kind = typeKeywords[p.tok.text]
	}
	if t.kind == 0 {
		t.name = p.ident("a type").name
		return t
	}
	t.name = p.advance().text
	arg := func() { t.args = append(t.args, p.typeExpr(depth+1)) }
	switch t.kind {
	case wit.List:
		p.expect("<", "after list")
		arg()
		if p.accept(",") {
			t.kind = wit.FixedList
			t.len = p.length()
		}
		p.expect(">", "to close list")
	case wit.Option, wit.Own, wit.Borrow:
		p.expect("<", "after "+t.name)
		arg()
		p.expect(">", "to close "+t.name)
	case wit.Map:
		p.expect("<", "after map")
		arg()
		p.expect(",", "between the key and the value of map")
		arg()
		p.expect(">", "to close map")
	case wit.Stream, wit.Future:
		if p.accept("<") {
			arg()
			p.expect(">", "to close "+t.name)
		}
	case wit.Tuple:
		p.expect("<", "after tuple")
		p.list(">", arg)
		if len(t.args) == 0 {
			p.failAt(t.pos, "tuple without types")
		}
	case wit.Result:
		if !p.accept("<") {
			break
		}
		if p.accept("_") {
			t.args = []*typeExpr{nil}
			p.expect(",", `after "_" in result`)
			arg()
		} else {
			arg()
			if p.accept(",") {
				arg()
			}
		}
		p.expect(">", "to close result")
	}
	return t
}

// length parses the length of a fixed-length list.
func (p *parser) length() uint32 {
	n, err := strconv.ParseUint(p.tok.text, 10, 32)
	switch {
	case p.tok.kind != integer:
		p.fail("expected the length of the list, found %v", p.tok)
	case err != nil || p.tok.text[0] == '0':
		p.fail("%q is not the length of a list", clip(p.tok.text))
	}
	p.advance()
	return uint32(n)
}
