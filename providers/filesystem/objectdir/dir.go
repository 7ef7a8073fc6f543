package objectdir

import (
	"io"
	"path"
	"strings"

	"github.com/wattle-dev/wattle/providers/blobstore"
	"github.com/wattle-dev/wattle/providers/filesystem"
)

// dir is an open directory, which is no more than its path.
type dir struct {
	t    *tree
	path string // "" for the root
}

// found is what is at a path.
type found struct {
	kind filesystem.Type // Unknown if there is nothing
	info blobstore.ObjectInfo
}

// place is where a path leads.
type place struct {
	path string
	// slash says that the path must name a directory, and dot that it ends with none of
	// its own names.
	slash, dot bool
	found
}

// lookup returns what is at a path of the tree.
func (t *tree) lookup(p string) (found, error) {
	if p == "" {
		return found{kind: filesystem.Directory}, nil
	}
	if o := t.open[p]; o != nil {
		return found{filesystem.RegularFile, blobstore.ObjectInfo{Size: o.size, Created: o.modified}}, nil
	}
	info, err := t.opts.Store.Info(t.ctx(), t.id(p))
	if err == nil {
		return found{filesystem.RegularFile, info}, nil
	}
	if !missing(err) {
		return found{}, wrap(err)
	}
	isDir, err := t.index.isDir(t.ctx(), p)
	if isDir {
		return found{kind: filesystem.Directory}, nil
	}
	return found{}, err
}

// absent returns the error of a path at which there is nothing.
func (t *tree) absent(p string) error {
	for p != "" {
		p = parent(p)
		f, err := t.lookup(p)
		switch {
		case err != nil:
			return err
		case f.kind == filesystem.RegularFile:
			return filesystem.Fail(filesystem.NotDirectory)
		case f.kind == filesystem.Directory:
			return filesystem.Fail(filesystem.NoEntry)
		}
	}
	return filesystem.Fail(filesystem.NoEntry)
}

// parent returns the path of the directory that a path is in.
func parent(p string) string {
	if dir := path.Dir(p); dir != "." {
		return dir
	}
	return ""
}

// resolve follows a path.
func (d *dir) resolve(p string) (at place, err error) {
	if err := filesystem.CheckPath(p); err != nil {
		return at, err
	}
	var own []string // names behind the directory's own path
	join := func() string { return strings.TrimPrefix(d.path+"/"+strings.Join(own, "/"), "/") }
	for name := range strings.SplitSeq(p, "/") {
		switch {
		case name == "" || name == ".":
			at.slash, at.dot = true, at.dot || name == "."
		case name == "..":
			if len(own) == 0 {
				return at, filesystem.Fail(filesystem.NotPermitted)
			}
			if err := d.t.needDir(join()); err != nil {
				return at, err
			}
			own = own[:len(own)-1]
			at.slash, at.dot = true, true
		case len(name) > filesystem.MaxName:
			return at, filesystem.Fail(filesystem.NameTooLong)
		default:
			own = append(own, name)
			at.slash, at.dot = false, false
		}
	}
	if at.path = strings.TrimSuffix(join(), "/"); len(own) == 0 {
		at.dot = true
	}
	if len(d.t.opts.Prefix)+len(at.path)+1 > blobstore.MaxObject {
		return at, filesystem.Fail(filesystem.NameTooLong)
	}
	at.found, err = d.t.lookup(at.path)
	return at, err
}

// needDir returns an error if there is no directory at a path of the tree.
func (t *tree) needDir(p string) error {
	f, err := t.lookup(p)
	switch {
	case err != nil:
		return err
	case f.kind == filesystem.RegularFile:
		return filesystem.Fail(filesystem.NotDirectory)
	case f.kind != filesystem.Directory:
		return t.absent(p)
	}
	return nil
}

// existing resolves a path to what is there.
func (d *dir) existing(p string) (place, error) {
	at, err := d.resolve(p)
	switch {
	case err != nil:
		return at, err
	case at.kind == filesystem.Unknown:
		return at, d.t.absent(at.path)
	case at.slash && at.kind == filesystem.RegularFile:
		return at, filesystem.Fail(filesystem.NotDirectory)
	}
	return at, nil
}

