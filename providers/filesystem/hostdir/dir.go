package hostdir

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// Options say what may be done with a directory. The zero value lets everything
// be read and nothing be changed.
type Options struct {
	// Writable lets the directory and what is in it be changed.
	Writable bool
	// MaxFileSize bounds the size that files can be given. If zero,
	// DefaultMaxFileSize.
	MaxFileSize int64
	// Limits bound what the directory holds, whoever put it there, if it is
	// writable. If all are zero, nothing is counted.
	Limits filesystem.Limits
}

// DefaultMaxFileSize is the default of Options.MaxFileSize.
const DefaultMaxFileSize = 4 << 30

// shared is what all directories opened from the same one have in common.
type shared struct {
	opts   Options
	escape error  // what os.Root returns for paths that leave it
	usage  *usage // or nil
}

type dir struct {
	*shared
	root *os.Root
	top  bool // it was opened by name and so keeps usage open
}

// Open opens a directory of the host by name.
func Open(name string, opts Options) (filesystem.Dir, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return newDir(root, opts)
}

// OpenIn opens a directory in a directory of the host, or in one below it. The path
// does not lead out of that. If the directory may be written to and is not there, it is
// made.
func OpenIn(name, sub string, opts Options) (filesystem.Dir, error) {
	top, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	defer top.Close() //nolint:errcheck // nothing is done with it
	if opts.Writable {
		if err := top.MkdirAll(sub, 0o777); err != nil {
			return nil, err
		}
	}
	root, err := top.OpenRoot(sub)
	if err != nil {
		return nil, err
	}
	return newDir(root, opts)
}

func newDir(root *os.Root, opts Options) (filesystem.Dir, error) {
	if opts.MaxFileSize == 0 {
		opts.MaxFileSize = DefaultMaxFileSize
	}
	d := &dir{shared: &shared{opts: opts, escape: escapeOf(root)}, root: root}
	if opts.Writable && opts.Limits != (filesystem.Limits{}) {
		var err error
		if d.usage, err = newUsage(root, opts.Limits); err != nil {
			return nil, errors.Join(err, root.Close())
		}
		d.top = true
	}
	return d, nil
}

// change returns an error if the directory must not be changed.
func (d *dir) change() error {
	if !d.opts.Writable {
		return filesystem.Fail(filesystem.ReadOnly)
	}
	return nil
}

// local judges the form of a path, and makes it one of the host.
func local(p string) (string, error) {
	switch {
	case filesystem.CheckPath(p) != nil:
		return "", filesystem.CheckPath(p)
	case filepath.Separator != '/' && strings.ContainsAny(p, `\:`):
		return "", filesystem.Fail(filesystem.Invalid)
	}
	return p, nil
}

// lstat describes an object, as the os package does.
func (d *dir) lstat(p string, follow bool) (fs.FileInfo, error) {
	p, err := local(p)
	if err != nil {
		return nil, err
	}
	if follow {
		return d.root.Stat(p)
	}
	return d.root.Lstat(p)
}

// Stat implements filesystem.Dir.
func (d *dir) Stat(p string, follow bool) (filesystem.Stat, error) {
	info, err := d.lstat(p, follow)
	if err != nil {
		return filesystem.Stat{}, d.wrap(err)
	}
	return statOf(info), nil
}

// Open implements filesystem.Dir.
func (d *dir) Open(p string, how filesystem.Open) (filesystem.Object, error) {
	obj, err := d.open(p, how)
	return obj, d.wrap(err)
}

func (d *dir) open(p string, how filesystem.Open) (obj filesystem.Object, err error) {
	if d.usage != nil {
		d.usage.mu.Lock()
		defer d.usage.mu.Unlock()
	}
	if how.Write || how.Create || how.Truncate {
		if err := d.change(); err != nil {
			return obj, err
		}
	}
	if how.Create && how.Directory {
		return obj, filesystem.Fail(filesystem.Invalid)
	}
	exclusive := how.Create && how.Exclusive
	info, err := d.lstat(p, how.Follow && !exclusive)
	switch {
	case err != nil:
		if err := d.wrap(err); !how.Create || filesystem.CodeOf(err) != filesystem.NoEntry {
			return obj, err
		}
		obj.File, err = d.create(p, how)
		return obj, err
	case exclusive:
		return obj, filesystem.Fail(filesystem.Exist)
	case info.Mode()&fs.ModeSymlink != 0:
		return obj, filesystem.Fail(filesystem.Loop)
	case info.IsDir() && (how.Write || how.Truncate || how.Create):
		return obj, filesystem.Fail(filesystem.IsDirectory)
	case info.IsDir():
		root, err := d.root.OpenRoot(p)
		if err != nil {
			return obj, err
		}
		obj.Dir = &dir{shared: d.shared, root: root}
		return obj, nil
	case how.Directory:
		return obj, filesystem.Fail(filesystem.NotDirectory)
	case !info.Mode().IsRegular():
		return obj, filesystem.Fail(filesystem.NotPermitted)
	}
	obj.File, err = d.openFile(p, how)
	return obj, err
}

