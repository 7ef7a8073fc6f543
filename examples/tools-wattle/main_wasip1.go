// Command tools-wattle is an MCP server with recipes: a component that exports the
// interfaces of wattle:mcp, and knows nothing of HTTP, JSON-RPC or sessions.
package main

import mcp "github.com/wattle-dev/wattle/examples/internal/wattlemcp"

func init() {
	mcp.Serve(&mcp.Server{
		About: mcp.About{
			Name: "recipes", Title: new("Recipes"), Version: "1.0.0",
			Instructions: new("Amounts are in grams. Ask for a shopping list before you order."),
		},
		Tools: recipes, Resources: recipes, Prompts: recipes, Completions: recipes,
	})
}

// main never runs: the host calls the exported functions.
func main() {}
