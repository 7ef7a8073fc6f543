// Command wit compares Wattle's understanding of WIT with that of wasm-tools, of
// which a build for WebAssembly is part of the Go module go.bytecodealliance.org.
// It is frozen at version 1.230 of May 2025.
//
//   - Models: a WIT text, or a component, is made into JSON by wasm-tools
//     ("component wit --json") and by Wattle (package witjson), and each document
//     into lines, one for every type, function, import and export, in which
//     references are replaced by what they refer to. The lines must be the same.
//     The texts are those of the repository, and packages made by chance; the
//     components those of the repository.
//   - Verdicts: texts that are wrong in places, made of the same texts and of the
//     parser's own test cases, are accepted by both or refused by both.
//   - Worlds: whether a component fits a world ("component targets"), against
//     package compat.
//
// Differences are listed in known.txt, with the reason; the run fails on one that
// is not listed. Packages and changes are made of a seed.
package main
