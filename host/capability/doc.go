// Package capability opens what a component is linked to of its host's own: the
// backends behind directories, key-value stores, outgoing requests and the like. What
// kinds there are, and how they are configured, is known to package
// lattice/capability; here each has a file that opens it.
//
// # Grants
//
// [Open] makes a [Grant] of all links of a component: what its instances are given of
// WASI, and what has to be closed in the end. All calls of a component on a host share
// one grant. When links, configurations or secrets change, another is opened beside it
// and takes its place as a whole. A call keeps the grant that it began with; what a
// grant has open is closed when it has been replaced and the last such call has ended.
//
// A grant that cannot be opened is not made: nothing of it stays open. Which of the
// links is at fault is in the error.
//
// # Links of one kind
//
// A component may have several links to capabilities of one kind, by different names.
// They are opened together, the default link first and then by name: what the
// interfaces of the kind make of the names is a matter of the kind.
//
// # Sources
//
// Some capabilities call the component: messages that arrive are given to it. Such a
// capability serves ([Grant.Serve]) from when the component takes calls, or from when
// the grant took its place, and ends before what it calls is closed.
//
// # Secrets
//
// Secrets reach a backend as values, at the moment it is opened, and nothing else: they
// are in no error, no log and no configuration that is kept.
package capability
