// Package witbin writes WIT values in binary form, for calls between hosts.
//
// The form is that of value definitions in the Component Model (Binary.md, "Value
// Definitions"), without the type and the length in front: both sides know the
// type. Integers of more than a byte are LEB128, strings and lists have their
// length first, cases of variants and enums their number, flags are bytes. A map
// is written as the list of its entries, a fixed-length list without a length.
// The parameters of a function follow each other; a result is itself.
//
// A value has one form: what is longer than it has to be, a NaN other than the
// canonical one, and bytes left over are errors. Decoding takes memory in
// proportion to the input, whatever counts it claims.
//
// Handles, streams and futures mean nothing to another host: [Check] says whether
// a function has any.
package witbin
