// Package binary decodes the binary format of WebAssembly components
// (Component Model, design/mvp/Binary.md) into a syntax tree.
//
// # What it does
//
// [Decode] turns bytes into a [Component]: every definition in the order in
// which it stands in the binary, each with the offset of its first byte in the
// file. [Sniff] tells a component from a core module by the first eight bytes.
//
// Decoding is purely syntactic. No index is looked up, no type is compared, no
// name is parsed: the tree says what the bytes say. Whether it means anything
// is the business of validation. A rule of Binary.md is checked here only if
// the tree has no room for its violation (a canonical option given twice, an
// outer alias of a function), or if the format itself demands it.
//
// # Reading
//
// One decoder walks the bytes once, forwards, by recursive descent, with one
// method per production of the grammar, in a file named for the construct. The
// first fault is kept, and every later read yields zero without moving, so
// that productions need no error branches of their own; only loops look at it.
//
// Offsets are offsets in the file even inside nested components, since nested
// components are read from the same slice. Core modules and custom sections
// alias the input, and so does the raw text of a core type; the caller must
// not change the input afterwards. Of a core module only the preamble is
// looked at: the engine decodes the rest.
//
// # Hostile input
//
// The input is hostile. What bounds the decoder:
//
//   - size: [Options.MaxSize] bounds the file;
//   - depth: [Options.MaxDepth] bounds nested components, and
//     [Options.MaxTypeDepth] nested component and instance types. Nothing else
//     in the grammar recurses;
//   - memory: a vector's count is compared with the bytes that remain (every
//     element takes at least one) and with [Options.MaxItems], which bounds all
//     vectors of a file together, before anything is allocated; and no more
//     than a few elements are allocated ahead of being read. Memory is
//     thus linear in the bytes present, some hundreds of bytes for each at worst;
//   - time: every byte is read a constant number of times.
//
// Every refusal is an [*Error] with a [Code], which is stable, and an offset.
//
// # Features
//
// All of Binary.md is decoded, its gated features included; validation decides
// which are enabled. Refused as not supported are the core types of the
// garbage collection proposal (struct, array, recursion groups, subtyping,
// typed references): no component can use them without an engine that has
// them.
package binary
