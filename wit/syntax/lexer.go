package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/wit"
)

// token is a lexical token (WIT.md, "Lexical structure").
type token struct {
	kind tokenKind
	// text is an identifier without its "%", the digits of an integer, or the
	// characters of an operator.
	text string
	// offset and end bound the token in the file.
	offset, end int
	// docs is the documentation in the comments before the token.
	docs string
}

type tokenKind uint8

const (
	endOfFile tokenKind = iota
	identifier
	explicitID // %id, which is never a keyword
	integer
	stringLit
	operator
)

// String returns the token as an error message should name it.
func (t token) String() string {
	switch t.kind {
	case endOfFile:
		return "the end of the file"
	case explicitID:
		return `"%` + t.text + `"`
	case stringLit:
		return "a string"
	default:
		return `"` + t.text + `"`
	}
}

// lexer cuts the text of a file into tokens.
type lexer struct {
	file   *File
	offset int
}

func (l *lexer) errorf(offset int, format string, args ...any) *Error {
	return pos{l.file, offset}.errorf(format, args...)
}

// checkText refuses characters that have no business in a WIT file, in comments
// and strings either, since they can make text look like what it is not.
func checkText(f *File) *Error {
	for i, r := range f.Text {
		at := pos{f, i}
		if r == utf8.RuneError && !strings.HasPrefix(f.Text[i:], "\uFFFD") {
			return at.errorf("invalid UTF-8")
		}
		if why := refused(r); why != "" {
			return at.errorf("%s %U", why, r)
		}
	}
	return nil
}

// refused says what a character is that WIT does not allow, "" for all others
// (WIT.md, "Lexical structure").
func refused(r rune) string {
	switch {
	case unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t':
		return "control character"
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
		return "bidirectional override"
	case unicode.Is(unicode.Deprecated, r), r == 0x17B4, r == 0x17B5:
		return "discouraged character"
	}
	return ""
}

// next returns the next token.
func (l *lexer) next() (token, *Error) {
	docs, err := l.skip()
	if err != nil {
		return token{}, err
	}
	t := token{offset: l.offset, docs: docs}
	rest := l.file.Text[l.offset:]
	if rest == "" {
		t.end = l.offset
		return t, nil
	}
	n := 1
	switch c := rest[0]; {
	case c == '%' || isWord(c) && !isDigit(c) && c != '_':
		t.kind = identifier
		if c == '%' {
			t.kind = explicitID
			rest = rest[1:]
		}
		n = wordLen(rest)
		t.text = rest[:n]
		if !wit.IsLabel(t.text) {
			return t, l.errorf(t.offset, "%q is not a name: names are kebab-case, such as %q or %q", clip(t.text), "two-words", "JSON-file")
		}
		if c == '%' {
			n++
		}
	case isDigit(c):
		t.kind = integer
		for n < len(rest) && isDigit(rest[n]) {
			n++
		}
		t.text = rest[:n]
	case c == '"':
		t.kind = stringLit
		var err *Error
		if t.text, n, err = l.stringLit(); err != nil {
			return t, err
		}
	case strings.HasPrefix(rest, "->"):
		t.kind, t.text, n = operator, "->", 2
	case strings.IndexByte("=,:;(){}<>*/.@_", c) >= 0:
		t.kind, t.text = operator, rest[:1]
	default:
		r, _ := utf8.DecodeRuneInString(rest)
		return t, l.errorf(l.offset, "unexpected character %q", r)
	}
	l.offset += n
	t.end = l.offset
	return t, nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isWord reports whether c can be in a word. An underscore can not, but it is a
// likely mistake that deserves a good message.
func isWord(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// wordLen returns the length of the words and hyphens that s starts with. The
// hyphen of "->" is not one of them.
func wordLen(s string) int {
	n := 0
	for n < len(s) && (isWord(s[n]) || s[n] == '-' && !strings.HasPrefix(s[n:], "->")) {
		n++
	}
	return n
}

func clip(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// skip skips white space and comments, and returns what the documentation
// comments among them say.
func (l *lexer) skip() (docs string, err *Error) {
	var lines []string
	for {
		rest := l.file.Text[l.offset:]
		switch {
		case rest == "":
			return joinDocs(lines), nil
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			l.offset++
		case strings.HasPrefix(rest, "//"):
			line, _, _ := strings.Cut(rest, "\n")
			l.offset += len(line)
			if doc, ok := strings.CutPrefix(line, "///"); ok {
				lines = append(lines, strings.TrimRight(strings.TrimPrefix(doc, " "), " \t\r"))
			}
		case strings.HasPrefix(rest, "/*"):
			n, ok := blockLen(rest)
			if !ok {
				return "", l.errorf(l.offset, "comment is never closed; block comments nest")
			}
			l.offset += n
			if doc, ok := strings.CutPrefix(rest[:n], "/**"); ok && n > len("/**/") {
				lines = append(lines, blockDoc(strings.TrimSuffix(doc, "*/"))...)
			}
		default:
			return joinDocs(lines), nil
		}
	}
}

// joinDocs puts lines of documentation together, without empty ones at the end.
func joinDocs(lines []string) string { return strings.TrimRight(strings.Join(lines, "\n"), "\n") }

// blockLen returns the length of the block comment that s starts with.
func blockLen(s string) (n int, closed bool) {
	for depth := 0; n < len(s); {
		switch {
		case strings.HasPrefix(s[n:], "/*"):
			depth++
			n += 2
		case strings.HasPrefix(s[n:], "*/"):
			depth--
			n += 2
			if depth == 0 {
				return n, true
			}
		default:
			n++
		}
	}
	return n, false
}

// blockDoc returns the lines of a documentation block without the asterisks that
// may lead them, and without empty lines around them.
func blockDoc(s string) []string {
	lines := strings.Split(strings.Trim(s, " \t\r\n"), "\n")
	for i, line := range lines {
		line = strings.TrimSpace(line)
		line = strings.TrimPrefix(line, "* ")
		if line == "*" {
			line = ""
		}
		lines[i] = line
	}
	return lines
}

// version scans a semantic version, which is no token: "1.0.0-rc.1" would be
// several. It ends before a "." that does not go on with another identifier, as
// that of "use a:b/c@1.0.0.{d}".
func (l *lexer) version() (string, *Error) {
	if _, err := l.skip(); err != nil {
		return "", err
	}
	rest := l.file.Text[l.offset:]
	n := 0
	for n < len(rest) {
		c := rest[n]
		if c == '.' && (n+1 == len(rest) || !isWord(rest[n+1]) && rest[n+1] != '-') {
			break
		}
		if !isWord(c) && c != '.' && c != '-' && c != '+' {
			break
		}
		n++
	}
	if _, err := wit.ParseVersion(rest[:n]); err != nil {
		return "", l.errorf(l.offset, "%v", err)
	}
	l.offset += n
	return rest[:n], nil
}
