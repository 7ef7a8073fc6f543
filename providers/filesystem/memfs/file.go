package memfs

import (
	"io"
	"math"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// file is an open file.
type file struct {
	t    *tree
	node *node
	how  filesystem.Open
}

// open opens a file. A tree that does not change has no use for their number.
func (t *tree) open(n *node, how filesystem.Open) *file {
	if !t.fixed {
		t.count(n, 1)
	}
	return &file{t, n, how}
}

// count changes how often a file is open.
func (t *tree) count(n *node, by int) *node {
	if n = t.current(n); n.owner == t {
		n.opens += by
		return n
	}
	if t.opens == nil {
		t.opens = map[*node]int{}
	}
	if t.opens[n] += by; t.opens[n] == 0 {
		delete(t.opens, n)
	}
	return n
}

// ReadAt implements io.ReaderAt.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, filesystem.Fail(filesystem.Invalid)
	}
	defer f.t.read()()
	n := f.t.current(f.node).data.readAt(p, off)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
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
func (f *file) Append(p []byte) error {
	return f.write(p, func(size int64) int64 { return size })
}

// write writes all of p, where at says.
func (f *file) write(p []byte, at func(size int64) int64) error {
	done, err := f.t.change()
	if err != nil {
		return err
	}
	defer done()
	if len(p) == 0 {
		return nil
	}
	n, err := f.t.own(f.node)
	if err != nil {
		return err
	}
	off := at(n.data.size)
	if off > math.MaxInt64-int64(len(p)) {
		return filesystem.Fail(filesystem.FileTooLarge)
	}
	if err := f.t.resize(n, max(n.data.size, off+int64(len(p)))); err != nil {
		return err
	}
	n.data.size = max(n.data.size, off+int64(len(p)))
	n.data.writeAt(p, off)
	n.touch()
	return nil
}

// resize charges for the size that the content of a file is about to have.
func (t *tree) resize(n *node, size int64) error {
	if size > t.limits.Bytes {
		return filesystem.Fail(filesystem.FileTooLarge)
	}
	if err := t.charge(size-n.charged(), 0); err != nil {
		return err
	}
	n.copied = false
	return nil
}

// truncate sets the size of a file, which must be one that can be changed.
func (t *tree) truncate(n *node, size int64) error {
	if err := t.resize(n, size); err != nil {
		return err
	}
	n.data.truncate(size)
	n.touch()
	return nil
}

// Truncate implements filesystem.File.
func (f *file) Truncate(size int64) error {
	if size < 0 {
		return filesystem.Fail(filesystem.Invalid)
	}
	done, err := f.t.change()
	if err != nil {
		return err
	}
	defer done()
	n, err := f.t.own(f.node)
	if err != nil {
		return err
	}
	return f.t.truncate(n, size)
}

// Stat implements filesystem.File.
func (f *file) Stat() (filesystem.Stat, error) {
	defer f.t.read()()
	return f.t.current(f.node).stat(f.t.device), nil
}

// SetTimes implements filesystem.File.
func (f *file) SetTimes(times filesystem.Times) error {
	done, err := f.t.change()
	if err != nil {
		return err
	}
	defer done()
	n, err := f.t.own(f.node)
	if err != nil {
		return err
	}
	n.setTimes(times)
	return nil
}

// Sync implements filesystem.File. There is nothing more durable.
func (f *file) Sync() error { return nil }

// Close implements filesystem.File.
func (f *file) Close() error {
	done, err := f.t.change()
	if err != nil {
		return nil // nobody counts
	}
	defer done()
	f.t.collect(f.t.count(f.node, -1))
	return nil
}
