// Package typed makes MCP servers of components that do not speak MCP: that export
// functions, the interfaces of wattle:mcp, or those of wasmcp. It is the endpoint behind
// package host/mcp, which reads requests, writes answers, and keeps sessions. Each call is
// made in the instance of the request's session: a new one, unless the session is pinned.
//
// # Functions
//
// Every exported function is a tool, under the name of the function with that of its
// interface before it, in letters that names of tools have: demo_calc_ops_add for add of
// demo:calc/ops. Package jsonval turns values into JSON and says so in JSON Schema. A
// function that takes or returns a handle, a stream or a future is left out, and a
// problem of the listing says why: the instance that the handle is of ends with the call.
//
// Of kind strict:
//
//   - A parameter of an option type may be left out.
//   - A function whose result is a result<T, E> returns a T; an E is a tool error
//     (isError), whose text it is. Arguments that are not valid are a tool error as well,
//     which names the place, so that a model can do better.
//   - structuredContent is the value if that is a record, and {"result": value}
//     otherwise, since clients of earlier revisions want an object. The text is the value
//     as JSON, or a string as it stands.
//   - The description is the documentation of the function in WIT; that of types and fields is in
//     the schemas, and that of the world is the server's instructions. A component has it
//     in its section package-docs, which few toolchains write.
//
// Of kind wassette: as Wassette 0.7.1 does it. The result is {"result": value} with an error
// in it as data, and {"isError": true} is for arguments that are not valid. What a function
// that traps leads to is an error of the protocol all the same, as of any other component.
//
// Nothing about a tool can be read from its type: annotations are for the declaration of the
// component to give (lattice.ToolRule).
//
// # wattle:mcp
//
// The component says what it offers, and answers calls with what MCP has for an answer, in WIT
// types; what is JSON there, as schemas are, is text. See wit/deps/wattle/mcp.wit. It is told
// who calls by the callers of the invocation, and never a token. Its JSON is checked before it
// goes on; an answer that is not valid is an error of the server, and a definition that
// is not is left out of the listing. While it answers it may send progress and log messages,
// and ask whether anybody still waits (host/wattle/mcp).
//
// An answer may be that input is needed (2026-07-28, "Multi Round-Trip Requests"). The client
// must have said that it has the capability; it is told which one it lacks otherwise. The
// state that the component asks to get back is encrypted and authenticated (AES-256-GCM) with
// what it belongs to: all callers of the invocation, the method, the name, and the arguments,
// whose members may come back in another order. It is good for ten minutes. The key is derived
// from Options.StateKey and the component's ID, so that any host of the lattice opens
// it. It may be used more than once meanwhile: who must do something once only keeps a record.
//
// # wasmcp
//
// A leaf of wasmcp (github.com/wasmcp/wasmcp) exports tools, resources, prompts or
// completions of wasmcp:mcp-v20251125, and is composed with a transport there. Here the host
// calls it: the records are written as MCP has them, and what it sends over the stream it is
// given reaches the client if it is progress or a log message (host/wasmcp). A text or
// blob that is a stream is read to its end while the instance is there. It is told the
// name of who calls as claims with a subject and no others, and an empty token.
//
// # Limits
//
//	arguments, results     those of the target (host.Options), in bytes
//	values in arguments    jsonval.MaxValues
//	a schema               jsonval.MaxSchema
//	a result as JSON       jsonval.MaxJSON, and then mcp.Options.MaxMessage
//	a log message          64 KiB (host/wattle/mcp.MaxNotice); more traps the component
//	a state                64 KiB, for 10 minutes
//	streams of an answer   16 MiB (wasmcp)
//	a list                 catalogue.MaxDefinitions entries, in 200 pages (wasmcp)
package typed
