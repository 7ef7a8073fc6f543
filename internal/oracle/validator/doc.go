// Command validator compares Wattle's validation of components with wasmtime's,
// on components that are wrong in places.
//
// The corpus is the components of the directories and files that are named; of
// these, [mutant.Corpus] makes mutants. Each is judged twice, once as Wattle
// judges it when it is loaded (decoded, validated, its core modules checked), and
// once by wasmtime, which runs in a Python process (wasmtime_oracle.py). For
// wasmtime each mutant is put into a component that has nothing else in it: that
// changes nothing about its validity, and keeps wasmtime from translating what
// it does not run, which it is not asked about.
//
// Where the two differ, Wattle's code and wasmtime's message, without what is in
// them of names and numbers, make a class of disagreement. Each class must be
// listed in known.txt with the reason why Wattle is right by the specification,
// or the feature that makes the difference; the run fails otherwise. What is
// listed and does not occur is said, and is no failure: whether it occurs is a
// matter of chance.
package main
