// Package mcpv20251125 implements what components import of wasmcp:mcp-v20251125, version
// 0.1.1, that have the tools, resources, prompts or completions of an MCP server, in the
// WIT of wasmcp (github.com/wasmcp/wasmcp). The interfaces that they export are called by
// host/mcp/typed, without wasmcp's transport and middleware: what those do, the host does.
//
// A component sends its client messages by server-io.send-message over a stream that it
// is given with each call. The messages that a host passes on are progress and log
// messages, to the client of the call (host/wattle/mcp.WithClient); progress is that
// of the call, whatever token it has, as components of wasmcp are not told the token.
// Notifications that a list has changed are dropped: lists are those of a version of the
// component. Requests to the client are refused. The stream itself leads nowhere.
package mcpv20251125

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component"
)

// Define offers wasmcp:mcp-v20251125 to l.
func Define(l *component.Linker) error {
	return errors.Join(
		DefineMcp(l),
		DefineServerAuth(l),
		DefineServerIO(l, func(*component.Call) ServerIO { return sender{} }),
		DefineServerHandler(l),
	)
}
