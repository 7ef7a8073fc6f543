package catalogue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// compact returns one JSON text without blanks, as a copy.
func compact(data []byte) ([]byte, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8")
	}
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	return b.Bytes(), nil
}

// member is a member of an object: what is from its name to the end of its value, and
// its value.
type member struct {
	name        string
	from, to    int
	value       []byte
	valueOffset int
}

// members returns the members of an object that compact has returned.
func members(data []byte) ([]member, error) {
	if len(data) == 0 || data[0] != '{' {
		return nil, errors.New("it is no object")
	}
	var all []member
	s := scanner{data: data, pos: 1}
	for s.data[s.pos] != '}' {
		if s.data[s.pos] == ',' {
			s.pos++
		}
		m := member{from: s.pos}
		m.name = s.text()
		s.pos++ // the colon
		m.valueOffset = s.pos
		s.skip()
		m.to, m.value = s.pos, data[m.valueOffset:s.pos]
		all = append(all, m)
	}
	return all, nil
}

// elements returns the elements of an array that compact has returned, which are at most
// limit.
func elements(data []byte, limit int) ([]json.RawMessage, error) {
	if len(data) == 0 || data[0] != '[' {
		return nil, errors.New("it is no array")
	}
	var all []json.RawMessage
	s := scanner{data: data, pos: 1}
	for s.data[s.pos] != ']' {
		if s.data[s.pos] == ',' {
			s.pos++
		}
		if len(all) == limit {
			return nil, fmt.Errorf("more than %d elements", limit)
		}
		from := s.pos
		s.skip()
		all = append(all, data[from:s.pos:s.pos])
	}
	return all, nil
}

// text returns a JSON string, and whether it is one.
func text(data []byte) (string, bool) {
	if len(data) == 0 || data[0] != '"' {
		return "", false
	}
	return (&scanner{data: data}).text(), true
}

// scanner goes over JSON that compact has returned, so that it cannot be wrong.
type scanner struct {
	data []byte
	pos  int
}

// text consumes a string.
func (s *scanner) text() string {
	from := s.pos
	s.skipText()
	quoted := s.data[from:s.pos]
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var t string
	_ = json.Unmarshal(quoted, &t) // it is a string
	return t
}

func (s *scanner) skipText() {
	for s.pos++; s.data[s.pos] != '"'; s.pos++ {
		if s.data[s.pos] == '\\' {
			s.pos++
		}
	}
	s.pos++
}

// skip consumes a value.
func (s *scanner) skip() {
	for depth := 0; s.pos < len(s.data); {
		switch s.data[s.pos] {
		case '"':
			s.skipText()
		case '{', '[':
			depth++
			s.pos++
			continue
		case '}', ']':
			depth--
			s.pos++
		case ',', ':':
			s.pos++
			continue
		default:
			for s.pos < len(s.data) && strings.IndexByte(",:]}", s.data[s.pos]) < 0 {
				s.pos++
			}
		}
		if depth == 0 {
			return
		}
	}
}

// check consumes a value and says what is wrong with it anywhere. key is the name of the
// member that it is, or is an element of.
func (s *scanner) check(key string, depth int) error {
	if depth > MaxDepth {
		return fmt.Errorf("it is nested more than %d deep", MaxDepth)
	}
	switch s.data[s.pos] {
	case '{':
		seen := map[string]bool{}
		for s.pos++; s.data[s.pos] != '}'; {
			if s.data[s.pos] == ',' {
				s.pos++
			}
			name := s.text()
			if err := Visible(name); err != nil {
				return fmt.Errorf("the name of the member %.80q: %w", name, err)
			}
			if seen[name] {
				return fmt.Errorf("the member %.80q is there twice", name)
			}
			seen[name] = true
			s.pos++ // the colon
			if err := s.check(name, depth+1); err != nil {
				return err
			}
		}
		s.pos++
	case '[':
		for s.pos++; s.data[s.pos] != ']'; {
			if s.data[s.pos] == ',' {
				s.pos++
			}
			if err := s.check(key, depth+1); err != nil {
				return err
			}
		}
		s.pos++
	case '"':
		t := s.text()
		if err := Visible(t); err != nil {
			return fmt.Errorf("%.80q: %w", key, err)
		}
		if (key == "$ref" || key == "$dynamicRef") && !strings.HasPrefix(t, "#") {
			return fmt.Errorf("%q: %.80q is outside of the document", key, t)
		}
	default:
		s.skip()
	}
	return nil
}
