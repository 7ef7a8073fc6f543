// Package place decides on which hosts a component runs. It is pure: it knows hosts and
// what is placed on them, and neither the log nor the time.
//
// A [Cluster] is kept up change by change ([Cluster.SetHost], [Cluster.SetPlaced]).
// [Cluster.Place] says where a component ought to run, and why not elsewhere; it changes
// nothing. Who carries it out tells the cluster so.
//
// # Which hosts
//
// A host takes a component if it is open, of the group, the labels and the isolation
// that the rules ask for, meets the share's requirements, has the resources, has fewer
// components than the limit, has all components of Rules.With, and none of Rules.Apart
// nor one that wants to be apart from this one. Requirements that begin with "hostcore."
// mean labels that hosts detect, as wasmCloud names them.
//
// Of those that take it, the ones with a component of Rules.Near are the best, and those
// with one of Rules.Away the worst; then the least loaded go first, and among equals those
// with the lesser ID. The load of a host is the larger of the shares of its processors and
// of its memory that are set aside, in thousandths, plus one for each component. What is
// set aside decides and not what is measured, so that a hundred components that are placed
// at once do not all go to the host that was idle a second ago.
//
// A host on which a component runs keeps it if it still meets the rules: it need not be
// open, and what it has set aside is its own. So nothing moves without a reason.
//
// # Room
//
// A host gives away 95 % of what it has, and no more memory than it has left plus what its
// daemon itself uses: what other programs take is not there. From that go the resources
// that are set aside for what is placed on it. A component is not put where less memory
// is left than it asks for, whatever is set aside. Processors are counted and not measured:
// they can be shared.
//
// # How many
//
// Weights are divided by largest remainder, ties in the order of the shares. Each share has
// hosts of its own as far as there are any; if not, it uses one of another share. Within a
// share the instances are divided evenly, and hosts that have more keep the odd ones.
//
// # Preemption
//
// If hosts are missing for want of room, placements of strictly lower priority may be
// named as victims: on the host where the fewest are needed, those of the lowest priority.
// Placements that are pinned, or of the same or a higher priority, never are.
//
// # Cost
//
// Hosts that no rule can tell apart are a class: they have the group, the isolation and
// those labels in common that some rule has asked for. Each class has its open hosts in
// the order of their load. To place a component costs steps in the number of classes and
// of hosts chosen, and not of hosts; reasons are those of classes. A class in which a
// request found no room is not searched again for the same or a larger one until
// something in it was freed.
//
// No order of a map reaches a result.
package place
