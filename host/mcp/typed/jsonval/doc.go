// Package jsonval writes component values as JSON, reads them back, and says in
// JSON Schema (2020-12) what it writes and reads: the form that the arguments and
// results of tools have. It is pure.
//
// # Strict
//
// The schema says what the WIT does, and whatever it allows is read, but for what JSON
// Schema cannot say: that a text is base64, how large a float32 may be, and an integer of
// nineteen or twenty digits.
//
//	bool                   true, false
//	u8 … s32               integer, with the bounds of the type
//	u64, s64               integer up to 2^53-1 either way; beyond that a string of
//	                       digits, as many readers of JSON have no such integers.
//	                       Reading takes a number there too, exactly
//	f32, f64               number, or "nan", "inf", "-inf"
//	char                   string of one character
//	string, enum           string
//	list<u8>               string in base64
//	list, fixed-length     array
//	tuple                  array of that length
//	record                 object; a field of type option may be left out
//	variant                {"tag": CASE, "val": PAYLOAD}, without val if the case has none
//	option                 null or the value; an option in an option is {"some": VALUE}
//	result                 {"ok": VALUE} or {"err": VALUE}, null for no payload
//	flags                  array of the names that are set
//	map<string, T>         object
//	map                    array of {"key": …, "value": …}
//
// An object with a member that is not of its type, or with one twice, is refused:
// who misspells the name of an optional field should be told. Errors name the place of the wrong
// value: article.tags[3].
//
// # Wassette
//
// The form that Wassette 0.7.1 gives (its crate component2json), bit for bit, so that
// components move over without their clients noticing: every number is "number",
// flags are described as an object and passed as an array, options are required,
// bytes are numbers, names that nobody knows are ignored. Texts of errors are ours. In
// structured results Wassette turns flags whose names all begin with "val" into an
// object; this package does not.
//
// # Limits
//
// What is read is as deep as its type (at most wit.MaxTypeDepth), or maxSkip where it is
// ignored, and has at most MaxValues values. A schema has at most MaxSchema bytes,
// what is written MaxJSON. Handles, streams, futures and error contexts have no form:
// they mean nothing outside of the instance that has them.
package jsonval
