package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// node is an S-expression of the text format: a list, a string or another atom.
type node struct {
	// start and end bound its text in the source.
	start, end int
	line       int
	kind       nodeKind
	// text is an atom as it stands, or the bytes that a string denotes.
	text  string
	items []node
}

type nodeKind uint8

const (
	list nodeKind = iota
	atom
	str
)

// maxDepth bounds the nesting of lists.
const maxDepth = 1000

// head returns the atom that a list starts with, or "".
func (n node) head() string {
	if n.kind == list && len(n.items) > 0 && n.items[0].kind == atom {
		return n.items[0].text
	}
	return ""
}

// reader reads S-expressions.
type reader struct {
	src  string
	pos  int
	line int
}

func (r *reader) errorf(format string, args ...any) error {
	return fmt.Errorf("line %d: %s", r.line, fmt.Sprintf(format, args...))
}

// parse returns the expressions of src.
func parse(src string) ([]node, error) {
	r := &reader{src: src, line: 1}
	ns, err := r.list(0)
	if err == nil && r.pos < len(src) {
		err = r.errorf("')' closes nothing")
	}
	return ns, err
}

// list reads expressions up to the closing parenthesis, which it leaves, or to
// the end.
func (r *reader) list(depth int) ([]node, error) {
	var ns []node
	for {
		if err := r.space(); err != nil {
			return nil, err
		}
		if r.pos == len(r.src) || r.src[r.pos] == ')' {
			return ns, nil
		}
		n, err := r.node(depth)
		if err != nil {
			return nil, err
		}
		ns = append(ns, n)
	}
}

func (r *reader) node(depth int) (n node, err error) {
	n = node{start: r.pos, line: r.line}
	switch r.src[r.pos] {
	case '(':
		if depth == maxDepth {
			return n, r.errorf("lists are nested more than %d deep", maxDepth)
		}
		r.pos++
		if n.items, err = r.list(depth + 1); err != nil {
			return n, err
		}
		if r.pos == len(r.src) {
			return n, fmt.Errorf("line %d: '(' is not closed", n.line)
		}
		r.pos++
	case '"':
		n.kind = str
		n.text, err = r.string()
	default:
		n.kind = atom
		for r.pos < len(r.src) && !strings.ContainsRune(" \t\r\n()\";", rune(r.src[r.pos])) {
			r.pos++
		}
		if n.text = r.src[n.start:r.pos]; n.text == "" {
			err = r.errorf("%q cannot stand here", r.src[r.pos])
		}
	}
	n.end = r.pos
	return n, err
}

// space skips white space and comments.
func (r *reader) space() error {
	for r.pos < len(r.src) {
		rest := r.src[r.pos:]
		switch {
		case rest[0] == '\n':
			r.line++
			r.pos++
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r':
			r.pos++
		case strings.HasPrefix(rest, ";;"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			r.pos += n
		case strings.HasPrefix(rest, "(;"):
			if err := r.blockComment(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// blockComment skips a comment "(; … ;)". They nest.
func (r *reader) blockComment() error {
	opened, depth := r.line, 0
	for r.pos < len(r.src) {
		rest := r.src[r.pos:]
		switch {
		case strings.HasPrefix(rest, "(;"):
			depth++
			r.pos += 2
		case strings.HasPrefix(rest, ";)"):
			r.pos += 2
			if depth--; depth == 0 {
				return nil
			}
		default:
			if rest[0] == '\n' {
				r.line++
			}
			r.pos++
		}
	}
	return fmt.Errorf("line %d: comment is not closed", opened)
}

// string reads a string and returns the bytes that it denotes.
func (r *reader) string() (string, error) {
	var b strings.Builder
	for r.pos++; r.pos < len(r.src); {
		c := r.src[r.pos]
		r.pos++
		switch c {
		case '"':
			return b.String(), nil
		case '\n':
			return "", r.errorf("string is not closed")
		case '\\':
			if err := r.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", r.errorf("string is not closed")
}

var escapes = map[byte]byte{'t': '\t', 'n': '\n', 'r': '\r', '"': '"', '\'': '\'', '\\': '\\'}

// escape reads what follows a backslash.
func (r *reader) escape(b *strings.Builder) error {
	rest := r.src[r.pos:]
	if rest == "" {
		return r.errorf("string is not closed")
	}
	if c, ok := escapes[rest[0]]; ok {
		b.WriteByte(c)
		r.pos++
		return nil
	}
	if strings.HasPrefix(rest, "u{") {
		digits, _, ok := strings.Cut(rest[2:], "}")
		v, err := strconv.ParseUint(strings.ReplaceAll(digits, "_", ""), 16, 32)
		if !ok || err != nil || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
			return r.errorf(`\u{…} does not name a Unicode scalar value`)
		}
		b.WriteRune(rune(v))
		r.pos += len("u{}") + len(digits)
		return nil
	}
	if len(rest) >= 2 {
		if v, err := strconv.ParseUint(rest[:2], 16, 8); err == nil {
			b.WriteByte(byte(v))
			r.pos += 2
			return nil
		}
	}
	return r.errorf("unknown escape in a string")
}
