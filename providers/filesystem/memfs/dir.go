package memfs

import (
	"io"
	"strings"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// dir is an open directory. It has nothing to be closed.
type dir struct {
	t    *tree
	node *node
}

// Open implements filesystem.Dir.
func (d *dir) Open(p string, how filesystem.Open) (obj filesystem.Object, err error) {
	changes := how.Write || how.Create || how.Truncate
	done := func() {}
	if changes || !d.t.fixed {
		// The files that are open are counted.
		if done, err = d.t.change(); err != nil {
			return obj, err
		}
	}
	defer done()
	if how.Create && how.Directory {
		return obj, filesystem.Fail(filesystem.Invalid)
	}
	exclusive := how.Create && how.Exclusive
	end := look
	if how.Follow && !exclusive {
		end = follow
	}
	at, err := d.t.resolve(d.node, p, end)
	switch {
	case err != nil:
		return obj, err
	case at.node == nil && (!how.Create || at.slash):
		return obj, filesystem.Fail(filesystem.NoEntry)
	case at.node == nil:
		n := d.t.newNode(filesystem.RegularFile)
		if err := d.t.create(at, n); err != nil {
			return obj, err
		}
		obj.File = d.t.open(n, how)
		return obj, nil
	case exclusive:
		return obj, filesystem.Fail(filesystem.Exist)
	case at.node.kind == filesystem.SymbolicLink:
		return obj, filesystem.Fail(filesystem.Loop)
	case at.node.kind == filesystem.Directory && changes:
		return obj, filesystem.Fail(filesystem.IsDirectory)
	case at.node.kind == filesystem.Directory:
		obj.Dir = &dir{d.t, at.node}
		return obj, nil
	case how.Directory || at.slash:
		return obj, filesystem.Fail(filesystem.NotDirectory)
	}
	n := at.node
	if how.Truncate {
		if n, err = d.t.own(n); err != nil {
			return obj, err
		}
		if err := d.t.truncate(n, 0); err != nil {
			return obj, err
		}
	}
	obj.File = d.t.open(n, how)
	return obj, nil
}

// create gives a new node the name of a place where there is none.
func (t *tree) create(at place, n *node) error {
	switch {
	case at.in == nil || at.in.links == 0: // the directory was removed
		return filesystem.Fail(filesystem.NoEntry)
	case t.depth(at.in) >= t.limits.Depth:
		return filesystem.Fail(filesystem.NameTooLong)
	}
	in, err := t.own(at.in)
	if err != nil {
		return err
	}
	if err := t.charge(n.charged(), 1); err != nil {
		return err
	}
	t.enter(in, at.name, n)
	return nil
}

// free returns the place of a path at which there is nothing yet.
func (d *dir) free(p string, isDir bool) (place, error) {
	at, err := d.t.resolve(d.node, p, stay)
	switch {
	case err != nil:
		return at, err
	case at.node != nil:
		return at, filesystem.Fail(filesystem.Exist)
	case at.slash && !isDir:
		return at, filesystem.Fail(filesystem.NoEntry)
	}
	return at, nil
}

// Stat implements filesystem.Dir.
func (d *dir) Stat(p string, follow bool) (filesystem.Stat, error) {
	defer d.t.read()()
	n, err := d.t.existing(d.node, p, follow)
	if err != nil {
		return filesystem.Stat{}, err
	}
	return n.stat(d.t.device), nil
}

// SetTimes implements filesystem.Dir.
func (d *dir) SetTimes(p string, follow bool, times filesystem.Times) error {
	done, err := d.t.change()
	if err != nil {
		return err
	}
	defer done()
	n, err := d.t.existing(d.node, p, follow)
	if err != nil {
		return err
	}
	if n, err = d.t.own(n); err != nil {
		return err
	}
	n.setTimes(times)
	return nil
}

// Mkdir implements filesystem.Dir.
func (d *dir) Mkdir(p string) error {
	done, err := d.t.change()
	if err != nil {
		return err
	}
	defer done()
	at, err := d.free(p, true)
	if err != nil {
		return err
	}
	return d.t.create(at, d.t.newNode(filesystem.Directory))
}

// Symlink implements filesystem.Dir.
func (d *dir) Symlink(target, p string) error {
	done, err := d.t.change()
	if err != nil {
		return err
	}
	defer done()
	for _, path := range []string{p, target} {
		if err := filesystem.CheckPath(path); err != nil {
			return err
		}
	}
	at, err := d.free(p, false)
	if err != nil {
		return err
	}
	n := d.t.newNode(filesystem.SymbolicLink)
	n.target = strings.Clone(target)
	return d.t.create(at, n)
}

// Readlink implements filesystem.Dir.
func (d *dir) Readlink(p string) (string, error) {
	defer d.t.read()()
	n, err := d.t.existing(d.node, p, false)
	switch {
	case err != nil:
		return "", err
	case n.kind != filesystem.SymbolicLink:
		return "", filesystem.Fail(filesystem.Invalid)
	case n.target[0] == '/':
		return "", filesystem.Fail(filesystem.NotPermitted)
	}
	return n.target, nil
}

// named returns the place of a path that must end with a name.
func (d *dir) named(p string) (place, error) {
	at, err := d.t.resolve(d.node, p, stay)
	if err == nil && at.in == nil {
		err = filesystem.Fail(filesystem.Invalid)
	}
	return at, err
}

// Rmdir implements filesystem.Dir.
func (d *dir) Rmdir(p string) error {
	return d.remove(p, func(at place) error {
		switch {
		case at.node.kind != filesystem.Directory:
			return filesystem.Fail(filesystem.NotDirectory)
		case at.node.names.count > 0:
			return filesystem.Fail(filesystem.NotEmpty)
		}
		return nil
	})
}

// Unlink implements filesystem.Dir.
func (d *dir) Unlink(p string) error {
	return d.remove(p, func(at place) error {
		switch {
		case at.node.kind == filesystem.Directory:
			return filesystem.Fail(filesystem.IsDirectory)
		case at.slash:
			return filesystem.Fail(filesystem.NotDirectory)
		}
		return nil
	})
}

// remove takes the name of a path away from what it names.
func (d *dir) remove(p string, judge func(place) error) error {
	done, err := d.t.change()
	if err != nil {
		return err
	}
	defer done()
	at, err := d.named(p)
	if err == nil && at.node == nil {
		err = filesystem.Fail(filesystem.NoEntry)
	}
	if err == nil {
		err = judge(at)
	}
	if err != nil {
		return err
	}
	in, err := d.t.own(at.in)
	if err != nil {
		return err
	}
	n, err := d.t.own(at.node)
	if err != nil {
		return err
	}
	if err := d.t.charge(0, in.names.cost(at.name)); err != nil {
		return err
	}
	d.t.leave(in, at.name)
	d.t.drop(n)
	return nil
}

// Rename implements filesystem.Dir.
func (d *dir) Rename(p string, to filesystem.Dir, toPath string) error {
	other, ok := to.(*dir)
	if !ok || other.t != d.t {
		return filesystem.Fail(filesystem.CrossDevice)
	}
	done, err := d.t.change()
	if err != nil {
		return err
	}
	defer done()
	from, err := d.named(p)
	if err != nil {
		return err
	}
	dest, err := other.named(toPath)
	if err != nil {
		return err
	}
	if err := d.t.mayRename(from, dest); err != nil {
		return err
	}
	if dest.node == from.node {
		return nil
	}
	return d.t.rename(from, dest)
}

// mayRename judges a rename. The order is that of systems: a program may depend on
// which of two errors it meets.
func (t *tree) mayRename(from, to place) error {
	if from.node == nil {
		return filesystem.Fail(filesystem.NoEntry)
	}
	isDir := from.node.kind == filesystem.Directory
	switch {
	case (from.slash || to.slash) && !isDir:
		return filesystem.Fail(filesystem.NotDirectory)
	case isDir && t.below(to.in, from.node):
		return filesystem.Fail(filesystem.Invalid)
	case to.in.links == 0:
		return filesystem.Fail(filesystem.NoEntry)
	case to.node == nil || to.node == from.node:
	case to.node.kind == filesystem.Directory && t.below(from.in, to.node):
		return filesystem.Fail(filesystem.NotEmpty)
	case isDir && to.node.kind != filesystem.Directory:
		return filesystem.Fail(filesystem.NotDirectory)
	case !isDir && to.node.kind == filesystem.Directory:
		return filesystem.Fail(filesystem.IsDirectory)
	case isDir && to.node.names.count > 0:
		return filesystem.Fail(filesystem.NotEmpty)
	}
	depth := t.depth(to.in) + 1
	if isDir && depth <= t.limits.Depth && depth > t.depth(from.node) {
		depth += t.height(from.node)
	}
	if depth > t.limits.Depth {
		return filesystem.Fail(filesystem.NameTooLong)
	}
	return nil
}

// rename moves a name over another one, or to where there is none.
func (t *tree) rename(from, to place) error {
	fromIn, err := t.own(from.in)
	if err != nil {
		return err
	}
	toIn, err := t.own(to.in)
	if err != nil {
		return err
	}
	n, over := from.node, to.node
	if n.kind == filesystem.Directory { // it has a parent
		if n, err = t.own(n); err != nil {
			return err
		}
	}
	cost := fromIn.names.cost(from.name) + 1
	if over != nil {
		if over, err = t.own(over); err != nil {
			return err
		}
		cost += toIn.names.cost(to.name)
	}
	if err := t.charge(0, cost); err != nil {
		return err
	}
	if over != nil {
		t.leave(toIn, to.name)
		t.drop(over)
	}
	t.leave(fromIn, from.name)
	t.enter(toIn, to.name, n)
	return nil
}

// Link implements filesystem.Dir.
func (d *dir) Link(p string, to filesystem.Dir, toPath string) error {
	other, ok := to.(*dir)
	if !ok || other.t != d.t {
		return filesystem.Fail(filesystem.CrossDevice)
	}
	done, err := d.t.change()
	if err != nil {
		return err
	}
	defer done()
	from, err := d.named(p)
	if err != nil {
		return err
	}
	dest, err := other.named(toPath)
	if err != nil {
		return err
	}
	if err := d.t.mayLink(from, dest); err != nil {
		return err
	}
	n, err := d.t.own(from.node)
	if err != nil {
		return err
	}
	in, err := d.t.own(dest.in)
	if err != nil {
		return err
	}
	if err := d.t.charge(0, 1); err != nil {
		return err
	}
	n.links++
	n.changed = in.modified
	d.t.enter(in, dest.name, n)
	return nil
}

// mayLink judges a link, in the order of systems.
func (t *tree) mayLink(from, to place) error {
	switch {
	case from.node == nil:
		return filesystem.Fail(filesystem.NoEntry)
	case from.slash && from.node.kind != filesystem.Directory:
		return filesystem.Fail(filesystem.NotDirectory)
	case to.slash || to.in.links == 0:
		return filesystem.Fail(filesystem.NoEntry)
	case to.node != nil:
		return filesystem.Fail(filesystem.Exist)
	case from.node.kind == filesystem.Directory:
		return filesystem.Fail(filesystem.NotPermitted)
	case t.depth(to.in) >= t.limits.Depth:
		return filesystem.Fail(filesystem.NameTooLong)
	}
	return nil
}

// Sync implements filesystem.Dir. There is nothing more durable.
func (d *dir) Sync() error { return nil }

// Close implements filesystem.Dir.
func (d *dir) Close() error { return nil }

// Entries implements filesystem.Dir. The reader does not show what is made after it.
func (d *dir) Entries() (filesystem.Entries, error) {
	defer d.t.read()()
	n := d.t.current(d.node)
	e := &entries{dir: d}
	if n.owner == d.t {
		e.until = n.names.next
	}
	return e, nil
}

// entries reads a directory: first what it has of its base, then its own.
type entries struct {
	dir         *dir
	base        int    // index in order of the base
	next, until uint64 // of the own entries
}

// Next implements filesystem.Entries.
func (e *entries) Next() (filesystem.Entry, error) {
	t := e.dir.t
	defer t.read()()
	n := t.current(e.dir.node)
	base, own := n.names.base, n.names
	if n.owner != t {
		base, own = n.names, &names{}
	}
	for ; base != nil && e.base < len(base.order); e.base++ {
		if at := base.order[e.base]; at.node != nil && own.own[at.name] == nil {
			e.base++
			return filesystem.Entry{Name: at.name, Type: at.node.kind}, nil
		}
	}
	at := own.after(e.next)
	if at == nil || at.seq >= e.until {
		return filesystem.Entry{}, io.EOF
	}
	e.next = at.seq + 1
	return filesystem.Entry{Name: at.name, Type: at.node.kind}, nil
}

// Close implements filesystem.Entries.
func (e *entries) Close() error { return nil }
