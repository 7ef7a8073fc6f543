package wave

import (
	"strings"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/wit"
)

// tokenKind is the kind of a token: for punctuation, the character itself.
type tokenKind byte

const (
	tokenEnd    tokenKind = iota
	tokenBad              // is no token; parser.bad says why
	tokenNumber           // of the form of a number; "-inf" is one too
	tokenLabel            // label or keyword, with its "%"
	tokenChar
	tokenString
	tokenLines // a string of several lines
)

// token is a token, at text[start:end].
type token struct {
	kind       tokenKind
	start, end int
}

// word returns the text of a token.
func (p *parser) word() string { return p.text[p.tok.start:p.tok.end] }

// advance reads the next token. One that is malformed is of kind tokenBad, and
// faults whoever expects another.
func (p *parser) advance() {
	p.space()
	p.tok = token{start: p.tok.end, end: p.tok.end}
	rest := p.text[p.tok.start:]
	if rest == "" {
		return
	}
	switch c := rest[0]; {
	case strings.IndexByte("{}()[]:,.", c) >= 0:
		p.tok.kind, p.tok.end = tokenKind(c), p.tok.end+1
	case c == '-' || isDigit(c):
		p.number(rest)
	case c == '%' || isLetter(c):
		p.label(rest)
	case c == '\'':
		p.char(rest)
	case strings.HasPrefix(rest, `"""`):
		p.lines(rest)
	case c == '"':
		p.string(rest)
	default:
		r, _ := utf8.DecodeRuneInString(rest)
		p.reject(0, "%q starts no value", r)
	}
}

// space skips white space and comments.
func (p *parser) space() {
	i := p.tok.end
	for i < len(p.text) {
		switch {
		case strings.IndexByte(" \t\r\n", p.text[i]) >= 0:
			i++
		case strings.HasPrefix(p.text[i:], "//"):
			n := strings.IndexByte(p.text[i:], '\n')
			if n < 0 {
				n = len(p.text) - i
			}
			i += n
		default:
			p.tok.end = i
			return
		}
	}
	p.tok.end = i
}

// reject makes the token a malformed one, for a fault at an offset in it.
func (p *parser) reject(at int, format string, args ...any) {
	p.tok.kind = tokenBad
	p.bad = fault(p.text, p.tok.start+at, format, args...)
}

// accept makes the token one of n bytes.
func (p *parser) accept(kind tokenKind, n int) { p.tok.kind, p.tok.end = kind, p.tok.start+n }

// number reads all that looks like a number: no token can follow one without
// something in between.
func (p *parser) number(rest string) {
	n := 1
	for n < len(rest) && (isDigit(rest[n]) || isLetter(rest[n]) || rest[n] == '_' || rest[n] == '.' && n+1 < len(rest) && isDigit(rest[n+1]) ||
		(rest[n] == '+' || rest[n] == '-') && (rest[n-1] == 'e' || rest[n-1] == 'E')) {
		n++
	}
	if s := rest[:n]; s != "-inf" && !isNumber(s) {
		p.reject(0, "%q is not a number: write it in decimal, such as 12, -3 or 6.02e23", clip(s))
		return
	}
	p.accept(tokenNumber, n)
}

// isNumber reports whether s is number-finite of the grammar.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, s := digits(s)
	if whole == "" || len(whole) > 1 && whole[0] == '0' {
		return false
	}
	if f, ok := strings.CutPrefix(s, "."); ok {
		var fraction string
		if fraction, s = digits(f); fraction == "" {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		exponent, rest := digits(s)
		return exponent != "" && rest == ""
	}
	return s == ""
}

// digits cuts the digits off that s begins with.
func digits(s string) (before, after string) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return s[:n], s[n:]
}

func (p *parser) label(rest string) {
	n := 1
	for n < len(rest) && (isDigit(rest[n]) || isLetter(rest[n]) || rest[n] == '-' || rest[n] == '_') {
		n++
	}
	if s := strings.TrimPrefix(rest[:n], "%"); !wit.IsLabel(s) {
		p.reject(0, "%q is not a kebab-case name", clip(s))
		return
	}
	p.accept(tokenLabel, n)
}

func (p *parser) char(rest string) {
	body := rest[1:]
	if body == "" || body[0] == '\n' {
		p.reject(0, "char without an end: ' is missing")
		return
	}
	if body[0] == '\'' {
		p.reject(0, `char without a character: write '\'' for the quote itself`)
		return
	}
	n := 0
	if body[0] == '\\' {
		var msg string
		if _, n, msg = unescape(body); msg != "" {
			p.reject(1, "%s", msg)
			return
		}
	} else {
		_, n = utf8.DecodeRuneInString(body)
	}
	if !strings.HasPrefix(body[n:], "'") {
		p.reject(0, "char of more than one character, or without an end: strings are written with \"")
		return
	}
	p.accept(tokenChar, 1+n+1)
}

// string finds the end of a string and checks its escapes.
func (p *parser) string(rest string) {
	for i := 1; ; {
		n := strings.IndexAny(rest[i:], "\"\\\n")
		if n < 0 || rest[i+n] == '\n' {
			p.reject(0, "string without an end: \" is missing in this line")
			return
		}
		i += n
		if rest[i] == '"' {
			p.accept(tokenString, i+1)
			return
		}
		_, n, msg := unescape(rest[i:])
		if msg != "" {
			p.reject(i, "%s", msg)
			return
		}
		i += n
	}
}

// lines finds the end of a string of several lines, which are checked when they
// are read.
func (p *parser) lines(rest string) {
	n := strings.Index(rest[3:], `"""`)
	if n < 0 {
		p.reject(0, `string without an end: """ is missing`)
		return
	}
	p.accept(tokenLines, 3+n+3)
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
