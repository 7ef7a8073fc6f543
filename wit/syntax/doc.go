// Package syntax reads and writes the text format of WIT.
//
// [Parse] takes the text of one or more packages and returns the model of them,
// package wit. It works in three phases:
//
//  1. The lexer cuts a file into tokens; the parser, one file per construct,
//     builds a tree. A file with a syntax error contributes that one error.
//  2. Files are gathered into packages, and items whose feature gate is shut are
//     left out (WIT.md, "Feature Gates").
//  3. The resolver gives every name its meaning, on demand, with a marker on
//     what is under way to find cycles. It desugars what WIT desugars: methods
//     get their self, worlds the imports that their types need, includes are
//     replaced by what they include.
//
// Faults are of type [Errors]: all that were found, each with its place, its line
// and, for a name that does not exist, the nearest that does. A package that is
// mentioned and not given may come from a library ([Options]).
//
// [Print] does the opposite: it writes a package, an interface or a world as
// text which Parse reads back as the same model.
//
// Text is hostile. Files are bounded in number and size, nesting and chains of
// references in depth, types by [wit.Checker], and errors in number.
//
// Nested namespaces and packages ("a:b:c/d/e") are not supported. Whether an item
// refers only to items gated alike is not checked, as much published WIT would
// fail.
package syntax
