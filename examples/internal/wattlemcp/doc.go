// Package wattlemcp is a small binding to wattle:mcp 0.1.0, for MCP servers that are
// components built with the plain Go toolchain (GOOS=wasip1 GOARCH=wasm). A program says
// what it offers with [Serve], in an init function:
//
//	func init() { wattlemcp.Serve(&wattlemcp.Server{Tools: tools{}}) }
//
// The types are those of the WIT package, written as Go has them: an option is a pointer,
// nil for none, and a variant a struct with a pointer for each case, one of which is
// not nil.
//
// # Layout
//
// In Go's wasm port a pointer in memory has 64 bits, and in the Canonical ABI 32. So no Go
// struct has the layout that the host reads and writes. [lift] and [lower] go by the Go
// types, with reflection: they know strings, lists, records, options and variants.
//
// # Memory the host allocates
//
// The host asks for the memory of arguments through cabi_realloc, before the export that
// takes them runs. It gets it from an arena, which is free again when the export has
// lifted its arguments. The same function serves the preview 1 adapter, which asks for its
// own state before Go's runtime is ready; that memory is static and never reused.
// Results stay until the next call.
package wattlemcp
