package jsonval

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxSkip is how deep something may be that nobody looks at.
const maxSkip = 128

// syntaxError says that a text is no JSON.
type syntaxError struct {
	at  int
	msg string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("offset %d: %s", e.at, e.msg) }

// scanner reads JSON (RFC 8259). It keeps nothing of what it has read.
type scanner struct {
	text []byte
	pos  int
}

func (s *scanner) errorf(format string, args ...any) error {
	return &syntaxError{s.pos, fmt.Sprintf(format, args...)}
}

// peek returns the first byte of the next token, or 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// accept passes over a byte if it is the next token.
func (s *scanner) accept(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) expect(c byte) error {
	if !s.accept(c) {
		return s.unexpected()
	}
	return nil
}

func (s *scanner) unexpected() error {
	if s.pos >= len(s.text) {
		return s.errorf("unexpected end of JSON")
	}
	return s.errorf("unexpected character %q", s.text[s.pos])
}

// end says whether there is nothing more.
func (s *scanner) end() error {
	if s.peek(); s.pos < len(s.text) {
		return s.unexpected()
	}
	return nil
}

// word passes over a literal name.
func (s *scanner) word(w string) error {
	if s.peek(); len(s.text)-s.pos < len(w) || string(s.text[s.pos:s.pos+len(w)]) != w {
		return s.unexpected()
	}
	s.pos += len(w)
	return nil
}

// number returns the text of a number.
func (s *scanner) number() (string, error) {
	s.peek()
	start := s.pos
	next := func() byte {
		if s.pos < len(s.text) {
			return s.text[s.pos]
		}
		return 0
	}
	digits := func() bool {
		from := s.pos
		for c := next(); c >= '0' && c <= '9'; c = next() {
			s.pos++
		}
		return s.pos > from
	}
	if next() == '-' {
		s.pos++
	}
	if next() == '0' {
		s.pos++
	} else if !digits() {
		return "", s.unexpected()
	}
	if next() == '.' {
		if s.pos++; !digits() {
			return "", s.unexpected()
		}
	}
	if c := next(); c == 'e' || c == 'E' {
		s.pos++
		if c := next(); c == '+' || c == '-' {
			s.pos++
		}
		if !digits() {
			return "", s.unexpected()
		}
	}
	return string(s.text[start:s.pos]), nil
}

// string returns a string. What is no Unicode is an error.
func (s *scanner) string() (string, error) {
	if err := s.expect('"'); err != nil {
		return "", err
	}
	start := s.pos
	var b []byte // what was read if it is not the text as it stands
	for from := start; s.pos < len(s.text); {
		switch c := s.text[s.pos]; {
		case c == '"':
			text := s.text[from:s.pos]
			s.pos++
			if b == nil {
				return string(text), nil
			}
			return string(append(b, text...)), nil
		case c < ' ':
			return "", s.unexpected()
		case c == '\\':
			b = append(b, s.text[from:s.pos]...)
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			b = utf8.AppendRune(b, r)
			from = s.pos
		case c < utf8.RuneSelf:
			s.pos++
		default:
			r, n := utf8.DecodeRune(s.text[s.pos:])
			if r == utf8.RuneError && n == 1 {
				return "", s.errorf("the text is not UTF-8")
			}
			s.pos += n
		}
	}
	return "", s.unexpected()
}

// escape reads what begins with a backslash.
func (s *scanner) escape() (rune, error) {
	if s.pos++; s.pos >= len(s.text) {
		return 0, s.unexpected()
	}
	c := s.text[s.pos]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return s.unicode()
	default:
		return 0, s.unexpected()
	}
	s.pos++
	return rune(c), nil
}

// unicode reads an escape by code units, of which two may be one character.
func (s *scanner) unicode() (rune, error) {
	at := s.pos
	r, err := s.hex()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if s.pos+1 < len(s.text) && s.text[s.pos] == '\\' && s.text[s.pos+1] == 'u' {
		s.pos++
		low, err := s.hex()
		if err != nil {
			return 0, err
		}
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			return r, nil
		}
	}
	return 0, &syntaxError{at - 1, "half of a surrogate pair is no character"}
}

func (s *scanner) hex() (rune, error) {
	if s.pos++; len(s.text)-s.pos < 4 {
		s.pos = len(s.text)
		return 0, s.unexpected()
	}
	n, err := strconv.ParseUint(string(s.text[s.pos:s.pos+4]), 16, 16)
	if err != nil {
		return 0, s.errorf("an escape needs four hexadecimal digits")
	}
	s.pos += 4
	return rune(n), nil
}

// object calls f at the value of each member. f has to pass over it.
func (s *scanner) object(f func(name string) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	if s.accept('}') {
		return nil
	}
	for {
		s.peek()
		name, err := s.string()
		if err == nil {
			err = s.expect(':')
		}
		if err == nil {
			err = f(name)
		}
		if err != nil {
			return err
		}
		if s.accept('}') {
			return nil
		}
		if err := s.expect(','); err != nil {
			return err
		}
	}
}

// array calls f at each element. f has to pass over it.
func (s *scanner) array(f func(i int) error) error {
	if err := s.expect('['); err != nil {
		return err
	}
	if s.accept(']') {
		return nil
	}
	for i := 0; ; i++ {
		if err := f(i); err != nil {
			return err
		}
		if s.accept(']') {
			return nil
		}
		if err := s.expect(','); err != nil {
			return err
		}
	}
}

// skip passes over a value.
func (s *scanner) skip(depth int) error {
	if depth > maxSkip {
		return s.errorf("nested deeper than %d", maxSkip)
	}
	var err error
	switch c := s.peek(); {
	case c == '{':
		err = s.object(func(string) error { return s.skip(depth + 1) })
	case c == '[':
		err = s.array(func(int) error { return s.skip(depth + 1) })
	case c == '"':
		_, err = s.string()
	case c == 't':
		err = s.word("true")
	case c == 'f':
		err = s.word("false")
	case c == 'n':
		err = s.word("null")
	case c == '-' || c >= '0' && c <= '9':
		_, err = s.number()
	default:
		err = s.unexpected()
	}
	return err
}

// found says what the next value is, for messages.
func (s *scanner) found() string {
	switch c := s.peek(); {
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == '"':
		return "a string"
	case c == 't' || c == 'f':
		return "a boolean"
	case c == 'n':
		return "null"
	case c == '-' || c >= '0' && c <= '9':
		return "a number"
	default:
		return ""
	}
}
