// Package compat decides whether what is offered satisfies what is wanted, and
// says why not in words that a person can act on.
//
// It answers three questions, each with the help of the one before:
//
//   - Are two types the same? [Types] and [Funcs] return the first [Difference],
//     with the path that leads to it. There is none if and only if the
//     signatures of the two, [wit.Func.Signature], are equal.
//   - Does an interface satisfy an import of it? [Interface] returns every
//     [Fault]. [Offers.Import] finds the offer first.
//   - Does a component fit a world? [Targets] answers for each import and each
//     export of both.
//
// # The rules
//
// They are those of the Component Model, Explainer.md, "Type Checking". Value
// types and function types have no subtypes but themselves: names of fields,
// cases and parameters and their order belong to the type, the name of the type
// does not. An instance may have more than is wanted of it. So a component fits a
// world if it imports no more than the world and exports no less.
//
// Interfaces meet if their names are equal and their versions are on one track
// (Explainer.md, "Canonical Interface Name"; [wit.Track]): a component may import
// wasi:io@0.2.12 beside wasi:http@0.2.10, and what has 0.2.6 to offer is asked
// for both. Whether it has all that is imported of the newer one is seen from the
// functions, not from the number.
//
// A resource is the same as another if both have the same name in interfaces that
// may meet. In a world that imports and exports the same interface, there are two
// of it, and they differ.
//
// # One truth
//
// host/component links by the same rules, on the types of a binary: it compares
// signatures, and asks this package for the words when they differ. Its tests
// hold the two against each other.
package compat
