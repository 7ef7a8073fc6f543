package jsonrpc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may lie in each other.
const MaxDepth = 128

// Field is a member that is looked for.
type Field struct {
	Name string
	// Slot says where its span goes.
	Slot int
	// Shape is what is looked for in its value, if that is an object.
	Shape Shape
}

// Shape are the members of an object that are looked for. There are at most 64.
type Shape []Field

// Span is where a value is in a text. The zero Span is that of a member that is not there.
type Span struct{ From, To int }

// Found reports whether there is a value.
func (s Span) Found() bool { return s.To > 0 }

// Of returns the value, nil if there is none.
func (s Span) Of(text []byte) []byte {
	if s.To == 0 {
		return nil
	}
	return text[s.From:s.To:s.To]
}

// SyntaxError says what is wrong with a text.
type SyntaxError struct {
	// Offset is where, in bytes.
	Offset int
	Reason string
}

// Error implements error.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset) }

// Scan finds the members of shape in text, which must be one JSON value, and sets
// their spans. Slots whose members are not there are left as they are.
func Scan(text []byte, shape Shape, spans []Span) error {
	if !utf8.Valid(text) {
		return &SyntaxError{firstInvalid(text), "no UTF-8"}
	}
	s := scanner{text: text, spans: spans}
	s.blank()
	if err := s.shaped(shape, 1); err != nil {
		return err
	}
	s.blank()
	if s.pos < len(text) {
		return s.fail("something behind the end of the value")
	}
	return nil
}

