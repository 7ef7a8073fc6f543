package memfs

import (
	"strings"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// place is where a path leads: a name in a directory, and what it names.
type place struct {
	// in is the directory, and name the name; in is nil if the path ends with "." or
	// "..", or with what a link names so.
	in   *node
	name string
	// node is nil if there is nothing of that name.
	node *node
	// slash says that the path ended with one, and so must name a directory.
	slash bool
}

// What resolve does with a symbolic link at the end of a path.
type last int

const (
	// stay at the link, as what renames and removes does.
	stay last = iota
	// look at the link, but follow it if a slash is behind it.
	look
	// follow it.
	follow
)

// maxLinks is how many symbolic links a path may lead through.
const maxLinks = 40

// resolve follows a path from a directory on, and never out of it.
func (t *tree) resolve(from *node, p string, end last) (at place, err error) {
	if err := filesystem.CheckPath(p); err != nil {
		return at, err
	}
	var (
		buf   [16]*node
		above = append(buf[:0], t.current(from)) // and the directory itself
		links int
	)
	for {
		name, rest, more := strings.Cut(p, "/")
		rest = strings.TrimLeft(rest, "/")
		final := rest == ""
		in := above[len(above)-1]
		switch {
		case name == "" || name == ".":
			at = place{node: in, slash: more}
		case name == "..":
			if len(above) == 1 {
				return at, filesystem.Fail(filesystem.NotPermitted)
			}
			above = above[:len(above)-1]
			at = place{node: above[len(above)-1], slash: more}
		case len(name) > filesystem.MaxName:
			return at, filesystem.Fail(filesystem.NameTooLong)
		default:
			n := in.names.find(name)
			if n == nil {
				if !final {
					return at, filesystem.Fail(filesystem.NoEntry)
				}
				return place{in: in, name: name, slash: more}, nil
			}
			n = t.current(n)
			switch {
			case n.kind == filesystem.Directory:
				above = append(above, n)
			case n.kind == filesystem.SymbolicLink && (!final || end == follow || end == look && more):
				if links++; links > maxLinks {
					return at, filesystem.Fail(filesystem.Loop)
				}
				if n.target[0] == '/' {
					return at, filesystem.Fail(filesystem.NotPermitted)
				}
				p = n.target
				if more {
					p += "/" + rest
				}
				continue
			case !final:
				return at, filesystem.Fail(filesystem.NotDirectory)
			}
			at = place{in, name, n, more}
		}
		if final {
			return at, nil
		}
		p = rest
	}
}

// existing returns what a path names.
func (t *tree) existing(from *node, p string, follows bool) (*node, error) {
	end := look
	if follows {
		end = follow
	}
	at, err := t.resolve(from, p, end)
	switch {
	case err != nil:
		return nil, err
	case at.node == nil:
		return nil, filesystem.Fail(filesystem.NoEntry)
	case at.slash && at.node.kind != filesystem.Directory:
		return nil, filesystem.Fail(filesystem.NotDirectory)
	}
	return at.node, nil
}

// depth returns how many names a path to a directory has.
func (t *tree) depth(n *node) int {
	depth := 0
	for n = t.current(n); n.parent != nil; n = t.current(n.parent) {
		depth++
	}
	return depth
}

// below reports whether a directory is another one, or below it.
func (t *tree) below(n, top *node) bool {
	for n = t.current(n); n != top; n = t.current(n.parent) {
		if n.parent == nil {
			return false
		}
	}
	return true
}

// height returns how many names more than the path to a node those to what is below
// it have at most.
func (t *tree) height(n *node) int {
	height := 0
	for level := []*node{n}; ; height++ {
		var next []*node
		for _, n := range level {
			for child := range t.current(n).names.all() {
				next = append(next, child)
			}
		}
		if len(next) == 0 {
			return height
		}
		level = level[:0]
		for _, n := range next {
			if n.kind == filesystem.Directory {
				level = append(level, n)
			}
		}
	}
}
