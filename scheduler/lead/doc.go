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
// are in the log [Leader.Applied] says so, and documents become due. If one is not, all
// that was built on it is void, and [Leader.Lost] begins again from what is in the log.
//
// # Documents
//
// [Leader.Due] returns the documents that may differ from what follows from the state, in
// phases: those for hosts that gain something, then assignments with links and
// configurations, then those for hosts that only lose. Callers are never sent to a host
// that was not told.
//
// [Leader.Write] returns how a document is to be replaced: only that revision which is
// known to be there. A document is never replaced by one with an older stamp. A document
// with a newer stamp than the state's was written by a leader whose log is not this one,
// or the log was restored: the next round leaps over it, with state.Meta.TermOffset.
//
// # An empty log
//
// If nothing was ever decided, and there are documents all the same that tell hosts to run
// something, the log was lost. Then the leader decides nothing ([Leader.Refused]) unless
// it was told to begin anew: to tell hosts that nothing runs would end all that does.
package lead
