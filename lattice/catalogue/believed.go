package catalogue

import (
	"cmp"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Believed returns the documents of hosts that were told to run a component, and have one
// of its variants: those of the newest one first, then of its newest revision, then in the
// order of hosts. The first one that can be read is what the component offers.
func Believed(a *lattice.Assignment, said []*wire.Packed) []*wire.Packed {
	age := func(p *wire.Packed) int {
		for i := range a.Variants {
			if a.Variants[len(a.Variants)-1-i].Digest == p.Digest {
				return i
			}
		}
		return -1
	}
	var all []*wire.Packed
	for _, p := range said {
		if a.VariantOf(p.Host) != nil && age(p) >= 0 {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(p, q *wire.Packed) int {
		return cmp.Or(cmp.Compare(age(p), age(q)), cmp.Compare(q.Revision, p.Revision), cmp.Compare(p.Host, q.Host))
	})
	return all
}
