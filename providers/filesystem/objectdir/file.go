package objectdir

import (
	"errors"
	"io"
	"math"
	"time"

	"github.com/wattle-dev/wattle/providers/blobstore"
	"github.com/wattle-dev/wattle/providers/filesystem"
)

// object is a file that is open, by however many handles.
type object struct {
	t        *tree
	path     string
	refs     int
	size     int64
	modified time.Time
	removed  bool

	// data is the content, if the file was written to, and dirty that it is not stored.
	// stored is how many bytes are, and pending how many more, or less, are charged for.
	loaded, dirty   bool
	data            []byte
	stored, pending int64

	// ahead is a part of the stored object from an offset on: what was read last.
	ahead []byte
	from  int64
}

// file is a handle of one.
type file struct {
	o   *object
	how filesystem.Open
}

// file opens the file at a place.
func (t *tree) file(at place, how filesystem.Open) *file {
	o := t.open[at.path]
	if o == nil {
		o = &object{t: t, path: at.path, size: at.info.Size, stored: at.info.Size, modified: at.info.Created}
		t.open[at.path] = o
	}
	o.refs++
	return &file{o, how}
}

// readAhead is how much is read of an object at once.
const readAhead = 128 << 10

// ReadAt implements io.ReaderAt.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	o := f.o
	o.t.mu.Lock()
	defer o.t.mu.Unlock()
	switch {
	case off < 0:
		return 0, filesystem.Fail(filesystem.Invalid)
	case off >= o.size:
		return 0, io.EOF
	}
	done := 0
	for done < len(p) && off < o.size {
		n, err := o.read(p[done:], off)
		if err != nil {
			return done, err
		}
		done += n
		off += int64(n)
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// read reads a part of what there is from an offset on, which is within the size.
func (o *object) read(p []byte, off int64) (int, error) {
	if o.loaded {
		return copy(p, o.data[off:]), nil
	}
	if o.removed {
		return 0, filesystem.Fail(filesystem.NoEntry)
	}
	if off < o.from || off >= o.from+int64(len(o.ahead)) {
		if err := o.fetch(off, min(max(int64(len(p)), readAhead), o.size-off)); err != nil {
			return 0, err
		}
	}
	return copy(p, o.ahead[off-o.from:]), nil
}

// fetch reads a part of the stored object.
func (o *object) fetch(off, n int64) error {
	r, err := o.t.opts.Store.Open(o.t.ctx(), o.t.id(o.path), blobstore.Range{Offset: off, Length: min(n, readAhead)})
	if err != nil {
		return wrap(err)
	}
	defer r.Close() //nolint:errcheck // it was only read
	// Another may have stored it meanwhile.
	o.size, o.stored, o.modified = r.Info.Size, r.Info.Size, r.Info.Created
	buf := make([]byte, min(r.Length, readAhead))
	if _, err := io.ReadFull(r, buf); err != nil {
		return wrap(err)
	}
	if len(buf) == 0 {
		return &filesystem.Error{Code: filesystem.IO, Err: errors.New("the object became shorter while it was read")}
	}
	o.ahead, o.from = buf, off
	return nil
}

// load reads the whole object into memory, to be changed.
func (o *object) load() error {
	if o.loaded {
		return nil
	}
	if o.size > o.t.opts.Limits.Bytes-o.t.loaded {
		return filesystem.Fail(filesystem.NoMemory)
	}
	data := make([]byte, 0, o.size)
	for int64(len(data)) < o.size {
		if o.removed {
			return filesystem.Fail(filesystem.NoEntry)
		}
		if err := o.fetch(int64(len(data)), readAhead); err != nil {
			return err
		}
		if o.size > o.t.opts.Limits.Bytes-o.t.loaded { // it may have grown
			return filesystem.Fail(filesystem.NoMemory)
		}
		data = append(data, o.ahead...)
	}
	o.loaded, o.data, o.ahead = true, data, nil
	o.t.loaded += int64(len(data))
	return nil
}

// resize gives the content a size, and charges for it.
func (o *object) resize(size int64) error {
	limit := o.t.opts.Limits.Bytes
	if size > limit {
		return filesystem.Fail(filesystem.FileTooLarge)
	}
	if size == 0 && !o.loaded {
		o.loaded, o.ahead, o.data, o.size = true, nil, nil, 0 // whatever it held
	}
	if err := o.load(); err != nil {
		return err
	}
	if size-int64(len(o.data)) > limit-o.t.loaded {
		return filesystem.Fail(filesystem.Quota)
	}
	// What is stored already, or was charged for, is free. What will be less counts as
	// less at once.
	if more := size - o.stored - o.pending; more != 0 && !o.removed {
		if err := o.t.index.charge(o.t.ctx(), more, 0); err != nil {
			return err
		}
		o.pending += more
	}
	o.t.loaded += size - int64(len(o.data))
	if size > int64(len(o.data)) {
		o.data = append(o.data, make([]byte, size-int64(len(o.data)))...)
	} else {
		o.data = o.data[:size:size]
	}
	o.size, o.dirty, o.modified = size, true, time.Now()
	return nil
}

// write writes all of p.
func (f *file) write(p []byte, at func(size int64) int64) error {
	o := f.o
	o.t.mu.Lock()
	defer o.t.mu.Unlock()
	if len(p) == 0 {
		return nil
	}
	if !o.t.opts.Writable {
		return filesystem.Fail(filesystem.ReadOnly)
	}
	if err := o.load(); err != nil {
		return err
	}
	off := at(o.size)
	if off > math.MaxInt64-int64(len(p)) {
		return filesystem.Fail(filesystem.FileTooLarge)
	}
	if err := o.resize(max(o.size, off+int64(len(p)))); err != nil {
		return err
	}
	copy(o.data[off:], p)
	if f.how.Sync {
		return o.store()
	}
	return nil
}

// WriteAt implements io.WriterAt.
func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, filesystem.Fail(filesystem.Invalid)
	}
	if err := f.write(p, func(int64) int64 { return off }); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Append implements filesystem.File.
