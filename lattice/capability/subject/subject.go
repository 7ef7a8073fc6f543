// Package subject knows the subjects on which components send each other messages: parts
// joined by dots, "orders.eu.created".
//
// They are names in a space of their own, below a prefix of the lattice: none of them is
// a subject of NATS itself, of JetStream, or of Wattle. Those that look like one, as
// "$JS.API.INFO", "_INBOX.x" or "wattle.default.control.app.put", would be harmless
// there, and are refused all the same: who names one means something else.
//
// A [Pattern] may have the wildcards of NATS: * stands for one part, and > at the end for
// one or more. It begins with a part that is none, so that nobody has all subjects of a
// lattice by accident.
package subject

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxLen is how many bytes a subject, a pattern or the name of a queue may have, and
// MaxParts how many parts a subject or pattern.
const (
	MaxLen   = 255
	MaxParts = 32
)

// Prefix of inboxes, which are subjects of NATS for the answers to one request.
const inboxPrefix = "_INBOX."

// Check judges a subject on which a message may be sent.
func Check(s string) error {
	if err := check(s, false); err != nil {
		return fmt.Errorf("subject %.80q: %w", s, err)
	}
	return nil
}

// Pattern is a pattern of subjects; ParsePattern makes them.
type Pattern struct{ text string }

// ParsePattern reads a pattern.
func ParsePattern(s string) (Pattern, error) {
	if err := check(s, true); err != nil {
		return Pattern{}, fmt.Errorf("subject %.80q: %w", s, err)
	}
	return Pattern{s}, nil
}

// String returns the pattern as it was read.
func (p Pattern) String() string { return p.text }

// Matches reports whether a subject, which is one, is among those of the pattern.
func (p Pattern) Matches(s string) bool {
	pattern := p.text
	for {
		want, wantRest, wantMore := strings.Cut(pattern, ".")
		have, haveRest, haveMore := strings.Cut(s, ".")
		switch {
		case want == ">":
			return true
		case want != "*" && want != have:
			return false
		case !wantMore || !haveMore:
			return wantMore == haveMore
		}
		pattern, s = wantRest, haveRest
	}
}

// IsInbox reports whether a subject of NATS is one for the answers to a request, and has
// no wildcards.
func IsInbox(s string) bool {
	rest, ok := strings.CutPrefix(s, inboxPrefix)
	return ok && len(s) <= MaxLen && form(rest, false) == nil
}

// CheckQueue judges the name of a queue: letters, digits and -_./=.
func CheckQueue(s string) error {
	ok := s != "" && len(s) <= MaxLen && strings.Trim(s, ".") == s
	for i := 0; ok && i < len(s); i++ {
		c := s[i]
		ok = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_./=", c) >= 0
	}
	if !ok {
		return fmt.Errorf("queue %.80q: want 1 to %d letters, digits and -_./=", s, MaxLen)
	}
	return nil
}

var (
	errLong     = fmt.Errorf("it is longer than %d bytes, or has more than %d parts", MaxLen, MaxParts)
	errPart     = errors.New("it is empty, or has an empty part: want parts joined by dots, as in orders.created")
	errChar     = errors.New("it has a space, a control character, or bytes that are not UTF-8")
	errWildcard = errors.New("a message is sent on one subject: * and > are for patterns")
	errStar     = errors.New("* and > stand for whole parts, > for the last")
	errFirst    = errors.New("its first part must not be * or >: name what the subjects begin with")
	errReserved = errors.New("subjects that begin with $, _ or wattle are not those of components")
)

func check(s string, pattern bool) error {
	if err := form(s, pattern); err != nil {
		return err
	}
	switch first, _, _ := strings.Cut(s, "."); {
	case first == "*", first == ">":
		return errFirst
	case first[0] == '$', first[0] == '_', first == "wattle":
		return errReserved
	}
	return nil
}

// form judges the form alone.
func form(s string, pattern bool) error {
	switch {
	case len(s) > MaxLen, strings.Count(s, ".") >= MaxParts:
		return errLong
	case !utf8.ValidString(s), strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == 0xfeff }):
		return errChar
	}
	left := s
	for more := true; more; {
		var part string
		part, left, more = strings.Cut(left, ".")
		switch {
		case part == "":
			return errPart
		case !strings.ContainsAny(part, "*>"):
		case !pattern:
			return errWildcard
		case len(part) > 1, part == ">" && more:
			return errStar
		}
	}
	return nil
}
