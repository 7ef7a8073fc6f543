package natsobjects

import (
	"testing"

	"github.com/wattle-dev/wattle/providers/blobstore"
)

// Whatever somebody wrote as what is known of an object, it has a size and an id that can
// be part of a key, or it is damaged.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"id":"ABC234","size":7}`))
	f.Add([]byte(`{"id":"*","size":-1}`))
	f.Add([]byte(`{"id":"A.>","size":1e300}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		o, err := parse(value)
		if err != nil {
			return
		}
		if o.Size < 0 || o.Size > blobstore.MaxSize || !validID(o.ID) || o.count() < 0 || (o.count() == 0) != (o.Size == 0) {
			t.Errorf("%q is %+v", value, o)
		}
	})
}
