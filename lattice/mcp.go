package lattice

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// MCPInterface is what an invocation names that has a component answer as a server of
// the Model Context Protocol, revision 2026-07-28, over HTTP: whatever the component
// itself is, its host makes one of it.
const MCPInterface = "wattle:mcp/server@0.1.0"

// ServerName is the name of an MCP server in a lattice, and in its URL: 1 to 63 of a-z,
// 0-9 and hyphen, a letter or digit at both ends.
type ServerName string

// MCPKind is what a component is that is offered as an MCP server.
type MCPKind string

// The kinds of servers. Empty is the first of HTTP, Wattle, wasmcp and strict that the
// component exports the interfaces of.
const (
	// MCPHTTP speaks MCP itself, over wasi:http.
	MCPHTTP MCPKind = "http"
	// MCPWattle exports the interfaces of the WIT package wattle:mcp.
	MCPWattle MCPKind = "wattle"
	// MCPWasmcp exports those of wasmcp.
	MCPWasmcp MCPKind = "wasmcp"
	// MCPStrict exports functions, which become tools whose schemas say all that the WIT
	// does.
	MCPStrict MCPKind = "strict"
	// MCPWassette is the same with the names, schemas and results that Wassette gives.
	MCPWassette MCPKind = "wassette"
)

// MCPKinds returns all kinds.
func MCPKinds() []MCPKind { return []MCPKind{MCPHTTP, MCPWattle, MCPWasmcp, MCPStrict, MCPWassette} }

// MCP says that a component is an MCP server, and how it is offered.
type MCP struct {
	Name ServerName `json:"name"`
	// Alias stands before the names of its tools where several servers are one: ALIAS_tool.
	// It has at most MaxAlias of a-z, 0-9 and hyphen, so that the first underscore ends it.
	Alias string  `json:"alias"`
	Kind  MCPKind `json:"kind,omitempty"`
	// Path and Host are those of the requests that a component of kind MCPHTTP is given.
	// If empty, DefaultMCPPath and DefaultMCPHost.
	Path string `json:"path,omitempty"`
	Host string `json:"host,omitempty"`
	// Pinned keeps an instance for each session of the revisions that have sessions, with
	// what it has in memory.
	Pinned bool `json:"pinned,omitempty"`
	// Single has it offered at its own address only, and not among the others.
	Single bool `json:"single,omitempty"`
	// TimeoutMillis bounds a call. If zero, DefaultMCPTimeout.
	TimeoutMillis int64 `json:"timeout_ms,omitempty"`
	// Rate is how many calls a caller may make in a minute. If zero, any number.
	Rate int `json:"rate,omitempty"`
	// Allow and Deny are patterns of the tools' own names, in which * is any text. Deny goes
	// over Allow. If Allow is empty, all are allowed.
	Allow []string `json:"allow,omitempty"`
	Deny  []string `json:"deny,omitempty"`
	// Tools are changes to tools, by their own names.
	Tools map[string]ToolRule `json:"tools,omitempty"`
}

// Equal reports whether two declarations are the same. A list that is empty is the same
// as none; either may be nil.
func (m *MCP) Equal(n *MCP) bool {
	if m == nil || n == nil {
		return m == n
	}
	return m.Name == n.Name && m.Alias == n.Alias && m.Kind == n.Kind && m.Path == n.Path && m.Host == n.Host &&
		m.Pinned == n.Pinned && m.Single == n.Single && m.TimeoutMillis == n.TimeoutMillis && m.Rate == n.Rate &&
		slices.Equal(m.Allow, n.Allow) && slices.Equal(m.Deny, n.Deny) &&
		maps.EqualFunc(m.Tools, n.Tools, func(a, b ToolRule) bool {
			return a.Name == b.Name && a.Title == b.Title && a.Description == b.Description && bytes.Equal(a.Annotations, b.Annotations) &&
				a.TimeoutMillis == b.TimeoutMillis && a.Rate == b.Rate && a.Hidden == b.Hidden
		})
}

// KindOf returns the kind of a server that exports some interfaces: the one that is
// declared, or what they say.
func (m *MCP) KindOf(exports []string) MCPKind {
	if m.Kind != "" {
		return m.Kind
	}
	for _, known := range []struct {
		prefix string
		kind   MCPKind
	}{{"wasi:http/incoming-handler@", MCPHTTP}, {"wattle:mcp/", MCPWattle}, {"wasmcp:mcp-", MCPWasmcp}} {
		if slices.ContainsFunc(exports, func(name string) bool { return strings.HasPrefix(name, known.prefix) }) {
			return known.kind
		}
	}
	return MCPStrict
}

// NewMCP returns the declaration of a component about which nothing is said: its name is
// that of the component, in lower case and with hyphens for underscores, as far as it can
// be one, and its alias the name. If one of them is empty, it has to be given.
func NewMCP(id ComponentID) *MCP {
	m := &MCP{}
	name, err := ParseServerName(strings.Trim(strings.ReplaceAll(strings.ToLower(string(id)), "_", "-"), "-"))
	if err != nil {
		return m
	}
	m.Name = name
	if CheckAlias(string(name)) == nil {
		m.Alias = string(name)
	}
	return m
}

// ToolRule is what is said of a tool instead of what its server says. What is empty stays.
type ToolRule struct {
	Name        string `json:"name,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	// Annotations is a JSON object whose members go over the tool's own.
	Annotations json.RawMessage `json:"annotations,omitempty"`
	// TimeoutMillis and Rate are those of MCP for this tool alone.
	TimeoutMillis int64 `json:"timeout_ms,omitempty"`
	Rate          int   `json:"rate,omitempty"`
	// Hidden has it neither listed nor called.
	Hidden bool `json:"hidden,omitempty"`
}

// Defaults and bounds of MCP.
const (
	DefaultMCPPath    = "/mcp"
	DefaultMCPHost    = "localhost"
	DefaultMCPTimeout = 30_000
	// MaxAlias is how long an alias may be. Clients put a prefix of their own before names
	// and then fail beyond 64 characters.
	MaxAlias = 16
	// MaxToolName is how long the name of a tool may be.
	MaxToolName = 128
)

// ParseServerName returns a name of an MCP server.
func ParseServerName(s string) (ServerName, error) {
	if !label(s, 63) {
		return "", fmt.Errorf("%.80q cannot name an MCP server: %w: it needs 1 to 63 of a-z, 0-9 and hyphen, with a letter or digit at both ends", s, ErrInvalid)
	}
	return ServerName(s), nil
}

// CheckAlias says what is wrong with an alias.
func CheckAlias(s string) error {
	if !label(s, MaxAlias) {
		return fmt.Errorf("%.80q cannot be an alias: %w: it needs 1 to %d of a-z, 0-9 and hyphen, with a letter or digit at both ends", s, ErrInvalid, MaxAlias)
	}
	return nil
}

// CheckToolName says what is wrong with the name of a tool (MCP 2026-07-28, Tools, "Tool
// Names").
func CheckToolName(s string) error {
	ok := s != "" && len(s) <= MaxToolName
	for i := 0; ok && i < len(s); i++ {
		c := s[i]
		ok = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
	}
	if !ok {
		return fmt.Errorf("%.160q cannot name a tool: %w: it needs 1 to %d of A-Z, a-z, 0-9, underscore, hyphen and dot", s, ErrInvalid, MaxToolName)
	}
	return nil
}

// label reports whether s is a label of names of hosts in lower case, of at most n bytes.
func label(s string, n int) bool {
	if s == "" || len(s) > n || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
