package hostdir

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

var codes = map[syscall.Errno]filesystem.Code{
	syscall.EACCES:       filesystem.Access,
	syscall.EBADF:        filesystem.BadDescriptor,
	syscall.EBUSY:        filesystem.Busy,
	syscall.EDQUOT:       filesystem.Quota,
	syscall.EEXIST:       filesystem.Exist,
	syscall.EFBIG:        filesystem.FileTooLarge,
	syscall.EINTR:        filesystem.Interrupted,
	syscall.EINVAL:       filesystem.Invalid,
	syscall.EISDIR:       filesystem.IsDirectory,
	syscall.ELOOP:        filesystem.Loop,
	syscall.EMFILE:       filesystem.NoMemory,
	syscall.EMLINK:       filesystem.TooManyLinks,
	syscall.ENAMETOOLONG: filesystem.NameTooLong,
	syscall.ENFILE:       filesystem.NoMemory,
	syscall.ENOENT:       filesystem.NoEntry,
	syscall.ENOMEM:       filesystem.NoMemory,
	syscall.ENOSPC:       filesystem.NoSpace,
	syscall.ENOSYS:       filesystem.Unsupported,
	syscall.ENOTDIR:      filesystem.NotDirectory,
	syscall.ENOTEMPTY:    filesystem.NotEmpty,
	syscall.ENOTSUP:      filesystem.Unsupported,
	syscall.EOVERFLOW:    filesystem.Overflow,
	syscall.EPERM:        filesystem.NotPermitted,
	syscall.EROFS:        filesystem.ReadOnly,
	syscall.ETXTBSY:      filesystem.TextFileBusy,
	syscall.EXDEV:        filesystem.CrossDevice,
}

// portable are the errors that systems without POSIX numbers have.
var portable = []struct {
	err  error
	code filesystem.Code
}{
	{fs.ErrNotExist, filesystem.NoEntry},
	{fs.ErrExist, filesystem.Exist},
	{fs.ErrPermission, filesystem.Access},
	{fs.ErrInvalid, filesystem.Invalid},
	{fs.ErrClosed, filesystem.BadDescriptor},
	{errors.ErrUnsupported, filesystem.Unsupported},
}

// escapeOf returns the error that os.Root has for a path that leaves it. The os
// package does not export it.
func escapeOf(r *os.Root) error {
	_, err := r.Lstat("..")
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return nil
}

// wrap gives an error its code.
func (d *dir) wrap(err error) error {
	var errno syscall.Errno
	var known *filesystem.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case d.escape != nil && errors.Is(err, d.escape):
		return &filesystem.Error{Code: filesystem.NotPermitted, Err: err}
	case errors.As(err, &errno):
		if code, ok := codes[errno]; ok {
			return &filesystem.Error{Code: code, Err: err}
		}
	}
	for _, p := range portable {
		if errors.Is(err, p.err) {
			return &filesystem.Error{Code: p.code, Err: err}
		}
	}
	return &filesystem.Error{Code: filesystem.IO, Err: err}
}