// change begins a change.
func (d *dir) change() error {
	if !d.t.opts.Writable {
		return filesystem.Fail(filesystem.ReadOnly)
	}
	return nil
}

// room returns an error if nothing can be made at a path.
func (t *tree) room(p string) error {
	if strings.Count(p, "/") >= t.opts.Limits.Depth {
		return filesystem.Fail(filesystem.NameTooLong)
	}
	return t.needDir(parent(p))
}

// Open implements filesystem.Dir.
func (d *dir) Open(p string, how filesystem.Open) (obj filesystem.Object, err error) {
	changes := how.Write || how.Create || how.Truncate
	if changes {
		if err := d.change(); err != nil {
			return obj, err
		}
	}
	if how.Create && how.Directory {
		return obj, filesystem.Fail(filesystem.Invalid)
	}
	d.t.mu.Lock()
	defer d.t.mu.Unlock()
	at, err := d.resolve(p)
	switch {
	case err != nil:
		return obj, err
	case at.kind == filesystem.Unknown && (!how.Create || at.slash):
		return obj, d.t.absent(at.path)
	case at.kind == filesystem.Unknown:
		if err := d.t.create(at.path, ""); err != nil {
			return obj, err
		}
		if at.found, err = d.t.lookup(at.path); err != nil {
			return obj, err
		}
	case how.Create && how.Exclusive:
		return obj, filesystem.Fail(filesystem.Exist)
	case at.kind == filesystem.Directory && changes:
		return obj, filesystem.Fail(filesystem.IsDirectory)
	case at.kind == filesystem.Directory:
		obj.Dir = &dir{d.t, at.path}
		return obj, nil
	case how.Directory || at.slash:
		return obj, filesystem.Fail(filesystem.NotDirectory)
	}
	f := d.t.file(at, how)
	if how.Truncate {
		if err := f.o.resize(0); err != nil {
			f.o.refs--
			d.t.forget(f.o)
			return obj, err
		}
	}
	obj.File = f
	return obj, nil
}

// create makes an empty object where there is nothing: a file, or a directory with a
// slash for a suffix.
func (t *tree) create(p, suffix string) error {
	if err := t.room(p); err != nil {
		return err
	}
	if err := t.index.charge(t.ctx(), 0, 1); err != nil {
		return err
	}
	if err := t.put(t.ctx(), p+suffix, nil); err != nil {
		return err
	}
	t.index.stored(p+suffix, 0, 0)
	return nil
}

// Stat implements filesystem.Dir.
func (d *dir) Stat(p string, _ bool) (filesystem.Stat, error) {
	d.t.mu.Lock()
	defer d.t.mu.Unlock()
	at, err := d.existing(p)
	if err != nil {
		return filesystem.Stat{}, err
	}
	return d.t.stat(at.path, at.found), nil
}

func (s *Store) stat(p string, f found) filesystem.Stat {
	return filesystem.Stat{
		Type: f.kind, Links: 1, Size: uint64(max(f.info.Size, 0)), Modified: f.info.Created, //nolint:gosec // not negative
		Device: s.device, Inode: inode(p),
	}
}

// Mkdir implements filesystem.Dir.
func (d *dir) Mkdir(p string) error {
	if err := d.change(); err != nil {
		return err
	}
	d.t.mu.Lock()
	defer d.t.mu.Unlock()
	at, err := d.resolve(p)
	switch {
	case err != nil:
		return err
	case at.kind != filesystem.Unknown:
		return filesystem.Fail(filesystem.Exist)
	}
	return d.t.create(at.path, "/")
}

// Rmdir implements filesystem.Dir.
func (d *dir) Rmdir(p string) error {
	if err := d.change(); err != nil {
		return err
	}
	d.t.mu.Lock()
	defer d.t.mu.Unlock()
	at, err := d.existing(p)
	switch {
	case err != nil:
		return err
	case at.dot:
		return filesystem.Fail(filesystem.Invalid)
	case at.kind != filesystem.Directory:
		return filesystem.Fail(filesystem.NotDirectory)
	}
	n, marked, err := d.t.index.contents(d.t.ctx(), at.path)
	switch {
	case err != nil:
		return err
	case n > 1 || !marked:
		return filesystem.Fail(filesystem.NotEmpty)
	}
	return d.t.remove(at.path + "/")
}

