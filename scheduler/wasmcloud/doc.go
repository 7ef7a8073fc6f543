// Package wasmcloud answers the control interface of wasmCloud 1.x for all hosts of
// a lattice, so that wash (up to 0.44) and the control clients drive Wattle unchanged.
//
// # What it is
//
// An [Edge] is an adapter: it has no state of its own. It subscribes to
// wasmbus.ctl.v1.LATTICE.>, reads the signed reports of hosts and the signed
// documents of the scheduler, and turns requests into commands of package
// scheduler/control. All edges of a lattice form one queue group, so a request is
// answered once, by whichever edge gets it; a ping has an answer for each host.
//
// # What is as in wasmCloud, and what is not
//
//   - Every answer is {"success":…,"message":…,"response":…?}. A host that will not
//     bid in an auction has no answer at all, because clients stop gathering at the
//     first one that they cannot read.
//   - Starting, scaling and updating a component is acknowledged before it is done.
//     What came of it is an event: component_scaled, with the ref byte for byte as
//     it was given, or component_scale_failed with the reason.
//   - Hosts run components at the version that the lattice has: an update on one
//     host is an update on all of them. Likewise configurations and limits; how many
//     instances there are and annotations are of a host.
//   - A ref is where a binary came from, and no address of it. It has to be a digest
//     ("sha256:…") that is in the lattice's object store, a ref that was started
//     here before with a digest, or a file:// URL if Options.AllowFileRefs is set.
//   - Providers are part of hosts. They are listed; one cannot be started or stopped.
//   - A link is identified by source, namespace, package and name: interfaces of one
//     package with different targets need links of different names.
//   - Claims are none. Registries are accepted and not used.
//   - The time in host.stop is in milliseconds, as wasmCloud reads it, though its
//     documentation says seconds. It bounds nothing here: a host finishes its calls
//     within the time that it was started with.
//
// # Who asks
//
// The tools listen for answers on the inboxes that are the default of NATS clients,
// and so are in an account of their own, from which requests come and to which events
// go (lattice/trust, RoleWasmCloud). Such a request has a reply subject that a server
// made up and keeps for a minute, and a field that says which account it is from. wadm
// is not among these tools: it keeps manifests in JetStream, which that account has
// not, and decides what runs where, as Wattle's scheduler does.
//
// # Events and mirror
//
// Events are on wasmbus.evt.LATTICE.NAME, in the form of CloudEvents 1.0. They
// follow from changes of what hosts report and of what the scheduler wrote down, not
// from messages; so they are as true as those. Links are mirrored to the bucket
// LATTICEDATA_LATTICE and configurations to CONFIGDATA_LATTICE, for operators and
// viewers who watch them; what others write there is not read. One edge at a time does both: the one
// that holds the lease, the key WATTLE_EDGE of LATTICEDATA_LATTICE. When it does not
// renew the lease for leaseFor, another takes it over.
package wasmcloud
