package lattice

import (
	"encoding/json"
	"fmt"
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
)

// ParseServerName returns a name of an MCP server.
func ParseServerName(s string) (ServerName, error) {
	if !label(s, 63) {
		return "", fmt.Errorf("%.80q cannot name an MCP server: it needs 1 to 63 of a-z, 0-9 and hyphen, with a letter or digit at both ends", s)
	}
	return ServerName(s), nil
}

// CheckAlias says what is wrong with an alias.
func CheckAlias(s string) error {
	if !label(s, MaxAlias) {
		return fmt.Errorf("%.80q cannot be an alias: it needs 1 to %d of a-z, 0-9 and hyphen, with a letter or digit at both ends", s, MaxAlias)
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
