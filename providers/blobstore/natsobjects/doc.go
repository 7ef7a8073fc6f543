// Package natsobjects keeps stores of objects in JetStream: in the one bucket that a
// lattice has for all of them.
//
// One bucket for all, because a host's permissions are subjects, and no subject stands
// for the buckets whose names begin in some way. Keys begin with the store, as those of
// providers/keyvalue/natskv do, and go on with
//
//	c.CONTAINER         a container
//	o.CONTAINER.OBJECT  an object: its size, and the id of its bytes
//	d.ID.N              the Nth part of the bytes, PartSize of them but for the last
//	u.ID                whose bytes these are, as long as they are no object's for certain
//
// It is not the form of the object stores of NATS (ADR-20): there all parts of an
// object have one subject, and what is in the middle of it can be read only from the
// beginning; and the names of all objects are in one token, so that a container could
// be listed only with all others. Here a range costs its own parts, and a listing its
// own container.
//
// # Replacing
//
// Bytes never change. An object that is put gets new ones, under an id of its own; then
// one write with a revision makes them the object's, and who did that removes those
// that were it before. Who reads those meanwhile is told that they are gone. Whatever a
// host leaves behind that ends in the middle has a u, and is removed by another an hour
// later ([Store] does so when it is first written to).
package natsobjects
