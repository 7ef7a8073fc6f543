// Package mcp is the gateway to the MCP servers of a lattice: all of them at one address,
// and each at one of its own, for clients of the revision 2026-07-28 of the Model Context
// Protocol and of those before it.
//
//	client ── 2026-07-28, or 2025-11-25 and before ──▶ Gateway ── 2026-07-28 ──▶ lattice.Invoker ──▶ host ──▶ component
//	                                                      ▲ servers, and what they offer: lattice/directory
//
// Behind the gateway there is one protocol, the newest: whatever a component speaks, its
// host makes a server of that out of it. So it is the same to the gateway where a component
// runs, and what it is.
//
// # Words
//
// Modern is the revision 2026-07-28, in which each request says all about itself. Legacy
// are those before it, which have sessions. A view is what is offered at one time, an
// endpoint what is offered at one address to those who may see it, an exchange a request
// of a client and what becomes of it, an answer what a component says.
//
// # Addresses
//
// /mcp/NAME is the server NAME with its own names of tools. /mcp is all servers that are
// not [lattice.MCP] Single: names of tools and prompts begin with the alias of their
// server and an underscore; a resource that several have is that of the first one by
// name, and its _meta tells of the others ("dev.wattle/also"). Lists name in their _meta
// the servers that cannot be called now ("dev.wattle/missing"). With ?tools=search there
// are two tools instead of all: find_tool, which finds tools by words, and call_tool,
// which calls them.
//
// # A request
//
// is checked in this order, each time with the status and the code that the specification
// names, and no component is woken for one that fails:
//
//	address                            404
//	Origin and Host                    403   no page of elsewhere, no name that is not ours
//	method                             405   POST; GET and DELETE of sessions
//	token                              401, 403 with WWW-Authenticate (RFC 6750, RFC 9728)
//	Content-Type, -Encoding, Accept    415, 406
//	length                             413
//	JSON (package jsonrpc)             400, -32700: one document, UTF-8, no member twice
//	envelope                           400, -32600: no batch; ids are strings or integers
//	_meta                              400, -32602
//	header = body                      400, -32020: version, method, name, arguments in headers
//	version                            400, -32022
//	the Vetter's word                  403 as a code of JSON-RPC
//	method of MCP                      404, -32601
//	name, rate                         -32602, 429
//
// A request is modern if its _meta names a revision or its header one that has no sessions,
// and legacy otherwise. Errors of legacy requests come with status 200.
//
// The body is relayed as it came: numbers, blanks and members that nobody here knows stay.
// Changed are the name, if the server knows the tool by another one; for legacy clients
// _meta, which gets what modern requests say; the id, if it is a number that a component
// which reads floating point could not repeat. The header is made anew, and carries over
// Mcp-Param-*, traceparent, tracestate and the count of hops, and no credentials.
//
// # An answer
//
// is read as it comes, and each message of it is judged: a response with the id of the
// request, once; before it, on a stream, notifications that belong to the request:
// progress with its token, log messages from the level on that it asked for. Requests to
// the client are refused, as modern servers have none. Anything else ends the call with an
// error that says what was wrong. A document is passed on when it is complete, an event
// at once. A component that goes on after its response is stopped after a second.
//
// Codes of errors are those of JSON-RPC and MCP. The gateway's own are those of HTTP, which
// lie where the specification wants codes of applications to lie (2026-07-28, Overview,
// "Error Codes"): 401, 403 denied, 404 no server or session, 429 too often and 503 not now,
// both with retryAfterMs in their data where trying again helps, 504 timed out.
//
// A call is tried again, at most twice, if its tool says that it is read-only or
// idempotent, the host was lost, and nothing of an answer had come.
//
// # Lists
//
// are ready before they are asked for: when the servers change, all lists are written, in
// the forms of both eras, and an answer is one of them with the id put in. Nothing is asked
// of a component. Lists have no pages. With a [Vetter] each principal gets the lists of
// those entries that it may use; they are kept by Principal.Rights and the Vetter's
// revision. The same entries are found by calls: what is not shown cannot be called, and
// is not told from what does not exist. Every list is private, as everyone has a token.
//
// # Sessions
//
// The id of a session is what there is to know of it, sealed (AES-256-GCM, under a key
// that is derived for this purpose) and bound to the principal and the address: any
// gateway with the same key serves it. What lies with one gateway is what belongs to a
// connection (calls under way, streams, subscriptions), the level of logging, and which
// sessions were ended there; a client that is sent to another one has the default level
// there. Pinned servers keep an instance for a session: which host has it is in the id.
// If it is gone the request is answered with 404, and the client begins another session.
//
// What a component asks by the result input_required becomes requests to the legacy client
// on the stream of its call; the answers go with the next request to the component, up to
// maxRounds. The ids of such requests cannot be guessed and are those of one session.
// They are answered at the gateway that asked: behind several gateways, clients of
// sessions have to be sent to the same one for as long as a call lasts.
//
// A modern client cancels by closing the connection, a legacy one by
// notifications/cancelled; its calls go on when it goes away.
//
// # Limits
//
//	body of a request                   Options.MaxBody        4 MiB
//	answer, or event of a stream        Options.MaxAnswer      16 MiB
//	all of these in memory              Options.MaxHeld        1 GiB
//	messages before a response          Options.MaxMessages    10,000
//	requests under way                  Options.MaxCalls       4,096
//	streams; of one principal           Options.MaxStreams     16,384; Options.MaxOwn 1,024
//	sessions of which something is kept Options.MaxSessions    65,536
//	lists of principals                 Options.MaxSets        1,024
//	counters of calls                   Options.MaxLimits      65,536
//	time of a call                      lattice.MCP            30 s
//	time for input; rounds; at once     Options.InputTimeout   10 min; 16; 32
//	time to take an event               writeTime              30 s
//	resources that a client hears of    maxUpdates             256
//
// What is over a limit is refused; maps that are full forget what was not used for the
// longest time. A client that does not read slows its own call down, and nothing else.
//
// # Locks
//
// reply.mu is held while a client is written to, with no other. state.mu, streams.mu,
// waits.mu and those of lru are held for a few instructions.
//
// # What it does not do
//
// It does not check arguments against schemas, does not resume streams, and does not relay
// the tasks of 2025-11-25. Extensions are between a client and the one server at /mcp/NAME.
package mcp
