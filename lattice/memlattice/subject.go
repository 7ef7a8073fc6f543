package memlattice

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// checkSubject checks a subject; only a pattern has wildcards.
func checkSubject(what, s string, pattern bool) error {
	tokens := strings.Split(s, ".")
	for i, token := range tokens {
		wild := token == "*" || token == ">"
		switch {
		case token == "", strings.ContainsAny(token, " \t\r\n\f\x00"):
			return fmt.Errorf("%s %.80q: %w: want tokens with dots between and no blanks", what, s, lattice.ErrInvalid)
		case wild && !pattern:
			return fmt.Errorf("%s %.80q: %w: wildcards cannot be published to", what, s, lattice.ErrInvalid)
		case token == ">" && i < len(tokens)-1:
			return fmt.Errorf("%s %.80q: %w: > stands for the rest and comes last", what, s, lattice.ErrInvalid)
		}
	}
	return nil
}

// checkKey checks a key of a bucket, or a pattern of keys.
func checkKey(s string, pattern bool) error {
	if err := checkSubject("key", s, pattern); err != nil {
		return err
	}
	for token := range strings.SplitSeq(s, ".") {
		if pattern && (token == "*" || token == ">") {
			continue
		}
		if !charset(token, "-_=/") {
			return fmt.Errorf("key %.80q: %w: want tokens of letters, digits and any of - _ = /", s, lattice.ErrInvalid)
		}
	}
	return nil
}

// checkName checks the name of a bucket, store, stream, user or queue.
func checkName(what, s string) error {
	if s == "" || !charset(s, "-_") {
		return fmt.Errorf("%s %.80q: %w: want letters, digits, - and _", what, s, lattice.ErrInvalid)
	}
	return nil
}

func charset(s, more string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(more, c) >= 0:
		default:
			return false
		}
	}
	return true
}

// matches reports whether a subject or key matches a pattern.
func matches(pattern, subject string) bool {
	for {
		p, patternRest, patternMore := strings.Cut(pattern, ".")
		s, subjectRest, subjectMore := strings.Cut(subject, ".")
		switch {
		case p == ">":
			return true
		case p != "*" && p != s, patternMore != subjectMore:
			return false
		case !patternMore:
			return true
		}
		pattern, subject = patternRest, subjectRest
	}
}
