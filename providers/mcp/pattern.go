package mcp

import "strings"

// pattern is what is literal in a URI template (RFC 6570). Expressions stand for any
// text: it decides on which server is asked, and the server on what there is.
type pattern struct {
	first, last string
	inner       []string
	literal     bool // there is no expression
}

func newPattern(template string) *pattern {
	p := &pattern{}
	first, rest, found := strings.Cut(template, "{")
	p.first, p.literal = first, !found
	for found {
		_, after, closed := strings.Cut(rest, "}")
		if !closed {
			p.last = ""
			return p
		}
		var text string
		text, rest, found = strings.Cut(after, "{")
		if found {
			p.inner = append(p.inner, text)
		} else {
			p.last = text
		}
	}
	return p
}

// matches reports whether a URI can be one of the template's.
func (p *pattern) matches(uri string) bool {
	rest, ok := strings.CutPrefix(uri, p.first)
	if p.literal {
		return ok && rest == ""
	}
	if ok {
		rest, ok = strings.CutSuffix(rest, p.last)
	}
	for _, text := range p.inner {
		if !ok {
			return false
		}
		_, rest, ok = strings.Cut(rest, text)
	}
	return ok
}
