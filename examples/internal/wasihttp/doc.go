// Package wasihttp connects net/http to wasi:http 0.2 in a guest built with
// the plain Go toolchain.
//
// [Serve] makes an [http.Handler] answer wasi:http/incoming-handler, and
// [Transport] is an [http.RoundTripper] over wasi:http/outgoing-handler. Bodies
// stream in both directions: a write returns when the host has taken the
// bytes, so the peer's pace is the handler's pace, and a read waits for the
// next bytes only. Trailers travel both ways.
//
// A guest has one thread. While a goroutine waits for the host, the others
// run; the instance as a whole blocks only when none of them can.
//
// What net/http's server does for a handler is done here too, where it can be:
// an unset Content-Type is sniffed, a short response gets a Content-Length, a
// panic is reported and aborts the response, trailers are those named in the
// Trailer field or with [http.TrailerPrefix]. Hijacking and 1xx responses do
// not exist in wasi:http 0.2.
package wasihttp
