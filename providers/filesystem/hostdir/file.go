package hostdir

import (
	"errors"
	"io"
	"os"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

type file struct {
	dir *dir
	f   *os.File
}

// ReadAt implements io.ReaderAt.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.f.ReadAt(p, off)
	if errors.Is(err, io.EOF) {
		return n, io.EOF
	}
	return n, f.dir.wrap(err)
}

// room returns an error if a file must not become that large.
func (f *file) room(off, n int64) error {
	if off > f.dir.opts.MaxFileSize-n {
		return filesystem.Fail(filesystem.FileTooLarge)
	}
	return nil
}

// WriteAt implements io.WriterAt.
func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if err := f.room(off, int64(len(p))); err != nil {
		return 0, err
	}
	n, err := f.f.WriteAt(p, off)
	return n, f.dir.wrap(err)
}

// Append implements filesystem.File.
func (f *file) Append(p []byte) error {
	info, err := f.f.Stat()
	if err != nil {
		return f.dir.wrap(err)
	}
	if err := f.room(info.Size(), int64(len(p))); err != nil {
		return err
	}
	return f.dir.wrap(appendTo(f.f, info.Size(), p))
}

// Truncate implements filesystem.File.
func (f *file) Truncate(size int64) error {
	if err := f.room(size, 0); err != nil {
		return err
	}
	return f.dir.wrap(f.f.Truncate(size))
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
func (f *file) Close() error { return f.dir.wrap(f.f.Close()) }
