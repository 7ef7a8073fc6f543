// Package wire has the names and forms of everything that Wattle puts on NATS:
// subjects, buckets, documents and the frames of exchanges. It is pure, and
// nothing of it is written down anywhere else.
package wire
