//go:build !unix

package hostdir

import "strings"

// depth returns how many names a path has. There is no way up from an open directory
// here, so that one below the tree's own counts from itself.
func (d *dir) depth(p string, _ int) (int, error) {
	depth := 0
	for name := range strings.SplitSeq(p, "/") {
		switch name {
		case "", ".":
		case "..":
			depth--
		default:
			depth++
		}
	}
	return max(depth, 0), nil
}
