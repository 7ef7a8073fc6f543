package memfs

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// Builder makes a template of what archives hold: layers, each laid over those before.
//
// Paths are relative and clean. The directories that they lead through are made where
// they are missing, and symbolic links among them are followed, but never out of the
// tree. What is put where something else is replaces it.
type Builder struct {
	t *tree
	// mark is the number of the last node of earlier layers.
	mark uint64
}

// NewBuilder returns a builder of a tree within limits. Limits that are zero are the
// defaults.
func NewBuilder(limits filesystem.Limits) *Builder {
	t := newTree(limits, nil)
	t.root = t.newNode(filesystem.Directory)
	return &Builder{t: t}
}

// Template returns the template. The builder must not be used any more.
func (b *Builder) Template() *Template {
	b.t.fixed = true
	frozen := b.t
	b.t = nil
	return &Template{frozen}
}

// NextLayer begins a layer.
func (b *Builder) NextLayer() { b.mark = b.t.next }

// Directory makes a directory, or keeps the one that is there.
func (b *Builder) Directory(p string, modified time.Time) error {
	n, err := b.directory(p)
	if err == nil {
		n.modified = nanos(modified)
	}
	return err
}

// directory returns the directory of a path.
func (b *Builder) directory(p string) (*node, error) {
	n := b.t.root
	for end := 0; end < len(p) && p != "."; {
		end++
		if i := strings.IndexByte(p[end:], '/'); i >= 0 {
			end += i
		} else {
			end = len(p)
		}
		at, err := b.t.resolve(b.t.root, p[:end], follow)
		switch {
		case err != nil:
			return nil, err
		case at.node != nil && at.node.kind == filesystem.Directory:
			n = at.node
			continue
		case at.node != nil:
			b.remove(at.in, at.name, 0)
		case at.in == nil:
			return nil, filesystem.Fail(filesystem.NotDirectory)
		}
		n = b.t.newNode(filesystem.Directory)
		if err := b.t.create(place{in: at.in, name: at.name}, n); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// put gives a new node the name of a path.
func (b *Builder) put(p string, n *node, modified time.Time) error {
	in, err := b.directory(path.Dir(p))
	if err != nil {
		return err
	}
	name := path.Base(p)
	switch {
	case name == ".":
		return filesystem.Fail(filesystem.IsDirectory)
	case len(name) > filesystem.MaxName:
		return filesystem.Fail(filesystem.NameTooLong)
	}
	if in.names.find(name) != nil {
		b.remove(in, name, 0)
	}
	n.accessed, n.modified = nanos(modified), nanos(modified)
	return b.t.create(place{in: in, name: name}, n)
}

// File makes a file of size bytes, which are read from r.
func (b *Builder) File(p string, size int64, r io.Reader, modified time.Time) error {
	n := b.t.newNode(filesystem.RegularFile)
	if err := b.put(p, n, modified); err != nil {
		return err
	}
	if err := b.t.resize(n, size); err != nil {
		return err
	}
	for n.data.size < size {
		// No larger than what there is, whatever is said of it.
		buf := make([]byte, min(size-n.data.size, pageSize))
		got, err := io.ReadFull(r, buf)
		if err != nil {
			n.data.size = size // what is charged
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		n.data.size += int64(got)
		if isZero(buf) {
			buf = nil // what no page has is zero
		}
		n.data.pages = append(n.data.pages, page{b: buf})
	}
	return nil
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// Symlink makes a symbolic link. A target that is absolute is one in the tree.
func (b *Builder) Symlink(p, target string, modified time.Time) error {
	if strings.HasPrefix(target, "/") {
		target = strings.Repeat("../", strings.Count(p, "/")) + strings.TrimPrefix(path.Clean(target), "/")
		if target == "" {
			target = "."
		}
	}
	if err := filesystem.CheckPath(target); err != nil {
		return err
	}
	n := b.t.newNode(filesystem.SymbolicLink)
	n.target = strings.Clone(target)
	return b.put(p, n, modified)
}

// Link makes a hard link to what is at another path.
func (b *Builder) Link(p, to string) error {
	at, err := b.t.resolve(b.t.root, to, stay)
	switch {
	case err != nil:
		return err
	case at.node == nil:
		return filesystem.Fail(filesystem.NoEntry)
	case at.node.kind == filesystem.Directory:
		return filesystem.Fail(filesystem.NotPermitted)
	}
	in, err := b.directory(path.Dir(p))
	if err != nil {
		return err
	}
	name := path.Base(p)
	if in.names.find(name) == at.node {
		return nil
	}
	if in.names.find(name) != nil {
		b.remove(in, name, 0)
	}
	if at.node.links == 0 { // what it replaces was all that there was of it
		return filesystem.Fail(filesystem.NoEntry)
	}
	if len(name) > filesystem.MaxName || name == "." {
		return filesystem.Fail(filesystem.Invalid)
	}
	if err := b.t.charge(0, 1); err != nil {
		return err
	}
	at.node.links++
	b.t.enter(in, name, at.node)
	return nil
}

// Hide removes what earlier layers have at a path, with all that is in it.
func (b *Builder) Hide(p string) error {
	at, err := b.t.resolve(b.t.root, p, stay)
	if err != nil {
		if filesystem.CodeOf(err) == filesystem.NoEntry {
			return nil // of a layer that is not there
		}
		return err
	}
	switch {
	case at.in == nil:
		return fmt.Errorf("hide %q: %w", p, filesystem.Fail(filesystem.Invalid))
	case at.node == nil:
		return nil
	}
	b.remove(at.in, at.name, b.mark)
	return nil
}

// HideAll removes what earlier layers have in a directory.
func (b *Builder) HideAll(p string) error {
	n, err := b.directory(p)
	if err != nil {
		return err
	}
	for _, e := range n.names.list() {
		b.remove(n, e.name, b.mark)
	}
	return nil
}

// remove removes a name with all that is in it. Unless mark is zero, what has a higher
// number stays, and the directories with such.
func (b *Builder) remove(in *node, name string, mark uint64) {
	type step struct {
		in    *node
		name  string
		again bool // what is in it was looked at
	}
	for todo := []step{{in, name, false}}; len(todo) > 0; {
		s := todo[len(todo)-1]
		n := s.in.names.find(s.name)
		if n.kind == filesystem.Directory && !s.again {
			todo[len(todo)-1].again = true
			for _, e := range n.names.list() {
				todo = append(todo, step{n, e.name, false})
			}
			continue
		}
		todo = todo[:len(todo)-1]
		if mark > 0 && n.id > mark || n.kind == filesystem.Directory && n.names.count > 0 {
			continue
		}
		b.t.files--
		b.t.leave(s.in, s.name)
		b.t.drop(n)
	}
}
