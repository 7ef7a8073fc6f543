// Package httpserver is the front door of a lattice: an HTTP server that has
// components answer, wherever they run.
//
// # Which component
//
// [Routes] tell by the name of the host and the path. On a loopback address
// COMPONENT.localhost is the component of that name besides, without a route, so
// that one can be tried as soon as it runs. What no component answers gets 404.
//
// # The gateway of MCP servers
//
// With Options.Gateway, requests that name the machine itself, as localhost or by an
// address of loopback, and whose path is /mcp or below it, are the gateway's. So is
// what its clients look for at /.well-known/oauth-protected-resource. COMPONENT.localhost
// stays the component's own, and so do routes that name a host.
//
// # What a component is given
//
// The request as it came, with the trace context of the front door. Spans are
// made by who wraps the server (package lattice/telemetry). The
// invocation names "http" as its only caller and has lattice.DefaultDepth. It
// ends after Options.Timeout in any case; the limits of the component itself are
// shorter as a rule, and are its host's business.
//
// # Failures
//
// An error of the invocation, after which nothing of a response has been
// written, becomes a status: 503 with Retry-After if the component did not begin
// with the request and could at another time, 504 if time ran out, 403 if a policy forbids it,
// 404 if the component is gone, and 502 otherwise, when the request may have had
// effects. A response that cannot be ended is cut off. Why goes to the log, and to
// the client with Options.Local only. That a component is nowhere is said there once in
// a few seconds, and not for each request.
//
// # Local clients
//
// A server on a loopback address answers local clients only, so that no web page
// can reach it under a name of its own (package internal/webserver). Names that
// are routed are answered as well. A front door behind a proxy on the same machine
// is not local: it is for whom the proxy lets in.
package httpserver
