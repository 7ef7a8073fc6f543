// Package http implements wasi:http@0.2: types and outgoing-handler for guests
// that make requests, and the host's side of incoming-handler for those that
// serve them.
//
// An instance has one [State]. Requests of the guest go through its
// httpclient.Client, which decides where they may lead; without one everything
// is denied. A request to the guest is an [Exchange]: it makes the two resources
// that incoming-handler.handle is called with, and writes what the guest answers
// while the guest runs.
//
// # Bodies
//
// A body is a bounded buffer between the guest and a goroutine that moves bytes
// to or from the network. When the network does not take what the guest writes,
// the guest's writes are not permitted until it does; when the guest does not
// read, nothing more is read from the network. So no body, however long,
// occupies more than its buffer, and a peer that stalls stalls one guest, until
// the deadline of the guest's call ends it.
//
// A guest that only ever waits until what it writes has been sent needs neither: as
// long as its response declares a length, its own goroutine sends each part
// straight from its memory.
//
// A body is complete when the guest has finished it. One that is dropped, or
// that remains unfinished when the guest's call ends, is cut off, such that the
// peer can tell. A body of another length than its Content-Length fails.
//
// # Fields
//
// Fields that belong to the connection rather than the message, and Host, are
// the host's business: guests neither see nor set them ([Forbidden]). What
// all the fields of an instance occupy is bounded; a guest that exceeds that
// traps, since header-error of this version has no case for it.
//
// # Errors
//
// Every failure of the network has the error-code that describes it; http-error-code
// finds it in the io-error of a body's stream. What the codes leave out, such as
// the rule that would have allowed a denied request, goes to Options.Logger.
//
// # Concurrency
//
// A State and its resources belong to the goroutine that runs the instance.
// Goroutines of this package share with it only pipes, sources and futures, and
// none outlives State.Close, or Exchange.Finish.
package http
