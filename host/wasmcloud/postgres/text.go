package postgres

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/host/component"
)

var errText = errors.New("it is not written as the database writes it")

// elements reads the text of an array with one dimension: {a,"b c",NULL}.
func elements(s string, delimiter byte) ([]string, error) {
	if strings.HasPrefix(s, "[") { // it does not begin with 1: [2:3]={a,b}
		_, rest, ok := strings.Cut(s, "=")
		if !ok {
			return nil, errText
		}
		s = rest
	}
	if len(s) < 2 || s[0] != '{' || s[len(s)-1] != '}' {
		return nil, errText
	}
	s = s[1 : len(s)-1]
	var all []string
	for i := 0; i < len(s); {
		text, quoted, n, err := element(s[i:], delimiter)
		switch {
		case err != nil:
			return nil, err
		case !quoted && strings.EqualFold(text, "NULL"):
			return nil, errors.New("an array with NULL has no case: cast it to text, or leave them out")
		}
		all = append(all, text)
		i += n
		switch {
		case i == len(s):
			return all, nil
		case s[i] != delimiter, i+1 == len(s):
			return nil, errText
		}
		i++
	}
	return all, nil
}

// element reads one element, and returns how many bytes it takes.
func element(s string, delimiter byte) (text string, quoted bool, n int, err error) {
	if s[0] == '"' {
		text, n, err = quotedText(s)
		return text, true, n, err
	}
	if n = strings.IndexByte(s, delimiter); n < 0 {
		n = len(s)
	}
	if strings.ContainsAny(s[:n], `{}"\`) {
		if s[0] == '{' {
			return "", false, 0, errors.New("an array with several dimensions has no case: cast it to text, or unnest it")
		}
		return "", false, 0, errText
	}
	if n == 0 {
		return "", false, 0, errText
	}
	return s[:n], false, n, nil
}

// quotedText reads a text in double quotes, with backslashes before what is meant as it
// is, and returns how many bytes it takes.
func quotedText(s string) (string, int, error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), i + 1, nil
		case c != '\\':
			b.WriteByte(c)
		case i+1 < len(s):
			i++
			b.WriteByte(s[i])
		}
	}
	return "", 0, errText
}

// list reads an array.
func list[T any](s string, delimiter byte, f func(string) (T, error)) ([]T, error) {
	texts, err := elements(s, delimiter)
	if err != nil {
		return nil, err
	}
	all := make([]T, len(texts))
	for i, text := range texts {
		if all[i], err = f(text); err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
	}
	return all, nil
}

// decodeHstore reads "a"=>"1","b"=>NULL.
func decodeHstore(s string) ([]pair, error) {
	all := []pair{}
	for s != "" {
		if s[0] != '"' {
			return nil, errText
		}
		key, n, err := quotedText(s)
		if err != nil {
			return nil, err
		}
		rest, ok := strings.CutPrefix(s[n:], "=>")
		p := pair{V0: key}
		switch {
		case !ok || rest == "":
			return nil, errText
		case rest[0] == '"':
			if p.V1.Value, n, err = quotedText(rest); err != nil {
				return nil, err
			}
			p.V1.Some, rest = true, rest[n:]
		case strings.HasPrefix(rest, "NULL"):
			rest = rest[len("NULL"):]
		default:
			return nil, errText
		}
		all = append(all, p)
		if rest == "" {
			break
		}
		if s, ok = strings.CutPrefix(rest, ", "); !ok || s == "" {
			return nil, errText
		}
	}
	return all, nil
}

// decodeLexemes reads 'a':1A,2 'b': an entry for each position, or one without.
func decodeLexemes(s string) ([]Lexeme, error) {
	all := []Lexeme{}
	for s != "" {
		word, rest, err := lexeme(s)
		if err != nil {
			return nil, err
		}
		positions, placed := strings.CutPrefix(rest, ":")
		if !placed {
			all, s = append(all, Lexeme{Data: word}), strings.TrimPrefix(rest, " ")
			continue
		}
		positions, s, _ = strings.Cut(positions, " ")
		for p := range strings.SplitSeq(positions, ",") {
			l, err := position(p)
			if err != nil {
				return nil, err
			}
			l.Data = word
			all = append(all, l)
		}
	}
	return all, nil
}

// position reads 12B. Without a letter the weight is D.
func position(p string) (Lexeme, error) {
	weight := LexemeWeightD
	for i, letter := range []string{"A", "B", "C"} {
		if digits, ok := strings.CutSuffix(p, letter); ok {
			weight, p = LexemeWeight(i), digits //nolint:gosec // it is one of three
			break
		}
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return Lexeme{}, errText
	}
	return Lexeme{Position: component.Some(uint16(n)), Weight: component.Some(weight)}, nil
}

// lexeme reads a word in single quotes, in which quotes are doubled, and backslashes too.
func lexeme(s string) (word, rest string, err error) {
	if s[0] != '\'' {
		return "", "", errText
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		c := s[i]
		double := i+1 < len(s) && s[i+1] == c
		switch {
		case (c == '\'' || c == '\\') && double:
			i++
		case c == '\'':
			return b.String(), s[i+1:], nil
		}
		b.WriteByte(c)
	}
	return "", "", errText
}
