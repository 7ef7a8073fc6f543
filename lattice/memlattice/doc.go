// Package memlattice is a lattice in memory, with faults on demand.
//
// A [Network] is the servers, and a [Member] a connection to them. What a member
// publishes is with the servers when Publish returns; from there each subscription
// gets it by a goroutine and a queue of its own, as it does with NATS. Time passes
// only where faults say so, and then by package time: in a bubble of
// testing/synctest an hour of delay takes no time.
//
// # Faults
//
// [Network.SetRules] says which messages are dropped, doubled, delayed, reordered
// and slowed down. Buckets, objects and streams are behind the same network: what
// a member asks of them goes by the subjects "$KV.BUCKET.KEY" and
// "$OBJ.STORE.NAME" to no user. Where it is dropped, the servers have carried it
// out in half of all cases, and the member never learns which.
//
// [Network.Sever] takes a member's connection away, which it notices, as when its
// server restarts: what it publishes waits in a buffer, what others publish
// meanwhile is lost to it, its watches go on where they were once it is restored.
// [Network.Partition] divides the servers, which members do not notice: they do
// not hear from the other sides, and only the first side has the buckets, objects
// and streams, as if it had the majority.
//
// # Chance
//
// What happens to a message follows from the seed, who published it, how many it
// had published, and which of its subscriptions receives it, and from nothing
// else: not from what other members do at the same time. A program whose members
// each act in a fixed order sees the same faults whenever it runs with the same
// seed.
//
// # Not here
//
// Every member may do everything: permissions are the business of NATS accounts.
// Nothing is written to disk.
package memlattice
