// Package latticetest is the contract of lattice.Lattice as tests, which every
// implementation has to pass:
//
//	func TestContract(t *testing.T) {
//		latticetest.Run(t, func(t testing.TB) *latticetest.Env {
//			server := start(t)
//			return &latticetest.Env{
//				Join: func(t testing.TB, user string) lattice.Lattice { return join(t, server, user) },
//			}
//		})
//	}
//
// Each case opens an Env of its own. It waits for what must happen and never for a
// time to pass, so that it can run in a bubble of testing/synctest as well
// ([RunInBubble]).
//
// # What the seam leaves open, and the suite decides
//
// What is over a bound of the lattice (a message over MaxPayload, a value over
// MaxValue, a full bucket) is ErrExhausted. A subject, key or pattern without the
// form of one, and a stream without bounds, are ErrInvalid. A request that was
// delivered and not answered in time is context.DeadlineExceeded and not
// Undelivered. After Close everything is ErrUnavailable. A value that expires is
// deleted: a watch is told. What is given to f before Synced are values, never
// deletions.
package latticetest

import (
	"testing"
	"testing/synctest"

	"github.com/wattle-dev/wattle/lattice"
)

// Env is one lattice to be tested.
type Env struct {
	// Join connects one more member, who may do everything. user tells members
	// apart, and need not be what Messenger.User returns. The member is closed by
	// the case or by a cleanup of Join's: both may do it.
	Join func(tb testing.TB, user string) lattice.Lattice
	// Sever cuts the connection of a member, which notices it, and keeps it from
	// connecting; Restore lets it connect again and may return before it has. The
	// cases that need them are skipped if they are nil.
	Sever, Restore func(tb testing.TB, member lattice.Lattice)
	// Damage changes a byte of an object as it is stored. The case that needs it is
	// skipped if it is nil.
	Damage func(tb testing.TB, store, name string)
	// HoldsObjects says that what is stored lies on the heap of this process, which
	// the bound on memory then allows for.
	HoldsObjects bool
}

// contract is the cases, in the order in which they run.
var contract = []struct {
	name string
	run  func(tb testing.TB, e *Env)
	// beside is true of cases that mostly wait, and may do so beside each other.
	beside bool
}{
	{"Publish", publish, false},
	{"Wildcards", wildcards, false},
	{"Order", order, false},
	{"OwnMessages", ownMessages, false},
	{"DataIsTheReceivers", dataIsTheReceivers, false},
	{"QueueGroups", queueGroups, false},
	{"QueueGroupLeft", queueGroupLeft, false},
	{"Unsubscribe", unsubscribe, false},
	{"Reentrant", reentrant, false},
	{"MaxPayload", maxPayload, false},
	{"InvalidSubjects", invalidSubjects, false},
	{"Users", users, false},
	{"Close", closing, false},

	{"Request", request, false},
	{"RequestMany", requestMany, false},
	{"NoResponders", noResponders, false},
	{"PublishNobody", publishNobody, false},
	{"RequestDeadline", requestDeadline, false},
	{"RequestWithoutDeadline", requestWithoutDeadline, true},
	{"RequestCanceled", requestCanceled, false},

	{"BucketMissing", bucketMissing, false},
	{"BucketCreateAgain", bucketCreateAgain, false},
	{"BucketPutGet", bucketPutGet, false},
	{"BucketValuesAreCopies", bucketValuesAreCopies, false},
	{"BucketCreate", bucketCreate, false},
	{"BucketUpdate", bucketUpdate, false},
	{"BucketCounts", bucketCounts, false},
	{"BucketDelete", bucketDelete, false},
	{"BucketRemove", bucketRemove, false},
	{"BucketList", bucketList, false},
	{"BucketListMany", bucketListMany, false},
	{"BucketKeys", bucketKeys, false},
	{"BucketInvalid", bucketInvalid, false},
	{"BucketBounds", bucketBounds, false},
	{"BucketTTL", bucketTTL, true},

	{"Watch", watchValues, false},
	{"WatchEmpty", watchEmpty, false},
	{"WatchOneKey", watchOneKey, false},
	{"WatchOrder", watchOrder, false},
	{"WatchTTL", watchTTL, true},
	{"WatchError", watchError, false},
	{"WatchCloses", watchCloses, false},
	{"WatchReentrant", watchReentrant, false},

	{"Objects", objects, false},
	{"ObjectReplace", objectReplace, false},
	{"ObjectBroken", objectBroken, false},
	{"ObjectHalfRead", objectHalfRead, false},
	{"ObjectDamaged", objectDamaged, false},
	{"ObjectLarge", objectLarge, false},

	{"Replay", replayKept, false},
	{"ReplayMessage", replayMessage, false},
	{"ReplayBounds", replayBounds, false},
	{"ReplayAge", replayAge, true},
	{"ReplayError", replayError, false},

	{"SeverPublish", severPublish, false},
	{"SeverFull", severFull, false},
	{"SeverRequest", severRequest, false},
	{"SeverWatch", severWatch, false},
}

// Run runs the suite on what open opens, once for each case.
func Run(t *testing.T, open func(tb testing.TB) *Env) {
	t.Helper()
	for _, c := range contract {
		t.Run(c.name, func(t *testing.T) {
			if c.beside {
				t.Parallel()
			}
			c.run(t, open(t))
		})
	}
}

// RunInBubble is Run with each case, and its Env, in a bubble of testing/synctest.
func RunInBubble(t *testing.T, open func(tb testing.TB) *Env) {
	t.Helper()
	for _, c := range contract {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.run(t, open(t)) })
		})
	}
}
