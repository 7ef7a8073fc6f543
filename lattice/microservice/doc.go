// Package microservice makes a program visible to `nats micro`: it answers the
// requests of NATS's service protocol (ADR-32 of nats-io/nats-architecture-and-design)
// and serves endpoints, over a lattice.Messenger.
//
// # Protocol
//
// A service answers requests on $SRV.PING, $SRV.INFO and $SRV.STATS, on the same
// followed by its name, and by its name and its ID. Its endpoints are subjects of
// their own. They answer with JSON, or with an error: the fields Nats-Service-Error
// and Nats-Service-Error-Code of the header and, because not every client reads
// those, a body {"error":{"code":…,"message":…}} with a code of package lattice.
//
// What JetStream was made to deliver to one of these subjects is no request, and is
// not answered: see wire.FromJetStream.
//
// # Bounds
//
// Handlers run outside of the goroutine that gives out messages, so many at once
// and so many waiting; whoever comes beyond that is told so at once. A handler has a
// limited time. What it is asked with and answers with fits in one message.
package microservice
