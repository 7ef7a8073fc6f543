// Package scheduler has the hosts of a lattice run what ought to run.
//
// # Truth and what follows from it
//
// What is certain is the log of package raftlog, on one, three or five machines, and the
// state.State that follows from it: what operators have asked for, and where it was decided
// that it runs. Everything that others read follows from that by pure functions: what each
// host ought to run (lattice.Desired), which hosts may be called for a component
// (lattice.Assignment), and the links and configurations for people to look at.
//
// # Who acts
//
// A [Service] goes with one node of the log. While its node leads, and only then, it takes
// commands, hears what hosts report, decides, and writes documents. What it knows and how
// it decides is a lead.Leader, which is pure and begins anew with each leadership; here is
// what has to be done for it: one loop, in which all that happens is taken in and every
// turn goes
//
//   - decide on the commands that wait and on what is to be done unasked, one upon the
//     other, and send the entries on their way to the log;
//   - wait until the log has them;
//   - write the documents that follow;
//   - answer, and tell of it.
//
// So an answer means that the log has the command, and as a rule that everybody was told.
// If an entry does not get into the log, nothing that was decided upon it holds, and the
// service begins its leadership again.
//
// Services that do not lead answer questions about themselves, and pass on what they are
// asked in their own process.
//
// # Whose lattice it is
//
// The log tells which of its nodes leads. It does not tell of other logs: each scheduler
// that is started with an empty directory has one. So a leader claims the lattice before
// it acts, with a lead.Beat, which has the name that the log gave itself with its first
// entry. A lead.Claim says when it may:
//
//   - a beat is only ever replaced by compare-and-swap, so that of two that begin at the
//     same moment one leads;
//   - one of another log, or of a copy of this one, is waited for: as long as a new one
//     comes every few seconds, that one leads the lattice. This service does nothing then,
//     says so in its log and status, and passes on what it is asked in its own process;
//   - where there is none, and this is no new log, it is waited for as well: it may have been
//     lost with its bucket, and whoever leads writes it again;
//   - one that comes no more is replaced, unless its log has told hosts to run something:
//     see lead.Leader.Begin;
//   - who finds its own beat replaced ends its lead, and begins again.
//
// A leader that could not write its beat for as long as others wait writes no document
// until it can. It goes on to take commands, does nothing unasked, and begins its lead
// again afterwards, so that the time does not count against hosts and rollouts.
//
// While [Options.Allowed] says that the lattice is somebody else's, as that of a wadm, it
// is not even looked at.
//
// # Beginning to lead
//
// A leadership begins with a state that has everything which was ever acknowledged, and
// with all documents that are there. Those that do not verify, that are gone, or that say
// anything else than what follows from the state are written anew, then and at any time
// later. A document is only ever replaced by compare-and-swap, and never by one with an
// older stamp; so what a leader writes late that is not one any more is refused, or mended.
// What it wrote has to come back to it by the watch of the bucket, or it reads whether it is
// there: it may have been lost with the bucket in between.
//
// # Hearing
//
// The leader writes its beat each second into the same store from which the reports of
// hosts come. Only while it comes back does the silence of a host mean anything. A host that
// is silent for the lease is lost, and what ran there runs elsewhere. After half of the
// lease it is asked directly, past the store, and counts as heard if it answers: the store
// may refuse reports for seconds while one of its servers restarts.
//
// # Secrets
//
// Values of secrets are in the log as operators have sealed them, for a key that all
// schedulers of the lattice have and nobody else does. The leader opens one when it is put,
// to know that it can, and when a host asks for it that is told to run something which may
// ask for that very version; the answer is sealed for that host alone. In the clear a
// value is in memory for as long as that takes, and nowhere else.
//
// # Repair
//
// It looks every few seconds whether its buckets, the store of binaries and the stream of
// events are there, makes those that were deleted, and writes what was in them. What hosts
// had written they write again. Binaries have to be uploaded again.
//
// # What it can be asked
//
// Commands and queries are those of package control. Each service is one named
// wattle-scheduler in the sense of package microservice, with the endpoints health and
// state.
//
// # Bounds
//
// Of commands, 256 wait; further ones are refused at once. A turn decides on 64 of them
// and takes in 8192 changes. A command has ten seconds. Of hosts, lead.MaxHosts are heard.
package scheduler
