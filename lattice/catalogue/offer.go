package catalogue

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/lattice"
)

// Tool is a tool as it is offered under the declaration of its server.
type Tool struct {
	// Own is its name as its server has it, Name the one that it is offered by.
	Own, Name string
	// Title and Description are for people.
	Title, Description string
	// Definition is the object that lists have.
	Definition json.RawMessage
	// TimeoutMillis bounds a call. It is positive.
	TimeoutMillis int64
	// Rate is how many calls a caller may make in a minute, zero any number.
	Rate int
	// ReadOnly, Idempotent, Destructive and OpenWorld are its annotations, with the
	// defaults of MCP.
	ReadOnly, Idempotent, Destructive, OpenWorld bool
}

// Offer returns the tools of a listing that a declaration allows, with its changes, in
// the order of the listing. It also says what is wrong: of tools that get one name none is
// offered.
func Offer(c *Contents, m *lattice.MCP) ([]Tool, []string) {
	var all []Tool
	var problems []string
	count := map[string]int{}
	known := map[string]bool{}
	for _, raw := range c.Tools {
		t, err := offer(raw, m)
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		known[t.Own] = true
		if rule := m.Tools[t.Own]; rule.Hidden || !Allowed(m, t.Own) {
			continue
		}
		count[t.Name]++
		all = append(all, t)
	}
	kept := all[:0]
	for _, t := range all {
		if count[t.Name] > 1 {
			problems = append(problems, fmt.Sprintf("the tool %q is left out: its name would be %q, and that of another one too", t.Own, t.Name))
			continue
		}
		kept = append(kept, t)
	}
	return kept, problems
}

// Allowed reports whether the patterns of a declaration allow a tool.
func Allowed(m *lattice.MCP, own string) bool {
	for _, p := range m.Deny {
		if Match(p, own) {
			return false
		}
	}
	for _, p := range m.Allow {
		if Match(p, own) {
			return true
		}
	}
	return len(m.Allow) == 0
}

// Match reports whether a pattern, in which * is any text, matches a name.
func Match(pattern, name string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	name, ok := strings.CutPrefix(name, first)
	if !star || !ok {
		return ok && name == ""
	}
	for {
		part, next, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(name, part)
		}
		_, after, found := strings.Cut(name, part)
		if !found {
			return false
		}
		name, rest = after, next
	}
}

// offer returns a tool with the changes of its rule.
func offer(raw json.RawMessage, m *lattice.MCP) (Tool, error) {
	f, err := read(raw)
	if err != nil {
		return Tool{}, err
	}
	t := Tool{TimeoutMillis: lattice.DefaultMCPTimeout, Rate: m.Rate, Definition: raw}
	if t.Own, err = f.text("name"); err != nil {
		return Tool{}, err
	}
	if m.TimeoutMillis > 0 {
		t.TimeoutMillis = m.TimeoutMillis
	}
	rule := m.Tools[t.Own]
	if rule.TimeoutMillis > 0 {
		t.TimeoutMillis = rule.TimeoutMillis
	}
	if rule.Rate > 0 {
		t.Rate = rule.Rate
	}
	t.Name = t.Own
	for _, change := range []struct{ name, to string }{{"name", rule.Name}, {"title", rule.Title}, {"description", rule.Description}} {
		if change.to != "" {
			t.Definition = Set(t.Definition, change.name, rawjson.Quote(change.to))
		}
	}
	if rule.Name != "" {
		t.Name = rule.Name
	}
	annotations := f.get("annotations")
	if len(rule.Annotations) > 0 {
		if annotations, err = merge(annotations, rule.Annotations); err != nil {
			return Tool{}, fmt.Errorf("the annotations of the tool %q: %w", t.Own, err)
		}
		t.Definition = Set(t.Definition, "annotations", annotations)
	}
	t.read(annotations)
	return t, nil
}

// read fills in what the definition and the annotations say.
func (t *Tool) read(annotations []byte) {
	f, _ := read(t.Definition) // it was one before
	t.Title, _ = rawjson.Text(f.get("title"))
	t.Description, _ = rawjson.Text(f.get("description"))
	t.Destructive, t.OpenWorld = true, true
	a, _ := read(annotations) // none has the defaults
	if t.Title == "" {
		t.Title, _ = rawjson.Text(a.get("title"))
	}
	for name, to := range map[string]*bool{
		"readOnlyHint": &t.ReadOnly, "idempotentHint": &t.Idempotent, "destructiveHint": &t.Destructive, "openWorldHint": &t.OpenWorld,
	} {
		switch string(a.get(name)) {
		case "true":
			*to = true
		case "false":
			*to = false
		}
	}
}

// merge returns the members of an object with those of another one over them.
func merge(under, over []byte) ([]byte, error) {
	if under == nil {
		under = []byte("{}")
	}
	over, err := compact(over)
	if err != nil {
		return nil, err
	}
	f, err := read(over)
	if err != nil {
		return nil, err
	}
	for _, m := range f {
		under = Set(under, m.name, m.value)
	}
	return under, nil
}

// Set returns an object without blanks in which a member has a value, and all else is as
// before: in place of the one that is there, or else as the last one.
func Set(object []byte, name string, value []byte) []byte {
	all, err := members(object)
	if err != nil {
		return object
	}
	for _, m := range all {
		if m.name == name {
			return bytes.Join([][]byte{object[:m.from], value, object[m.to:]}, nil)
		}
	}
	comma := ""
	if len(all) > 0 {
		comma = ","
	}
	out := append([]byte(nil), object[:len(object)-1]...)
	out = append(append(append(out, comma...), rawjson.Quote(name)...), ':')
	return append(append(out, value...), '}')
}
