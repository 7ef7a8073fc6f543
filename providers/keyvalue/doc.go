// Package keyvalue is the contract of key-value stores that components are linked to,
// and what all backends share: bounds, times and errors.
//
// # Contract
//
// A [Store] holds values by keys, any text and any bytes. It is what one link grants:
// whatever else the backend holds is out of its reach, and two stores have nothing in
// common unless their configurations name the same place. Package keyvaluetest is the
// contract as tests.
//
// A counter is a value like others: the decimal form of a signed number of 64 bits.
// Compare-and-swap goes by a [Snapshot]. Counting and swapping are atomic among all
// who use the backend; batches are not.
//
// Keys are listed in pages. A cursor is a number without meaning to others; whoever
// makes one up gets another page of the same store. Keys that are there from the first
// page to the last are listed, and perhaps twice if they are written meanwhile.
//
// # Bounds
//
// Backends do not judge sizes: [Limit] does, in front of any of them. It has calls end
// in time as well. A backend that is away makes a call fail, with an [*Error] of the
// kind [Unavailable]; it works again when the backend does.
//
// # Errors
//
// Every error is an [*Error], or that of the context. Its message says nothing of the
// backend: guests may be told. The cause in it may name addresses and is for the
// operator only.
package keyvalue
