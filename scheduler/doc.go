// Package scheduler decides what each host of a lattice ought to run, and writes
// it down.
//
// # Truth and what follows from it
//
// The [State] is what operators have asked for: components and where each of them
// was placed, links, configurations, states and labels of hosts. It is the only
// truth. Everything that others read follows from it, by pure functions: what each
// host ought to run (lattice.Desired), which hosts may be called for a component
// (lattice.Assignment), and the links and configurations for people to look at.
//
// [Decide] turns a command of package scheduler/control into changes of the state,
// or says why not. It is pure as well, and so is the choice of hosts.
//
// # Where the truth is kept
//
// The state is in the bucket lattice/wire.Buckets.Specs: a record for each thing
// under a key of its own, and under the key "log" the last entry of a log. An entry
// has the changes of one command, all of them. To carry out a command is to put the
// next entry in place of the last one, by compare-and-swap, and then to write the
// records that it changes. Who finds an entry whose records are not written yet, as
// after a crash, writes them. So commands happen one after the other, wholly or not
// at all, with any number of services at once; and each has an index, which is the
// [lattice.Stamp] of all that follows from it. A record carries the stamp of the
// entry that wrote it, and is never replaced by one with an older stamp; a deleted
// thing leaves a record without content behind for that reason.
//
// Nobody but schedulers reads that bucket, so nobody can put an older record of it
// back in place: records are signed for their bucket and key, and what is signed
// cannot be had elsewhere.
//
// # Order of writing
//
// Of the documents that follow from a command, those for hosts that gain something
// are written first, then assignments, then those for hosts that only lose. Callers
// are never sent to a host that was not told. An assignment may name a host longer
// than the host runs the component; the host then refuses calls as not delivered,
// and they go elsewhere.
//
// # Repair
//
// The service watches its own documents. One that does not verify, that is gone, or
// that says anything else than what follows from the state is written anew. At its
// start it does so for all of them, which mends what a crash left half done. A
// record of the state that does not verify then is taken back from the documents
// that were derived from it.
//
// It looks every few seconds whether its buckets, the store of binaries and the
// stream of events are there, makes those that were deleted, and writes what was in
// them. What hosts had written they write again. Binaries have to be uploaded again.
// With several services, one that has not heard of the last commands yet when the
// bucket of the state is deleted may write what it knows, and those commands are lost.
//
// # What it can be asked
//
// The service is one named wattle-scheduler in the sense of package microservice, with
// the endpoints health and state.
//
// # What it does not do
//
// It does not move anything by itself: a host that falls silent keeps its
// components, one that joins gets none until a command places some there. It keeps
// no history.
package scheduler
