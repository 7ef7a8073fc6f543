// Package rediskv keeps key-value stores in Redis, Valkey, or what else speaks their
// protocol.
//
// A store is the keys that begin with a prefix, and values are strings: what programs
// of others write there can be read. Values are read up to the store's bound and not
// further, whatever size others gave them. Compare-and-swap compares values, in a script
// (EVAL) that the server runs as one; counters are INCRBY's. Keys are listed by SCAN, so
// that a page may be empty although there are more, and a key may come twice.
//
// Nothing is sent twice: what was lost with a connection fails.
package rediskv
