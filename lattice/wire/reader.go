package wire

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/lattice"
)

// reader reads one JSON text (RFC 8259) from its beginning to its end. Unlike
// package encoding/json it takes names of fields as they are written and no other
// way, refuses a field that is there twice, and knows where it is when something
// is wrong. The first error stays; after it every method returns a zero.
type reader struct {
	what string // for errors: "desired"
	data []byte
	pos  int
	path []step
	err  error
}

// step is a field, or an element if the name is empty.
type step struct {
	name  string
	index int
}

// read has f read all of data.
func read(what string, data []byte, limit int, f func(r *reader)) error {
	r := &reader{what: what, data: data}
	if len(data) > limit {
		return fmt.Errorf("%s: %w: %d bytes, the limit is %d", what, lattice.ErrInvalid, len(data), limit)
	}
	f(r)
	if r.space(); r.err == nil && r.pos < len(r.data) {
		r.fail("there is more after the end")
	}
	return r.err
}

// fail keeps the first error.
func (r *reader) fail(format string, args ...any) {
	if r.err != nil {
		return
	}
	var at strings.Builder
	for i, s := range r.path {
		switch {
		case s.name == "":
			fmt.Fprintf(&at, "[%d]", s.index)
		case i == 0:
			fmt.Fprintf(&at, "%.80s", strings.ToValidUTF8(s.name, "?"))
		default:
			fmt.Fprintf(&at, ".%.80s", strings.ToValidUTF8(s.name, "?"))
		}
	}
	if at.Len() > 0 {
		at.WriteString(": ")
	}
	r.err = fmt.Errorf("%s at byte %d: %s%w: %s", r.what, r.pos, at.String(), lattice.ErrInvalid, fmt.Sprintf(format, args...))
}

