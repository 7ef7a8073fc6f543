// Package blobstore is the contract of stores of objects that components are linked
// to, and what all backends share: bounds, times and errors.
//
// # Contract
//
// A [Store] has containers, and these have objects: bytes by a name, any text, in which
// no character means anything. It is what one link grants: whatever else the backend
// holds is out of its reach. Package blobstoretest is the contract as tests.
//
// Objects are written and read as streams, at the pace of the slower side, and never
// held as a whole. One that is put replaces what had its name at once, when all of it
// is there, or not at all. One that is replaced or deleted while it is read may end
// with an error, never with the bytes of another.
//
// # Bounds
//
// Backends do not judge names and sizes: [Limit] does, in front of any of them. An
// operation that is no stream ends in time; a stream ends when it makes no progress for
// as long.
//
// # Errors
//
// Every error is an [*Error], or that of the context. Its message says nothing of the
// backend: guests may be told. The cause in it may name addresses and is for the
// operator only.
package blobstore
