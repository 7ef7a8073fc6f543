// Package lattice has the nouns of a lattice, the set of hosts that share one
// NATS account, and the seams between Wattle and what carries it.
//
// # Nouns
//
// A [Host] runs components. It is named by its [HostID], which is its public
// key. What it ought to run is [Desired], written by the scheduler; what it does
// run is its [HostReport], which it writes itself. An [Assignment] says which
// hosts may be called for a component, and is the scheduler's as well; [Ready]
// is a host's word that it can be called now. A [Link] lets a component reach an
// interface of another component, or a capability of its host.
//
// All of these are documents in key-value buckets, of which package lattice/wire
// has the names and forms. Each is signed by whom it belongs to: documents of a
// host by the host's key, all others by the scheduler's. Nobody has to trust
// what carried them ([Signer], [Verifier]).
//
// # Order
//
// Desired state flows one way. Documents of the scheduler carry a [Stamp]; who
// reads one with an older stamp than it has seen ignores it. A lost message
// costs a delay and no divergence, because state is read and never inferred from
// messages.
//
// # Calls
//
// An [Invocation] names what is to be called. An [Invoker] carries it out: a host
// does so in process, package lattice/invoke over the messenger.
//
// # Seams
//
// A [Lattice] carries messages, key-value buckets, objects and event streams.
// Package lattice/natslattice does it with NATS JetStream, lattice/memlattice in
// memory with faults for tests; both pass lattice/latticetest.
//
// # Errors
//
// What goes wrong between hosts has one of the codes of this package, which
// survive the wire: errors.Is finds the same sentinel on the far side. [Error]
// says besides whether the call may have had effects.
//
// # Logging
//
// Keys of log attributes are of this list, in all packages: lattice host group
// component instance instances provider link interface function manifest placement plan
// rule command event subject bucket key file revision term index state attempt
// took server signal method path status isolation evidence message reason error
// stack calls components tools problems id address leader remote secret
// version.
package lattice
