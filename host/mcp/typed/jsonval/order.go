package jsonval

import (
	"cmp"
	"slices"

	"github.com/wattle-dev/wattle/wit"
)

// order returns the indices of fields in the order in which they are written: Wassette
// has names in alphabetical order.
func (m Mapping) order(fields []wit.Field) []int {
	is := make([]int, len(fields))
	for i := range is {
		is[i] = i
	}
	if m == Wassette {
		slices.SortFunc(is, func(a, b int) int { return cmp.Compare(fields[a].Name, fields[b].Name) })
	}
	return is
}
