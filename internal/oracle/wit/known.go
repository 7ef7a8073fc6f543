package main

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed known.txt
var knownText string

// known is a class of differences that is explained: WHAT | OURS | THEIRS |
// REASON, where all but the last are regular expressions.
type known struct {
	line  int
	match [3]*regexp.Regexp
	n     int // how often it occurred
}

func readKnown(text string) ([]*known, error) {
	var out []*known
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.SplitN(line, " | ", 4)
		if len(parts) != 4 {
			return nil, fmt.Errorf("known.txt:%d: %d parts, want WHAT | OURS | THEIRS | REASON", n, len(parts))
		}
		k := &known{line: n}
		for i := range k.match {
			var err error
			if k.match[i], err = regexp.Compile("^(?:" + parts[i] + ")$"); err != nil {
				return nil, fmt.Errorf("known.txt:%d: %w", n, err)
			}
		}
		out = append(out, k)
	}
	return out, nil
}

// explained reports whether a difference is known.
func explained(all []*known, what, ours, theirs string) bool {
	for _, k := range all {
		if k.match[0].MatchString(what) && k.match[1].MatchString(ours) && k.match[2].MatchString(theirs) {
			k.n++
			return true
		}
	}
	return false
}

var (
	quotedPart = regexp.MustCompile("(?s)`[^`]*`|\"(\\\\.|[^\"\\\\])*\"|'[^']*'")
	numberPart = regexp.MustCompile(`\d+`)
	placePart  = regexp.MustCompile(`[^\s:]*\.wit:\d+:\d+:?`)
	spacePart  = regexp.MustCompile(`\s+`)
)

// accepted is what the class of an error is that is none.
const accepted = "accepted"

// classOf returns an error without what is peculiar to the text.
func classOf(err error) string {
	if err == nil {
		return accepted
	}
	msg := err.Error()
	if _, ok := err.(*refusal); ok { //nolint:errorlint // never wrapped
		msg, _, _ = strings.Cut(msg, "\n     --> ")
		if i := strings.LastIndex(msg, "Caused by:"); i >= 0 {
			msg = msg[i+len("Caused by:"):]
		}
	} else {
		msg, _, _ = strings.Cut(msg, "\n")
	}
	msg = placePart.ReplaceAllString(msg, "")
	msg = quotedPart.ReplaceAllString(msg, "…")
	msg = numberPart.ReplaceAllString(msg, "N")
	return strings.TrimSpace(spacePart.ReplaceAllString(msg, " "))
}
