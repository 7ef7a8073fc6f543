// Package state is what the scheduler knows for certain: what operators have asked
// for, and where it was decided that it runs. It is pure.
//
// A [State] does not change. [State.Apply] makes another one from it and an [Entry]
// of the log, and shares with it what is the same. The same entries in the same order
// make the same state, byte for byte in its snapshot, on every machine and in every
// later version: an entry has the outcome of a decision, and not its grounds.
package state