// remove removes an object, but not the directory that it is in.
func (t *tree) remove(p string) error {
	if err := t.keep(parent(strings.TrimSuffix(p, "/")), 1); err != nil {
		return err
	}
	if err := t.opts.Store.Delete(t.ctx(), t.opts.Container, t.id(p).Object); err != nil {
		return wrap(err)
	}
	t.index.removed(p)
	return nil
}

// keep makes sure that a directory stays when some of the objects in it go.
func (t *tree) keep(p string, going int) error {
	if p == "" {
		return nil
	}
	n, marked, err := t.index.contents(t.ctx(), p)
	if err != nil || marked || n > going {
		return err
	}
	// It takes the place of what is about to go, and needs no room.
	if err := t.put(t.ctx(), p+"/", nil); err != nil {
		return err
	}
	t.index.stored(p+"/", 0, 0)
	return nil
}

// Unlink implements filesystem.Dir.
func (d *dir) Unlink(p string) error {
	if err := d.change(); err != nil {
		return err
	}
	d.t.mu.Lock()
	defer d.t.mu.Unlock()
	at, err := d.existing(p)
	switch {
	case err != nil:
		return err
	case at.kind == filesystem.Directory && at.dot:
		return filesystem.Fail(filesystem.Invalid)
	case at.kind == filesystem.Directory:
		return filesystem.Fail(filesystem.IsDirectory)
	}
	if err := d.t.remove(at.path); err != nil {
		return err
	}
	d.t.discard(at.path)
	return nil
}

// Rename implements filesystem.Dir.
func (d *dir) Rename(p string, to filesystem.Dir, toPath string) error {
	other, ok := to.(*dir)
	if !ok || other.t != d.t {
		return filesystem.Fail(filesystem.CrossDevice)
	}
	if err := d.change(); err != nil {
		return err
	}
	d.t.mu.Lock()
	defer d.t.mu.Unlock()
	from, err := d.resolve(p)
	if err != nil {
		return err
	}
	dest, err := other.resolve(toPath)
	switch {
	case err != nil:
		return err
	case from.dot || dest.dot:
		return filesystem.Fail(filesystem.Invalid)
	case from.kind == filesystem.Unknown:
		return d.t.absent(from.path)
	}
	isDir := from.kind == filesystem.Directory
	switch {
	case (from.slash || dest.slash) && !isDir:
		return filesystem.Fail(filesystem.NotDirectory)
	case from.path == dest.path:
		return nil
	case isDir && strings.HasPrefix(parent(dest.path)+"/", from.path+"/"):
		if err := d.t.needDir(parent(dest.path)); err != nil {
			return err
		}
		return filesystem.Fail(filesystem.Invalid)
	case dest.kind == filesystem.Directory && strings.HasPrefix(from.path, dest.path+"/"):
		return filesystem.Fail(filesystem.NotEmpty)
	case isDir && dest.kind == filesystem.RegularFile:
		return filesystem.Fail(filesystem.NotDirectory)
	case !isDir && dest.kind == filesystem.Directory:
		return filesystem.Fail(filesystem.IsDirectory)
	}
	if err := d.t.room(dest.path); err != nil {
		return err
	}
	if isDir {
		return d.t.moveDir(from.path, dest)
	}
	return d.t.moveFile(from.path, dest.path)
}

// moveFile moves the object of a file, over another one or to where there is none.
func (t *tree) moveFile(from, to string) error {
	if o := t.open[from]; o != nil {
		if err := o.store(); err != nil {
			return err
		}
	}
	if err := t.copy(from, to); err != nil {
		return err
	}
	t.discard(to)
	if err := t.remove(from); err != nil {
		return err
	}
	t.moved(from, to)
	return nil
}

// copy copies an object, in place of what there was.
func (t *tree) copy(from, to string) error {
	if err := t.opts.Store.Copy(t.ctx(), t.id(from), t.id(to)); err != nil {
		return wrap(err)
	}
	info, err := t.opts.Store.Info(t.ctx(), t.id(to))
	if err != nil {
		return wrap(err)
	}
	t.index.stored(to, info.Size, 0)
	return nil
}

