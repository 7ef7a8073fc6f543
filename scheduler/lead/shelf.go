package lead

import "bytes"

// Bucket is a bucket of documents that follow from the state.
type Bucket int

// The buckets.
const (
	Desired Bucket = iota
	Components
	Links
	Configs
	buckets
)

// Doc names a document.
type Doc struct {
	Bucket Bucket
	Key    string
}

// seen is what a key had.
type seen struct {
	revision uint64
	// value is what a scheduler wrote, nil if there is nothing that verifies.
	value []byte
	// gone says that there is nothing.
	gone bool
}

// shelf is what was seen of the buckets.
type shelf [buckets]map[string]seen

func newShelf() *shelf {
	s := new(shelf)
	for i := range s {
		s[i] = map[string]seen{}
	}
	return s
}

// observe takes in what a document is, and reports whether it is news. A revision alone
// does not tell: a bucket that was made anew counts them anew, and what is lost with one
// is gone at the revision that it had.
func (s *shelf) observe(d Doc, now seen) bool {
	have, ok := s[d.Bucket][d.Key]
	if now.gone {
		// Nothing is kept of what is not there: anybody may have deleted any key.
		delete(s[d.Bucket], d.Key)
		return ok
	}
	if ok && now.revision == have.revision && bytes.Equal(now.value, have.value) {
		return false
	}
	s[d.Bucket][d.Key] = now
	return true
}

func (s *shelf) at(d Doc) seen { return s[d.Bucket][d.Key] }

// absent reports whether nothing is known to be under a key.
func (s *shelf) absent(d Doc) bool {
	_, ok := s[d.Bucket][d.Key]
	return !ok
}
