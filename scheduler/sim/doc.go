// Package sim runs the scheduler in a world of its own, where everything that can go
// wrong does, and looks after every step whether what must hold does hold.
//
// # The world
//
// A [World] has one, three or five schedulers, a handful of hosts, the buckets of a
// lattice and an operator. It is driven by one goroutine, which takes the next event
// of a queue, carries it out and checks all invariants. Time is a number that the
// queue moves on. Everything else that could be one way or another, as what an event
// is, how long a message takes and whether it is lost, is drawn from one source of
// random numbers: the same seed makes the same world, to the last byte of its trace.
//
// What decides is what runs in a lattice: package scheduler/state behind the log,
// package scheduler/lead and what it uses in front of it, the documents as package
// lattice/wire encodes them, manifests as text. What carries is a model:
//
//   - The log: replicas with terms and votes, entries that count once a majority has
//     them on disk, followers that lag, leaders that are deposed and do not know it,
//     processes that are paused for seconds or die and come back from a snapshot and
//     what of the log was on disk. What was not acknowledged may be lost.
//   - The buckets: revisions and compare-and-swap. Writes are lost before or after they
//     took effect. Watches deliver late, twice, in another order for different keys, or
//     not at all until they begin anew.
//   - The hosts: they do what package host/daemon promises. Loading takes time and fails,
//     some binaries never become ready, what no host can carry out is given to them, probes are bad that were good, hosts die, return
//     with what they had on disk, are cut off, have their reports not be taken while they
//     answer who asks them, and some lie. What they may only run while they are heard
//     ends when they are not.
//   - The claim: leaders claim the lattice before they act, by the beat. A rival, which is
//     a scheduler with a log of its own, comes and goes, and has the lattice if nobody
//     else has. Then whoever leads decides nothing until somebody says that it may.
//   - Clocks: each process has its own idea of the time of day, which jumps. How much
//     time has passed they know.
//
// Not in the model: schedulers that are added or removed, a log that is lost and restored,
// copies of a log, and what a rival decides.
//
// # Invariants
//
// They are the functions in the list invariants, each with what it promises. Some are
// of every moment, and some of moments that no fault excuses. After a while faults
// end; then all that was asked for must be so within a bounded time, and nothing may
// change after that.
//
// # When one does not hold
//
// The [InvariantError] says the seed, the step, the invariant, the last events and the command
// that runs it again. What was found and mended lives on as a script in
// scheduler/testdata: seeds mean something else once the world changes, scripts do not.
// That the invariants can fail is tested as well, by worlds that are broken on
// purpose: see [Break].
package sim
