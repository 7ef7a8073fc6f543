// Package invoke carries calls from one host of a lattice to another.
//
// A [Server] carries out the calls that others make to this host. A [Client] calls
// a host that is named. A [Router] is a lattice.Invoker: it has components that run
// in this process be called directly, and others on one of the hosts that the
// directory names.
//
// # Exchanges
//
// A call is an exchange of frames (package lattice/wire). The caller publishes to
// the subject of the host, the host to the subject of the caller, which the reply
// subject of the caller's frames names. An exchange is named by 128 random bits;
// who does not know them can neither answer nor cancel it. A call whose parameters
// and result fit into a frame each is one message there and one back.
//
// The caller's side is in one of these states:
//
//   - opening: an open has been published. Nothing has come back. If the word comes
//     that nobody subscribes, or that the host does not know the call and never
//     has, the call has not begun: it may be made again, here or elsewhere, as
//     another exchange.
//   - running: a frame has come from the host. From now on an end without the
//     host's last frame is an error after which the call may have had effects.
//   - ended: the host's last frame has come, which has the result or a fault; or
//     the context has ended, and a cancel was published; or the host was given up.
//
// The host's side:
//
//   - active: the open has come. The handler runs, or will.
//   - done: the last frame was published. What was sent and is not known to have
//     arrived is kept, and sent again if a probe asks for it.
//   - buried: the host has been asked about a call that it did not know, or it has
//     refused it. An open that comes later is ignored: a host never begins what it
//     has said it did not begin.
//   - forgotten: there were too many calls since. A probe for such a call is
//     answered with unknown, which is not certain.
//
// # Once or an error
//
// A call is carried out once, or the error says whether it may have been. An open
// that comes twice is ignored. It is published once: one that is lost is found to
// be lost, and then the exchange is dead and another one is begun.
//
// A host says for certain that it does not know a call only if it would: if the
// call was opened when this process of the host ran already, and after the end of
// the newest call that it has forgotten. A probe has the age of its call, so that
// clocks need not agree. The age is wrong by the time that the probe takes; the
// host allows for slack, and the caller trusts no answer that took longer. A host
// that has been restarted therefore says of the calls of its predecessor that it
// cannot know.
//
// # Liveness
//
// A caller that has heard nothing for half a second asks the host with a probe, and
// each second from then on. A host that does not answer for five seconds is given
// up. So is a caller that a host does not hear from: its call is cancelled. Time
// without a connection to NATS does not count for the host, and for the caller it
// is bounded by ten seconds. A restart of a NATS server is hardly noticed.
//
// # Streams
//
// Each direction is a sequence of frames. A receiver allows the other side a sum
// of costs, and allows more as its reader consumes: so a slow reader slows the
// writer down, and what waits is bounded by the window. The sender keeps what has
// not been acknowledged, within the same bound. A receiver that finds a frame
// missing, by the number of the next one or by the other side's word of how many
// it has sent, has it and all that follow sent again. Frames that come twice are
// dropped. The host allows nothing until the handler reads: a client that waits for
// 100 Continue gets it when it does, and a host that refuses a call has taken
// nothing that could not be sent to another one.
//
// # HTTP
//
// Heads, bodies and trailers are streamed; what a handler flushes is sent at once
// and flushed on the other side. Hop-by-hop fields (RFC 9110, section 7.6.1) stay
// behind in both directions. A handler that panics with http.ErrAbortHandler, or
// fails after the head was sent, has the client's connection be cut off as it would
// be in process. The caller's log has the reason.
//
// # Retries
//
// A router offers a call to another host only if the last one did not begin it, for
// certain, and if what was read of the body is still there. Of two hosts that are
// chosen at random, each as often as it has instances, it takes the one with fewer of
// its own calls under way for each of them. One that was not available is passed by
// for two seconds. A component that runs in this process is called there first, unless
// its variants have weights, as in a canary: then the variant is chosen first.
//
// A call that names its host is offered to that one alone.
//
// Whoever calls a host that gives no answers loses the call. A router therefore
// passes by a host that has not answered the first probe of a call, until it answers to a probe, without a call, two seconds
// later, four and so on, up to thirty; or says anew that it is ready.
//
// Hosts that are not connected lose nothing, and may be back in a moment: when a
// NATS server ends, all that were connected to it are away until they have found
// another. Calls for which there is no other host wait for them, for three seconds
// since they were first found away.
//
// # Limits
//
//	calls at once on a server          1,024      DefaultMaxCalls
//	body on its way, each direction    256 KiB    DefaultWindow
//	bodies and values of a server      128 MiB    DefaultMaxMemory, then 16 KiB each
//	parameters, result of a function   16 MiB     DefaultMaxValue
//	head, trailers                     64 KiB     wire.MaxHead
//	fields of a header                 1,024      wire.MaxFields
//	body of a frame                    64 KiB     wire.MaxChunk
//	depth of calls, claimed            64         wire.MaxCallDepth
//	calls that have ended, remembered  65,536     maxDone
//	frames of those                    16 MiB     maxDoneBytes
//	silence of the other side          5 s        giveUp
//	hosts that a call is offered       16         maxTries
//	wait for hosts that have gone      3 s        absentFor
//
// # What a call costs
//
// Half of the cost of a message is the write to the connection, unless several
// leave in one. So calls that begin at the same time are published together (see
// outlet), and so are answers, since a worker goes on with the next call instead of
// waking another goroutine for it (see workers). A call that nobody waits on has no
// timer and no channel of its own on the host (see callContext); on the caller's side
// there is one goroutine that looks after all.
//
// # Locks
//
// Those of the shards of Client and Server, of outlet and workers, and that of a
// side, are never held together, nor while something is published. The lock side.sending is held while
// frames are published, so that they leave in order.
package invoke
