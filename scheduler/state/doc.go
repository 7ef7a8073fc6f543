// Package state is what the scheduler knows for certain: what operators have asked
// for, and where it was decided that it runs. It is pure.
//
// A [State] does not change. [State.Apply] makes another one from it and an [Entry]
// of the log, and shares with it what is the same. The same entries in the same order
// make the same state, byte for byte in its snapshot, on every machine and in every
// later version: an entry has the outcome of a decision, and not its grounds.
//
// # Entries
//
// An entry names the state that it was decided on, by its number ([State.Seq]); on any
// other it has no effect. It is checked before it has one: each record by itself, and
// with those others without which no document could be made of it. What is checked may
// become less from one version to the next, and never more: an old log has to come to
// the same state.
//
// Entries ([EncodeEntry]) and snapshots ([State.Snapshot]) carry checksums, for damage
// and not against forgery, and are read as if anybody had written them.
//
// The first entry of a log gives it a name of its own ([Meta].Cluster), by which two logs
// for one lattice can be told apart. A snapshot keeps it, and what is restored from one
// gets a name besides ([Meta].Restored), because its log goes another way from there.
//
// # Documents
//
// What others are told follows from the state by pure functions: [State.Desired] for a
// host, [State.Assignment] for a component, [State.LinkDocument] and
// [State.ConfigDocument] for people. [Changed] says which of them a set of changes may
// make different, so that nobody has to make all of them to find out.
//
// # Size
//
// Records are in sorted trees of which two states share the nodes that are the same;
// beside them are indices, for what is on a host, part of an application, or uses a
// configuration, secret, link's target or route. A change costs the logarithm of how many
// records there are, and the length of the record itself. That is what 100,000 components
// on 10,000 hosts are made for.
//
// Texts that many records have in common, as the reasons why hosts were passed, records that
// are read share.
package state
