package memfs

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// The defaults of filesystem.Limits for trees of this package.
const (
	DefaultBytes = 16 << 20
	DefaultFiles = 1024
	DefaultDepth = 32
)

// Tree is a tree that can be changed.
type Tree struct{ t *tree }

// New returns an empty tree. Limits that are zero are the defaults.
func New(limits filesystem.Limits) *Tree {
	t := newTree(limits, nil)
	t.root = t.newNode(filesystem.Directory)
	return &Tree{t}
}

// Root opens the root of the tree.
func (t *Tree) Root() filesystem.Dir { return &dir{t.t, t.t.root} }

// Template ends the changes to a tree: it becomes what other trees are copies of. The
// tree, and what was opened from it, must not be used any more.
func (t *Tree) Template() *Template {
	t.t.fixed = true
	frozen := t.t
	t.t = nil
	return &Template{frozen}
}

// Template is a tree that does not change. It can be used by any number of
// goroutines.
type Template struct{ t *tree }

// Root opens the root of the template, which is read-only.
func (t *Template) Root() filesystem.Dir { return &dir{t.t, t.t.root} }

// Bytes returns the sizes of all files together.
func (t *Template) Bytes() int64 { return t.t.bytes }

// Files returns the number of files, directories, symbolic links and further hard
// links.
func (t *Template) Files() int64 { return t.t.files }

// Copy returns a tree that begins as the template is. What is not changed costs
// nothing, whatever the size of the template: the limits are for what is changed.
// Bytes are those of files that are made or written to, and Files counts also what
// of the template is removed, renamed or changed.
func (t *Template) Copy(limits filesystem.Limits) *Tree {
	c := newTree(limits, t.t)
	c.next = t.t.next
	c.root, _ = c.own(t.t.root) // there is room for it
	c.files = 0
	return &Tree{c}
}

// tree is a tree, and where what all handles of it share is.
//
// The nodes of its base are never changed. To change one is to make a copy of it,
// which stands for it from then on: every use of a node is of current(node).
type tree struct {
	base   *tree // or nil
	device uint64
	limits filesystem.Limits
	fixed  bool // nothing is changed any more, and nobody needs mu

	mu     sync.RWMutex
	root   *node
	next   uint64          // number of the last node
	copies map[*node]*node // of nodes of base
	opens  map[*node]int   // files of base that are open, and have no copy
	bytes  int64           // the sizes of files and links that were made or written to
	files  int64           // names that were made, names of base that were removed, and copies
}

func newTree(limits filesystem.Limits, base *tree) *tree {
	if limits.Bytes == 0 {
		limits.Bytes = DefaultBytes
	}
	if limits.Files == 0 {
		limits.Files = DefaultFiles
	}
	if limits.Depth == 0 {
		limits.Depth = DefaultDepth
	}
	// No number of a device of the host is that large.
	return &tree{base: base, device: rand.Uint64() | 1<<63, limits: limits} //nolint:gosec // it has to differ, not to be a secret
}

// read lets the tree be read until the function that it returns is called.
func (t *tree) read() func() {
	if t.fixed {
		return func() {}
	}
	t.mu.RLock()
	return t.mu.RUnlock
}

// change lets the tree be changed until the function that it returns is called.
func (t *tree) change() (func(), error) {
	if t.fixed {
		return nil, filesystem.Fail(filesystem.ReadOnly)
	}
	t.mu.Lock()
	return t.mu.Unlock, nil
}

// newNode returns a node that has no name yet, and is not charged.
func (t *tree) newNode(kind filesystem.Type) *node {
	t.next++
	n := &node{owner: t, kind: kind, id: t.next, links: 1}
	if kind == filesystem.Directory {
		n.names = &names{}
	}
	now := time.Now().UnixNano()
	n.accessed, n.modified, n.changed = now, now, now
	return n
}

// current returns the copy of a node, if there is one.
func (t *tree) current(n *node) *node {
	if n.owner != t {
		if c := t.copies[n]; c != nil {
			return c
		}
	}
	return n
}

// own returns a node that can be changed: the node, or its copy.
func (t *tree) own(n *node) (*node, error) {
	if n = t.current(n); n.owner == t {
		return n, nil
	}
	if err := t.charge(0, 1); err != nil {
		return nil, err
	}
	c := *n
	c.owner, c.copied = t, true
	switch n.kind { //nolint:exhaustive // the others have nothing that could be shared
	case filesystem.Directory:
		c.names = &names{base: n.names, count: n.names.count}
	case filesystem.RegularFile:
		c.data = n.data.share()
		c.opens = t.opens[n]
		delete(t.opens, n)
	}
	if t.copies == nil {
		t.copies = map[*node]*node{}
	}
	t.copies[n] = &c
	c.base = n
	return &c, nil
}

// charge makes room for what is about to be made.
func (t *tree) charge(bytes, files int64) error {
	if bytes > 0 && bytes > t.limits.Bytes-t.bytes || files > 0 && files > t.limits.Files-t.files {
		return filesystem.Fail(filesystem.Quota)
	}
	t.bytes += bytes
	t.files += files
	return nil
}

// enter gives a node a name in a directory, which must be one that can be changed,
// and has been charged for it.
func (t *tree) enter(in *node, name string, n *node) {
	in.names.add(name, n)
	in.touch()
	if n.kind == filesystem.Directory {
		n.parent = in
	}
}

// leave takes a name that is there away, as enter gives it. What it costs has been
// charged.
func (t *tree) leave(in *node, name string) {
	in.names.remove(name)
	in.touch()
}

// drop notes that a node, which must be one that can be changed, has a name less.
func (t *tree) drop(n *node) {
	n.links--
	n.changed = time.Now().UnixNano()
	t.collect(n)
}

// collect gives up what a node without a name costs, if it is not open. That a
// directory of the base was removed is known by its copy, which has to stay.
func (t *tree) collect(n *node) {
	if n.links > 0 || n.opens > 0 {
		return
	}
	t.bytes -= n.charged()
	n.data = content{}
	if n.base != nil && n.kind != filesystem.Directory {
		delete(t.copies, n.base)
		t.files--
	}
}
