package catalogue

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Clean returns what a server has said without what is not believed of it, with a problem
// for everything that is left out. What is clean already stays as it is.
func Clean(said *Contents) *Contents {
	c := &cleaner{room: MaxListing}
	c.out.Problems = nil
	for _, p := range said.Problems {
		c.problem("%s", p)
	}
	c.versions(said.Versions)
	c.out.ServerInfo = c.object("serverInfo", said.ServerInfo)
	c.out.Capabilities = c.object("capabilities", said.Capabilities)
	c.instructions(said.Instructions)
	c.out.Tools = c.definitions(tools, said.Tools)
	c.out.Prompts = c.definitions(prompts, said.Prompts)
	c.out.Resources = c.definitions(resources, said.Resources)
	c.out.Templates = c.definitions(templates, said.Templates)
	return &c.out
}

// cleaner makes contents of others.
type cleaner struct {
	out Contents
	// room is how many bytes of definitions still fit.
	room int
}

// problem notes that something is left out. The text can be printed.
func (c *cleaner) problem(format string, args ...any) {
	const more = "there are more problems"
	switch len(c.out.Problems) {
	case MaxProblems:
		return
	case MaxProblems - 1:
		c.out.Problems = append(c.out.Problems, more)
		return
	}
	text := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' || Visible(string(r)) != nil {
			return '?'
		}
		return r
	}, fmt.Sprintf(format, args...))
	c.out.Problems = append(c.out.Problems, strings.ToValidUTF8(text[:min(len(text), MaxProblem)], ""))
}

func (c *cleaner) versions(said []string) {
	for _, v := range said {
		switch {
		case !isVersion(v):
			c.problem("the version %.40q is not that of a revision of MCP", v)
		case len(c.out.Versions) == MaxVersions:
			c.problem("more than %d versions", MaxVersions)
			return
		case !slices.Contains(c.out.Versions, v):
			c.out.Versions = append(c.out.Versions, v)
		}
	}
	slices.SortFunc(c.out.Versions, func(a, b string) int { return cmp.Compare(b, a) })
}

// isVersion reports whether s is written like a day, as revisions of MCP are.
func isVersion(s string) bool {
	const form = "0000-00-00"
	if len(s) != len(form) {
		return false
	}
	for i := range len(s) {
		if digit := s[i] >= '0' && s[i] <= '9'; digit != (form[i] == '0') || !digit && s[i] != '-' {
			return false
		}
	}
	return true
}

func (c *cleaner) instructions(said string) {
	err := Visible(said)
	switch {
	case len(said) > MaxInstructions:
		err = fmt.Errorf("they have %d bytes, the limit is %d", len(said), MaxInstructions)
	case !utf8.ValidString(said):
		err = errors.New("they are not UTF-8")
	}
	if err != nil {
		c.problem("the instructions are left out: %v", err)
		return
	}
	c.out.Instructions = said
}

// object returns an object that a server has said of itself, nil if it is none.
func (c *cleaner) object(what string, said json.RawMessage) json.RawMessage {
	if len(said) == 0 {
		return nil
	}
	data, err := checkObject(said)
	if err != nil {
		c.problem("%s is left out: %v", what, err)
		return nil
	}
	return data
}

// definitions returns those that are believed, in order.
func (c *cleaner) definitions(of *kind, said []json.RawMessage) []json.RawMessage {
	type definition struct {
		key  string
		data json.RawMessage
	}
	var all []definition
	for i, raw := range said {
		if i == MaxDefinitions {
			c.problem("%d %ss, the limit is %d: the others are left out", len(said), of.name, MaxDefinitions)
			break
		}
		data, err := checkObject(raw)
		key := ""
		if err == nil {
			key, err = of.check(data)
		}
		if err == nil {
			all = append(all, definition{key, data})
			continue
		}
		if key == "" {
			key = fmt.Sprintf("number %d", i+1)
		}
		c.problem("the %s %.160q is left out: %v", of.name, key, err)
	}
	slices.SortStableFunc(all, func(a, b definition) int { return cmp.Compare(a.key, b.key) })
	var kept []json.RawMessage
	for i := 0; i < len(all); {
		d, n := all[i], 1
		for i+n < len(all) && all[i+n].key == d.key {
			n++
		}
		i += n
		switch {
		case n > 1:
			c.problem("the %s %.160q is left out: there are %d of it", of.name, d.key, n)
		case len(d.data) > c.room:
			c.problem("the %s %.160q is left out: all definitions have more than %d bytes", of.name, d.key, MaxListing)
		default:
			c.room -= len(d.data)
			kept = append(kept, d.data)
		}
	}
	return kept
}
