//go:build unix

package hostdir

import (
	"errors"
	"os"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// openNonBlocking keeps the opening of a FIFO from waiting for its other end. It
// means nothing to regular files.
const openNonBlocking = syscall.O_NONBLOCK

// place is the last name of a path and the open directory that holds it. The
// name is neither "." nor "..", so that a system call that does not follow links
// stays in the directory.
type place struct {
	parent *os.File
	name   string
	dir    bool // the path ended with a slash and so must name a directory
}

func (p *place) fd() int { return int(p.parent.Fd()) }

func (p *place) close() { _ = p.parent.Close() }

// place resolves all of a path but its last name.
func (d *dir) place(p string) (*place, error) {
	p, err := local(p)
	if err != nil {
		return nil, err
	}
	trimmed := strings.TrimRight(p, "/")
	parent, name := path.Split(trimmed)
	if name == "." || name == ".." {
		if _, err := d.root.Lstat(p); err != nil {
			return nil, err
		}
		return nil, filesystem.Fail(filesystem.Invalid)
	}
	if parent == "" {
		parent = "."
	}
	f, err := d.root.OpenFile(parent, os.O_RDONLY|syscall.O_DIRECTORY|openNonBlocking, 0)
	if err != nil {
		return nil, err
	}
	return &place{parent: f, name: name, dir: trimmed != p}, nil
}

// mode returns the type of what is at the place.
func (p *place) mode() (uint32, error) {
	var st unix.Stat_t
	err := retry(func() error { return unix.Fstatat(p.fd(), p.name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	return uint32(st.Mode) & unix.S_IFMT, err //nolint:unconvert // the types differ between systems
}

// mustBeDir returns an error if the path demands a directory and there is
// something else.
func (p *place) mustBeDir() error {
	if !p.dir {
		return nil
	}
	mode, err := p.mode()
	if err == nil && mode != unix.S_IFDIR {
		err = syscall.ENOTDIR
	}
	return err
}

// retry repeats a system call that was interrupted.
func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// at runs an operation that changes the place of a path.
func (d *dir) at(p string, op func(*place) error) error {
	if err := d.change(); err != nil {
		return err
	}
	at, err := d.place(p)
	if err != nil {
		return d.wrap(err)
	}
	defer at.close()
	return d.wrap(op(at))
}

// rmdir removes an empty directory.
func (d *dir) rmdir(p string) error {
	return d.at(p, func(at *place) error {
		return retry(func() error { return unix.Unlinkat(at.fd(), at.name, unix.AT_REMOVEDIR) })
	})
}

// unlink removes what is not a directory.
func (d *dir) unlink(p string) error {
	return d.at(p, func(at *place) error {
		// Systems disagree about the error for a directory.
		mode, err := at.mode()
		switch {
		case err != nil:
			return err
		case mode == unix.S_IFDIR:
			return syscall.EISDIR
		case at.dir:
			return syscall.ENOTDIR
		}
		return retry(func() error { return unix.Unlinkat(at.fd(), at.name, 0) })
	})
}

// rename moves a name, and replaces what is there.
func (d *dir) rename(p string, to *dir, toPath string) error {
	return d.both(p, to, toPath, func(from, to *place) error {
		mode, err := from.mode()
		switch {
		case err != nil:
			return err
		case (from.dir || to.dir) && mode != unix.S_IFDIR:
			return syscall.ENOTDIR
		}
		return retry(func() error { return unix.Renameat(from.fd(), from.name, to.fd(), to.name) })
	})
}

// link makes a hard link.
func (d *dir) link(p string, to *dir, toPath string) error {
	return d.both(p, to, toPath, func(from, to *place) error {
		if err := from.mustBeDir(); err != nil {
			return err
		}
		if to.dir {
			return syscall.ENOENT
		}
		return retry(func() error { return unix.Linkat(from.fd(), from.name, to.fd(), to.name, 0) })
	})
}

// both runs an operation that changes two places.
func (d *dir) both(p string, to *dir, toPath string, op func(from, to *place) error) error {
	return d.at(p, func(from *place) error {
		return to.at(toPath, func(to *place) error { return op(from, to) })
	})
}
