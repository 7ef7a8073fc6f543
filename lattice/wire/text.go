package wire

import (
	"errors"
	"fmt"
	"slices"
	"unicode"

	"github.com/wattle-dev/wattle/lattice"
)

// Printable reports whether s has nothing but letters, marks, numbers, punctuation,
// symbols and blanks, and so nothing that could change what a terminal shows around
// it. The replacement character stands for what was no character.
func Printable(s string) bool { return printable(s, false) }

// PrintableText is Printable for a text of any number of lines: it may have line feeds,
// carriage returns and tabs.
func PrintableText(s string) bool { return printable(s, true) }

func printable(s string, text bool) bool {
	for _, c := range s {
		if c >= ' ' && c <= '~' {
			continue
		}
		if text && (c == '\n' || c == '\r' || c == '\t') {
			continue
		}
		if c == unicode.ReplacementChar || !unicode.IsPrint(c) {
			return false
		}
	}
	return true
}

// CheckWIT checks the name of a namespace, package or interface of WIT, without a
// version. what begins the error.
func CheckWIT(what, name string) error {
	if len(name) > MaxText || !wit(name) {
		return invalid("%s %.80q: want words of a-z and 0-9 with hyphens between, no version", what, name)
	}
	return nil
}

// CheckRoutes checks the routes of a component: each is in normal form, and there once.
// The error tells of all that are wrong.
func CheckRoutes(routes []lattice.Route) error {
	if len(routes) > MaxRoutes {
		return invalid("%d routes, the limit is %d", len(routes), MaxRoutes)
	}
	var errs []error
	for i, r := range routes {
		normal, err := NormalRoute(r)
		switch {
		case err != nil:
			errs = append(errs, err)
		case normal != r:
			errs = append(errs, invalid("route %.80q: write it as %.80q", r.Host+r.Path, normal.Host+normal.Path))
		case slices.Contains(routes[:i], r):
			errs = append(errs, invalid("route %.80q is there twice", r.Host+r.Path))
		}
	}
	return errors.Join(errs...)
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", lattice.ErrInvalid, fmt.Errorf(format, args...))
}
