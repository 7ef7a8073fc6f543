package filesystem

import (
	"strings"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/host/component"
	provider "github.com/wattle-dev/wattle/providers/filesystem"
)

// MaxPath is how many bytes a path can have, the PATH_MAX of POSIX.
const MaxPath = 4096

// checkPath judges what can be judged of a path without resolving it.
func checkPath(p string) error {
	switch {
	case len(p) > MaxPath:
		return ErrorCodeNameTooLong
	case strings.HasPrefix(p, "/"):
		return ErrorCodeNotPermitted
	}
	return nil
}

// follow reports whether a symbolic link at the end of a path is followed.
func follow(f PathFlags) bool { return f&PathFlagsSymlinkFollow != 0 }

// change runs an operation that changes what is at a path.
func (d *Descriptor) change(c *component.Call, path string, op func(provider.Dir) error) error {
	dir, err := d.needMutable(c)
	if err != nil {
		return err
	}
	if err := checkPath(path); err != nil {
		return err
	}
	return errorCode(op(dir))
}

// CreateDirectoryAt implements descriptor.create-directory-at.
func (d *Descriptor) CreateDirectoryAt(c *component.Call, path string) error {
	return d.change(c, path, func(dir provider.Dir) error { return dir.Mkdir(path) })
}

// RemoveDirectoryAt implements descriptor.remove-directory-at.
func (d *Descriptor) RemoveDirectoryAt(c *component.Call, path string) error {
	return d.change(c, path, func(dir provider.Dir) error { return dir.Rmdir(path) })
}

// UnlinkFileAt implements descriptor.unlink-file-at.
func (d *Descriptor) UnlinkFileAt(c *component.Call, path string) error {
	return d.change(c, path, func(dir provider.Dir) error { return dir.Unlink(path) })
}

// SymlinkAt implements descriptor.symlink-at.
func (d *Descriptor) SymlinkAt(c *component.Call, target, path string) error {
	if err := checkPath(target); err != nil {
		return err
	}
	return d.change(c, path, func(dir provider.Dir) error { return dir.Symlink(target, path) })
}

// RenameAt implements descriptor.rename-at.
func (d *Descriptor) RenameAt(c *component.Call, path string, to *Descriptor, toPath string) error {
	toDir, err := to.needMutable(c)
	if err != nil {
		return err
	}
	if err := checkPath(toPath); err != nil {
		return err
	}
	return d.change(c, path, func(dir provider.Dir) error { return dir.Rename(path, toDir, toPath) })
}

// LinkAt implements descriptor.link-at.
func (d *Descriptor) LinkAt(c *component.Call, flags PathFlags, path string, to *Descriptor, toPath string) error {
	toDir, err := to.needMutable(c)
	if err != nil {
		return err
	}
	if err := checkPath(toPath); err != nil {
		return err
	}
	return d.change(c, path, func(dir provider.Dir) error {
		path, stat, err := expand(dir, path, follow(flags))
		switch {
		case err != nil:
			return err
		case stat.Type == provider.Directory:
			return provider.Fail(provider.NotPermitted)
		}
		return dir.Link(path, toDir, toPath)
	})
}

// maxLinks is how many symbolic links are followed, one after the other.
const maxLinks = 40

// expand replaces a path that ends with a symbolic link by what the link names, if
// that is asked for, and describes what is there. Providers make links to what is
// at a path itself, so that a link which somebody puts there meanwhile is not
// followed.
func expand(dir provider.Dir, path string, follow bool) (string, provider.Stat, error) {
	for range maxLinks {
		stat, err := dir.Stat(path, false)
		if err != nil || stat.Type != provider.SymbolicLink || !follow {
			return path, stat, err
		}
		target, err := dir.Readlink(path)
		if err != nil {
			return "", stat, err
		}
		// No cleaning: what ".." means depends on the links before it.
		path = path[:strings.LastIndexByte(path, '/')+1] + target
		if len(path) > MaxPath {
			return "", stat, provider.Fail(provider.NameTooLong)
		}
	}
	return "", provider.Stat{}, provider.Fail(provider.Loop)
}

// ReadlinkAt implements descriptor.readlink-at.
func (d *Descriptor) ReadlinkAt(c *component.Call, path string) (string, error) {
	dir, err := d.needDir(c)
	if err != nil {
		return "", err
	}
	if err := checkPath(path); err != nil {
		return "", err
	}
	target, err := dir.Readlink(path)
	switch {
	case err != nil:
		return "", errorCode(err)
	case !utf8.ValidString(target):
		return "", ErrorCodeIllegalByteSequence
	}
	return target, nil
}

// OpenAt implements descriptor.open-at.
func (d *Descriptor) OpenAt(c *component.Call, pathFlags PathFlags, path string, how OpenFlags, flags DescriptorFlags) (*Descriptor, error) {
	dir, err := d.needDir(c)
	if err != nil {
		return nil, err
	}
	changes := how&(OpenFlagsCreate|OpenFlagsTruncate) != 0 || flags&(DescriptorFlagsWrite|DescriptorFlagsMutateDirectory) != 0
	if changes {
		if _, err := d.needMutable(c); err != nil {
			return nil, err
		}
	}
	if err := checkPath(path); err != nil {
		return nil, err
	}
	if err := d.state.acquire(); err != nil {
		return nil, err
	}
	obj, err := dir.Open(path, provider.Open{
		Follow:    follow(pathFlags),
		Create:    how&OpenFlagsCreate != 0,
		Exclusive: how&OpenFlagsExclusive != 0,
		Directory: how&OpenFlagsDirectory != 0,
		Truncate:  how&OpenFlagsTruncate != 0,
		Read:      flags&DescriptorFlagsRead != 0,
		Write:     flags&DescriptorFlagsWrite != 0,
		Sync:      flags&(DescriptorFlagsFileIntegritySync|DescriptorFlagsDataIntegritySync) != 0,
	})
	if err != nil {
		d.state.release()
		return nil, errorCode(err)
	}
	opened := &Descriptor{state: d.state, dir: obj.Dir, flags: flags &^ DescriptorFlagsMutateDirectory}
	if obj.Dir != nil {
		opened.flags |= d.flags & DescriptorFlagsMutateDirectory
	} else {
		opened.file = &sharedFile{File: obj.File, state: d.state, refs: 1}
		opened.fixed = d.flags&DescriptorFlagsMutateDirectory == 0
	}
	return opened, nil
}
