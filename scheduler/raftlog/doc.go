// Package raftlog keeps the log of the scheduler's decisions on one, three or five
// machines, and the state.State that follows from it. It is the only one that knows
// hashicorp/raft and bbolt.
//
// # A directory
//
// A [Node] has a directory to itself, which it locks:
//
//   - node.json says of which lattice it is, and under which name the others know it;
//   - log.db has the entries, and what raft may not forget between two starts: the term
//     and its vote. It is a file of bbolt, written through to the disk at each entry;
//   - snapshots has the last two states, so that the log does not grow for ever. One is
//     made after a number of entries, or of bytes.
//
// # What is damaged is not used
//
// What raft is told from the disk must be what it was told to keep, or two leaders are
// possible and what was acknowledged is lost. So [Open] reads all of it before raft
// does: the pages of log.db, because bbolt trusts them and maps them into memory; each
// entry, which has a checksum together with its index and term; that no entry is
// missing; the snapshots. What is wrong is a [DamageError] that names the file and says
// what to do. There is no start with an empty log in a directory that had one.
//
// While it runs, an error of the disk, or an entry that this version cannot read,
// stops the node for good: [Node.Done] is closed, [Node.Err] says why, and what to do. An
// entry is never skipped. A disk that is full refuses entries, and the node goes on: it
// does not lead, [Node.Status] says why, and when there is room it may lead again. A term
// or a vote that cannot be kept for want of room is waited for, because the node must not
// forget what it has promised; after any other error it stops. It does not open its
// directory again by itself: what failed once on the disk is for somebody to look at. Where raft would panic on such an error, the goroutine ends instead.
//
// # Proposals
//
// [Node.Propose] carries an entry into the log and returns the state that has it. An
// entry names the state that it was decided on, so who decides goes on from the state
// that will be: [Node.Submit] takes entries in the order of its calls, without waiting
// for those before. If one of them does not make it, those after it find another state
// than theirs, and have no effect either.
//
// An error of Propose that is lattice.Undelivered is certain: the entry is not in the
// log, and never will be. After any other it may be.
//
// # Other nodes
//
// Nodes talk over TLS 1.3, each with a certificate for the key that it is known by;
// Options.VerifyPeer decides whose is accepted. Over the same port a node says how it
// is ([Node.Ask]), to schedulers only.
//
// The nodes of Options.Peers begin a cluster together. One whose peers have begun
// already waits for their leader instead, so that a machine that has lost its disk can
// never outvote one that has not. A cluster of one begins by itself; a node that is to
// be added to another cluster waits.
//
// # Locks
//
// Node.mu is taken for moments and nothing else is called with it; raft's own locks are
// never held when ours are taken, but for those of its goroutines that call the stores.
package raftlog
