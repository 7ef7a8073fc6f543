package catalogue

import (
	"encoding/json"

	"github.com/wattle-dev/wattle/lattice"
)

// Bounds of listings.
const (
	// MaxDepth is how deep arrays and objects lie in each other in a definition.
	MaxDepth = 64
	// MaxDefinition bounds a definition, in bytes, and the ServerInfo and Capabilities.
	MaxDefinition = 256 << 10
	// MaxDefinitions is how many tools a server has, and how many prompts, resources and
	// templates.
	MaxDefinitions = 2000
	// MaxListing bounds all definitions of a server together, in bytes. Compressed they
	// have to fit in wire.MaxContents.
	MaxListing = 8 << 20
	// MaxInstructions bounds the instructions of a server, in bytes.
	MaxInstructions = 64 << 10
	// MaxName bounds the names of prompts, MaxURI the URIs of resources.
	MaxName = 128
	MaxURI  = 2 << 10
	// MaxVersions is how many revisions of MCP a server says it speaks.
	MaxVersions = 16
	// MaxProblems is how many problems a listing has; the last one says that there are
	// more.
	MaxProblems = 64
	// MaxProblem bounds the text of one, in bytes.
	MaxProblem = 512
)

// Listing is what a host has found out that a component offers as an MCP server.
type Listing struct {
	Component lattice.ComponentID
	Host      lattice.HostID
	// Digest and Revision are those of the component that was asked.
	Digest   string
	Revision uint64
	Contents
}

// Contents are what a server offers. The definitions are objects as the server sent
// them, without blanks, in the order of their names, or URIs.
type Contents struct {
	// Versions are the revisions of MCP that the component itself speaks, newest first.
	Versions []string `json:"versions,omitempty"`
	// ServerInfo and Capabilities are objects, or empty.
	ServerInfo   json.RawMessage   `json:"server_info,omitempty"`
	Capabilities json.RawMessage   `json:"capabilities,omitempty"`
	Instructions string            `json:"instructions,omitempty"`
	Tools        []json.RawMessage `json:"tools,omitempty"`
	Prompts      []json.RawMessage `json:"prompts,omitempty"`
	Resources    []json.RawMessage `json:"resources,omitempty"`
	// Templates are those of resources.
	Templates []json.RawMessage `json:"templates,omitempty"`
	// Problems say what was left out, or could not be found out, and why.
	Problems []string `json:"problems,omitempty"`
}
