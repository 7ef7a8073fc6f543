package wave

import (
	"unicode/utf8"

	"github.com/wattle-dev/wattle/wit"
)

// Parse reads the text of a value of type t, which has passed [wit.Type.Check].
// The error is an [*Error].
func Parse(text string, t *wit.Type) (wit.Value, error) {
	p, bad := newParser(text)
	if bad != nil {
		return nil, bad
	}
	v, bad := p.value(t, t)
	if bad != nil {
		return nil, bad
	}
	if p.tok.kind != tokenEnd {
		return nil, p.unexpected("nothing after the value")
	}
	return v, nil
}

// parser reads a text from the front to the back, one token ahead.
type parser struct {
	text   string
	tok    token
	bad    *Error // says why tok is tokenBad
	values int    // read so far
	names  map[*wit.Type]map[string]int
}

// newParser returns a parser at the first token.
func newParser(text string) (*parser, *Error) {
	if len(text) > MaxText {
		return nil, fault("", 0, "text has %d bytes, the limit is %d", len(text), MaxText)
	}
	if !utf8.ValidString(text) {
		at := 0
		for i, c := range text {
			if c == utf8.RuneError {
				if _, n := utf8.DecodeRuneInString(text[i:]); n == 1 {
					at = i
					break
				}
			}
		}
		return nil, fault(text, at, "text is not UTF-8")
	}
	p := &parser{text: text}
	p.advance()
	return p, nil
}

// value reads a value of type t. want is the type that was asked for: an option
// or result of t if the value may have been written in their long form.
func (p *parser) value(t, want *wit.Type) (wit.Value, *Error) {
	if err := p.spend(1); err != nil {
		return nil, err
	}
	switch t.Kind {
	case wit.Bool:
		return p.boolean(want)
	case wit.S8, wit.S16, wit.S32, wit.S64, wit.U8, wit.U16, wit.U32, wit.U64:
		return p.integer(t, want)
	case wit.F32, wit.F64:
		return p.float(t, want)
	case wit.Char:
		if p.tok.kind != tokenChar {
			return nil, p.unexpected(expected(want))
		}
		s := p.word()
		c, _ := utf8.DecodeRuneInString(s[1:])
		if c == '\\' {
			c, _, _ = unescape(s[1:]) // the lexer has checked it
		}
		p.advance()
		return wit.CharValue(c), nil
	case wit.String:
		if p.tok.kind != tokenString && p.tok.kind != tokenLines {
			return nil, p.unexpected(expected(want))
		}
		s, err := p.stringValue()
		if err != nil {
			return nil, err
		}
		p.advance()
		return s, nil
	case wit.List, wit.FixedList, wit.Map:
		return p.list(t, want)
	case wit.Tuple:
		return p.tuple(t, want)
	case wit.Record:
		return p.record(t, want)
	case wit.Flags:
		return p.flags(t, want)
	case wit.Enum:
		return p.enum(t, want)
	case wit.Variant:
		return p.variant(t, want)
	case wit.Option:
		return p.option(t)
	case wit.Result:
		return p.result(t)
	}
	err := p.errorf("%s %v: it exists only where it was made", describe(t), ErrNoText)
	err.err = ErrNoText
	return nil, err
}

// index returns where each field, case or label of a type stands. There may be
// many, in a type of which there are many values.
func (p *parser) index(t *wit.Type) map[string]int {
	m := p.names[t]
	if m == nil {
		m = map[string]int{}
		for i, name := range names(t) {
			m[name] = i
		}
		if p.names == nil {
			p.names = map[*wit.Type]map[string]int{}
		}
		p.names[t] = m
	}
	return m
}

// names returns the names of the fields, cases or labels of a type.
func names(t *wit.Type) []string {
	if t.Fields == nil {
		return t.Labels
	}
	out := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		out[i] = f.Name
	}
	return out
}

// spend pays for n values.
func (p *parser) spend(n int) *Error {
	if p.values += n; p.values > MaxValues {
		return p.errorf("text has more than %d values", MaxValues)
	}
	return nil
}

// errorf returns an Error at the current token.
func (p *parser) errorf(format string, args ...any) *Error {
	return fault(p.text, p.tok.start, format, args...)
}

// unexpected says that the current token is not what must stand there.
func (p *parser) unexpected(want string) *Error {
	switch p.tok.kind {
	case tokenBad:
		return p.bad
	case tokenEnd:
		return p.errorf("expected %s, the text ends", want)
	case tokenChar, tokenString, tokenLines:
		return p.errorf("expected %s, found %s", want, clip(p.word()))
	}
	return p.errorf("expected %s, found %q", want, clip(p.word()))
}

// take reads a punctuation mark.
func (p *parser) take(mark byte, where string) *Error {
	if p.tok.kind != tokenKind(mark) {
		return p.unexpected("\"" + string(mark) + "\" " + where)
	}
	p.advance()
	return nil
}

// at reports whether the current token is a mark, and reads it if so.
func (p *parser) at(mark byte) bool {
	if p.tok.kind != tokenKind(mark) {
		return false
	}
	p.advance()
	return true
}

// isWord reports whether the current token is a keyword as such, without "%".
func (p *parser) isWord(keyword string) bool {
	return p.tok.kind == tokenLabel && p.word() == keyword
}

// sequence reads what stands up to a closing mark, separated by commas, one of
// which may be the last. The opening mark has been read.
func (p *parser) sequence(end byte, of string, each func() *Error) *Error {
	for !p.at(end) {
		if err := each(); err != nil {
			return err
		}
		if p.at(end) {
			return nil
		}
		if p.tok.kind != ',' {
			return p.unexpected("\",\" or \"" + string(end) + "\" in " + of)
		}
		p.advance()
	}
	return nil
}