// firstInvalid returns where text stops being UTF-8.
func firstInvalid(text []byte) int {
	for i := 0; i < len(text); {
		c, n := utf8.DecodeRune(text[i:])
		if c == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(text)
}

type scanner struct {
	text  []byte
	pos   int
	spans []Span
}

func (s *scanner) fail(reason string) error {
	if s.pos >= len(s.text) {
		return &SyntaxError{len(s.text), "the text ends too early"}
	}
	return &SyntaxError{s.pos, reason}
}

// blank skips blanks.
func (s *scanner) blank() {
	if s.pos < len(s.text) && s.text[s.pos] <= ' ' {
		s.blanks()
	}
}

// blanks is blank, where there may be some.
func (s *scanner) blanks() {
	for s.pos < len(s.text) && isBlank(s.text[s.pos]) {
		s.pos++
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// at reports whether the next byte is c, and skips it then.
func (s *scanner) at(c byte) bool {
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// shaped consumes a value, and looks into it if it is an object.
func (s *scanner) shaped(shape Shape, depth int) error {
	if len(shape) == 0 || s.pos >= len(s.text) || s.text[s.pos] != '{' {
		return s.value(depth)
	}
	s.pos++
	s.blank()
	if s.at('}') {
		return nil
	}
	for seen := uint64(0); ; {
		from := s.pos
		if err := s.string(); err != nil {
			return err
		}
		name := s.text[from:s.pos]
		i, err := shape.find(name)
		switch {
		case err != nil:
			return &SyntaxError{from, err.Error()}
		case i < 0:
		case seen&(1<<i) != 0:
			return &SyntaxError{from, fmt.Sprintf("the member %q is there twice", shape[i].Name)}
		default:
			seen |= 1 << i
		}
		s.blank()
		if !s.at(':') {
			return s.fail("no colon")
		}
		s.blank()
		from = s.pos
		if i < 0 {
			err = s.value(depth + 1)
		} else {
			err = s.shaped(shape[i].Shape, depth+1)
		}
		if err != nil {
			return err
		}
		if i >= 0 {
			s.spans[shape[i].Slot] = Span{from, s.pos}
		}
		s.blank()
		if s.at('}') {
			return nil
		}
		if !s.at(',') {
			return s.fail("no comma")
		}
		s.blank()
	}
}

// find returns which field has the name that a JSON string is, -1 if none has.
func (f Shape) find(quoted []byte) (int, error) {
	name := quoted[1 : len(quoted)-1]
	for i := range f {
		if string(name) == f[i].Name {
			return i, nil
		}
	}
	if isPlain(name) {
		for i := range f {
			if len(name) == len(f[i].Name) && bytes.EqualFold(name, []byte(f[i].Name)) {
				return -1, likely(string(name), f[i].Name)
			}
		}
		return -1, nil
	}
	text := Unquote(quoted)
	for i := range f {
		if text == f[i].Name {
			return i, nil
		}
		if strings.EqualFold(text, f[i].Name) {
			return -1, likely(text, f[i].Name)
		}
	}
	return -1, nil
}

// likely is the error of a name that some take for another one.
func likely(name, known string) error {
	return fmt.Errorf("the member %q, which some take for %q,", name, known)
}

// isPlain reports whether the inside of a string has no escapes, and characters of ASCII
// only.
func isPlain(inner []byte) bool {
	for _, c := range inner {
		if c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// value consumes a value. depth is how deep an array or object lies that it is.
func (s *scanner) value(depth int) error {
	// open has a bit for each array or object that has been begun, set for objects.
	var open [MaxDepth/64 + 1]uint64
	text, inside := s.text, 0
	for {
		if s.pos >= len(text) {
			return s.fail("")
		}
		var err error
		switch c := text[s.pos]; c {
		case '"':
			err = s.string()
		case '{', '[':
			if depth+inside > MaxDepth {
				return s.fail(fmt.Sprintf("a value that lies more than %d deep", MaxDepth))
			}
			s.pos++
			s.blank()
			if s.at(c + 2) { // the bracket that closes it
				break
			}
			open[inside/64] &^= 1 << (inside % 64)
			if c == '{' {
				open[inside/64] |= 1 << (inside % 64)
			}
			inside++
			if c == '{' {
				if err = s.name(); err != nil {
					return err
				}
			}
			continue
		case 't':
			err = s.literal("true")
		case 'f':
			err = s.literal("false")
		case 'n':
			err = s.literal("null")
		default:
			err = s.number()
		}
		if err != nil {
			return err
		}
		// A value has ended. What is around it goes on or ends.
		for {
			if inside == 0 {
				return nil
			}
			s.blank()
			if s.pos >= len(text) {
				return s.fail("")
			}
			object := open[(inside-1)/64]&(1<<((inside-1)%64)) != 0
			c := text[s.pos]
			if c == ',' {
				s.pos++
				s.blank()
				if object {
					if err := s.name(); err != nil {
						return err
					}
				}
				break
			}
			if object && c == '}' || !object && c == ']' {
				s.pos++
				inside--
				continue
			}
			return s.fail("no comma")
		}
	}
}

// name consumes the name of a member, and what is before its value.
func (s *scanner) name() error {
	if err := s.string(); err != nil {
		return err
	}
	s.blank()
	if !s.at(':') {
		return s.fail("no colon")
	}
	s.blank()
	return nil
}

// Each byte of a word.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special has the high bit set of the first byte of w that is a quotation mark, a
// backslash or a control character, and of some after it perhaps.
func special(w uint64) uint64 {
	quote := w ^ ones*'"'
	slash := w ^ ones*'\\'
	return ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w) & highs
}

// string consumes a string.
func (s *scanner) string() error {
	if !s.at('"') {
		return s.fail("no string")
	}
	text, i := s.text, s.pos
	// Most strings are short names.
	for end := min(i+16, len(text)); i < end; i++ {
		if c := text[i]; c == '"' {
			s.pos = i + 1
			return nil
		} else if c == '\\' || c < 0x20 {
			break
		}
	}
	for {
		for ; i+32 <= len(text); i += 32 {
			w := text[i : i+32 : i+32]
			if special(binary.LittleEndian.Uint64(w))|special(binary.LittleEndian.Uint64(w[8:]))|
				special(binary.LittleEndian.Uint64(w[16:]))|special(binary.LittleEndian.Uint64(w[24:])) != 0 {
				break
			}
		}
		for ; i+8 <= len(text); i += 8 {
			if m := special(binary.LittleEndian.Uint64(text[i:])); m != 0 {
				i += bits.TrailingZeros64(m) / 8
				break
			}
		}
		if i >= len(text) {
			s.pos = i
			return s.fail("")
		}
		switch c := text[i]; {
		case c == '"':
			s.pos = i + 1
			return nil
		case c == '\\':
			n := escape(text[i:])
			if n == 0 {
				s.pos = i
				return s.fail("an escape that is none")
			}
			i += n
		case c < 0x20:
			s.pos = i
			return s.fail("a control character in a string")
		default:
			i++
		}
	}
}

// escape returns how many bytes an escape has, 0 if it is none.
func escape(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(text) < 6 {
			return 0
		}
		for _, c := range text[2:6] {
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return 0
			}
		}
		return 6
	}
	return 0
}

func (s *scanner) literal(word string) error {
	if rest := s.text[s.pos:]; len(rest) < len(word) || string(rest[:len(word)]) != word {
		return s.fail("no value")
	}
	s.pos += len(word)
	return nil
}

// number consumes a number.
func (s *scanner) number() error {
	from := s.pos
	s.at('-')
	switch {
	case s.at('0'):
	case s.digits() > 0:
	case s.pos == from:
		return s.fail("no value")
	default:
		return s.fail("no number")
	}
	if s.at('.') && s.digits() == 0 {
		return s.fail("no number")
	}
	if s.at('e') || s.at('E') {
		if !s.at('+') {
			s.at('-')
		}
		if s.digits() == 0 {
			return s.fail("no number")
		}
	}
	return nil
}

// digits consumes digits and returns how many there were.
func (s *scanner) digits() int {
	i := s.pos
	for i < len(s.text) && s.text[i]-'0' <= 9 {
		i++
	}
	n := i - s.pos
	s.pos = i
	return n
}
