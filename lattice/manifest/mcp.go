package manifest

import (
	"encoding/json"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// mcp reads that a component is an MCP server.
func (b *builder) mcp(v *value, path string, c *Component) {
	o, ok := b.object(v, path, refuse, "name", "alias", "kind", "path", "host", "sessions", "single", "timeout", "rate", "allow", "deny", "tools")
	if !ok {
		return
	}
	m := lattice.NewMCP(c.ID)
	failed := len(b.errs) + b.more
	o.given("name", func(v *value, path string) {
		name, _ := b.textOf(v, path, false)
		var err error
		if m.Name, err = lattice.ParseServerName(name); err != nil {
			b.errorf(v, path, "", "%v", err)
		}
		m.Alias = ""
		if lattice.CheckAlias(name) == nil {
			m.Alias = name
		}
	})
	o.given("alias", func(v *value, path string) {
		m.Alias, _ = b.textOf(v, path, false)
		if err := lattice.CheckAlias(m.Alias); err != nil {
			b.errorf(v, path, "", "%v", err)
		}
	})
	o.given("kind", func(v *value, path string) { m.Kind = word(b, v, path, lattice.MCPKinds()...) })
	o.given("path", func(v *value, path string) { m.Path, _ = b.textOf(v, path, false) })
	o.given("host", func(v *value, path string) { m.Host, _ = b.textOf(v, path, false) })
	o.given("sessions", func(v *value, path string) {
		m.Pinned = word(b, v, path, sessionsNone, sessionsPinned) == sessionsPinned
	})
	o.given("single", func(v *value, path string) { m.Single = b.boolean(v, path) })
	o.given("timeout", func(v *value, path string) { m.TimeoutMillis = b.millis(v, path, 1) })
	o.given("rate", func(v *value, path string) { m.Rate = b.within(v, path, 1, wire.MaxToolRate) })
	o.given("allow", func(v *value, path string) { m.Allow = b.terms(v, path) })
	o.given("deny", func(v *value, path string) { m.Deny = b.terms(v, path) })
	o.given("tools", func(v *value, path string) { m.Tools = b.toolRules(v, path) })
	switch {
	case len(b.errs)+b.more > failed:
	case m.Name == "":
		b.errorf(v, path, "add: name: …", "the ID %.80q of the component cannot be the name of an MCP server", c.ID)
	case m.Alias == "":
		b.errorf(v, path, "add: alias: …", "the name %q is longer than %d characters, and cannot stand before the names of tools", m.Name, lattice.MaxAlias)
	default:
		if err := wire.CheckMCP(m); err != nil {
			for line := range strings.Lines(err.Error()) {
				b.errorf(v, path, "", "%s", strings.TrimPrefix(strings.TrimSpace(line), lattice.ErrInvalid.Error()+": "))
			}
		}
	}
	c.MCP = m
}

// What a component does with sessions.
const (
	sessionsNone   = "none"
	sessionsPinned = "pinned"
)

// word reads one of some words.
func word[T ~string](b *builder, v *value, path string, words ...T) T {
	s, ok := b.textOf(v, path, false)
	if !ok {
		return ""
	}
	names := make([]string, len(words))
	for i, w := range words {
		if names[i] = string(w); names[i] == s {
			return w
		}
	}
	b.errorf(v, path, b.near(s, names), "%.80q: want one of %q", s, names)
	return ""
}

// toolRules reads what is said of tools, by their own names.
func (b *builder) toolRules(v *value, path string) map[string]lattice.ToolRule {
	if v.kind != kindMap {
		b.errorf(v, path, "write the names of tools as keys", "%s, want a map", v.what())
		return nil
	}
	rules := map[string]lattice.ToolRule{}
	for _, e := range v.entries {
		path := join(path, e.key.text)
		if err := lattice.CheckToolName(e.key.text); err != nil {
			b.errorf(e.key, path, "", "%v", err)
			continue
		}
		o, ok := b.object(e.value, path, refuse, "name", "title", "description", "annotations", "timeout", "rate", "hidden")
		if !ok {
			continue
		}
		var rule lattice.ToolRule
		o.given("name", func(v *value, path string) { rule.Name, _ = b.textOf(v, path, false) })
		o.given("title", func(v *value, path string) { rule.Title, _ = b.textOf(v, path, false) })
		o.given("description", func(v *value, path string) { rule.Description, _ = b.textOf(v, path, false) })
		o.given("annotations", func(v *value, path string) { rule.Annotations = b.annotations(v, path) })
		o.given("timeout", func(v *value, path string) { rule.TimeoutMillis = b.millis(v, path, 1) })
		o.given("rate", func(v *value, path string) { rule.Rate = b.within(v, path, 1, wire.MaxToolRate) })
		o.given("hidden", func(v *value, path string) { rule.Hidden = b.boolean(v, path) })
		rules[e.key.text] = rule
	}
	return rules
}

// annotations reads the annotations of a tool.
func (b *builder) annotations(v *value, path string) json.RawMessage {
	hints := []string{"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
	o, ok := b.object(v, path, refuse, append(hints, "title")...)
	if !ok {
		return nil
	}
	all := map[string]any{}
	for _, hint := range hints {
		o.given(hint, func(v *value, path string) { all[hint] = b.boolean(v, path) })
	}
	o.given("title", func(v *value, path string) { all["title"], _ = b.textOf(v, path, false) })
	if len(all) == 0 {
		return nil
	}
	raw, err := json.Marshal(all)
	if err != nil {
		b.errorf(v, path, "", "%v", err)
	}
	return raw
}
