// Package host runs components.
//
// # Serving HTTP
//
// A [Server] answers HTTP requests with a component that exports
// wasi:http/incoming-handler. Every request has an instance of its own, made for
// it and closed after it: what one request does, to memory or by trapping, no
// other can see. Many components could not be used twice in any case: those of
// JavaScript engines answer one request and then fail.
//
// # Limits
//
// A server runs at most Options.MaxConcurrent instances. Requests beyond that
// wait in a queue of Options.MaxQueue; those beyond that are answered 503 at
// once. A request has Options.Timeout from its arrival to the last byte of its
// response, the wait included. Memory, tables, handles, calls of the host and fuel of
// each instance are bounded by Options.Limits, what it is sent and sends by
// Options.MaxRequest and Options.MaxResponse, headers as package host/wasi/http has it.
//
// Each limit has a name, which is in the error of a call ([component.LimitError]) and
// by which [Metrics] count how often it was exceeded. Callers on a lattice are told
// [lattice.CodeExhausted], or CodeDeadline for time; clients of HTTP 503 where there is
// no place, 413 for a request that is too long, 504 for time and 502 for the rest.
//
// # What instances are given
//
// All instances are given what Options.WASI has, until [Target.Supply] replaces it: as a
// whole, and for calls that begin from then on. A call keeps what it began with to its
// end.
//
// # Failures
//
// What goes wrong in a guest ends its instance and nothing else. If no part of
// the response has been sent, the client is answered 502, or 504 if time ran
// out, or as the guest's error-code says; otherwise the response is cut off, so
// that the client cannot take it for whole. Reasons go to Options.Logger together
// with the end of what the guest wrote to its standard error, and to the client
// only with Options.ShowErrors.
//
// # Output
//
// What guests write to standard output and error is split into lines for
// Options.Output. Lines are bounded in length, and in bytes per second over
// all instances of a server; what exceeds that is dropped and counted.
package host
