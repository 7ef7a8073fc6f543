// Package auth has the types of wasmcp:auth, version 0.1.1, which those of
// wasmcp:mcp-v20251125 refer to.
package auth

import "github.com/wattle-dev/wattle/host/component"

// Define offers the types of wasmcp:auth to l.
func Define(l *component.Linker) error { return DefineTypes(l) }
