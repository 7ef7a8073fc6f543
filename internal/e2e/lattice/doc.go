// Package lattice has tests of a lattice of real processes: three NATS servers, three
// schedulers, a daemon with the front door and hosts, each on a machine of its own,
// which is a network namespace behind a bridge. They run with `make e2e-lattice`.
//
// The test program runs itself again as root of a new user namespace, so that it
// needs no privileges and leaves nothing behind: every process dies with it, and
// the network with the namespace. Where the system does not permit that, the suite
// is skipped, or fails if E2E_REQUIRED is 1.
//
// While things break, clients send requests at a fixed rate, whether or not
// earlier ones were answered, and hold long streams open. A line for each fault
// says how many requests there were, which failed and why, the slowest, and when
// the last one failed after the fault. What must not fail is asserted, how long
// something takes is only printed, but for what is promised. All figures are printed
// again at the end.
//
// While schedulers break, commands are given too. Those that were acknowledged are
// kept in a ledger, which is held against the histories of applications and against
// what the schedulers export, after each fault: nothing is ever lost or changed. An
// observer reads everything that schedulers write: nobody writes in an old term once
// another has begun, and no document goes back to an older state.
package lattice
