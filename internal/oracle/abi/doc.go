// Command abi compares Wattle's lifting and lowering with the specification's
// own program, definitions.py (Component Model, design/mvp/canonical-abi).
//
// A case is a list of types, and a memory and core values from which values of
// these types are lifted: ones that stand there properly, the same with some
// bytes changed, or anything at all. Of each case are compared:
//
//   - the flattened types, size and alignment (package wit);
//   - the values that are lifted, or that lifting traps (abi.Codec);
//   - what these values become in another memory with another string encoding,
//     byte for byte, with every call of realloc and every handle: when moved
//     from memory to memory (abi.Transfer), and when lowered from Go (abi.Codec).
//
// A NaN may become any NaN, and nothing else is left to choice. A message is not
// compared: only that there is a trap. Where realloc returns nonsense, or there
// is no room, both must trap.
//
// Cases are made of a seed: the same ones for the same seed.
package main
