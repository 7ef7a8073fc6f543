package jsonrpc

import (
	"bytes"
	"encoding/json"
)

// IsString reports whether a value that Scan has found is a string.
func IsString(value []byte) bool { return len(value) > 0 && value[0] == '"' }

// IsObject reports whether a value that Scan has found is an object.
func IsObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }

// Unquote returns what a string says that Scan has found, and nothing for any other
// value. Halves of surrogate pairs become U+FFFD.
func Unquote(value []byte) string {
	if !IsString(value) {
		return ""
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return string(value[1 : len(value)-1])
	}
	var s string
	_ = json.Unmarshal(value, &s) // it is a string
	return s
}

// Is reports whether a value that Scan has found is the string s.
func Is(value []byte, s string) bool {
	if !IsString(value) {
		return false
	}
	if inner := value[1 : len(value)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner) == s
	}
	return Unquote(value) == s
}

// Same reports whether two values that Scan has found are the same string, or the same
// text.
func Same(a, b []byte) bool {
	return bytes.Equal(a, b) || IsString(a) && IsString(b) && Unquote(a) == Unquote(b)
}

// IsInteger reports whether a value that Scan has found is a number without a fraction
// or an exponent.
func IsInteger(value []byte) bool {
	return len(value) > 0 && (value[0] == '-' || value[0] >= '0' && value[0] <= '9') && !bytes.ContainsAny(value, ".eE")
}

// AppendString appends s as a JSON string.
func AppendString[T string | []byte](dst []byte, s T) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			return appendQuoted(dst, string(s))
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

func appendQuoted(dst []byte, s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // strings can be encoded
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// Edit replaces a part of a text, which may be empty, by another one.
type Edit struct {
	Span
	Text []byte
}

// Splice appends text to dst with the edits made. They are in order and do not overlap.
func Splice(dst, text []byte, edits ...Edit) []byte {
	at := 0
	for _, e := range edits {
		dst = append(dst, text[at:e.From]...)
		dst = append(dst, e.Text...)
		at = e.To
	}
	return append(dst, text[at:]...)
}

// Member returns the edit that puts a member, NAME:VALUE, into an object that Scan has
// found at a span, as its first one.
func Member(text []byte, object Span, name string, value []byte) Edit {
	at := object.From + 1
	b := make([]byte, 0, len(name)+len(value)+4)
	b = append(AppendString(b, name), ':')
	b = append(b, value...)
	if !isEmpty(text[at:object.To]) {
		b = append(b, ',')
	}
	return Edit{Span{at, at}, b}
}

// Without returns the edit that takes a member out of an object, both of which Scan has
// found at their spans; the member's is that of its value.
func Without(text []byte, object, value Span) Edit {
	at := back(text, value.From) - 1 // behind the colon, and before it
	at = back(text, at) - 1          // the quotation mark that ends the name
	for at--; text[at] != '"' || isEscaped(text, at); at-- {
	}
	before := back(text, at)
	if text[before-1] == ',' {
		return Edit{Span: Span{before - 1, value.To}}
	}
	after := value.To
	for isBlank(text[after]) {
		after++
	}
	if text[after] == ',' {
		after++
	}
	return Edit{Span: Span{at, min(after, object.To-1)}}
}

// back returns the first position before at that has only blanks behind it.
func back(text []byte, at int) int {
	for isBlank(text[at-1]) {
		at--
	}
	return at
}

// isEscaped reports whether a character in a string is a part of an escape.
func isEscaped(text []byte, at int) bool {
	n := 0
	for text[at-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// isEmpty reports whether what is behind the bracket that opens an object closes it.
func isEmpty(rest []byte) bool {
	for _, c := range rest {
		if !isBlank(c) {
			return c == '}'
		}
	}
	return true
}

// OneLine replaces the line breaks of a JSON text, which are blanks between its tokens,
// by spaces.
func OneLine(text []byte) []byte {
	if bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	out := bytes.Clone(text)
	for i, c := range out {
		if c == '\n' || c == '\r' {
			out[i] = ' '
		}
	}
	return out
}
