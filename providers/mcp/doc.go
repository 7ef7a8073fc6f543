// Package mcp is the gateway: every MCP server of a lattice at one address.
package mcp
