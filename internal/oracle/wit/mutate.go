package main

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// token cuts WIT text into pieces that together are the text.
var token = regexp.MustCompile(`//[^\n]*\n|/\*(?s:.*?)\*/|%?[A-Za-z0-9-]+|\s+|->|.`)

// words are put where they do not belong.
var words = strings.Fields(`package interface world use as from include with import export type record variant enum flags resource
	constructor static func async list option result tuple own borrow stream future string u8 s64 f32 char bool _ { } ( ) < > , ; : = . / @ -> * %
	a A a-b a--b -a a-B 1 1.0.0 @1.0.0 @since(version=1.0.0) @unstable(feature=x) %type %a foo:bar foo:bar/baz self map error-context
	/// // /* */ u32 i32 float32 "a" 0 00 4294967296 é`)

// mutate returns a text with something changed, and says what.
func mutate(rng *rand.Rand, text, other string) (out, how string) {
	tokens := token.FindAllString(text, -1)
	var at []int // those that are not blank
	for i, t := range tokens {
		if strings.TrimSpace(t) != "" {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return text, "nothing"
	}
	pick := func() int { return at[rng.IntN(len(at))] }
	i, j := pick(), pick()
	switch rng.IntN(8) {
	case 0:
		how = fmt.Sprintf("%q lost", tokens[i])
		tokens[i] = ""
	case 1:
		how = fmt.Sprintf("%q doubled", tokens[i])
		tokens[i] += " " + tokens[i]
	case 2:
		how = fmt.Sprintf("%q and %q exchanged", tokens[i], tokens[j])
		tokens[i], tokens[j] = tokens[j], tokens[i]
	case 3, 4:
		how = fmt.Sprintf("%q for %q", tokens[j], tokens[i])
		tokens[i] = tokens[j]
	case 5:
		w := words[rng.IntN(len(words))]
		how = fmt.Sprintf("%q for %q", w, tokens[i])
		tokens[i] = w
	case 6:
		w := words[rng.IntN(len(words))]
		how = fmt.Sprintf("%q before %q", w, tokens[i])
		tokens[i] = w + " " + tokens[i]
	case 7:
		return changeLines(rng, text, other)
	}
	return strings.Join(tokens, ""), how
}

// changeLines loses, doubles, moves or takes over a line.
func changeLines(rng *rand.Rand, text, other string) (out, how string) {
	lines, others := strings.SplitAfter(text, "\n"), strings.SplitAfter(other, "\n")
	i, j := rng.IntN(len(lines)), rng.IntN(len(lines))
	switch rng.IntN(4) {
	case 0:
		how = fmt.Sprintf("line %q lost", lines[i])
		lines = slices.Delete(lines, i, i+1)
	case 1:
		how = fmt.Sprintf("line %q doubled", lines[i])
		lines = slices.Insert(lines, j, lines[i])
	case 2:
		how = fmt.Sprintf("lines %q and %q exchanged", lines[i], lines[j])
		lines[i], lines[j] = lines[j], lines[i]
	case 3:
		line := others[rng.IntN(len(others))]
		how = fmt.Sprintf("line %q inserted", line)
		lines = slices.Insert(lines, i, line)
	}
	return strings.Join(lines, ""), how
}
