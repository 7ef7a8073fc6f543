package place

import (
	"cmp"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
)

// anywhere is the one share of rules that have none. Nobody changes it.
var anywhere = []lattice.Spread{{Weight: 1}}

// sharesOf returns the shares of rules: at least one.
func sharesOf(r *lattice.Rules) []lattice.Spread {
	if len(r.Spread) == 0 {
		return anywhere
	}
	return r.Spread
}

// divide divides n among shares by their weights, by largest remainder: ties are in the
// order of the shares. Shares without a weight get nothing, unless none has one.
func divide(n int, shares []lattice.Spread) []int {
	if len(shares) == 1 {
		return []int{n}
	}
	parts := make([]int, len(shares))
	weights := make([]int64, len(shares))
	total := int64(0)
	for i := range shares {
		weights[i] = int64(min(max(shares[i].Weight, 0), maxWeight))
		total += weights[i]
	}
	if total == 0 {
		for i := range weights {
			weights[i] = 1
		}
		total = int64(len(shares))
	}
	type rest struct {
		share int
		of    int64
	}
	rests := make([]rest, len(shares))
	left := n
	for i, w := range weights {
		product := int64(n) * w
		parts[i] = int(product / total)
		rests[i] = rest{i, product % total}
		left -= parts[i]
	}
	slices.SortStableFunc(rests, func(a, b rest) int { return cmp.Compare(b.of, a.of) })
	for _, r := range rests[:left] {
		parts[r.share]++
	}
	return parts
}

// even divides n evenly: the first ones get the odd ones.
func even(n, among, i int) int {
	part := n / among
	if i < n%among {
		part++
	}
	return part
}

// maxWeight bounds a weight, so that products do not wrap around.
const maxWeight = 1 << 31
