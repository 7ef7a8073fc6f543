package hostdir

import (
	"errors"
	"io"
	"math"
	"os"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

type file struct {
	dir *dir
	f   *os.File
	id  object // for the usage
}

// ReadAt implements io.ReaderAt.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if off > math.MaxInt64-int64(len(p)) {
		return 0, io.EOF // systems disagree
	}
	n, err := f.f.ReadAt(p, off)
	if errors.Is(err, io.EOF) {
		return n, io.EOF
	}
	return n, f.dir.wrap(err)
}

// sized runs an operation that gives the file, which has a size, the size of after.
func (f *file) sized(after func(size int64) int64, op func(size int64) error) error {
	u := f.dir.usage
	if u != nil {
		u.mu.Lock()
		defer u.mu.Unlock()
	}
	info, err := f.f.Stat()
	if err != nil {
		return f.dir.wrap(err)
	}
	size := info.Size()
	then := after(size)
	switch {
	case then > f.dir.opts.MaxFileSize || then < 0:
		return filesystem.Fail(filesystem.FileTooLarge)
	case u == nil:
		return f.dir.wrap(op(size))
	}
	if err := u.charge(then-size, 0); err != nil {
		return err
	}
	if err := op(size); err != nil {
		if info, statErr := f.f.Stat(); statErr == nil { // it may have got some of it
			u.bytes += info.Size() - then
		}
		return f.dir.wrap(err)
	}
	return nil
}

// WriteAt implements io.WriterAt.
func (f *file) WriteAt(p []byte, off int64) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	end := off + int64(len(p)) // negative if that is too large
	if f.dir.usage == nil && 0 < end && end <= f.dir.opts.MaxFileSize {
		n, err = f.f.WriteAt(p, off)
		return n, f.dir.wrap(err)
	}
	err = f.sized(func(size int64) int64 {
		if end < 0 {
			return end
		}
		return max(size, end)
	}, func(int64) error {
		n, err = f.f.WriteAt(p, off)
		return err
	})
	return n, err
}

// Append implements filesystem.File.
func (f *file) Append(p []byte) error {
	return f.sized(func(size int64) int64 { return size + int64(len(p)) }, func(size int64) error { return appendTo(f.f, size, p) })
}

// Truncate implements filesystem.File.
func (f *file) Truncate(size int64) error {
	return f.sized(func(int64) int64 { return size }, func(int64) error { return f.f.Truncate(size) })
}

// Stat implements filesystem.File.
func (f *file) Stat() (filesystem.Stat, error) {
	info, err := f.f.Stat()
	if err != nil {
		return filesystem.Stat{}, f.dir.wrap(err)
	}
	return statOf(info), nil
}

// SetTimes implements filesystem.File.
func (f *file) SetTimes(t filesystem.Times) error {
	if err := f.dir.change(); err != nil {
		return err
	}
	return f.dir.wrap(setTimes(f.f, t))
}

// Sync implements filesystem.File.
func (f *file) Sync() error { return f.dir.wrap(f.f.Sync()) }

// Close implements filesystem.File.
func (f *file) Close() error {
	f.dir.usage.closing(f.id, f.f)
	return f.dir.wrap(f.f.Close())
}
