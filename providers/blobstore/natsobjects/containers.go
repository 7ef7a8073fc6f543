package natsobjects

import (
	"context"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/token"
	"github.com/wattle-dev/wattle/providers/blobstore"
)

// Container is a container of any store in the bucket of a lattice.
type Container struct {
	// Bucket is what configurations call its store, unless that is the own one of
	// Component.
	Bucket    string
	Component lattice.ComponentID
	blobstore.ContainerInfo
}

// pageKeys is how many keys are asked for at once.
const pageKeys = 1000

// Containers returns the containers of all stores in a bucket, in no order.
func Containers(ctx context.Context, l lattice.Lattice, bucket string) ([]Container, error) {
	b, err := l.Bucket(ctx, bucket)
	if err != nil {
		return nil, fault(err, blobstore.Unavailable)
	}
	var all []Container
	for after, more := uint64(0), true; more; {
		var entries []lattice.Entry
		if entries, more, err = b.Keys(ctx, "*.*.c.*", after, pageKeys); err != nil {
			return nil, fault(err, blobstore.Failed)
		}
		for _, e := range entries {
			after = e.Revision
			if c, ok := parseContainer(e.Key); ok {
				c.Created = e.Time
				all = append(all, c)
			}
		}
	}
	return all, nil
}

// parseContainer reads the key of a container, which anyone who may write to the bucket
// may have made.
func parseContainer(key string) (c Container, ok bool) {
	tokens := strings.Split(key, ".")
	if len(tokens) != 4 {
		return c, false
	}
	store, known := token.Decode(tokens[1])
	name, named := token.Decode(tokens[3])
	switch c.Name = name; tokens[0] {
	case "own":
		c.Component = lattice.ComponentID(store)
	case "bucket":
		c.Bucket = store
	default:
		return c, false
	}
	return c, known && named
}
