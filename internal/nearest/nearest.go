// Package nearest finds what somebody probably meant: the name nearest to one
// that does not exist.
package nearest

import "strings"

// maxLen bounds the names that are compared, in bytes; longer ones are never
// near.
const maxLen = 64

// Of returns the name that is nearest to a given one, if one is near: a third of
// the letters may be wrong, though not the only one. Of several, the first is
// returned.
func Of(name string, names []string) (nearest string, ok bool) {
	if len(name) < 2 || len(name) > maxLen {
		return "", false
	}
	name = strings.ToLower(name)
	best := max(1, len(name)/3) + 1
	for _, n := range names {
		if len(n) > maxLen || len(n) >= len(name)+best || len(name) >= len(n)+best {
			continue
		}
		if d := distance(name, strings.ToLower(n)); d < best {
			best, nearest = d, n
		}
	}
	return nearest, nearest != ""
}

// Hint returns "; did you mean …?" if a name is near, and else nothing.
func Hint(name string, names []string) string {
	n, ok := Of(name, names)
	if !ok {
		return ""
	}
	return `; did you mean "` + n + `"?`
}

// distance returns how many bytes have to be inserted, removed, replaced or
// swapped with their neighbour to make b of a.
func distance(a, b string) int {
	var before []int
	last, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+cost)
			if before != nil && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, make([]int, len(b)+1)
	}
	return last[len(b)]
}
