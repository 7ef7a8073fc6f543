package capability

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// Conflict is why two links of a component to capabilities of one kind cannot be there
// together, though each is right by itself.
type Conflict struct {
	// First and Second are the links, by their index, and Keys the values of their
	// configurations of which it is about.
	First, Second int
	Keys          [2]string
	// Reason says what is wrong: "/data/x" is in "/data".
	Reason string
}

// Together returns why a component cannot have several links to capabilities of the
// kind, nil if it can. Configurations that Check refuses are left out.
func (k *Kind) Together(configs []*Config) *Conflict {
	if k.together == nil || len(configs) < 2 {
		return nil
	}
	return k.together(configs)
}

// linkedMount is a directory and the link that gives it.
type linkedMount struct {
	Mount
	link int
}

// filesystemsTogether is Kind.Together of directories.
func filesystemsTogether(configs []*Config) *Conflict {
	var all []linkedMount
	for i, c := range configs {
		f, err := ParseFilesystem(c)
		if err != nil {
			continue // it was told of
		}
		for _, m := range f.Mounts {
			all = append(all, linkedMount{m, i})
		}
		if len(all) > maxMounts && i > 0 {
			return &Conflict{
				First: all[0].link, Second: i, Keys: [2]string{all[0].Path, all[len(all)-1].Path},
				Reason: fmt.Sprintf("all links give %d directories, the limit is %d", len(all), maxMounts),
			}
		}
	}
	// In the order of the paths what is in a directory is behind it, though not always
	// right behind it: "/a", "/a-b", "/a/b". There are few.
	slices.SortStableFunc(all, func(a, b linkedMount) int { return strings.Compare(a.Path, b.Path) })
	for i, outer := range all {
		for _, inner := range all[i+1:] {
			if outer.link == inner.link || !within(outer.Path, inner.Path) {
				continue
			}
			reason := fmt.Sprintf("%q is in %q", inner.Path, outer.Path)
			if inner.Path == outer.Path {
				reason = fmt.Sprintf("both give %q", inner.Path)
			}
			first, second := outer, inner
			if second.link < first.link {
				first, second = inner, outer
			}
			return &Conflict{First: first.link, Second: second.link, Keys: [2]string{first.Path, second.Path}, Reason: reason}
		}
	}
	return nil
}

// MergeFilesystems puts the directories of several links together.
func MergeFilesystems(all ...*Filesystem) (*Filesystem, error) {
	merged := &Filesystem{}
	for _, f := range all {
		merged.Mounts = append(merged.Mounts, f.Mounts...)
	}
	slices.SortStableFunc(merged.Mounts, func(a, b Mount) int { return strings.Compare(a.Path, b.Path) })
	if a, b, ok := nestedMounts(merged.Mounts); ok {
		return nil, fmt.Errorf("directory %q: %w: it is in %q, or the same, which another link gives", b, lattice.ErrInvalid, a)
	}
	if len(merged.Mounts) > maxMounts {
		return nil, fmt.Errorf("%d directories: %w: more than %d", len(merged.Mounts), lattice.ErrInvalid, maxMounts)
	}
	return merged, nil
}
