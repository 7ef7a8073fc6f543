// Package wave reads and writes values of the Component Model as text, in the
// WebAssembly Value Encoding (WAVE), whose definition is the README and the
// grammar of the wasm-wave crate of wasm-tools:
//
//	bool                   true
//	u8 … s64               42, -7
//	f32, f64               6.022e23, nan, inf, -inf
//	char, string           'x', "tab\t, snowman \u{2603}", """ and lines """
//	list, list of length   [1, 2, 3]
//	map                    [("one", 1), ("two", 2)]
//	tuple                  (1, "two")
//	record                 {x: 1, y: 2}, or {:} with every field left out
//	variant, enum          circle(2.5), nothing, %none
//	flags                  {read, write}, {}
//	option                 some(1), none, or just 1
//	result                 ok(1), err("why"), or just 1
//
// Fields of a record may stand in any order, and those of an option may be left
// out; so may the last arguments of a call. The short form of an option or result
// exists if its payload is neither. A case that is called like a keyword (true,
// false, some, none, ok, err, inf, nan) is written with "%"; any label may be. A
// comma may follow the last of several things, comments run from "//" to the end
// of the line. The text does not mention maps; they are written as the lists of
// pairs that they stand for (CanonicalABI.md, "Despecialization").
//
// # Reading
//
// Reading is led by the type: [Parse] has one for every place in the text, so
// that it can say what is missing there. A fault is an [*Error] with a line and a
// column.
//
// The function of a call has to be known before its arguments can be read.
// [ParseCall] therefore reads no more than its name; [Call.Args] reads the
// arguments, and the call that follows after a dot, if any. That is an addition
// to WAVE, for the methods of resources: counter(3).increment(2).get().
//
// # Writing
//
// [Print] has one text for each value. Options and results are written in their
// long form, fields in the order of the type and without those that are none,
// floats with the fewest digits that read back as the same number and without an
// exponent. Escaped is what must be, and what is not printable: a text holds
// nothing that a terminal obeys.
//
// # What has no text
//
// Handles, streams, futures and error contexts mean nothing outside of the
// instance that they belong to. Reading and writing them fails with
// [ErrNoText].
//
// # Hostile input
//
// Text is hostile, and so are types and values that come out of a component. A
// text is bounded by [MaxText] when it is read and when it is written, and the
// number of values in it by [MaxValues]: a few characters can stand for a record
// of many fields that are left out. Depth is that of the type, which must have
// passed [wit.Type.Check]. Within these bounds, what Print wrote Parse reads as the
// same value.
package wave