// openFile opens or creates a regular file. What it opens may be another object
// than the one that was looked at before.
func (d *dir) openFile(p string, how filesystem.Open) (filesystem.File, error) {
	p, err := local(p)
	if err != nil {
		return nil, err
	}
	shorten := how.Truncate && d.usage != nil // which counts what was there
	if shorten {
		how.Truncate, how.Write = false, true
	}
	flags := openNonBlocking
	switch {
	case how.Read && how.Write:
		flags |= os.O_RDWR
	case how.Write:
		flags |= os.O_WRONLY
	}
	for _, f := range []struct {
		set  bool
		flag int
	}{{how.Create, os.O_CREATE}, {how.Exclusive, os.O_EXCL}, {how.Truncate, os.O_TRUNC}, {how.Sync, os.O_SYNC}} {
		if f.set {
			flags |= f.flag
		}
	}
	f, err := d.root.OpenFile(p, flags, 0o666)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = filesystem.Fail(filesystem.NotPermitted)
	}
	if err == nil && shorten {
		err = f.Truncate(0)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	if shorten {
		d.usage.bytes -= info.Size()
	}
	return &file{dir: d, f: f, id: d.usage.opening(info)}, nil
}

// Mkdir implements filesystem.Dir.
func (d *dir) Mkdir(p string) error {
	if err := d.change(); err != nil {
		return err
	}
	p, err := local(p)
	if err != nil {
		return err
	}
	return d.adding(p, func() error { return d.root.Mkdir(p, 0o777) })
}

// Symlink implements filesystem.Dir.
func (d *dir) Symlink(target, p string) error {
	if err := d.change(); err != nil {
		return err
	}
	p, err := local(p)
	if err != nil {
		return err
	}
	if target, err = local(target); err != nil {
		return err
	}
	return d.adding(p, func() error { return d.root.Symlink(target, p) })
}

// Readlink implements filesystem.Dir.
func (d *dir) Readlink(p string) (string, error) {
	p, err := local(p)
	if err != nil {
		return "", err
	}
	target, err := d.root.Readlink(p)
	if err != nil {
		return "", d.wrap(err)
	}
	if filepath.IsAbs(target) {
		return "", filesystem.Fail(filesystem.NotPermitted)
	}
	return filepath.ToSlash(target), nil
}

// Rmdir implements filesystem.Dir.
func (d *dir) Rmdir(p string) error { return d.removing(p, func() error { return d.rmdir(p) }) }

// Unlink implements filesystem.Dir.
func (d *dir) Unlink(p string) error { return d.removing(p, func() error { return d.unlink(p) }) }

// Rename implements filesystem.Dir.
func (d *dir) Rename(p string, to filesystem.Dir, toPath string) error {
	other, ok := to.(*dir)
	if !ok || other.shared != d.shared && (d.usage != nil || other.usage != nil) {
		return filesystem.Fail(filesystem.CrossDevice)
	}
	return d.moving(p, other, toPath)
}

// Link implements filesystem.Dir.
func (d *dir) Link(p string, to filesystem.Dir, toPath string) error {
	other, ok := to.(*dir)
	if !ok || other.shared != d.shared && (d.usage != nil || other.usage != nil) {
		return filesystem.Fail(filesystem.CrossDevice)
	}
	return other.adding(toPath, func() error { return d.link(p, other, toPath) })
}

// SetTimes implements filesystem.Dir.
func (d *dir) SetTimes(p string, follow bool, t filesystem.Times) error {
	if err := d.change(); err != nil {
		return err
	}
	info, err := d.lstat(p, follow)
	switch {
	case err != nil:
		return d.wrap(err)
	case info.Mode()&fs.ModeSymlink != 0:
		return d.wrap(d.setLinkTimes(p, t))
	}
	return d.wrap(d.root.Chtimes(p, t.Accessed, t.Modified))
}

// Sync implements filesystem.Dir.
func (d *dir) Sync() error {
	f, err := d.root.Open(".")
	if err != nil {
		return d.wrap(err)
	}
	defer f.Close() //nolint:errcheck // nothing was written through it
	return d.wrap(f.Sync())
}

// Close implements filesystem.Dir.
func (d *dir) Close() error {
	err := d.root.Close()
	if d.top {
		err = errors.Join(err, d.usage.root.Close())
	}
	return d.wrap(err)
}

// Entries implements filesystem.Dir.
func (d *dir) Entries() (filesystem.Entries, error) {
	f, err := d.root.Open(".")
	if err != nil {
		return nil, d.wrap(err)
	}
	return &entries{dir: d, f: f}, nil
}

type entries struct {
	dir  *dir
	f    *os.File
	next []fs.DirEntry
}

// Next implements filesystem.Entries.
func (e *entries) Next() (filesystem.Entry, error) {
	if len(e.next) == 0 {
		var err error
		if e.next, err = e.f.ReadDir(entriesAtOnce); err != nil {
			if err == io.EOF {
				return filesystem.Entry{}, io.EOF
			}
			return filesystem.Entry{}, e.dir.wrap(err)
		}
	}
	entry := e.next[0]
	e.next = e.next[1:]
	return filesystem.Entry{Name: entry.Name(), Type: typeOf(entry.Type())}, nil
}

// Close implements filesystem.Entries.
func (e *entries) Close() error { return e.dir.wrap(e.f.Close()) }
