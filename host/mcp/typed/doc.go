// Package typed makes MCP servers of components that do not speak MCP themselves.
package typed