func (r *reader) space() {
	for r.pos < len(r.data) {
		switch r.data[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// peek returns the first byte of the next token, zero at the end.
func (r *reader) peek() byte {
	if r.space(); r.err != nil || r.pos == len(r.data) {
		return 0
	}
	return r.data[r.pos]
}

// take consumes c if it is next.
func (r *reader) take(c byte) bool {
	if r.peek() != c || c == 0 {
		return false
	}
	r.pos++
	return true
}

// have describes the next token.
func (r *reader) have() string {
	switch c := r.peek(); {
	case c == 0:
		return "the end"
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == '"':
		return "a string"
	case c == '-' || c >= '0' && c <= '9':
		return "a number"
	default:
		word := r.data[r.pos:]
		for _, w := range []string{"null", "true", "false"} {
			if strings.HasPrefix(string(word[:min(len(word), len(w))]), w) {
				return w
			}
		}
		return fmt.Sprintf("%q", word[:1])
	}
}

// enter begins an array or object.
func (r *reader) enter(open byte, want string) bool {
	if !r.take(open) {
		r.fail("want %s, have %s", want, r.have())
		return false
	}
	if len(r.path) >= MaxDepth {
		r.fail("nested more than %d deep", MaxDepth)
		return false
	}
	return true
}

// more reports whether an array or object has an element after n of them, and
// consumes what is before it or the end.
func (r *reader) more(end byte, n int) bool {
	switch {
	case r.err != nil || r.take(end):
		return false
	case n == 0:
		return true
	case r.take(','):
		return true
	}
	r.fail("want , or %c, have %s", end, r.have())
	return false
}

// members reads an object: f is called for each member, to read its value.
func (r *reader) members(limit int, f func(name string)) {
	if !r.enter('{', "an object") {
		return
	}
	for n := 0; r.more('}', n); n++ {
		if n == limit {
			r.fail("more than %d members", limit)
			return
		}
		name := r.string(MaxConfigKey)
		if !r.take(':') {
			r.fail("want :, have %s", r.have())
			return
		}
		r.path = append(r.path, step{name: name})
		if f(name); r.err != nil {
			return
		}
		r.path = r.path[:len(r.path)-1]
	}
}

// array reads an array: f is called to read each element.
func (r *reader) array(limit int, f func()) {
	if !r.enter('[', "an array") {
		return
	}
	for n := 0; r.more(']', n); n++ {
		if n == limit {
			r.fail("more than %d elements", limit)
			return
		}
		r.path = append(r.path, step{index: n})
		if f(); r.err != nil {
			return
		}
		r.path = r.path[:len(r.path)-1]
	}
}

// string reads a string of up to limit bytes.
func (r *reader) string(limit int) string { return string(r.chars(limit)) }

// chars is string for who keeps nothing of it: its bytes may be those that are read.
func (r *reader) chars(limit int) []byte {
	if !r.take('"') {
		r.fail("want a string, have %s", r.have())
		return nil
	}
	var text []byte
	for start := r.pos; ; {
		if r.pos == len(r.data) {
			r.fail("the string has no end")
			return nil
		}
		if len(text)+r.pos-start > limit {
			r.fail("the string is longer than %d bytes", limit)
			return nil
		}
		switch c := r.data[r.pos]; {
		case c == '"':
			s := r.data[start:r.pos]
			if text != nil {
				s = append(text, s...)
			}
			if !utf8.Valid(s) {
				r.fail("the string is not UTF-8")
				return nil
			}
			r.pos++
			return s
		case c < ' ':
			r.fail("a control character is in the string")
			return nil
		case c == '\\':
			text = append(text, r.data[start:r.pos]...)
			char, ok := r.escape()
			if !ok {
				r.fail("the string has an escape that is none")
				return nil
			}
			text = utf8.AppendRune(text, char)
			start = r.pos
		default:
			r.pos++
		}
	}
}

// escape consumes an escape. Half of a surrogate pair is none.
func (r *reader) escape() (rune, bool) {
	rest := r.data[r.pos:]
	if len(rest) < 2 {
		return 0, false
	}
	if i := strings.IndexByte(`"\/bfnrt`, rest[1]); i >= 0 {
		r.pos += 2
		return rune("\"\\/\b\f\n\r\t"[i]), true
	}
	char, ok := hex4(rest)
	if !ok {
		return 0, false
	}
	r.pos += 6
	if !utf16.IsSurrogate(char) {
		return char, true
	}
	low, ok := hex4(rest[6:])
	r.pos += 6
	char = utf16.DecodeRune(char, low)
	return char, ok && char != utf8.RuneError
}

// hex4 reads \uXXXX.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var n rune
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			n = n<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return n, true
}

// number reads a number as it is written.
func (r *reader) number() string {
	c := r.peek()
	if c != '-' && (c < '0' || c > '9') {
		r.fail("want a number, have %s", r.have())
		return ""
	}
	start := r.pos
	digits := func() bool {
		from := r.pos
		for r.pos < len(r.data) && r.data[r.pos] >= '0' && r.data[r.pos] <= '9' {
			r.pos++
		}
		return r.pos > from
	}
	next := func(set string) bool {
		if r.pos == len(r.data) || strings.IndexByte(set, r.data[r.pos]) < 0 {
			return false
		}
		r.pos++
		return true
	}
	next("-")
	ok := next("0") || digits()
	if ok && next(".") {
		ok = digits()
	}
	if ok && next("eE") {
		next("+-")
		ok = digits()
	}
	// Nothing that is written in good faith is longer.
	if !ok || r.pos-start > 32 {
		r.fail("the number is none")
		return ""
	}
	return string(r.data[start:r.pos])
}

// uint reads an integer from low to high.
func (r *reader) uint(low, high uint64) uint64 {
	s := r.number()
	if r.err != nil {
		return 0
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n < low || n > high {
		r.fail("want an integer from %d to %d, have %s", low, high, s)
		return 0
	}
	return n
}

// int is uint for types that are signed.
func (r *reader) int(low, high int64) int64 { return int64(r.uint(uint64(low), uint64(high))) } //nolint:gosec // neither is negative

// float reads a number that is not negative.
func (r *reader) float() float64 {
	s := r.number()
	if r.err != nil {
		return 0
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || math.Signbit(f) {
		r.fail("want a number that is not negative, have %s", s)
		return 0
	}
	return f
}

// bool reads true or false.
func (r *reader) bool() bool {
	switch r.have() {
	case "true":
		r.pos += len("true")
		return true
	case "false":
		r.pos += len("false")
		return false
	}
	r.fail("want true or false, have %s", r.have())
	return false
}

// skip reads a value of any kind.
func (r *reader) skip() {
	switch c := r.peek(); c {
	case '{':
		r.members(math.MaxInt, func(string) { r.skip() })
	case '[':
		r.array(math.MaxInt, r.skip)
	case '"':
		r.chars(math.MaxInt)
	case 't', 'f':
		r.bool()
	case 'n':
		if r.have() != "null" {
			r.fail("want a value, have %s", r.have())
			return
		}
		r.pos += len("null")
	case 0:
		r.fail("want a value, have the end")
	default:
		r.number()
	}
}

// raw reads a value of any kind and returns its bytes, which are a copy.
func (r *reader) raw() []byte {
	r.space()
	start := r.pos
	if r.skip(); r.err != nil {
		return nil
	}
	return append([]byte(nil), r.data[start:r.pos]...)
}
