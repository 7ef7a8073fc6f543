// Package directory knows which hosts may be called for which component, and which
// component answers which HTTP request.
//
// # What it believes
//
// It watches two buckets. An Assignment in components is signed by the scheduler
// and says which hosts may be called; a Ready in ready is signed by the host and
// says that it can be. A host is called for a component only if both are there: a
// host can refuse calls, and cannot obtain any by its own word. Documents that
// cannot be verified, or that belong to another key, are ignored and logged. So
// are assignments with an older stamp than one that has been seen.
//
// Of the hosts that are ready, those with the digest of one of the variants that are
// assigned are called. If there are none, as at the beginning of an update, those
// with another one are. A host counts for the variant whose digest it has, not for
// the one that it was told to run: so the weights of a canary hold from the first
// host that has it.
//
// # Choice
//
// A call is offered the less busy of two hosts that are chosen at random
// ([Snapshot.Choose]): each as often as it was told to run instances. If variants
// have weights, the variant is chosen first.
//
// Deletions are not signed and are believed all the same: they take hosts away and
// bring none, which whoever can delete keys could do by other means.
//
// What has gone without anybody having deleted it is believed for a while longer:
// an assignment for some minutes, a Ready for its time. So neither a bucket that is
// lost and made anew nor the clock of a server that jumps, which has documents end
// early, takes a host away that is there.
//
// # While NATS is away
//
// The directory keeps what it knows. A Ready that has not been written again for
// ReadyTTL is forgotten, not counting the time without a connection. When a watch
// has to be begun anew, assignments that are gone are dropped, unless all are: a
// bucket that is empty has been lost.
//
// # MCP servers
//
// [Catalogue] follows what MCP servers offer, for those who ask: listings are large, and
// a host that has no gateway reads none. A listing in catalogue is signed by the host that
// made it, and counts if the component's assignment names that host and the digest that
// was asked; of several the one of the newest variant does, and then of the first host in
// order, so that all gateways show the same. It stays while hosts are away, until another
// one takes its place or the component is gone.
//
// # Reading
//
// Readers see a table that never changes and is replaced as a whole, so that they
// take no lock. The decisions are those of [Table], which is pure; [Directory]
// feeds it.
package directory
