// Package lead is what the leader of a lattice's schedulers knows, and how it decides.
// It is pure: it has no connection, no clock and no goroutine. Package scheduler does for
// it what has to be done, and the simulator does the same in a world of its own.
//
// # What it knows
//
// A [Leader] begins with the state of the log when its leadership begins. It is told what
// hosts report ([Leader.Heard]), that its own beat came back ([Leader.Beat]), and what is
// in the buckets of the documents that follow from the state ([Leader.Saw]): values that
// did not verify count as none.
//
// # Decisions
//
// [Leader.Decide] decides on a command, and [Leader.Round] on what is to be done by
// itself. Either returns a [Proposal]: entries for the log. One that is accepted
// ([Leader.Accept]) is built upon, so that several can be on their way at once. When they
// are in the log [Leader.Applied] is told, and documents become due. If one is not, all
// that was built on it is void, and so is this Leader: another one begins with what is in
// the log.
//
// # Documents
//
// [Leader.Due] returns the documents that may differ from what follows from the state, in
// phases: those for hosts that only gain something, then assignments with links and
// configurations, then those for hosts that lose something. So callers know where else a
// component is before a host loses it: a document that would have it lost earlier, because
// the assignment could not be written, is held back ([ErrHeld]). A host that gains something
// and loses something else may be told after callers are; they call no host that does not
// say itself that it is ready.
//
// [Leader.Write] returns how a document is to be replaced: only that revision which is
// known to be there. A document is never replaced by one with an older stamp. A document
// with a newer stamp than the state's was written by a leader whose log is not this one,
// or the log was restored: the next round leaps over it, with state.Meta.TermOffset.
//
// What was written has to come back through the watch of its bucket. If it does not it is
// read ([Leader.Unseen]): it may have been lost with the bucket, before the watch had it.
//
// # Another log's documents
//
// A [Claim] says whether this leader may act at all, or another one leads the lattice. If
// the documents tell hosts to run something, and either the last beat was that of another
// log, or nothing was ever decided in this one, then the log that they follow from is
// somewhere else or lost. The leader decides nothing ([Leader.Refused]) unless it was told
// to begin anew: to tell hosts what this log says would end all that runs.
//
// # Hosts that lie
//
// A report is bounded, and so is the number of hosts ([MaxHosts]). What a host says that
// it was told has the stamps leap once in a leadership, up to half of what there is.
package lead
