// Package mcp implements wattle:mcp, version 0.1.0: what a component is given that
// exports tools, resources or prompts of the Model Context Protocol with WIT types. The
// interfaces that it exports are called by host/mcp/typed.
//
// What a call may say to its client belongs to the call and not to the instance, which
// may answer others later. So it comes with the context of the call: [WithClient]. Where
// there is none, as while the component lists what it has, nobody is told anything.
package mcp

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component"
)

// Define offers all of wattle:mcp to l.
func Define(l *component.Linker) error {
	return errors.Join(
		DefineTypes(l),
		DefineHost(l, func(*component.Call) Host { return caller{} }),
	)
}
