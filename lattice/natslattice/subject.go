package natslattice

import (
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
)

// maxSubject bounds a subject: a server ends the connection at 4 KiB for all of a
// message's first line.
const maxSubject = 1 << 10

var (
	errSubject = fmt.Errorf("%w: a subject is parts joined by dots, without spaces, of %d bytes at most", lattice.ErrInvalid, maxSubject)
	errPattern = fmt.Errorf("%w: only who subscribes may use * and >", lattice.ErrInvalid)
	errQueue   = fmt.Errorf("%w: the name of a queue has no spaces", lattice.ErrInvalid)
)

// checkSubject checks the form of a subject: a server ends the connection if it is
// wrong, or passes the message on to nobody.
func checkSubject(s string) error {
	if len(s) > maxSubject {
		return errSubject
	}
	start := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			if i == start {
				return errSubject
			}
			start = i + 1
		case c <= ' ' || c == 0x7f:
			return errSubject
		case (c == '*' || c == '>') && i == start && (i+1 == len(s) || s[i+1] == '.'):
			return errPattern
		}
	}
	if start == len(s) {
		return errSubject
	}
	return nil
}

// checkSubscription checks the form of a subject that may have wildcards, and of
// a queue.
func checkSubscription(s, queue string) error {
	if len(s) > maxSubject {
		return errSubject
	}
	start := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			if i == start || s[start:i] == ">" {
				return errSubject
			}
			start = i + 1
		case c <= ' ' || c == 0x7f:
			return errSubject
		}
	}
	if start == len(s) {
		return errSubject
	}
	for i := range len(queue) {
		if queue[i] <= ' ' || queue[i] == 0x7f {
			return errQueue
		}
	}
	return nil
}
