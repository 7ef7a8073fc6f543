// Package io implements wasi:io@0.2: error, poll and streams.
//
// # Readiness
//
// Everything a guest can wait for is an [Event]. A pollable resource is a
// handle to one. Poll waits for any of several with [Wait]: it asks each
// event whether it is ready, and when none is, watches all of them and sleeps
// until one wakes it or the context of the guest's call ends. A wake is only a
// hint to ask again, so that an event may wake too often, but never too
// seldom: whoever makes an event ready wakes its watchers afterwards.
//
// # Streams
//
// An input-stream is an [InputStream] over a [Source], an output-stream an
// [OutputStream] over a [Sink]. The resources keep the rules of the WIT text
// (permits, closed after failed, blocking variants); sources and sinks only
// move bytes, never block, and bound what they hold:
//
//   - [FromReader] reads ahead from a blocking io.Reader into a bounded buffer,
//   - [FromWriter] drains a bounded buffer into a blocking io.Writer,
//   - [Pipe] is a bounded queue between a guest and a reader of the host,
//   - [FromBytes] and [Discard] need no buffer at all.
//
// # Concurrency
//
// The resources belong to one instance, and so to one goroutine at a time.
// Events, sources and sinks may be used by several: the one that runs the guest
// and the one that feeds or drains them.
//
// No goroutine exists while a stream is at rest. FromReader has one while it
// reads, FromWriter one while it writes; both end with the stream, as soon as
// the reader or writer under them returns.
//
// No function of another package is called with a lock of this package held.
package io
