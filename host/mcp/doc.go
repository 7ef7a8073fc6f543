// Package mcp makes MCP servers of components, on the host that runs them.
//
// # One protocol
//
// Between a gateway and a component there is one protocol: the revision [Version] of MCP,
// which has no sessions, as POST requests that are invocations of lattice.MCPInterface.
// Whatever a component is, its host makes a server of that revision of it, and so a
// gateway need not know, nor whether the component is near or far.
//
//	client ─ any revision ─▶ gateway ─ Version ─▶ Server ─▶ Endpoint ─▶ component
//
// A [Server] is what all kinds of components have in common: it reads a request, bounds
// it, compares it with its header, gives it a session and the time that the declaration
// says, and writes the answer. An [Endpoint] is one kind. [HTTP] is that of components
// which speak MCP themselves, over wasi:http; package host/mcp/typed has those that export
// functions.
//
// # Requests and answers
//
// A request is answered with one JSON text or, from the first notification on, with a
// stream of events. Everything that goes wrong is an error of JSON-RPC with HTTP status
// 200, but for a session that is gone, which is 404. What did not begin, because the
// component was busy or is going, is an error of [Server.HTTP]: it may be tried elsewhere.
//
// Notifications are passed on as they come, those that the client has asked for: progress
// with its token, messages of the level that it wants, changes that it listens to.
//
// # Components that speak MCP
//
// [HTTP] asks a component server/discover. If it answers as a server of Version does, it
// is sent requests as they came, and its answers go back as they are. If not it is asked
// initialize, and requests are translated to the revision that it answers with: what only
// Version has in _meta and in the header is left out, and what Version wants of results is
// added. If it gives a session a name, or answers nothing before initialize, each instance
// is told initialize first. It is told that the client can do nothing: a server of an
// earlier revision would ask the client over the stream of a call, where an instance
// cannot hear the answer. Servers of Version ask in their results.
//
// What a component answers is not believed to be a message. It is read up to the response
// and no further; a component that goes on is stopped after a second. HTML, status 500,
// a response to another request, a request to the client, an event or a text that is too
// long, a stream that ends or never does, a trap and silence all are one error, with a
// message that says which it was. Only those who run the host are told what the component
// wrote ([Options.ShowReasons]).
//
// # Instances
//
// Every request has an instance of its own, and so has each that the host makes to find
// something out: components made with JavaScript answer one and then fail. Where a
// component needs initialize, its requests and the one of the client go to one instance,
// and then that is gone.
//
// A component that is declared pinned has an instance for each session, if the request
// names one ([HeaderSession]). It lives from the first request to the last one of the
// session, answers them one after another, and belongs to the first link of the chain of
// callers: for others it is not there. A session ends when its instance fails, or is
// stopped because a call takes too long or its client goes; when it is not used for a
// while; with DELETE; when the component stops, or is granted something else. There is no
// other place where its state could be, so a request to a session that has ended is
// answered 404, and the client begins anew. One that is alive is never given up for
// another: beyond the bound new ones are refused.
//
// # Limits
//
//	message, in either direction            16 MiB    DefaultMaxMessage
//	bytes of all requests of a component    128 MiB   DefaultMaxHeld
//	what a request counts of them           4 KiB     leastHeld
//	time of a call                          30 s      lattice.DefaultMCPTimeout
//	notifications of a call                 10,000    MaxNotifications
//	time after a response                   1 s       linger
//	pinned sessions of a component          64        DefaultMaxSessions
//	memory of their instances               1 GiB     DefaultMaxSessionMemory
//	requests of a session that wait         16        host.MaxSessionQueue
//	time that a session is not used         30 min    DefaultSessionIdle
//	name of a session                       128       MaxSessionID
//	pages of a list                         200       maxPages
//	entries of a list                       2,000     catalogue.MaxDefinitions
//	members of an object that is looked at  4,096     rawjson.MaxMembers
//
// Instances have the limits of package host besides, and wait for a place as those of
// other calls.
package mcp
