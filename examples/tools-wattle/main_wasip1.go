// Command tools-wattle is an MCP server with recipes: a component that exports the
// interfaces of wattle:mcp, and knows nothing of HTTP, JSON-RPC or sessions.
package main

import mcp "github.com/wattle-dev/wattle/examples/internal/wattlemcp"

func init() { mcp.Serve(recipes.server()) }

// main never runs: the host calls the exported functions.
func main() {}
