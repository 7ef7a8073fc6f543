package hostdir

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// usage counts what a directory holds. What others put there or remove is noticed
// when it is counted anew: before something is refused, and every so often.
type usage struct {
	limits filesystem.Limits
	root   *os.Root

	// mu is held while anything is changed, so that what an operation adds and what
	// it finds there belong together.
	mu           sync.Mutex
	bytes, files int64
	counted      time.Time
	open         map[object]*opened
}

// object identifies a file.
type object struct{ device, inode uint64 }

// opened is a file that is open here.
type opened struct {
	handles int
	removed bool // its last name was, and it is still counted
}

// How old a count may be: before it refuses something, and at most.
const (
	freshEnough = 10 * time.Second
	tooOld      = 5 * time.Minute
)

func newUsage(of *os.Root, limits filesystem.Limits) (*usage, error) {
	root, err := of.OpenRoot(".")
	if err != nil {
		return nil, err
	}
	u := &usage{limits: limits, root: root, open: map[object]*opened{}}
	if err := u.count(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return u, nil
}

// charge makes room for what is about to be made. It is called with mu.
func (u *usage) charge(bytes, files int64) error {
	age := time.Since(u.counted)
	if age > tooOld || age > freshEnough && !u.room(bytes, files) {
		if err := u.count(); err != nil {
			return &filesystem.Error{Code: filesystem.IO, Err: err}
		}
	}
	if !u.room(bytes, files) {
		return filesystem.Fail(filesystem.Quota)
	}
	u.bytes += bytes
	u.files += files
	return nil
}

func (u *usage) room(bytes, files int64) bool {
	l := u.limits
	return (bytes <= 0 || l.Bytes == 0 || bytes <= l.Bytes-u.bytes) && (files <= 0 || l.Files == 0 || files <= l.Files-u.files)
}

// entriesAtOnce is how many entries are read ahead.
const entriesAtOnce = 64

// count counts anew. It is called with mu. It stops where there is more than there may be.
func (u *usage) count() error {
	var bytes, files int64
	seen := map[object]bool{} // files with several names
	for todo := []string{"."}; len(todo) > 0; {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		err := u.list(name, func(info fs.FileInfo) error {
			files++
			if l := u.limits.Files; l > 0 && files > l {
				return errTooMany
			}
			switch st := statOf(info); {
			case info.IsDir():
				todo = append(todo, path.Join(name, info.Name()))
			case st.Links > 1 && seen[object{st.Device, st.Inode}]:
			case info.Mode().IsRegular():
				seen[object{st.Device, st.Inode}] = st.Links > 1
				bytes += info.Size()
			}
			return nil
		})
		if errors.Is(err, errTooMany) {
			bytes = max(bytes, u.limits.Bytes)
			break
		}
		if err != nil {
			return err
		}
	}
	u.bytes, u.files, u.counted = bytes, files, time.Now()
	for _, o := range u.open {
		o.removed = false // they were not counted
	}
	return nil
}

// errTooMany stops count.
var errTooMany = errors.New("more files than there may be")

// list describes what is in a directory, if it is still there.
func (u *usage) list(name string, yield func(fs.FileInfo) error) error {
	f, err := u.root.Open(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	for {
		entries, err := f.ReadDir(entriesAtOnce)
		for _, e := range entries {
			info, err := u.root.Lstat(path.Join(name, e.Name()))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err == nil {
				err = yield(info)
			}
			if err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// opening notes that a file was opened. It is called with mu.
func (u *usage) opening(info fs.FileInfo) (id object) {
	if u == nil {
		return id
	}
	st := statOf(info)
	id = object{st.Device, st.Inode}
	if u.open[id] == nil {
		u.open[id] = &opened{}
	}
	u.open[id].handles++
	return id
}

// closing notes that a file is about to be closed.
func (u *usage) closing(id object, f *os.File) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	o := u.open[id]
	if o == nil {
		return
	}
	if o.handles--; o.handles > 0 {
		return
	}
	delete(u.open, id)
	if !o.removed {
		return
	}
	if info, err := f.Stat(); err == nil {
		u.bytes -= info.Size()
	}
}

// gone notes that a name was removed. It is called with mu.
func (u *usage) gone(info fs.FileInfo) {
	u.files--
	st := statOf(info)
	if st.Links > 1 || !info.Mode().IsRegular() {
		return
	}
	if o := u.open[object{st.Device, st.Inode}]; o != nil && st.Inode != 0 {
		o.removed = true
		return
	}
	u.bytes -= info.Size()
}

// adding runs an operation that makes a name.
func (d *dir) adding(p string, op func() error) error {
	if d.usage == nil {
		return d.wrap(op())
	}
	d.usage.mu.Lock()
	defer d.usage.mu.Unlock()
	if _, err := d.lstat(p, false); err == nil {
		return d.wrap(op()) // which fails, and says why
	}
	if err := d.fits(p, 0); err != nil {
		return err
	}
	if err := d.usage.charge(0, 1); err != nil {
		return err
	}
	err := op()
	if err != nil {
		d.usage.files--
	}
	return d.wrap(err)
}

// removing runs an operation that removes a name.
func (d *dir) removing(p string, op func() error) error {
	if d.usage == nil {
		return op()
	}
	d.usage.mu.Lock()
	defer d.usage.mu.Unlock()
	info, err := d.lstat(p, false)
	if err := op(); err != nil {
		return err
	}
	if err == nil {
		d.usage.gone(info)
	}
	return nil
}

// moving renames.
func (d *dir) moving(p string, to *dir, toPath string) error {
	if d.usage == nil {
		return d.rename(p, to, toPath)
	}
	d.usage.mu.Lock()
	defer d.usage.mu.Unlock()
	info, err := d.lstat(p, false)
	if err != nil {
		return d.rename(p, to, toPath) // which fails, and says why
	}
	over, overErr := to.lstat(toPath, false)
	height := 0
	if info.IsDir() {
		height = d.height(p)
	}
	if err := to.fits(toPath, height); err != nil {
		return err
	}
	if err := d.rename(p, to, toPath); err != nil {
		return err
	}
	if overErr == nil && !os.SameFile(info, over) {
		d.usage.gone(over)
	}
	return nil
}

// create makes a file where there was none. It is called with mu of usage.
func (d *dir) create(p string, how filesystem.Open) (filesystem.File, error) {
	if d.usage == nil {
		return d.openFile(p, how)
	}
	p, err := d.expand(p)
	if err != nil {
		return nil, err
	}
	if err := d.fits(p, 0); err != nil {
		return nil, err
	}
	if err := d.usage.charge(0, 1); err != nil {
		return nil, err
	}
	how.Exclusive = true // somebody else's would be counted twice
	f, err := d.openFile(p, how)
	if err != nil {
		d.usage.files--
	}
	return f, err
}

// maxLinks is how many symbolic links are followed, one after the other.
const maxLinks = 40

// expand replaces a path by that of what the links at its end name.
func (d *dir) expand(p string) (string, error) {
	for range maxLinks {
		info, err := d.lstat(p, false)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return p, nil //nolint:nilerr // whoever uses the path meets the error
		}
		target, err := d.Readlink(p)
		if err != nil {
			return "", err
		}
		p = p[:strings.LastIndexByte(p, '/')+1] + target
	}
	return "", filesystem.Fail(filesystem.Loop)
}

// fits returns an error if the name at a path, with what is below it, is deeper than
// it may be.
func (d *dir) fits(p string, height int) error {
	if d.usage.limits.Depth == 0 {
		return nil
	}
	p, err := local(p)
	if err != nil {
		return err
	}
	parent := path.Dir(strings.TrimRight(p, "/"))
	if i := strings.LastIndexByte(strings.TrimRight(p, "/"), '/'); i >= 0 {
		parent = p[:i] // not cleaned: what ".." means depends on the links before it
	}
	depth, err := d.depth(parent, d.usage.limits.Depth)
	if err != nil {
		return nil //nolint:nilerr // the operation itself will meet the error
	}
	if depth+1+height > d.usage.limits.Depth {
		return filesystem.Fail(filesystem.NameTooLong)
	}
	return nil
}

// height returns how many names are below a directory, one in another, at most.
func (d *dir) height(p string) int {
	root, err := d.root.OpenRoot(p)
	if err != nil {
		return 0
	}
	defer root.Close() //nolint:errcheck // it was only read
	below := &usage{root: root}
	height := 0
	for level := []string{"."}; ; height++ {
		var next []string
		found := false
		for _, name := range level {
			_ = below.list(name, func(info fs.FileInfo) error {
				found = true
				if info.IsDir() {
					next = append(next, path.Join(name, info.Name()))
				}
				return nil
			})
		}
		if !found {
			return height
		}
		level = next
	}
}
