// Package rawjson takes JSON texts apart, and puts them together again, without reading
// more of them than is asked for: numbers keep their digits, members their order, and what
// nobody here knows stays.
//
// [Compact] checks a text once. The other functions take texts that it has returned, or
// parts of them, and can then do without looking for mistakes; other texts make them
// panic.
package rawjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxMembers is how many members an object may have that is taken apart.
const MaxMembers = 4096

// Compact returns one JSON text without blanks, as a copy. It refuses what is no UTF-8
// (RFC 8259, section 8.1), and nesting deeper than package encoding/json allows.
func Compact(data []byte) (json.RawMessage, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8")
	}
	var b bytes.Buffer
	b.Grow(len(data))
	if err := json.Compact(&b, data); err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	return b.Bytes(), nil
}

// Member is a member of an object.
type Member struct {
	Name string
	// Value is a part of the object's text.
	Value json.RawMessage
	key   []byte // the name as it is written
}

// Object are the members of an object, in their order.
type Object []Member

// Members returns the members of an object. It refuses one that has a name twice, which
// two readers could read in two ways, and one with more than MaxMembers.
func Members(data json.RawMessage) (Object, error) {
	if !IsObject(data) {
		return nil, errors.New("it is no object")
	}
	const few = 16
	var all Object
	var seen map[string]bool
	s := Scanner{Data: data, Pos: 1}
	for s.Data[s.Pos] != '}' {
		if s.Data[s.Pos] == ',' {
			s.Pos++
		}
		from := s.Pos
		name := s.Text()
		key := data[from:s.Pos:s.Pos]
		s.Pos++ // the colon
		from = s.Pos
		s.Skip()
		twice := seen[name] || seen == nil && all.Get(name) != nil
		switch {
		case twice:
			return nil, fmt.Errorf("it has the member %.80q twice", name)
		case len(all) == MaxMembers:
			return nil, fmt.Errorf("it has more than %d members", MaxMembers)
		}
		all = append(all, Member{Name: name, Value: data[from:s.Pos:s.Pos], key: key})
		switch {
		case seen != nil:
			seen[name] = true
		case len(all) == few:
			seen = make(map[string]bool, 2*few)
			for _, m := range all {
				seen[m.Name] = true
			}
		}
	}
	return all, nil
}

// Get returns the value of a member, nil if there is none.
func (o Object) Get(name string) json.RawMessage {
	for i := range o {
		if o[i].Name == name {
			return o[i].Value
		}
	}
	return nil
}

// Set returns the object with a member of that value: in the place of the one of that
// name, or after all others.
func (o Object) Set(name string, value json.RawMessage) Object {
	for i := range o {
		if o[i].Name == name {
			o[i].Value = value
			return o
		}
	}
	return append(o, Member{Name: name, Value: value})
}

// Without returns the object without the members that drop names.
func (o Object) Without(drop func(name string) bool) Object {
	var kept Object
	for _, m := range o {
		if !drop(m.Name) {
			kept = append(kept, m)
		}
	}
	return kept
}

// JSON returns the text of the object.
func (o Object) JSON() json.RawMessage {
	size := 2
	for _, m := range o {
		size += len(m.Name) + len(m.Value) + 8
	}
	b := append(make([]byte, 0, size), '{')
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		if m.key != nil {
			b = append(b, m.key...)
		} else {
			b = append(b, Quote(m.Name)...)
		}
		b = append(append(b, ':'), m.Value...)
	}
	return append(b, '}')
}

// Elements returns the elements of an array, which are at most limit.
func Elements(data json.RawMessage, limit int) ([]json.RawMessage, error) {
	if len(data) == 0 || data[0] != '[' {
		return nil, errors.New("it is no array")
	}
	var all []json.RawMessage
	s := Scanner{Data: data, Pos: 1}
	for s.Data[s.Pos] != ']' {
		if s.Data[s.Pos] == ',' {
			s.Pos++
		}
		if len(all) == limit {
			return nil, fmt.Errorf("it has more than %d elements", limit)
		}
		from := s.Pos
		s.Skip()
		all = append(all, data[from:s.Pos:s.Pos])
	}
	return all, nil
}

// IsObject reports whether a text is that of an object.
func IsObject(data json.RawMessage) bool { return len(data) > 0 && data[0] == '{' }

// Text returns a string, and whether the text is that of one.
func Text(data json.RawMessage) (string, bool) {
	if len(data) == 0 || data[0] != '"' {
		return "", false
	}
	return (&Scanner{Data: data}).Text(), true
}

// Int returns an integer, and whether the text is that of one which fits.
func Int(data json.RawMessage) (int64, bool) {
	n, err := strconv.ParseInt(string(data), 10, 64)
	return n, err == nil
}

// Quote returns the JSON text of a string.
func Quote(s string) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string has a text
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Scanner goes over a text that Compact has returned.
type Scanner struct {
	Data []byte
	// Pos is where it is.
	Pos int
}

// Text consumes a string, and returns it.
func (s *Scanner) Text() string {
	from := s.Pos
	s.skipText()
	quoted := s.Data[from:s.Pos]
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var t string
	_ = json.Unmarshal(quoted, &t) // it is a string
	return t
}

func (s *Scanner) skipText() {
	for s.Pos++; s.Data[s.Pos] != '"'; s.Pos++ {
		if s.Data[s.Pos] == '\\' {
			s.Pos++
		}
	}
	s.Pos++
}

// Skip consumes a value.
func (s *Scanner) Skip() {
	for depth := 0; s.Pos < len(s.Data); {
		switch s.Data[s.Pos] {
		case '"':
			s.skipText()
		case '{', '[':
			depth++
			s.Pos++
			continue
		case '}', ']':
			depth--
			s.Pos++
		case ',', ':':
			s.Pos++
			continue
		default:
			for s.Pos < len(s.Data) && strings.IndexByte(",:]}", s.Data[s.Pos]) < 0 {
				s.Pos++
			}
		}
		if depth == 0 {
			return
		}
	}
}
