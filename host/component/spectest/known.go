package spectest

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Known is an entry of the list of known failures: cases of a script that need
// not pass.
type Known struct {
	// Source is the script, by the name of its .wast file in the suite.
	Source string
	// First and Last bound the lines of the cases; zero means every line.
	First, Last int
	// Kind is the kind of the case; empty means every kind.
	Kind Kind
	// Reason says why it does not pass.
	Reason string
}

// ReadKnown reads a list of known failures: an entry a line, which consists of
// the script, optionally ":" and the line or lines, optionally the kind of the
// command, and "#" with the reason. Lines that start with "#" and empty ones mean
// nothing.
//
//	linking/tags.wast # exception handling is not supported
//	validation/abi.wast assert_invalid # no validator yet
//	values/strings.wast:120 # …
//	values/strings.wast:130-140 # …
func ReadKnown(r io.Reader) ([]Known, error) {
	var all []Known
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		text := strings.TrimSpace(sc.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		what, reason, ok := strings.Cut(text, "#")
		fields := strings.Fields(what)
		if !ok || strings.TrimSpace(reason) == "" || len(fields) == 0 || len(fields) > 2 {
			return nil, fmt.Errorf("line %d of the known failures: want FILE[:LINE[-LINE]] [KIND] # REASON", n)
		}
		k := Known{Source: fields[0], Reason: strings.TrimSpace(reason)}
		if file, lines, ok := strings.Cut(k.Source, ":"); ok {
			first, last, ok := strings.Cut(lines, "-")
			if !ok {
				last = first
			}
			k.Source = file
			var err, lastErr error
			k.First, err = strconv.Atoi(first)
			k.Last, lastErr = strconv.Atoi(last)
			if err != nil || lastErr != nil || k.First <= 0 || k.Last < k.First {
				return nil, fmt.Errorf("line %d of the known failures: %q are no line numbers", n, lines)
			}
		}
		if len(fields) == 2 {
			k.Kind = Kind(fields[1])
		}
		all = append(all, k)
	}
	return all, sc.Err()
}

// covers says whether the entry names a case.
func (k *Known) covers(c *Case) bool {
	return k.Source == c.Source && (k.First == 0 || k.First <= c.Line && c.Line <= k.Last) && (k.Kind == "" || k.Kind == c.Kind)
}

// String returns the entry as ReadKnown reads it.
func (k *Known) String() string {
	s := k.Source
	if k.First != 0 {
		s = fmt.Sprintf("%s:%d-%d", s, k.First, k.Last)
	}
	if k.Kind != "" {
		s += " " + string(k.Kind)
	}
	return s + " # " + k.Reason
}