// moved has the handles of a file follow it.
func (t *tree) moved(from, to string) {
	if o := t.open[from]; o != nil {
		delete(t.open, from)
		o.path = to
		t.open[to] = o
	}
}

// moveDir moves all objects below a directory, which may replace an empty one.
func (t *tree) moveDir(from string, to place) error {
	if to.kind == filesystem.Directory {
		n, marked, err := t.index.contents(t.ctx(), to.path)
		switch {
		case err != nil:
			return err
		case n > 1 || !marked:
			return filesystem.Fail(filesystem.NotEmpty)
		}
	}
	rests, err := t.index.list(t.ctx(), from)
	if err != nil {
		return err
	}
	for _, rest := range rests {
		p := to.path + "/" + rest
		if len(t.opts.Prefix)+len(p) > blobstore.MaxObject || strings.Count(strings.TrimSuffix(p, "/"), "/") >= t.opts.Limits.Depth {
			return filesystem.Fail(filesystem.NameTooLong)
		}
	}
	if err := t.keep(parent(from), len(rests)); err != nil {
		return err
	}
	for _, rest := range rests {
		if o := t.open[from+"/"+rest]; o != nil {
			if err := o.store(); err != nil {
				return err
			}
		}
		if err := t.copy(from+"/"+rest, to.path+"/"+rest); err != nil {
			return err
		}
	}
	for _, rest := range rests {
		if err := t.opts.Store.Delete(t.ctx(), t.opts.Container, t.id(from+"/"+rest).Object); err != nil {
			return wrap(err)
		}
		t.index.removed(from + "/" + rest)
		t.moved(from+"/"+rest, to.path+"/"+rest)
	}
	return nil
}

// Link implements filesystem.Dir: there are none.
func (d *dir) Link(string, filesystem.Dir, string) error { return d.unsupported() }

// Symlink implements filesystem.Dir: there are none.
func (d *dir) Symlink(string, string) error { return d.unsupported() }

// SetTimes implements filesystem.Dir: they are those of storing.
func (d *dir) SetTimes(string, bool, filesystem.Times) error { return d.unsupported() }

func (d *dir) unsupported() error {
	if err := d.change(); err != nil {
		return err
	}
	return filesystem.Fail(filesystem.Unsupported)
}

// Readlink implements filesystem.Dir. Nothing is a link.
func (d *dir) Readlink(p string) (string, error) {
	d.t.mu.Lock()
	defer d.t.mu.Unlock()
	if _, err := d.existing(p); err != nil {
		return "", err
	}
	return "", filesystem.Fail(filesystem.Invalid)
}

// Sync implements filesystem.Dir. What there is of a directory is stored.
func (d *dir) Sync() error { return nil }

// Close implements filesystem.Dir.
func (d *dir) Close() error { return nil }

// Entries implements filesystem.Dir. It reads the whole directory.
func (d *dir) Entries() (filesystem.Entries, error) {
	d.t.mu.Lock()
	defer d.t.mu.Unlock()
	if err := d.t.needDir(d.path); err != nil {
		return nil, err
	}
	rests, err := d.t.index.list(d.t.ctx(), d.path)
	if err != nil {
		return nil, err
	}
	e := &entries{}
	seen := map[string]int{} // index in all
	for _, rest := range rests {
		name, _, below := strings.Cut(rest, "/")
		if name == "" {
			continue // the directory itself
		}
		i, ok := seen[name]
		if !ok {
			i = len(e.all)
			seen[name] = i
			e.all = append(e.all, filesystem.Entry{Name: name, Type: filesystem.Directory})
		}
		if !below {
			e.all[i].Type = filesystem.RegularFile
		}
	}
	return e, nil
}

// entries are those that a directory had when it was opened.
type entries struct{ all []filesystem.Entry }

// Next implements filesystem.Entries.
func (e *entries) Next() (filesystem.Entry, error) {
	if len(e.all) == 0 {
		return filesystem.Entry{}, io.EOF
	}
	next := e.all[0]
	e.all = e.all[1:]
	return next, nil
}

// Close implements filesystem.Entries.
func (e *entries) Close() error { return nil }
