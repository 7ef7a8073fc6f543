package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed known.txt
var knownText string

// known is a class of disagreements that is explained.
type known struct {
	line   int
	ours   *regexp.Regexp
	theirs *regexp.Regexp
	reason string
	n      int // how often it occurred
}

// readKnown reads the list of known disagreements.
func readKnown(text string) ([]*known, error) {
	var out []*known
	sc := bufio.NewScanner(strings.NewReader(text))
	for line := 1; sc.Scan(); line++ {
		s := strings.TrimSpace(sc.Text())
		if s == "" || strings.HasPrefix(s, "#") {
			continue
		}
		parts := strings.SplitN(s, " | ", 3)
		if len(parts) != 3 {
			return nil, fmt.Errorf("known.txt:%d: %d parts, want OURS | THEIRS | REASON", line, len(parts))
		}
		k := &known{line: line, reason: parts[2]}
		var err error
		if k.ours, err = regexp.Compile("^(?:" + strings.TrimSpace(parts[0]) + ")$"); err != nil {
			return nil, fmt.Errorf("known.txt:%d: %w", line, err)
		}
		if k.theirs, err = regexp.Compile("^(?:" + strings.TrimSpace(parts[1]) + ")$"); err != nil {
			return nil, fmt.Errorf("known.txt:%d: %w", line, err)
		}
		out = append(out, k)
	}
	return out, sc.Err()
}

// find returns what explains a disagreement, or nil.
func find(all []*known, ours, theirs judgement) *known {
	for _, k := range all {
		if k.ours.MatchString(ours.code) && k.theirs.MatchString(theirs.code) {
			return k
		}
	}
	return nil
}
