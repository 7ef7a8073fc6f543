package natskv

import (
	"context"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/token"
	"github.com/wattle-dev/wattle/providers/keyvalue"
)

// Info is what is known of a store in the bucket of a lattice.
type Info struct {
	// Bucket is what configurations call it, unless it is the own one of Component.
	Bucket    string
	Component lattice.ComponentID
	// Keys is how many there are.
	Keys int
}

// Stores returns the stores in a bucket that have keys, in no order. It goes through the
// names of all keys.
func Stores(ctx context.Context, l lattice.Lattice, bucket string) ([]Info, error) {
	b, err := l.Bucket(ctx, bucket)
	if err != nil {
		return nil, fault(err)
	}
	count := map[string]int{}
	for after, more := uint64(0), true; more; {
		var entries []lattice.Entry
		if entries, more, err = b.Keys(ctx, "*.*.*", after, keyvalue.PageKeys); err != nil {
			return nil, fault(err)
		}
		for _, e := range entries {
			after = e.Revision
			count[e.Key[:strings.LastIndexByte(e.Key, '.')]]++
		}
	}
	all := make([]Info, 0, len(count))
	for prefix, keys := range count {
		if i, ok := parseStore(prefix); ok {
			i.Keys = keys
			all = append(all, i)
		}
	}
	return all, nil
}

// parseStore reads what the keys of a store begin with, which anyone who may write to the
// bucket may have made.
func parseStore(prefix string) (i Info, ok bool) {
	kind, name, _ := strings.Cut(prefix, ".")
	store, ok := token.Decode(name)
	switch kind {
	case "own":
		i.Component = lattice.ComponentID(store)
	case "bucket":
		i.Bucket = store
	default:
		return i, false
	}
	return i, ok
}
