// Package wit is the model of WIT, the interface language of the WebAssembly
// Component Model: packages, interfaces, worlds, functions and types, the
// identifiers that name them, and what the Canonical ABI derives from a type
// (its size, its alignment, its flattening).
//
// The package is pure. It reads no file and knows no syntax; the text format is
// the business of wit/syntax, the binary format that of host/component, JSON that
// of wit/witjson. Whether an interface satisfies what is wanted of it is decided
// by wit/compat.
//
// # Words
//
//   - A [Type] is a value type. Types form an acyclic graph; a declared type
//     ("record stat { … }") carries the name and the owner of its declaration.
//   - A [TypeDef] is a name in the scope of an interface or world. It declares
//     a type or a resource, gives a second name to one (Alias), or brings one in
//     from elsewhere (Use).
//   - A [Resource] is the one type with an identity: two resources are the same
//     type when their pointers are equal.
//   - A [Func] is named by its extern name, as a component imports it: "read",
//     "[method]input-stream.read".
//   - An [InterfaceID] is what two components must agree upon to meet:
//     "wasi:io/streams@0.2.6". Its version track says which other versions
//     it may meet; see [InterfaceID.Compatible].
//   - A [Union] puts packages together out of parts, such as a binary has.
//   - A signature, [Func.Signature], is the structure of a type as a string:
//     two types with equal signatures are equal to the Canonical ABI.
//
// # Hostile types
//
// A few lines of WIT, or a few bytes of component, can describe a type whose
// tree has 2^64 leaves, since each type may mention the one before it twice.
// Everything here that walks a type walks its tree. Whoever builds a model out
// of something untrusted calls [Type.Check] or [Func.Check] once, which walk the
// graph instead and refuse what is too deep, too big or not a type at all. The
// other methods are then safe to call and cannot fail.
package wit
