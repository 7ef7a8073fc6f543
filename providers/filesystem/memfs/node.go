package memfs

import (
	"time"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// node is a file, a directory or a symbolic link.
type node struct {
	owner *tree // who may change it
	base  *node // what it is a copy of, or nil
	kind  filesystem.Type
	// copied says that data is that of the base, and not charged.
	copied bool
	id     uint64
	links  int // names; a directory has one, or none if it was removed
	opens  int // of a file
	// Times are nanoseconds since 1970.
	accessed, modified, changed int64

	parent *node // of a directory that is not the root
	names  *names
	data   content
	target string
}

// charged returns how many bytes are charged for the node.
func (n *node) charged() int64 {
	switch {
	case n.copied:
		return 0
	case n.kind == filesystem.SymbolicLink:
		return int64(len(n.target))
	}
	return n.data.size
}

func (n *node) stat(device uint64) filesystem.Stat {
	s := filesystem.Stat{
		Type:     n.kind,
		Links:    uint64(n.links),     //nolint:gosec // not negative
		Size:     uint64(n.data.size), //nolint:gosec // not negative
		Accessed: time.Unix(0, n.accessed),
		Modified: time.Unix(0, n.modified),
		Changed:  time.Unix(0, n.changed),
		Device:   device,
		Inode:    n.id,
	}
	if n.kind == filesystem.SymbolicLink {
		s.Size = uint64(len(n.target))
	}
	return s
}

// touch notes that the content of a node has been changed.
func (n *node) touch() {
	n.modified = time.Now().UnixNano()
	n.changed = n.modified
}

func (n *node) setTimes(t filesystem.Times) {
	if !t.Accessed.IsZero() {
		n.accessed = nanos(t.Accessed)
	}
	if !t.Modified.IsZero() {
		n.modified = nanos(t.Modified)
	}
	n.changed = time.Now().UnixNano()
}

// nanos returns a time as nodes have it, or the nearest that they can have.
func nanos(t time.Time) int64 {
	const least, most = -1 << 63 / int64(time.Second), (1<<63 - 1) / int64(time.Second)
	return time.Unix(min(max(t.Unix(), least+1), most-1), int64(t.Nanosecond())).UnixNano()
}
