package syntax

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxString bounds a string literal, in bytes of source.
const maxString = 1 << 16

// stringLit scans the string literal at the offset: a name of the core text
// format. It returns its value and the length of the literal.
func (l *lexer) stringLit() (value string, n int, err *Error) {
	rest := l.file.Text[l.offset:]
	var b []byte
	for n = 1; n < min(len(rest), maxString); {
		switch c := rest[n]; c {
		case '"':
			if !utf8.Valid(b) {
				return "", 0, l.errorf(l.offset, "string is not valid UTF-8")
			}
			return string(b), n + 1, nil
		case '\n':
			return "", 0, l.errorf(l.offset, "string is never closed")
		case '\\':
			s, size := unescape(rest[n+1:])
			if size == 0 {
				return "", 0, l.errorf(l.offset+n, "unknown escape in string")
			}
			b = append(b, s...)
			n += 1 + size
		default:
			b = append(b, c)
			n++
		}
	}
	return "", 0, l.errorf(l.offset, "string is never closed, or longer than %d bytes", maxString)
}

// unescape returns what the escape stands for that s starts with, after its
// backslash, and its length; zero if it is none.
func unescape(s string) (value string, n int) {
	const simple, meaning = `tnr"'\`, "\t\n\r\"'\\"
	if s == "" {
		return "", 0
	}
	if i := strings.IndexByte(simple, s[0]); i >= 0 {
		return meaning[i : i+1], 1
	}
	if digits, ok := strings.CutPrefix(s, "u{"); ok {
		digits, _, closed := strings.Cut(digits, "}")
		r, err := strconv.ParseUint(digits, 16, 21)
		if !closed || err != nil || !utf8.ValidRune(rune(r)) {
			return "", 0
		}
		return string(rune(r)), len("u{}") + len(digits)
	}
	if len(s) < 2 {
		return "", 0
	}
	c, err := strconv.ParseUint(s[:2], 16, 8)
	if err != nil {
		return "", 0
	}
	return string([]byte{byte(c)}), 2
}

// quote returns s as a string literal.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(`\u{`)
			b.WriteString(strconv.FormatUint(uint64(r), 16))
			b.WriteByte('}')
		}
	}
	b.WriteByte('"')
	return b.String()
}
