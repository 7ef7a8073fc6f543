package main

import (
	"bufio"
	_ "embed" // the list
	"fmt"
	"io"
	"strings"
)

//go:embed known.txt
var known string

// readKnown reads lines of the form "NAME # REASON" and returns the reasons.
// Empty lines and those that begin with # say nothing.
func readKnown(r io.Reader) (map[string]string, error) {
	reasons := map[string]string{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, reason, _ := strings.Cut(line, "#")
		name, reason = strings.TrimSpace(name), strings.TrimSpace(reason)
		_, twice := reasons[name]
		switch {
		case strings.ContainsAny(name, " \t"):
			return nil, fmt.Errorf("line %d: %q is not one name", n, name)
		case reason == "":
			return nil, fmt.Errorf("line %d: %q has no reason: write NAME # REASON", n, name)
		case twice:
			return nil, fmt.Errorf("line %d: %q is listed twice", n, name)
		}
		reasons[name] = reason
	}
	return reasons, lines.Err()
}
