package lattice_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
)

func TestNewMCP(t *testing.T) {
	for _, c := range []struct{ id, name, alias string }{
		{"shop", "shop", "shop"},
		{"Shop_API", "shop-api", "shop-api"},
		{"_x_", "x", "x"},
		{"a-name-of-seventeen", "a-name-of-seventeen", ""},
		{strings.Repeat("a", 64), "", ""},
		{"___", "", ""},
	} {
		if m := lattice.NewMCP(lattice.ComponentID(c.id)); string(m.Name) != c.name || m.Alias != c.alias {
			t.Errorf("%q is called %q, with alias %q, want %q and %q", c.id, m.Name, m.Alias, c.name, c.alias)
		}
	}
}

func TestNamesOfServers(t *testing.T) {
	for _, c := range []struct {
		s                  string
		name, alias, tools bool
	}{
		{"a", true, true, true},
		{"a-1", true, true, true},
		{strings.Repeat("a", 16), true, true, true},
		{strings.Repeat("a", 17), true, false, true},
		{strings.Repeat("a", 63), true, false, true},
		{strings.Repeat("a", 64), false, false, true},
		{strings.Repeat("a", 129), false, false, false},
		{"", false, false, false},
		{"-a", false, false, true},
		{"a-", false, false, true},
		{"a_b", false, false, true},
		{"A.b", false, false, true},
		{"ä", false, false, false},
		{"a b", false, false, false},
		{"a/b", false, false, false},
	} {
		_, name := lattice.ParseServerName(c.s)
		for what, got := range map[string]error{"server": name, "alias": lattice.CheckAlias(c.s), "tool": lattice.CheckToolName(c.s)} {
			want := map[string]bool{"server": c.name, "alias": c.alias, "tool": c.tools}[what]
			if (got == nil) != want || got != nil && !errors.Is(got, lattice.ErrInvalid) {
				t.Errorf("%q as the name of a %s: %v", c.s, what, got)
			}
		}
	}
}

func TestMCPEqual(t *testing.T) {
	full := func() *lattice.MCP {
		return &lattice.MCP{
			Name: "n", Alias: "a", Kind: lattice.MCPHTTP, Path: "/p", Host: "h", Pinned: true, Single: true, TimeoutMillis: 1, Rate: 1,
			Allow: []string{"x"}, Deny: []string{"y"},
			Tools: map[string]lattice.ToolRule{"t": {Name: "n", Title: "t", Description: "d", Annotations: json.RawMessage(`{}`), TimeoutMillis: 1, Rate: 1, Hidden: true}},
		}
	}
	if !full().Equal(full()) || full().Equal(nil) || (*lattice.MCP)(nil).Equal(full()) || !(*lattice.MCP)(nil).Equal(nil) {
		t.Error("what is the same is not, or the other way round")
	}
	if !(&lattice.MCP{}).Equal(&lattice.MCP{Allow: []string{}, Tools: map[string]lattice.ToolRule{}}) {
		t.Error("a list that is empty is another than none")
	}
	rule := func(f func(r *lattice.ToolRule)) func(*lattice.MCP) {
		return func(m *lattice.MCP) { r := m.Tools["t"]; f(&r); m.Tools["t"] = r }
	}
	for i, change := range []func(m *lattice.MCP){
		func(m *lattice.MCP) { m.Name = "" }, func(m *lattice.MCP) { m.Alias = "" }, func(m *lattice.MCP) { m.Kind = "" },
		func(m *lattice.MCP) { m.Path = "" }, func(m *lattice.MCP) { m.Host = "" }, func(m *lattice.MCP) { m.Pinned = false },
		func(m *lattice.MCP) { m.Single = false }, func(m *lattice.MCP) { m.TimeoutMillis = 2 }, func(m *lattice.MCP) { m.Rate = 2 },
		func(m *lattice.MCP) { m.Allow = nil }, func(m *lattice.MCP) { m.Deny = nil }, func(m *lattice.MCP) { m.Tools = nil },
		rule(func(r *lattice.ToolRule) { r.Name = "" }), rule(func(r *lattice.ToolRule) { r.Title = "" }),
		rule(func(r *lattice.ToolRule) { r.Description = "" }), rule(func(r *lattice.ToolRule) { r.Annotations = nil }),
		rule(func(r *lattice.ToolRule) { r.TimeoutMillis = 2 }), rule(func(r *lattice.ToolRule) { r.Rate = 2 }),
		rule(func(r *lattice.ToolRule) { r.Hidden = false }),
	} {
		m := full()
		if change(m); m.Equal(full()) || full().Equal(m) {
			t.Errorf("change %d makes no difference", i)
		}
	}
}

func TestKindOf(t *testing.T) {
	for _, c := range []struct {
		declared lattice.MCPKind
		exports  string
		want     lattice.MCPKind
	}{
		{"", "a:b/c wasmcp:mcp-v20251125/tools@0.1.1 wattle:mcp/tools@0.1.0 wasi:http/incoming-handler@0.2.3", lattice.MCPHTTP},
		{"", "a:b/c wasmcp:mcp-v20251125/tools@0.1.1 wattle:mcp/tools@0.1.0", lattice.MCPWattle},
		{"", "a:b/c wasmcp:mcp-v20251125/tools@0.1.1", lattice.MCPWasmcp},
		{"", "a:b/c", lattice.MCPStrict},
		{"", "", lattice.MCPStrict},
		{lattice.MCPWassette, "wasi:http/incoming-handler@0.2.3", lattice.MCPWassette},
	} {
		if got := (&lattice.MCP{Kind: c.declared}).KindOf(strings.Fields(c.exports)); got != c.want {
			t.Errorf("kind %q with %s is %q, want %q", c.declared, c.exports, got, c.want)
		}
	}
}
