package wave

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unescape reads the escape at the start of s, which is of n bytes. msg says
// what is wrong with it, if anything.
func unescape(s string) (c rune, n int, msg string) {
	if len(s) < 2 {
		return 0, 0, `nothing follows \`
	}
	switch s[1] {
	case '\\', '\'', '"':
		return rune(s[1]), 2, ""
	case 't':
		return '\t', 2, ""
	case 'n':
		return '\n', 2, ""
	case 'r':
		return '\r', 2, ""
	case 'u':
		const maxDigits = 6
		hex, _, ok := strings.Cut(s[2:min(len(s), 4+maxDigits)], "}")
		hex, braced := strings.CutPrefix(hex, "{")
		if !ok || !braced || hex == "" || len(hex) > maxDigits {
			return 0, 0, `\u is followed by one to six hexadecimal digits in braces, as in \u{2603}`
		}
		v, err := strconv.ParseUint(hex, 16, 32)
		if err != nil {
			return 0, 0, fmt.Sprintf(`\u{%s} is not hexadecimal`, clip(hex))
		}
		if v > unicode.MaxRune || !utf8.ValidRune(rune(v)) {
			return 0, 0, fmt.Sprintf(`\u{%s} is not a Unicode scalar value`, hex)
		}
		return rune(v), len(`\u{}`) + len(hex), ""
	}
	c, _ = utf8.DecodeRuneInString(s[1:])
	return 0, 0, fmt.Sprintf(`there is no escape \%c; write \\ for a backslash`, c)
}

// unescapeAll appends s with its escapes replaced to b. If there is a fault, msg
// says what and at which offset of s.
func unescapeAll(b *strings.Builder, s string) (at int, msg string) {
	for i := 0; ; {
		n := strings.IndexByte(s[i:], '\\')
		if n < 0 {
			b.WriteString(s[i:])
			return 0, ""
		}
		b.WriteString(s[i : i+n])
		i += n
		c, n, msg := unescape(s[i:])
		if msg != "" {
			return i, msg
		}
		b.WriteRune(c)
		i += n
	}
}

// stringValue reads a string token.
func (p *parser) stringValue() (string, *Error) {
	if p.tok.kind == tokenLines {
		return p.linesValue()
	}
	var b strings.Builder
	s := p.word()
	unescapeAll(&b, s[1:len(s)-1]) // the lexer has checked it
	return b.String(), nil
}

// linesValue reads a string of several lines. The last one, which is of spaces,
// says how many spaces the others lose.
func (p *parser) linesValue() (string, *Error) {
	const quotes = `"""`
	s := p.word()
	s = s[len(quotes) : len(s)-len(quotes)]
	at := p.tok.start + len(quotes)
	if strings.HasPrefix(s, "\r\n") {
		s, at = s[1:], at+1
	}
	if !strings.HasPrefix(s, "\n") {
		return "", fault(p.text, at, `a line has to end after the opening """`)
	}
	end := strings.LastIndexByte(s, '\n')
	indent := s[end+1:]
	if strings.Trim(indent, " ") != "" {
		return "", fault(p.text, p.tok.end-len(quotes), `the closing """ has to stand alone in its line, after spaces only`)
	}
	var b strings.Builder
	if end == 0 {
		return "", nil
	}
	at++
	first := true
	for line := range strings.SplitSeq(s[1:end], "\n") {
		body, ok := strings.CutPrefix(line, indent)
		if !ok {
			return "", fault(p.text, at, `the line has to be indented by %d spaces at least, as the closing """ is`, len(indent))
		}
		if !first {
			b.WriteByte('\n')
		}
		first = false
		if off, msg := unescapeAll(&b, strings.TrimSuffix(body, "\r")); msg != "" {
			return "", fault(p.text, at+len(indent)+off, "%s", msg)
		}
		at += len(line) + 1
	}
	return b.String(), nil
}

// quote appends a char or string, between quotes, escaping no more than it must.
func quote(b []byte, s string, quote rune) []byte {
	b = append(b, byte(quote))
	for _, c := range s {
		b = appendRune(b, c, quote)
	}
	return append(b, byte(quote))
}

func appendRune(b []byte, c, quote rune) []byte {
	switch c {
	case '\t':
		return append(b, `\t`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\\', quote:
		return append(b, '\\', byte(c))
	}
	if unicode.IsPrint(c) {
		return utf8.AppendRune(b, c)
	}
	return fmt.Appendf(b, `\u{%x}`, c)
}
