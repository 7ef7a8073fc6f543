// Package wadm answers the API of wadm 0.21 for a lattice, so that wash (up to 0.44)
// and wadm's clients store, deploy and watch applications unchanged.
//
// # What it is
//
// An [Edge] is an adapter: the truth is the scheduler's. It subscribes to
// wadm.api.LATTICE.>, turns requests into commands and queries of package
// scheduler/control, and answers in wadm's shapes. The scheduler that leads runs one.
//
// # What is as in wadm, and what is not
//
//   - model.list answers with a bare array; model.get without a name has the same in
//     an object. The answer for what is not there is "notfound", but the status of an
//     application that is not there is "ok" and undeployed, and deleting it "noop".
//   - Storing a version whose name is taken is an error. One without a name gets one,
//     unless it is the same text as the newest, which then stays the newest.
//   - A manifest that package lattice/manifest refuses is refused with all that is
//     wrong in it, and not only the first thing.
//   - model.get returns the manifest as wadm would have parsed it.
//   - model.history is an error, as it is with wadm; `wattle app history` tells.
//   - What components are is their digest: an image has to be in the lattice's
//     object store when the application is deployed.
//   - Statuses are derived from those of the scheduler when somebody asks, and
//     published on wadm.status.LATTICE.NAME when they change. So are the events
//     manifest_published and manifest_unpublished on wadm.evt.LATTICE, whoever deployed.
//   - The streams of wadm are not there: nothing is read from messages that were kept.
//   - There is no multitenant prefix: a lattice is an account.
//
// # Two of them
//
// Two things that decide what runs in a lattice undo each other's work. [Probe] finds
// out whether a wadm answers that is not an edge; edges say so in a field of their
// answers. Edges have a queue group of their own, so that a wadm which comes later does
// not share their requests.
package wadm
