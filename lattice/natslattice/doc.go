// Package natslattice carries a lattice over NATS with JetStream. It implements
// [lattice.Lattice] on any NATS server from version 2.11 on: one of package
// natsserver in the same process, a single one, a cluster, or a leaf node.
//
// # Connection
//
// [Connect] makes the first connection within the time of its context, or says
// what is wrong and what to do. With [Options.Background] it does not insist if the
// servers are away: it returns, and goes on in the background. A server that is
// there and of no use, because it refuses the user, has another certificate, no
// JetStream or an old version, is an error all the same, of Connect or, if that has
// returned, of [Lattice.Established]. While there has been no connection the largest
// message is taken to be what NATS servers allow by default, and messages with
// headers are not sent.
//
// From then on a lost connection comes back by
// itself, for ever: after 50 to 100 ms at first, doubling to 2 s, with jitter.
// A connection that is silent for some six seconds counts as lost. A server that
// announces its end (lame duck mode) is left before it closes the connection, if
// another one is known, when no request is under way or after five seconds.
//
// Messages that are published meanwhile wait in a buffer. What was on its way
// when the connection broke may be lost: that is what "at most once" says.
//
// # Permission
//
// NATS tells of a missing permission out of band. The requests that suffer from
// it end at once with [lattice.ErrDenied] and name the subject, Subscribe waits
// for the server's word on it, and all else is logged, once for each subject.
//
// # Buckets
//
// A bucket is a JetStream key-value bucket with a history of one: the stock NATS
// tools read it. Reading is a direct get: with replicas a follower may answer,
// with a value that is some milliseconds old. A compare-and-swap is decided by
// the leader.
//
// Whoever may write one key of a bucket that allows roll-ups can empty all of it
// with one message, so buckets and object stores allow none. A deletion leaves a
// marker, which the server removes after an hour; a value that ends with its TTL
// leaves nothing, so a watch of a bucket with a TTL begins anew each half of it.
//
// A watch is an ephemeral push consumer with flow control and heartbeats. If one
// message is missing, three heartbeats are, or the connection was lost, it begins
// anew: it reads the last value of each key, passes over what it gave before, and
// gives as deleted what is gone. So a watch needs no position in the stream, and
// a bucket that was made anew does not confuse it.
//
// # Clocks
//
// Times of values and messages are by the clock of this machine, as far as that can
// be told: with each bucket that is opened and each watch that begins the server says
// what time it is there. Differences of some seconds are left as they are.
//
// # Leaf nodes
//
// A leaf node may have no JetStream, and the hub no JetStream domain: then the
// credentials of all roles are good on both. Both servers need
//
//	default_js_domain { ACCOUNT: "" }
//
// with the public key of the lattice's account, so that requests of JetStream pass
// the link, and the leaf's remote needs credentials of a user of the account who may
// do anything. While the link is cut calls go on among those on the leaf; nothing is
// kept, and what waits is kept when the link is back. [Options.Domain] is for servers
// with domains, whose users need permissions for $JS.DOMAIN.API as well.
//
// # Subjects
//
// A user needs these permissions, where S is a stream (KV_bucket, OBJ_store), F a
// filter of subjects, and API is $JS.API or $JS.DOMAIN.API:
//
//	publish    $KV.bucket.key                 put, create, update, delete
//	           API.DIRECT.GET.S.$KV.bucket.key  get
//	           API.STREAM.INFO.S              open a bucket, an object store, a stream
//	           API.CONSUMER.CREATE.S.*.F      list, watch, replay, read an object
//	           $JS.FC.S.>                     flow control of the same
//	           API.STREAM.CREATE|UPDATE.S     make or change one
//	           API.DIRECT.GET.OBJ_store.$O.store.M.name, $O.store.C.>, $O.store.M.>,
//	           API.STREAM.PURGE.OBJ_store     objects
//	           API.INFO                       optional: Connect asks whether there is JetStream
//	subscribe  _INBOX.USER.>                  answers
//
// A consumer is never deleted, because the right to do so would extend to those
// of others: it ends by itself a few seconds after nobody listens.
//
// # Speed
//
// Publish, Subscribe and Request add one small struct for each message to what
// nats.go does, and no copy.
//
// # Locks
//
// The mutexes of this package are leaves: none is held while another is taken or
// while nats.go or a function of the caller runs.
package natslattice
