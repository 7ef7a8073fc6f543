// Package reconcile decides what has to change so that what ought to run does. It is pure:
// it is given a state of the log, what hosts report, and the time as numbers, and makes a
// [Plan]. It changes nothing itself.
//
// A [Reconciler] is what one leader knows in its term. What it remembers beyond the state
// and the last reports is how long something lasts: since when it has seen a host, or that
// a placement is not ready. All of that begins anew with the next leader, so that a jump of
// a clock, or a change of leaders, lets no deadline pass. It is for one goroutine.
//
// # Time
//
// now is milliseconds of a clock that does not jump, of which nothing but differences
// counts. wall is milliseconds since 1970: it is written into records for people, and
// nothing is decided by it.
//
// # Hosts
//
// A host is lost if the leader has not heard of it for the lease. The leader only counts
// time in which it would have heard: while its own beat comes back to it ([Reconciler.Beat]).
// Without it nobody is lost, and when it returns all leases begin anew. A component with a
// placement on a host that is not lost and of which nothing was heard yet is kept there.
//
// A report counts for a placement only if revision and digest are those of the placement.
// A host that serves another revision of the record serves, so that nothing has to make up
// for it, and is not ready. Whatever else a host says that it runs changes nothing. If a
// host says that it runs what was taken from it and given back in one moment, it may not
// have heard of the first yet: that counts when it has applied the second, or after a lease.
//
// What a component is given besides its revision, which are links, configurations and
// secrets, changes without another revision. A placement is ready again when its host has
// applied that and does not say that the same revision is still on its way. If it says that
// this has failed, it goes on with what it had: that counts like a revision that fails.
//
// # Placements
//
// Where a component ought to run is what package place says, given what may stay. What is
// to go elsewhere is marked as leaving and stays as far as it makes up for what is to take
// its place and does not serve, but no longer than the deadline; what serves nothing goes after
// a lease, and at once if it has failed. What is on a lost host goes at once if something else
// takes its place, and stays in the record otherwise: when the host returns it goes on. Instances
// that move from one host to another are added first and taken away when the others are
// ready. So there is more than was asked for only while something is not ready or leaving.
//
// Pinned placements are where they were named and nowhere else, whatever becomes of the
// host.
//
// # Rollout
//
// A host has the revision that its placement says. When a component's target changes,
// placements change over one after another: at most Rollout.MaxUnavailable of them are on
// their way at once, and no further one starts while those are not ready. A canary stops at
// its share until it is promoted, by a command or after it was good for long enough.
//
// A rollout has failed when a host reports, after it was told, that the target's revision
// failed there, or has not reported it ready within the deadline. Then Component.Failed says
// why. A component that was started by a command goes back to the revision that was good
// last, by [Effective]: the oldest in the record, as all others were removed when it was.
// For an application the plan asks for [Rollback]. If the target has been ready
// elsewhere and no rollout is under way, it is the host that is at fault: the component is
// placed elsewhere if it can be.
//
// Old revisions are removed from the record when every placement has the one that it ought
// to have and is ready.
//
// # Balance
//
// When a host joins, components move to it from the busiest ones, a few at a time, as long
// as the difference is a fifth of the busier one's load and each move makes the two more
// alike. Each move lessens the sum of the squares of all loads, so it ends. Nothing is moved
// because of what was measured.
//
// # Cost
//
// Only components are looked at for which something has changed: their records, the reports
// of their hosts, what they must be with or apart from, or a time that was set. A plan is
// bounded; what is left over is looked at in the next one. Changes in one plan are valid
// together, and each plan is valid by itself.
package reconcile
