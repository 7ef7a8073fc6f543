// Package natskv keeps key-value stores in JetStream: in the one bucket that a lattice
// has for all of them.
//
// One bucket for all, because a host's permissions are subjects, and no subject stands
// for the buckets whose names begin in some way. The first two tokens of a key are the
// store's, made of [Own] or [Named], the third is the key of the component:
//
//	own.cart.user=3A42        a store that only component cart has
//	bucket.sessions.user=3A42 a store that configurations call "sessions"
//
// So a store is a pattern of keys, and nothing that a component calls a key leads out
// of it: see package lattice/token, which also lets tools of NATS show the keys.
//
// Compare-and-swap goes by the revisions of JetStream, and so does the cursor of a
// listing: the bucket keeps one message of a key, in the order of their revisions.
package natskv
