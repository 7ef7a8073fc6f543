package lead

import (
	"cmp"
	"math"
	"slices"
)

// unseen is a document that was written, and that no watch has given since. A watch that
// begins anew tells what is gone of all that it gave: if the bucket was lost before it gave
// this, nobody will tell.
type unseen struct {
	revision uint64
	// look is when it is looked whether it is there, zero if that is not set yet.
	look int64
}

const (
	// unseenFor is for how many milliseconds a document may be unseen.
	unseenFor = 5000
	// maxUnseen bounds how many documents are looked at, at once.
	maxUnseen = 64
)

// Unseen returns documents of which it is to be looked whether they are there, which
// Looked is told, and when to ask again at the latest.
func (l *Leader) Unseen(now int64) (docs []Doc, next int64) {
	next = math.MaxInt64
	for d, u := range l.unseen {
		switch {
		case u.look == 0:
		case u.look > now || len(docs) == maxUnseen:
			next = min(next, max(u.look, now+1))
			continue
		default:
			docs = append(docs, d)
		}
		u.look = now + unseenFor
		l.unseen[d], next = u, min(next, u.look)
	}
	slices.SortFunc(docs, func(a, b Doc) int { return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Key, b.Key)) })
	return docs, next
}
