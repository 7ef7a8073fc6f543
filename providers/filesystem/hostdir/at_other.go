//go:build !unix

package hostdir

import (
	"github.com/wattle-dev/wattle/providers/filesystem"
)

// openNonBlocking is nothing: here no file blocks when it is opened.
const openNonBlocking = 0

// remove removes an object that is a directory, or is not. Somebody who replaces
// one by the other meanwhile has the other removed.
func (d *dir) remove(p string, isDir bool) error {
	if err := d.change(); err != nil {
		return err
	}
	info, err := d.lstat(p, false)
	switch {
	case err != nil:
		return d.wrap(err)
	case info.IsDir() && !isDir:
		return filesystem.Fail(filesystem.IsDirectory)
	case !info.IsDir() && isDir:
		return filesystem.Fail(filesystem.NotDirectory)
	}
	return d.wrap(d.root.Remove(p))
}

// rmdir removes an empty directory.
func (d *dir) rmdir(p string) error { return d.remove(p, true) }

// unlink removes what is not a directory.
func (d *dir) unlink(p string) error { return d.remove(p, false) }

// both runs an operation on two paths, which must be of the same directory: the
// system has no call that takes two.
func (d *dir) both(p string, to *dir, toPath string, op func(from, to string) error) error {
	if to != d {
		return filesystem.Fail(filesystem.CrossDevice)
	}
	if err := d.change(); err != nil {
		return err
	}
	if _, err := local(p); err != nil {
		return err
	}
	if _, err := local(toPath); err != nil {
		return err
	}
	return d.wrap(op(p, toPath))
}

// rename moves a name, and replaces what is there.
func (d *dir) rename(p string, to *dir, toPath string) error {
	return d.both(p, to, toPath, d.root.Rename)
}

// link makes a hard link.
func (d *dir) link(p string, to *dir, toPath string) error {
	return d.both(p, to, toPath, d.root.Link)
}