func (f *file) Append(p []byte) error { return f.write(p, func(size int64) int64 { return size }) }

// Truncate implements filesystem.File.
func (f *file) Truncate(size int64) error {
	o := f.o
	o.t.mu.Lock()
	defer o.t.mu.Unlock()
	switch {
	case size < 0:
		return filesystem.Fail(filesystem.Invalid)
	case !o.t.opts.Writable:
		return filesystem.Fail(filesystem.ReadOnly)
	}
	return o.resize(size)
}

// Stat implements filesystem.File.
func (f *file) Stat() (filesystem.Stat, error) {
	o := f.o
	o.t.mu.Lock()
	defer o.t.mu.Unlock()
	st := o.t.stat(o.path, found{filesystem.RegularFile, blobstore.ObjectInfo{Size: o.size, Created: o.modified}})
	if o.removed {
		st.Links = 0
	}
	return st, nil
}

// SetTimes implements filesystem.File: they are those of storing.
func (f *file) SetTimes(filesystem.Times) error {
	if !f.o.t.opts.Writable {
		return filesystem.Fail(filesystem.ReadOnly)
	}
	return filesystem.Fail(filesystem.Unsupported)
}

// Sync implements filesystem.File: it stores the file.
func (f *file) Sync() error {
	f.o.t.mu.Lock()
	defer f.o.t.mu.Unlock()
	return f.o.store()
}

// store stores what was written.
func (o *object) store() error {
	if !o.dirty || o.removed {
		return nil
	}
	if err := o.t.put(o.t.ctx(), o.path, o.data); err != nil {
		return err
	}
	o.t.index.stored(o.path, o.size, o.pending)
	o.stored, o.pending, o.dirty = o.size, 0, false
	return nil
}

// Close implements filesystem.File: it stores the file.
func (f *file) Close() error {
	o := f.o
	o.t.mu.Lock()
	defer o.t.mu.Unlock()
	err := o.store()
	if err != nil {
		o.t.opts.Failed(o.path, err)
	}
	o.refs--
	o.t.forget(o)
	return err
}

// forget gives up what a file that is not open any more takes.
func (t *tree) forget(o *object) {
	if o.refs > 0 {
		return
	}
	if t.open[o.path] == o {
		delete(t.open, o.path)
	}
	t.loaded -= int64(len(o.data))
	o.data = nil
	t.index.settle(o.pending) // what could not be stored
	o.pending = 0
}

// discard notes that the file of a path was removed.
func (t *tree) discard(p string) {
	if o := t.open[p]; o != nil {
		delete(t.open, p)
		o.removed = true
		t.index.settle(o.pending)
		o.pending, o.stored = 0, 0
	}
}
