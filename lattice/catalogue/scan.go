package catalogue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/internal/rawjson"
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

// member is a member of an object: its value, and from where to where that is.
type member struct {
	name     string
	value    []byte
	from, to int
}

// members returns the members of an object without blanks.
func members(data []byte) ([]member, error) {
	if len(data) == 0 || data[0] != '{' {
		return nil, errors.New("it is no object")
	}
	var all []member
	s := rawjson.Scanner{Data: data, Pos: 1}
	for s.Data[s.Pos] != '}' {
		if s.Data[s.Pos] == ',' {
			s.Pos++
		}
		m := member{name: s.Text()}
		s.Pos++ // the colon
		m.from = s.Pos
		s.Skip()
		m.to, m.value = s.Pos, data[m.from:s.Pos]
		all = append(all, m)
	}
	return all, nil
}

// scanner goes over JSON without blanks.
type scanner struct{ rawjson.Scanner }

// check consumes a value and says what is wrong with it anywhere. key is the name of the
// member that it is, or is an element of.
func (s *scanner) check(key string, depth int) error {
	if depth > MaxDepth {
		return fmt.Errorf("it is nested more than %d deep", MaxDepth)
	}
	switch s.Data[s.Pos] {
	case '{':
		seen := map[string]bool{}
		for s.Pos++; s.Data[s.Pos] != '}'; {
			if s.Data[s.Pos] == ',' {
				s.Pos++
			}
			name := s.Text()
			if err := Visible(name); err != nil {
				return fmt.Errorf("the name of the member %.80q: %w", name, err)
			}
			if seen[name] {
				return fmt.Errorf("the member %.80q is there twice", name)
			}
			seen[name] = true
			s.Pos++ // the colon
			if err := s.check(name, depth+1); err != nil {
				return err
			}
		}
		s.Pos++
	case '[':
		for s.Pos++; s.Data[s.Pos] != ']'; {
			if s.Data[s.Pos] == ',' {
				s.Pos++
			}
			if err := s.check(key, depth+1); err != nil {
				return err
			}
		}
		s.Pos++
	case '"':
		t := s.Text()
		if err := Visible(t); err != nil {
			return fmt.Errorf("%.80q: %w", key, err)
		}
		if (key == "$ref" || key == "$dynamicRef") && !strings.HasPrefix(t, "#") {
			return fmt.Errorf("%q: %.80q is outside of the document", key, t)
		}
	default:
		s.Skip()
	}
	return nil
}
