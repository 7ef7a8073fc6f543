// Package jsonrpc reads and changes JSON text without decoding it, as a relay of
// JSON-RPC does that must not lose or change what it does not know.
//
// [Scan] goes over a text once. It says whether the text is one JSON value and nothing
// else, and where the members are that a [Shape] names, down any path of objects. It
// allocates nothing. [Splice] makes a text with some of them replaced; the others,
// numbers and blanks and the order of members too, stay byte for byte.
//
// # What two readers could read in two ways
//
// A relay judges what a message says and somebody else carries it out. Where the two read
// it differently, the judgement is worth nothing. Therefore a text is refused:
//
//   - that is not UTF-8, begins with a byte order mark, or has something after its value;
//   - that has a member twice which the shape names: some readers take the first one,
//     some the last;
//   - that has, beside such members, one whose name differs in case only: some readers do
//     not tell the two apart;
//   - that is nested deeper than [MaxDepth].
//
// What a shape does not name is not compared: whoever judges the arguments of a tool has
// to read them with care of the same kind.
package jsonrpc
